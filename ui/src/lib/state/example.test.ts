import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { TraceView } from "../bindings";
import { gate } from "../test-data";
import { exampleView, row, side } from "../test-dataset";
import { OpenExample } from "./example.svelte";

const trace: TraceView = { modelName: "Tiny", k: 4, tokens: [], storedBytes: 10 };

describe("OpenExample", () => {
  it("opens, or says why not and tries again", async () => {
    const backend = new FakeBackend().on("open_example", () => Promise.reject(uiError("not_found", "gone")));
    const example = new OpenExample(backend, "a");
    await example.load();
    expect([example.view, example.error?.message, example.loading]).toEqual([null, "gone", false]);
    backend.on("open_example", ({ id }) => exampleView(id));
    await example.load();
    expect([example.view?.summary.id, example.error]).toEqual(["a", null]);
  });

  it("reads each side's probabilities once, when they are wanted", async () => {
    const backend = new FakeBackend().on("example_trace", ({ side: which }) => {
      if (which === "rejected") throw uiError("store", "unreadable");
      return trace;
    });
    const example = new OpenExample(backend, "a");
    await example.loadTrace("chosen");
    await example.loadTrace("chosen");
    await example.loadTrace("rejected");
    expect(backend.argsOf("example_trace")).toEqual([{ id: "a", side: "chosen" }, { id: "a", side: "rejected" }]);
    expect(example.traces.chosen.trace).toEqual(trace);
    expect(example.traces.rejected).toMatchObject({ loading: false, trace: null, error: { message: "unreadable" } });
    await example.loadTrace("rejected");
    expect(backend.argsOf("example_trace")).toHaveLength(3);
  });

  it("stores a new text, tells the list, and forgets the probabilities of the old one", async () => {
    const changed = vi.fn();
    const backend = new FakeBackend()
      .on("example_trace", () => trace)
      .on("edit_example", ({ id, text }) => exampleView(id, { summary: row(id, { edited: true }), chosen: side(text) }));
    const example = new OpenExample(backend, "a", changed);
    await example.loadTrace("chosen");
    expect(await example.save("chosen", "better")).toBe(true);
    expect([example.view?.chosen?.text, example.traces.chosen.trace]).toEqual(["better", null]);
    expect(changed.mock.lastCall?.[0]).toMatchObject({ id: "a", edited: true });
  });

  it("does not show probabilities that arrive after their text was replaced", async () => {
    const slow = gate<TraceView>();
    const backend = new FakeBackend().on("example_trace", () => slow.promise).on("edit_example", ({ id }) => exampleView(id));
    const example = new OpenExample(backend, "a");
    const reading = example.loadTrace("chosen");
    await example.save("chosen", "better");
    slow.open(trace);
    await reading;
    expect(example.traces.chosen).toEqual({ loading: false, trace: null, error: null });
  });

  it("keeps the old text when the new one is refused", async () => {
    const backend = new FakeBackend()
      .on("open_example", ({ id }) => exampleView(id))
      .on("edit_example", () => Promise.reject(uiError("invalid_input", "empty")));
    const example = new OpenExample(backend, "a");
    await example.load();
    expect(await example.save("rejected", "")).toBe(false);
    expect(example.saveError).toMatchObject({ side: "rejected", error: { message: "empty" } });
    expect([example.view?.rejected?.text, example.saving]).toEqual(["bad", false]);
  });

  it("ignores what arrives after it was closed", async () => {
    const slow = gate<ReturnType<typeof exampleView>>();
    const example = new OpenExample(new FakeBackend().on("open_example", () => slow.promise), "a");
    const loading = example.load();
    example.close();
    slow.open(exampleView("a"));
    await loading;
    expect(example.view).toBeNull();
  });
});
