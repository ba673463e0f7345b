// Puts one component on the page of a unit test and takes it away again.
import { createRawSnippet, flushSync, mount, unmount, type Component, type Snippet } from "svelte";
import { afterEach, vi } from "vitest";

const shown: Record<string, unknown>[] = [];

afterEach(() => {
  for (const one of shown.splice(0)) void unmount(one);
});

// Components with type parameters have no one type of properties.
export function show(component: Component<any, any, any>, props: Record<string, unknown>): Record<string, any> {
  const made = mount(component, { target: document.body, props });
  shown.push(made);
  flushSync();
  return made;
}

/** A snippet of plain text. */
export function words<Args extends unknown[]>(text: (...args: Args) => string): Snippet<Args> {
  return createRawSnippet((...args: any[]) => {
    const read = () => text(...(args.map((arg) => arg()) as Args));
    return { render: () => `<span>${read()}</span>` };
  }) as Snippet<Args>;
}

export const find = <E extends HTMLElement = HTMLElement>(id: string): E | null => document.querySelector<E>(`[data-testid="${id}"]`);

export const all = (id: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];

/** Long enough for a machine that is busy with other things. */
export const PATIENCE = { timeout: 10_000 };

export async function see<E extends HTMLElement = HTMLElement>(id: string): Promise<E> {
  return vi.waitFor(() => {
    flushSync();
    const element = find<E>(id);
    if (!element) throw new Error(`no ${id} in ${document.body.innerHTML.slice(0, 2000)}`);
    return element;
  }, PATIENCE);
}

export function press(target: EventTarget, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  flushSync();
  return event;
}

export function write(field: HTMLElement, text: string, event = "input"): void {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event(event, { bubbles: true }));
  flushSync();
}

export function click(element: HTMLElement | null): void {
  if (!element) throw new Error("nothing to click");
  element.click();
  flushSync();
}
