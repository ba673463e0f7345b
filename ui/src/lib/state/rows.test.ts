import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { gate } from "../test-data";
import { Rows, type RowPage } from "./rows.svelte";

const numbers = (total: number) =>
  vi.fn(async (after: string | null, limit: number): Promise<RowPage<number>> => {
    const from = after === null ? 0 : Number(after);
    const to = Math.min(total, from + limit);
    return { total, items: Array.from({ length: to - from }, (_, index) => from + index), next: to < total ? `${to}` : null };
  });

describe("rows", () => {
  it("reads as far as is asked for, page after page, and each page once", async () => {
    const load = numbers(350);
    const rows = new Rows(load, 100);
    await Promise.all([rows.upTo(20), rows.upTo(20)]);
    await rows.upTo(99);
    expect([rows.items.length, rows.total, rows.more]).toEqual([100, 350, true]);
    await rows.upTo(100_000);
    await rows.upTo(100_000);
    expect([rows.items.at(-1), rows.more]).toEqual([349, false]);
    expect(load.mock.calls.map(([after]) => after)).toEqual([null, "100", "200", "300"]);
  });

  it("keeps an error until it is tried again, with what was read before", async () => {
    let fail = false;
    const good = numbers(250);
    const rows = new Rows<number>(async (after, limit) => {
      if (fail) throw uiError("store", "The store is busy.");
      return good(after, limit);
    });
    await rows.upTo(0);
    fail = true;
    await rows.upTo(150);
    await rows.upTo(150);
    expect([rows.error?.message, rows.items.length, rows.loading]).toEqual(["The store is busy.", 100, false]);
    fail = false;
    await rows.retry();
    expect([rows.error, rows.items.length]).toEqual([null, 200]);
  });

  it("drops answers to an older question, and shows the old rows until the new ones come", async () => {
    const slow = gate<RowPage<string>>();
    const rows = new Rows<string>(async () => ({ items: ["old"], total: 1, next: null }));
    await rows.upTo(0);
    const first = rows.refresh(() => slow.promise);
    expect(rows.items).toEqual(["old"]);
    await rows.refresh(async () => ({ items: ["new"], total: 1, next: null }));
    slow.open({ items: ["late"], total: 7, next: "x" });
    await first;
    expect([rows.items, rows.total, rows.more, rows.loading]).toEqual([["new"], 1, false, false]);
  });

  it("changes and drops rows in place", async () => {
    const rows = new Rows(numbers(250), 100);
    await rows.upTo(0);
    rows.change((row) => (row === 1 ? -1 : row));
    rows.drop((row) => row === 0 || row === 7);
    expect([rows.items.slice(0, 2), rows.items.length, rows.total]).toEqual([[-1, 2], 98, 248]);
  });
});

describe("rows that change while they are read", () => {
  it("are read again as far as before", async () => {
    const load = numbers(500);
    const rows = new Rows(load, 100);
    await rows.upTo(250);
    await rows.again();
    expect([rows.items.length, load.mock.calls.length, rows.more]).toEqual([300, 6, true]);
    await rows.refresh();
    expect(rows.items).toHaveLength(100);
  });

  it("do not come back after they were dropped", async () => {
    const slow = gate<RowPage<number>>();
    const answers = [{ items: [1, 2], total: 2, next: null }, slow.promise, { items: [2], total: 1, next: null }];
    const rows = new Rows<number>(async () => answers.shift()!, 100);
    await rows.upTo(0);
    const reading = rows.again();
    rows.drop((row) => row === 1);
    slow.open({ items: [1, 2], total: 2, next: null });
    await reading;
    await vi.waitFor(() => expect([rows.loading, rows.items]).toEqual([false, [2]]));
  });
});
