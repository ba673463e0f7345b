import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { gate } from "../test-data";
import { Pages, type Page } from "./pages.svelte";

const numbers = (total: number) =>
  vi.fn(async (offset: number, limit: number): Promise<Page<number>> => ({
    total, items: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, index) => offset + index),
  }));

describe("pages", () => {
  it("asks only for what is shown, and once", async () => {
    const load = numbers(100_000);
    const pages = new Pages(load, 100);
    pages.show(0, 20);
    pages.show(0, 20);
    await vi.waitFor(() => expect(pages.total).toBe(100_000));
    pages.show(50_090, 50_110);
    await vi.waitFor(() => expect(pages.row(50_105)).toBe(50_105));
    expect([pages.row(5), pages.row(50_095), pages.row(300)]).toEqual([5, 50_095, undefined]);
    pages.show(5, 30);
    expect(load.mock.calls).toEqual([[0, 100], [50_000, 100], [50_100, 100]]);
  });

  it("keeps an error until it is tried again", async () => {
    let fail = true;
    const pages = new Pages(async (offset) => {
      if (fail) throw uiError("store", "The store is busy.");
      return { items: [offset], total: 1 };
    });
    pages.show(0, 1);
    await vi.waitFor(() => expect(pages.error?.message).toBe("The store is busy."));
    fail = false;
    pages.show(0, 1);
    expect(pages.error).not.toBeNull();
    pages.retry();
    await vi.waitFor(() => expect([pages.row(0), pages.error]).toEqual([0, null]));
  });

  it("drops answers to an older question, and shows the old rows until the new ones come", async () => {
    const slow = gate<Page<string>>();
    const pages = new Pages<string>(async () => ({ items: ["old"], total: 1 }));
    pages.show(0, 1);
    await vi.waitFor(() => expect(pages.row(0)).toBe("old"));
    const first = pages.refresh(() => slow.promise);
    expect(pages.row(0)).toBe("old");
    await pages.refresh(async () => ({ items: ["new"], total: 1 }));
    slow.open({ items: ["late"], total: 7 });
    await first;
    expect([pages.row(0), pages.total]).toEqual(["new", 1]);
  });

  it("forgets what is far away", async () => {
    const load = numbers(100_000);
    const pages = new Pages(load, 10);
    for (let page = 0; page < 60; page++) pages.show(page * 10, page * 10 + 1);
    await vi.waitFor(() => expect(pages.row(590)).toBe(590));
    expect(pages.row(0)).toBeUndefined();
    pages.put(591, -1);
    pages.put(99_999, -1);
    expect([pages.row(591), pages.row(99_999)]).toEqual([-1, undefined]);
  });
});
