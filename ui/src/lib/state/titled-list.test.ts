import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { gate } from "../test-data";
import { PAGE, TitledList, type Titled } from "./titled-list.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Page = { items: Titled[]; total: number };
const row = (id: string, more: Partial<Titled> = {}): Titled => ({ id, title: id, updatedAt: 1, ...more });
const page = (...ids: string[]): Page => ({ items: ids.map((id) => row(id)), total: ids.length });

function over(list: (query: string | null, limit: number) => Page | Promise<Page>, delayMs?: number) {
  const calls = {
    list: vi.fn(async (query: string | null, limit: number) => list(query, limit)),
    rename: vi.fn(async (id: string, title: string) => row(id, { title })),
    remove: vi.fn(async (_id: string): Promise<unknown> => null),
  };
  return { calls, state: new TitledList<Titled>(calls, delayMs) };
}

const ids = (state: TitledList<Titled>) => state.items.map((item) => item.id);

describe("a list of titles", () => {
  it("loads and asks for more when told to", async () => {
    const { calls, state } = over((_, limit) => ({ ...page("a"), total: limit + 1 }));
    await state.load();
    expect([state.ready, state.total]).toEqual([true, PAGE + 1]);
    await state.showMore();
    expect(calls.list.mock.calls).toEqual([[null, PAGE], [null, 2 * PAGE]]);
  });

  it("searches once, a moment after the last key", async () => {
    const { calls, state } = over(() => page("hit"), 100);
    state.search("w");
    await vi.advanceTimersByTimeAsync(60);
    state.search("wa");
    await vi.advanceTimersByTimeAsync(99);
    expect(calls.list).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(calls.list.mock.calls).toEqual([["wa", PAGE]]);
    expect(ids(state)).toEqual(["hit"]);
  });

  it("ignores an answer that a newer question has overtaken", async () => {
    const slow = gate<Page>();
    const { state } = over((query) => (query === "old" ? slow.promise : page("new")), 0);
    state.search("old");
    await vi.advanceTimersByTimeAsync(0);
    state.search("new");
    await vi.advanceTimersByTimeAsync(0);
    slow.open(page("old"));
    await vi.advanceTimersByTimeAsync(0);
    expect(ids(state)).toEqual(["new"]);
    expect(state.loading).toBe(false);
  });

  it("keeps what it shows when a reload fails, and says so", async () => {
    const { calls, state } = over(() => page("a"));
    await state.load();
    const error = uiError("store", "unreadable");
    calls.list.mockRejectedValue(error);
    await state.load();
    expect(state.error).toEqual(error);
    expect(state.items).toHaveLength(1);
  });

  it("puts what has changed on top and counts only what is new", async () => {
    const { state } = over(() => page("a", "b"));
    await state.load();
    state.put(row("b", { updatedAt: 5 }));
    state.put(row("c", { updatedAt: 9 }));
    expect(ids(state)).toEqual(["c", "b", "a"]);
    expect(state.total).toBe(3);
  });

  it("does not mix something new into the hits of a search", async () => {
    const { state } = over(() => page("a"), 0);
    state.search("x");
    await vi.advanceTimersByTimeAsync(0);
    state.put(row("b"));
    state.put(row("a", { title: "renamed" }));
    expect(state.items).toEqual([row("a", { title: "renamed" })]);
  });

  it("renames and deletes; an error stays at its row", async () => {
    const { calls, state } = over(() => page("a", "b"));
    await state.load();
    await state.rename("a", "New");
    expect(state.items.find((item) => item.id === "a")?.title).toBe("New");
    calls.remove.mockRejectedValueOnce(uiError("store", "locked"));
    expect(await state.remove("b")).toBe(false);
    expect([state.errorOf("a"), state.errorOf("b")]).toMatchObject([null, { message: "locked" }]);
    expect(await state.remove("a")).toBe(true);
    expect(ids(state)).toEqual(["b"]);
    expect([state.total, state.itemError]).toEqual([1, null]);
  });
});
