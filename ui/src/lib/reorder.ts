// Where a dragged card would come to lie in a list.

export interface Span {
  top: number;
  bottom: number;
}

/**
 * The index that the card at `from` would have after being dropped at height `y`. Cards before `first` do not move,
 * so nothing is dropped before them.
 */
export function dropIndex(spans: readonly Span[], from: number, y: number, first = 0): number {
  let index = 0;
  for (const [at, span] of spans.entries()) {
    if (at !== from && y > (span.top + span.bottom) / 2) index++;
  }
  return Math.min(Math.max(index, first), spans.length - 1);
}

export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const list = [...items];
  const [item] = list.splice(from, 1);
  if (item !== undefined) list.splice(to, 0, item);
  return list;
}
