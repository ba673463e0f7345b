// Groups conversations by how long ago they were last used, in the user's own calendar.

export interface DayGroup<T> {
  label: string;
  items: T[];
}

function startOfDay(time: number): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function label(time: number, now: number): string {
  // Rounded: days with a clock change have 23 or 25 hours.
  const days = Math.round((startOfDay(now) - startOfDay(time)) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "Last 7 days";
  if (days < 30) return "Last 30 days";
  return new Date(time).toLocaleDateString("en", { month: "long", year: "numeric" });
}

/** Keeps the given order; neighbours with the same label share a group. */
export function groupByDay<T extends { updatedAt: number }>(items: T[], now: number): DayGroup<T>[] {
  const groups: DayGroup<T>[] = [];
  for (const item of items) {
    const name = label(item.updatedAt, now);
    const last = groups.at(-1);
    if (last?.label === name) last.items.push(item);
    else groups.push({ label: name, items: [item] });
  }
  return groups;
}
