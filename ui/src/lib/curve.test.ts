import { describe, expect, it } from "vitest";
import { caughtUp, extent, followed, nearest, path, pointsOf, smoothed, tableRows, thinned, ticks, type Point } from "./curve";
import { metric } from "./test-training";

const points = (...ys: number[]): Point[] => ys.map((y, x) => ({ x, y }));
const ys = (list: readonly Point[]) => list.map((point) => point.y);

describe("the arithmetic of curves", () => {
  it("takes a measure's points apart by kind, and leaves out what was not measured", () => {
    const { steps, heldOut } = pointsOf([metric(0, { kind: "heldOut", margin: 1 }), metric(1, { margin: null }), metric(2, { margin: NaN }), metric(3, { margin: 2 })], "margin");
    expect([steps, heldOut]).toEqual([[{ x: 3, y: 2 }], [{ x: 0, y: 1 }]]);
  });

  it("smooths without the pull of the beginning: what is constant stays so", () => {
    for (const y of ys(smoothed(points(3, 3, 3, 3)))) expect(y).toBeCloseTo(3, 12);
    const [first = 0, second = 0, third = 0] = ys(smoothed(points(4, 0, 0), 2));
    // Weights 1/2, 1/4, 1/8 back in time, over their sum.
    expect([first, second, third]).toEqual([4, 4 / 3, 4 / 7]);
    expect(smoothed([])).toEqual([]);
  });

  it("thins out to what a screen shows, and keeps every peak", () => {
    const many = Array.from({ length: 3000 }, (_, x) => ({ x, y: x === 1234 ? 99 : x === 1235 ? -99 : Math.sin(x) }));
    const few = thinned(many, 600);
    expect(few.length).toBeLessThanOrEqual(600);
    expect([Math.max(...ys(few)), Math.min(...ys(few))]).toEqual([99, -99]);
    expect(few.map((point) => point.x)).toEqual([...few.map((point) => point.x)].sort((a, b) => a - b));
    expect(thinned(points(1, 2), 600)).toEqual(points(1, 2));
    expect(thinned([], 10)).toEqual([]);
  });

  it("spans what must be seen; of rough values an outlier may be cut off", () => {
    const rough = [...Array.from({ length: 99 }, (_, index) => 1 + index / 98), 500];
    const [low, high] = extent([1, 2], rough);
    expect([low, high]).toEqual([0.94, 2.06]);
    expect(extent([1, 500], rough)[1]).toBeGreaterThan(500);
    const [from, to] = extent([0.5]);
    expect(from < 0.5 && to > 0.5).toBe(true);
    const [under, over] = extent([1.5, 1.5 + 1e-15]);
    expect(new Set(ticks(under, over, 4)).size).toBe(ticks(under, over, 4).length);
    expect(extent([])).toEqual([0, 1]);
  });

  it("has round ticks, written as people write them", () => {
    expect(ticks(0, 1, 4)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(0.04, 0.36, 3)).toEqual([0.1, 0.2, 0.3]);
    expect(ticks(-1.2, 2.1, 4)).toEqual([-1, 0, 1, 2]);
    expect(ticks(0, 3200, 3)).toEqual([0, 1000, 2000, 3000]);
    expect(ticks(2, 2, 4)).toEqual([2]);
  });

  it("finds the nearest point", () => {
    const list = [0, 10, 20, 40].map((x) => ({ x, y: 0 }));
    expect([-5, 4, 6, 15, 29, 31, 99].map((x) => nearest(list, x))).toEqual([0, 0, 1, 1, 2, 3, 3]);
    expect(nearest([], 3)).toBe(-1);
  });

  it("draws a path", () => {
    expect(path(points(1, 2), (x) => x * 10, (y) => y)).toBe("M0.0 1.0L10.0 2.0");
    expect(path(points(7), Number, Number)).toBe("M0.0 7.0L0.0 7.0");
    expect(path([], Number, Number)).toBe("");
  });
});

describe("metrics that arrive", () => {
  const steps = (list: readonly { step: number; kind: string }[]) => list.map(({ step, kind }) => (kind === "step" ? step : -step));

  it("follow what is there; a held-out point stands behind its step", () => {
    const held = metric(2, { kind: "heldOut" });
    expect(steps(followed([metric(1), metric(2)], [held, metric(3)]))).toEqual([1, 2, -2, 3]);
    const before = [metric(1)];
    expect(followed(before, [])).toBe(before);
  });

  it("count as done last where steps are done again", () => {
    const again = followed([metric(1), metric(2), metric(3), metric(4)], [metric(3, { loss: 9 })]);
    expect([steps(again), again.at(-1)?.loss]).toEqual([[1, 2, 3], 9]);
  });

  it("are kept when the store is behind, and given up where it knows better", () => {
    expect(steps(caughtUp([metric(1), metric(2)], [metric(2), metric(3)]))).toEqual([1, 2, 3]);
    expect(steps(caughtUp([metric(1), metric(2), metric(3)], [metric(2)]))).toEqual([1, 2, 3]);
    expect(steps(caughtUp([], [metric(1)]))).toEqual([1]);
  });

  it("make a table that can be read: all held-out points, some of the steps, the last one among them", () => {
    const all = Array.from({ length: 1001 }, (_, index) => metric(index + 1));
    const rows = tableRows([...all, metric(1001, { kind: "heldOut" })]);
    expect(rows.length).toBeLessThan(45);
    expect(steps(rows).slice(-2)).toEqual([1001, -1001]);
  });
});
