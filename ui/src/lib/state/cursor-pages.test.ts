import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { paged, row } from "../test-dataset";
import { gate } from "../test-data";
import { CursorPages, type CursorPage } from "./cursor-pages.svelte";

type Row = ReturnType<typeof row>;

describe("CursorPages", () => {
  it("reads only as far as the list looks, page after page", async () => {
    const load = vi.fn(async (after: string | null, limit: number) => paged(1000, limit, after));
    const pages = new CursorPages<Row>(load, 100);
    await pages.refresh();
    expect([pages.all, pages.total, pages.rows.length]).toEqual([1000, 200, 100]);
    pages.show(0, 90);
    expect(load).toHaveBeenCalledTimes(1);
    pages.show(150, 250);
    await vi.waitFor(() => expect(pages.rows).toHaveLength(300));
    expect(load.mock.calls.map(([after]) => after)).toEqual([null, "100", "200"]);
    expect(pages.row(250)?.id).toBe("r250");
    expect(pages.row(500)).toBeUndefined();
  });

  it("ends where the rows end", async () => {
    const pages = new CursorPages<Row>(async (after, limit) => paged(150, limit, after), 100);
    pages.show(0, 20);
    await pages.refresh();
    pages.show(100, 200);
    await vi.waitFor(() => expect(pages.row(149)?.id).toBe("r149"));
    expect([pages.total, pages.row(150)]).toEqual([150, undefined]);
  });

  it("keeps its place when it is read again, and does not mix two readings", async () => {
    const slow = gate<CursorPage<Row>>();
    let answers = 0;
    const pages = new CursorPages<Row>((after, limit) => (++answers === 4 ? slow.promise : Promise.resolve(paged(500, limit, after))), 100);
    await pages.refresh();
    pages.show(200, 290);
    await vi.waitFor(() => expect(pages.rows).toHaveLength(300));
    const old = pages.refresh();
    await pages.refresh(true);
    expect(pages.rows).toHaveLength(300);
    slow.open({ items: [row("late")], total: 1, totalIsLeast: false, next: null });
    await old;
    expect([pages.rows.length, pages.all]).toEqual([300, 500]);
  });

  it("stops at an error and goes on when told to", async () => {
    let fail = true;
    const pages = new CursorPages<Row>(async (after, limit) => {
      if (after !== null && fail) throw uiError("store", "busy");
      return paged(300, limit, after);
    }, 100);
    await pages.refresh();
    pages.show(50, 150);
    await vi.waitFor(() => expect(pages.error?.message).toBe("busy"));
    pages.show(50, 160);
    expect([pages.rows.length, pages.loading]).toEqual([100, false]);
    fail = false;
    pages.retry();
    await vi.waitFor(() => expect(pages.rows).toHaveLength(200));
    expect(pages.error).toBeNull();
  });

  it("says that a first reading failed, and reads again", async () => {
    let fail = true;
    const pages = new CursorPages<Row>(async (after, limit) => {
      if (fail) throw uiError("store", "busy");
      return paged(3, limit, after);
    });
    await pages.refresh();
    expect([pages.ready, pages.error?.message]).toEqual([false, "busy"]);
    fail = false;
    pages.retry();
    await vi.waitFor(() => expect([pages.ready, pages.all, pages.error]).toEqual([true, 3, null]));
  });

  it("replaces and drops rows without reading them again", async () => {
    const load = vi.fn(async (after: string | null, limit: number) => paged(3, limit, after));
    const pages = new CursorPages<Row>(load);
    await pages.refresh();
    pages.put(row("r1", { title: "New" }));
    pages.put(row("elsewhere"));
    pages.drop(new Set(["r0", "elsewhere"]));
    expect(pages.rows.map(({ id, title }) => [id, title])).toEqual([["r1", "New"], ["r2", "Title of r2"]]);
    expect([pages.all, pages.total, load.mock.calls.length]).toEqual([2, 2, 1]);
  });

  it("does not bring back what was dropped while it was read", async () => {
    const slow = gate<CursorPage<Row>>();
    let answers = 0;
    const pages = new CursorPages<Row>(async (after, limit) => {
      answers += 1;
      if (answers === 2) return slow.promise;
      return answers === 1 ? paged(3, limit, after) : { items: [row("r2")], total: 1, totalIsLeast: false, next: null };
    });
    await pages.refresh();
    const reading = pages.refresh(true);
    pages.drop(new Set(["r0", "r1"]));
    slow.open(paged(3, 10, null));
    await reading;
    await vi.waitFor(() => expect(pages.loading).toBe(false));
    expect(pages.rows.map(({ id }) => id)).toEqual(["r2"]);
  });

  it("says when there are at least so many", async () => {
    const pages = new CursorPages<Row>(async () => ({ items: [row("a")], total: 10_000, totalIsLeast: true, next: "x" }), 1);
    await pages.refresh();
    expect([pages.all, pages.atLeast, pages.total]).toEqual([10_000, true, 2]);
  });
});
