// Compares two texts: by lines first, which finds its way through long texts, then by words inside what differs.
import { Change, diff, type DiffConfig } from "@codemirror/merge";
import { lineDiff } from "./lines";

/** Pieces longer than this are not compared by words. */
const LONGEST_PIECE = 60_000;

/** The last result: the same two texts are asked about for drawing and for counting. */
let last: { before: string; after: string; found: readonly Change[] } | null = null;

export function changes(before: string, after: string): readonly Change[] {
  if (last?.before !== before || last.after !== after) last = { before, after, found: search(before, after) };
  return last.found;
}

function search(before: string, after: string): readonly Change[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const runs = lineDiff(a, b);
  if (!runs) return [new Change(0, before.length, 0, after.length)];
  const all: Change[] = [];
  let [lineA, lineB, fromA, fromB, toA, toB] = [0, 0, 0, 0, 0, 0];
  const close = () => {
    if (toA === fromA && toB === fromB) return;
    // Each line is counted with its end, which the last one does not have.
    const past = fromA > before.length || fromB > after.length ? 1 : 0;
    all.push(...within(before, after, fromA - past, Math.min(toA, before.length), fromB - past, Math.min(toB, after.length)));
  };
  for (const run of runs) {
    if (run.kind === "same") close();
    if (run.kind !== "added") toA += lengthOf(a, lineA, (lineA += run.lines));
    if (run.kind !== "removed") toB += lengthOf(b, lineB, (lineB += run.lines));
    if (run.kind === "same") [fromA, fromB] = [toA, toB];
  }
  close();
  return all;
}

function lengthOf(lines: readonly string[], from: number, to: number): number {
  let length = to - from;
  for (let at = from; at < to; at++) length += lines[at]?.length ?? 0;
  return length;
}

function within(before: string, after: string, fromA: number, toA: number, fromB: number, toB: number): readonly Change[] {
  const whole = [new Change(fromA, toA, fromB, toB)];
  if (toA === fromA || toB === fromB || toA - fromA + (toB - fromB) > LONGEST_PIECE) return whole;
  const inner = diff(before.slice(fromA, toA), after.slice(fromB, toB), { scanLimit: 500, timeout: 100 });
  return inner.map(
    (one) => new Change(one.fromA + fromA, one.toA + fromA, one.fromB + fromB, one.toB + fromB),
  );
}

export const CONFIG: DiffConfig = { override: changes };
