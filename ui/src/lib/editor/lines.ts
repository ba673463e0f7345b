// Which lines of a text differ from another's. Without the editor, so that a list of versions can use it.
import { diffArrays, type ChangeObject } from "diff";

export interface DiffCounts {
  added: number;
  removed: number;
}

/** Whoever waits for a comparison sees nothing meanwhile; after this it gets coarser. */
const LONGEST_MS = 400;
const MOST_EDITS = 6000;

/** Null: too different to tell lines apart in reasonable time. */
export function lineDiff(before: readonly string[], after: readonly string[]): ChangeObject<string[]>[] | null {
  return diffArrays([...before], [...after], { timeout: LONGEST_MS, maxEditLength: MOST_EDITS }) ?? null;
}

/** The end of the last line does not begin another one. */
function lines(text: string): string[] {
  const all = text.split(/\r\n?|\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

export function countLines(before: string, after: string): DiffCounts {
  const [a, b] = [lines(before), lines(after)];
  const parts = lineDiff(a, b);
  if (!parts) return { added: b.length, removed: a.length };
  const sum = (which: "added" | "removed") => parts.reduce((all, part) => all + (part[which] ? part.value.length : 0), 0);
  return { added: sum("added"), removed: sum("removed") };
}
