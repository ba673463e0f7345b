import { expect, it } from "vitest";
import { groupByDay } from "./days";

const at = (text: string) => new Date(text).getTime();

it("groups by the calendar, not by hours, and keeps the order", () => {
  const now = at("2026-03-12T00:30");
  const items = ["2026-03-12T00:10", "2026-03-11T23:50", "2026-03-11T00:00", "2026-03-06T12:00", "2026-03-05T12:00", "2026-01-31T12:00"]
    .map((time) => ({ updatedAt: at(time) }));
  expect(groupByDay(items, now).map((group) => [group.label, group.items.length])).toEqual([
    ["Today", 1],
    ["Yesterday", 2],
    ["Last 7 days", 1],
    ["Last 30 days", 1],
    ["January 2026", 1],
  ]);
});

it("takes a clock that runs ahead for today", () => {
  expect(groupByDay([{ updatedAt: at("2026-03-13T09:00") }], at("2026-03-12T09:00"))[0]?.label).toBe("Today");
});

it("has no groups without conversations", () => {
  expect(groupByDay([], 0)).toEqual([]);
});
