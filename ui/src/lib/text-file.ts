// Reads files that the user gives as text. Nothing is guessed: what is not UTF-8 is refused with the reason.
import type { UiError } from "./bindings";
import { uiError } from "./backend";
import { bytes } from "./format";

export interface TextFile {
  name: string;
  text: string;
  bytes: number;
}

export type Read = { file: TextFile } | { name: string; error: UiError };

const CONTROL = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

function refuse(message: string, hint: string): UiError {
  return uiError("invalid_input", message, hint);
}

/** Exactly what was in the file, without a byte order mark. */
export function decode(name: string, content: Uint8Array): string {
  if ((content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff)) {
    throw refuse(`“${name}” is stored as UTF-16.`, "Save it as UTF-8 and add it again.");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw refuse(`“${name}” is not a text file, or its text is not UTF-8.`, "Save it as plain text in UTF-8 and add it again.");
  }
  if (CONTROL.test(text)) throw refuse(`“${name}” is not a text file.`, "Only text can be added: letters, code, data, notes.");
  return text;
}

export async function readTextFile(file: File, most: number): Promise<Read> {
  try {
    if (file.size > most) {
      throw refuse(`“${file.name}” has ${bytes(file.size)}. The most that fits is ${bytes(most)}.`, "Add only the part that matters.");
    }
    const content = new Uint8Array(await file.arrayBuffer());
    return { file: { name: file.name, text: decode(file.name, content), bytes: file.size } };
  } catch (thrown) {
    const known = typeof thrown === "object" && thrown !== null && "code" in thrown && "hint" in thrown;
    return {
      name: file.name,
      // A folder that was dropped, or a file that went away, cannot be read.
      error: known ? (thrown as UiError) : refuse(`“${file.name}” could not be read.`, "Add single files, and see that they still exist."),
    };
  }
}
