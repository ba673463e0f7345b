import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { ConversationList } from "../bindings";
import { gate, summary } from "../test-data";
import { Conversations, PAGE } from "./conversations.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const list = (...ids: string[]): ConversationList => ({ items: ids.map((id) => summary(id, id)), total: ids.length });

describe("Conversations", () => {
  it("loads the list and asks for more when told to", async () => {
    const backend = new FakeBackend().on("list_conversations", ({ limit }) => ({ ...list("a"), total: limit + 1 }));
    const state = new Conversations(backend);
    await state.load();
    expect(state.ready).toBe(true);
    expect(state.total).toBe(PAGE + 1);
    await state.showMore();
    expect(backend.argsOf("list_conversations")).toEqual([{ query: null, limit: PAGE }, { query: null, limit: 2 * PAGE }]);
  });

  it("searches once, a moment after the last key", async () => {
    const backend = new FakeBackend().on("list_conversations", () => list("hit"));
    const state = new Conversations(backend, 100);
    state.search("w");
    await vi.advanceTimersByTimeAsync(60);
    state.search("wa");
    await vi.advanceTimersByTimeAsync(99);
    expect(backend.calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(backend.argsOf("list_conversations")).toEqual([{ query: "wa", limit: PAGE }]);
    expect(state.items.map((item) => item.id)).toEqual(["hit"]);
  });

  it("ignores an answer that a newer question has overtaken", async () => {
    const slow = gate<ConversationList>();
    const backend = new FakeBackend().on("list_conversations", ({ query }) => (query === "old" ? slow.promise : list("new")));
    const state = new Conversations(backend, 0);
    state.search("old");
    await vi.advanceTimersByTimeAsync(0);
    state.search("new");
    await vi.advanceTimersByTimeAsync(0);
    slow.open(list("old"));
    await vi.advanceTimersByTimeAsync(0);
    expect(state.items.map((item) => item.id)).toEqual(["new"]);
    expect(state.loading).toBe(false);
  });

  it("keeps what it shows when a reload fails, and says so", async () => {
    const backend = new FakeBackend().on("list_conversations", () => list("a"));
    const state = new Conversations(backend);
    await state.load();
    const error = uiError("store", "unreadable");
    backend.on("list_conversations", () => Promise.reject(error));
    await state.load();
    expect(state.error).toEqual(error);
    expect(state.items).toHaveLength(1);
  });

  it("puts a changed conversation on top and counts only new ones", async () => {
    const backend = new FakeBackend().on("list_conversations", () => list("a", "b"));
    const state = new Conversations(backend);
    await state.load();
    state.put(summary("b", "b", { updatedAt: 5 }));
    state.put(summary("c", "c", { updatedAt: 9 }));
    expect(state.items.map((item) => item.id)).toEqual(["c", "b", "a"]);
    expect(state.total).toBe(3);
  });

  it("does not mix a new conversation into the hits of a search", async () => {
    const hit = [{ text: "x", matches: true }];
    const backend = new FakeBackend().on("list_conversations", () => ({ items: [summary("a", "a", { hit })], total: 1 }));
    const state = new Conversations(backend, 0);
    state.search("x");
    await vi.advanceTimersByTimeAsync(0);
    state.put(summary("b", "b"));
    state.put(summary("a", "renamed"));
    expect(state.items).toMatchObject([{ id: "a", title: "renamed", hit }]);
  });

  it("renames, deletes and exports; an error stays at its conversation", async () => {
    const backend = new FakeBackend()
      .on("list_conversations", () => list("a", "b"))
      .on("rename_conversation", ({ id, title }) => summary(id, title))
      .on("export_conversation", ({ id, format }) => ({ fileName: `${id}.${format}`, content: "text" }))
      .on("delete_conversation", ({ id }) => {
        if (id === "b") throw uiError("store", "locked");
        return null;
      });
    const state = new Conversations(backend);
    await state.load();
    await state.rename("a", "New");
    expect(state.items.find((item) => item.id === "a")?.title).toBe("New");
    expect(await state.exportAs("a", "json")).toBe("a.json");
    expect(backend.saved).toEqual([{ name: "a.json", content: "text" }]);
    expect(await state.remove("b")).toBe(false);
    expect(state.itemError).toMatchObject({ id: "b", error: { message: "locked" } });
    expect(await state.remove("a")).toBe(true);
    expect(state.items.map((item) => item.id)).toEqual(["b"]);
    expect([state.total, state.itemError]).toEqual([1, null]);
  });
});
