// The one door from the window to the application. Everything else in ui/ is written against it.
import type { Commands, ErrorCode, UiError } from "../bindings";

export type CommandName = keyof Commands;

export interface Backend {
  /** Rejects with a `UiError`, never with anything else. */
  call<K extends CommandName>(
    name: K,
    args: Commands[K]["args"],
    onEvent?: (event: Commands[K]["event"]) => void,
  ): Promise<Commands[K]["result"]>;
  /** The path that the user chose; null when they cancelled. */
  pickModelFile(): Promise<string | null>;
  /** A folder to write to; null when they cancelled. `why` tells what it is for: “Save the product in”. */
  pickFolder(why: string): Promise<string | null>;
  /** A file to read, by its ending (“jsonl”); null when they cancelled. */
  pickOpenPath(endings: readonly string[]): Promise<string | null>;
  /** Where the application is to write a file; null when they cancelled. The name is only a proposal. */
  pickSavePath(name: string): Promise<string | null>;
  /** Where it was saved; null when the user cancelled. */
  saveTextFile(name: string, content: string): Promise<string | null>;
}

export function isUiError(value: unknown): value is UiError {
  if (typeof value !== "object" || value === null) return false;
  const error = value as Partial<UiError>;
  return typeof error.code === "string" && typeof error.message === "string" && typeof error.hint === "string";
}

export function uiError(code: ErrorCode, message: string, hint = ""): UiError {
  return { code, message, hint };
}

/** What the hosts themselves throw (a dead process, a refused command) becomes an error that can be shown. */
export function toUiError(thrown: unknown): UiError {
  if (isUiError(thrown)) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return uiError("internal", `OpZest ran into an unexpected problem: ${detail}`, "Try again. If it stays, restart OpZest.");
}
