// The arithmetic of a run's curves: smoothing, thinning out for the screen, scales, and merging what arrives.
import type { MetricView } from "./bindings";

export interface Point {
  x: number;
  y: number;
}

/** A measure of the curves, and how its values are written. */
export interface Measure {
  id: "loss" | "chosenNll" | "preferenceAccuracy" | "margin";
  label: string;
  help: string;
  write: (value: number) => string;
}

const figure = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2));

export const MEASURES: readonly Measure[] = [
  { id: "loss", label: "Loss", help: "What training makes smaller.", write: figure },
  { id: "chosenNll", label: "Surprise at accepted work", help: "Negative log-likelihood, nats per token. Lower is better.", write: figure },
  { id: "preferenceAccuracy", label: "Prefers the accepted version", help: "Of all pairs. Higher is better.", write: (value) => `${Math.round(value * 100)} %` },
  { id: "margin", label: "Margin of preference", help: "Log odds of accepted minus rejected. Higher is better.", write: (value) => (value > 0 ? "+" : "") + figure(value) },
];

/** The points of one measure: of each step, and of what was held out. */
export function pointsOf(metrics: readonly MetricView[], measure: Measure["id"]): { steps: Point[]; heldOut: Point[] } {
  const steps: Point[] = [];
  const heldOut: Point[] = [];
  for (const metric of metrics) {
    const y = metric[measure];
    if (y === null || !Number.isFinite(y)) continue;
    (metric.kind === "step" ? steps : heldOut).push({ x: metric.step, y });
  }
  return { steps, heldOut };
}

/** Exponential moving average over about `span` points, without the pull of where it begins. */
export function smoothed(points: readonly Point[], span = Math.max(2, points.length / 12)): Point[] {
  const keep = 1 - 1 / span;
  let sum = 0;
  let weight = 0;
  return points.map(({ x, y }) => {
    sum = keep * sum + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    return { x, y: sum / weight };
  });
}

/** At most about `most` points, of each stretch the lowest and the highest: peaks stay. */
export function thinned(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  const size = Math.ceil(points.length / Math.max(1, Math.floor(most / 2)));
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += size) {
    let low = from;
    let high = from;
    for (let at = from; at < Math.min(from + size, points.length); at++) {
      if (points[at]!.y < points[low]!.y) low = at;
      if (points[at]!.y > points[high]!.y) high = at;
    }
    kept.push(points[Math.min(low, high)]!);
    if (low !== high) kept.push(points[Math.max(low, high)]!);
  }
  return kept;
}

/** From the lowest to the highest value, with room around them; of `rough` values the outermost 2 % may be cut off. */
export function extent(exact: readonly number[], rough: readonly number[] = []): [number, number] {
  const sorted = [...rough].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * 0.02);
  const all = [...exact, ...sorted.slice(cut, sorted.length - cut)];
  if (all.length === 0) return [0, 1];
  let low = Infinity;
  let high = -Infinity;
  for (const value of all) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // What differs only by rounding is one value.
  const room = high - low > 1e-6 * Math.max(1, Math.abs(high)) ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 0.1);
  return [low - room, high + room];
}

/** Round numbers between the two, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const off = (factor: number) => Math.abs(Math.log((factor * power) / raw));
  const step = power * [1, 2, 5, 10].reduce((best, factor) => (off(factor) < off(best) ? factor : best));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Of a whole number of steps each, so that 0.1 + 0.2 is written 0.3.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** The place of the point that is nearest to x; -1 if there is none. */
export function nearest(points: readonly Point[], x: number): number {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x < x) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && x - points[low - 1]!.x <= points[low]!.x - x) return low - 1;
  return points.length === 0 ? -1 : low;
}

/** A single point is drawn, too: as a line to itself. */
export function path(points: readonly Point[], toX: (x: number) => number, toY: (y: number) => number): string {
  const drawn = points.length === 1 ? [...points, ...points] : points;
  return drawn.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");
}

const KIND_ORDER = { step: 0, heldOut: 1 };
/** Whether the first was measured before the second. */
const before = (one: MetricView, other: MetricView): boolean =>
  one.step !== other.step ? one.step < other.step : KIND_ORDER[one.kind] < KIND_ORDER[other.kind];

/** What arrives follows what is there; steps that were done again count as they were done last. */
export function followed(metrics: readonly MetricView[], news: readonly MetricView[]): readonly MetricView[] {
  if (news.length === 0) return metrics;
  const all = [...metrics];
  for (const metric of news) {
    while (all.length > 0 && !before(all.at(-1)!, metric)) all.pop();
    all.push(metric);
  }
  return all;
}

/** What was stored, and what has arrived since: the store is some seconds behind. */
export function caughtUp(stored: readonly MetricView[], known: readonly MetricView[]): readonly MetricView[] {
  const last = stored.at(-1);
  return last ? [...stored, ...known.filter((metric) => before(last, metric))] : known;
}

/** Rows of a table that people read: every held-out point, and some of the steps. */
export function tableRows(metrics: readonly MetricView[], most = 40): readonly MetricView[] {
  const steps = metrics.filter((metric) => metric.kind === "step");
  const every = Math.ceil(steps.length / most);
  const chosen = new Set(steps.filter((_, index) => index % every === 0 || index === steps.length - 1));
  return metrics.filter((metric) => metric.kind === "heldOut" || chosen.has(metric));
}
