// What a readiness meter says in words.
import { whole } from "./format";

export interface Part {
  label: string;
  have: number;
  need: number;
  unit: { one: string; many: string };
}

/** 0 to 1: as ready as the part that is missing most. */
export function readiness(parts: readonly Part[]): number {
  if (parts.length === 0) return 0;
  return Math.min(...parts.map((part) => (part.need <= 0 ? 1 : Math.min(1, Math.max(0, part.have) / part.need))));
}

export function missing(parts: readonly Part[]): Part[] {
  return parts.filter((part) => part.have < part.need);
}

/** “87 more examples and 2 more sessions” */
export function missingWords(parts: readonly Part[]): string {
  const words = missing(parts).map((part) => {
    const count = part.need - part.have;
    return `${whole(count)} more ${count === 1 ? part.unit.one : part.unit.many}`;
  });
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
