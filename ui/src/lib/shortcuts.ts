// The keys that work everywhere in the window, in one table: it acts on them and the overlay explains them.

import { BUILT, type ViewId } from "./views";

export type ShortcutId = "new" | "search" | "copyLast" | "settings" | "shortcuts" | "sidebar" | "escape" | `go-${ViewId}`;

interface Shortcut {
  id: ShortcutId;
  key: string;
  ctrl: boolean;
  shift?: boolean;
  does: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  ...BUILT.map((view): Shortcut => ({ id: `go-${view.id}`, key: view.key, ctrl: true, does: `Go to ${view.label}` })),
  { id: "new", key: "n", ctrl: true, does: "New conversation" },
  { id: "search", key: "k", ctrl: true, does: "Search all conversations" },
  { id: "copyLast", key: "c", ctrl: true, shift: true, does: "Copy the last answer" },
  { id: "sidebar", key: "b", ctrl: true, does: "Show or hide the sidebar" },
  { id: "settings", key: ",", ctrl: true, does: "Settings" },
  { id: "shortcuts", key: "/", ctrl: true, does: "This list of keys" },
  { id: "escape", key: "Escape", ctrl: false, does: "Stop the answer, close what is open" },
];

/** Keys that the composer itself understands. */
export const COMPOSER_KEYS: readonly { keys: string[]; does: string }[] = [
  { keys: ["Enter"], does: "Send" },
  { keys: ["Shift", "Enter"], does: "New line" },
];

export const onMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

export function keysOf(shortcut: Shortcut, mac = onMac()): string[] {
  const key = shortcut.key === "Escape" ? "Esc" : shortcut.key.toUpperCase();
  return [...(shortcut.ctrl ? [mac ? "⌘" : "Ctrl"] : []), ...(shortcut.shift ? [mac ? "⇧" : "Shift"] : []), key];
}

export function tipKeys(id: ShortcutId): string {
  const shortcut = SHORTCUTS.find((entry) => entry.id === id);
  return shortcut ? keysOf(shortcut).join(onMac() ? "" : "+") : "";
}

type KeyPress = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey"> & { code?: string };

export function matchShortcut(press: KeyPress): ShortcutId | null {
  const ctrl = press.ctrlKey || press.metaKey;
  for (const shortcut of SHORTCUTS) {
    if (press.altKey || ctrl !== shortcut.ctrl || !isKey(press, shortcut.key)) continue;
    // On many keyboards "/" itself needs Shift.
    const letter = /^[a-z]$/.test(shortcut.key);
    if (!letter || press.shiftKey === (shortcut.shift ?? false)) return shortcut.id;
  }
  return null;
}

/** Digits also by their place: on a French keyboard the key of 1 types "&". */
function isKey(press: KeyPress, key: string): boolean {
  return press.key.toLowerCase() === key.toLowerCase() || press.code === `Digit${key}`;
}
