// Compares two texts: by lines first, which finds its way through long texts, then by words inside what differs.
import { Change, diff, type DiffConfig } from "@codemirror/merge";
import { lineDiff } from "./lines";

/** Pieces longer than this are not compared by words. */
const LONGEST_PIECE = 60_000;

export function changes(before: string, after: string): readonly Change[] {
  const found = lineDiff(before.split("\n"), after.split("\n"));
  if (!found) return [new Change(0, before.length, 0, after.length)];
  const all: Change[] = [];
  let [fromA, fromB, toA, toB] = [0, 0, 0, 0];
  const close = () => {
    if (toA === fromA && toB === fromB) return;
    // Each line is counted with its end, which the last one does not have.
    const past = fromA > before.length || fromB > after.length ? 1 : 0;
    all.push(...within(before, after, fromA - past, Math.min(toA, before.length), fromB - past, Math.min(toB, after.length)));
  };
  for (const part of found) {
    const length = part.value.reduce((sum, line) => sum + line.length + 1, 0);
    if (part.removed) toA += length;
    else if (part.added) toB += length;
    else {
      close();
      [fromA, fromB] = [toA + length, toB + length];
      [toA, toB] = [fromA, fromB];
    }
  }
  close();
  return all;
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
