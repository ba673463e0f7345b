// Which lines of a text differ from another's. Without the editor, so that a list of versions can use it.
import { diffArrays } from "diff";

export interface DiffCounts {
  added: number;
  removed: number;
}

/** A run of lines: in both texts, only in the old one or only in the new one. */
export interface Run {
  kind: "same" | "removed" | "added";
  lines: number;
}

/** With more changed lines than this, the search would take seconds; the texts then count as wholly different. */
const MOST_EDITS = 3000;
const LONGEST_MS = 3000;

/** Null: too different. */
export function lineDiff(before: readonly string[], after: readonly string[]): Run[] | null {
  const [a, b] = numbered(before, after);
  if (leastEdits(a, b) > MOST_EDITS) return null;
  const parts = diffArrays(a, b, { maxEditLength: MOST_EDITS, timeout: LONGEST_MS });
  return parts?.map((part) => ({ kind: part.removed ? "removed" : part.added ? "added" : "same", lines: part.value.length })) ?? null;
}

/** Equal lines get equal numbers, which compare faster than texts. */
function numbered(...texts: (readonly string[])[]): [number[], number[]] {
  const known = new Map<string, number>();
  const number = (line: string) => {
    const found = known.get(line) ?? known.size;
    if (found === known.size) known.set(line, found);
    return found;
  };
  const [a = [], b = []] = texts.map((lines) => lines.map(number));
  return [a, b];
}

/** Lines that the other text does not have at all must be removed or added. */
function leastEdits(a: readonly number[], b: readonly number[]): number {
  const [inA, inB] = [new Set(a), new Set(b)];
  return a.filter((line) => !inB.has(line)).length + b.filter((line) => !inA.has(line)).length;
}

/** The end of the last line does not begin another one. */
function lines(text: string): string[] {
  const all = text.split(/\r\n?|\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

export function countLines(before: string, after: string): DiffCounts {
  const [a, b] = [lines(before), lines(after)];
  const runs = lineDiff(a, b);
  if (!runs) return { added: b.length, removed: a.length };
  const sum = (kind: Run["kind"]) => runs.reduce((all, run) => all + (run.kind === kind ? run.lines : 0), 0);
  return { added: sum("added"), removed: sum("removed") };
}
