import { describe, expect, it } from "vitest";
import { readAnswer } from "./ndjson";

function body(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

describe("readAnswer", () => {
  it("delivers events in order and returns the result, wherever the chunks are cut", async () => {
    const seen: unknown[] = [];
    const result = await readAnswer(
      body('{"ev', 'ent":1}\n{"event":{"text":"a\\nb"}}', '\n\n{"result', '":{"ok":true}}'),
      (event) => seen.push(event),
    );
    expect(seen).toEqual([1, { text: "a\nb" }]);
    expect(result).toEqual({ ok: true });
  });

  it("joins a character that was cut into two chunks", async () => {
    const bytes = new TextEncoder().encode('{"result":"🍋"}\n');
    const at = bytes.indexOf(0xf0) + 2;
    expect(await readAnswer(body(bytes.slice(0, at), bytes.slice(at)))).toBe("🍋");
  });

  it("returns a null result", async () => {
    expect(await readAnswer(body('{"result":null}\n'))).toBeNull();
  });

  it("rejects with the host's error, after the events before it", async () => {
    const error = { code: "busy", message: "m", hint: "h" };
    const seen: unknown[] = [];
    await expect(readAnswer(body(`{"event":1}\n${JSON.stringify({ error })}\n`), (e) => seen.push(e))).rejects.toEqual(error);
    expect(seen).toEqual([1]);
  });

  it.each([
    ["nothing at all", ""],
    ["a stream that ends after an event", '{"event":1}\n'],
    ["a line that is cut in the middle", '{"event":1}\n{"resu'],
    ["a line that is not an entry", '"hello"\n'],
    ["an error that is none", '{"error":"bad"}\n'],
  ])("says that the connection was cut: %s", async (_, text) => {
    await expect(readAnswer(body(text))).rejects.toMatchObject({ code: "internal", message: expect.stringContaining("cut") });
  });

  it("says so when the connection breaks while reading", async () => {
    let sent = false;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error("reset by peer"));
        else controller.enqueue(new TextEncoder().encode('{"event":1}\n'));
        sent = true;
      },
    });
    await expect(readAnswer(broken)).rejects.toMatchObject({ message: expect.stringContaining("reset by peer") });
  });
});
