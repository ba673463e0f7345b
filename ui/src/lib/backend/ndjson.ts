// Lines of JSON from a byte stream: {"event": ...}* and last {"result": ...} or {"error": UiError}.
import { isUiError, uiError } from "./backend";

/** The body's lines as they arrive; a chunk may end anywhere, even inside a character. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) if (line.trim() !== "") yield line;
      if (done) break;
    }
    if (rest.trim() !== "") yield rest;
  } finally {
    reader.releaseLock();
  }
}

function cut(detail: string) {
  return uiError(
    "internal",
    `The connection to OpZest was cut before the answer was complete (${detail}).`,
    "Check that OpZest is still running, then try again.",
  );
}

/** The result of one call; throws a `UiError`, also when the stream ends early. */
export async function readAnswer<R, E>(body: ReadableStream<Uint8Array>, onEvent?: (event: E) => void): Promise<R> {
  try {
    for await (const line of lines(body)) {
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== "object" || entry === null) throw cut("unreadable line");
      if ("event" in entry) onEvent?.(entry.event as E);
      else if ("result" in entry) return entry.result as R;
      else if ("error" in entry && isUiError(entry.error)) throw entry.error;
      else throw cut("unreadable line");
    }
  } catch (thrown) {
    if (isUiError(thrown)) throw thrown;
    throw cut(thrown instanceof Error ? thrown.message : String(thrown));
  }
  throw cut("no result");
}
