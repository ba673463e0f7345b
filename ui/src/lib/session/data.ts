// How data of any form is laid out for reading.

const MOST_COLUMNS = 6;

/** Names and values of an object, or numbered items of a list; null for a single value. */
export function entriesOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) return value.map((item, at) => [`${at + 1}`, item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : null;
}

/** The columns of a list of flat objects with the same few names; null: it is no table. */
export function columnsOf(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length < 2) return null;
  const columns = new Set<string>();
  for (const item of value) {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return null;
    for (const [name, inner] of Object.entries(item)) {
      if (typeof inner === "object" && inner !== null) return null;
      columns.add(name);
    }
    if (columns.size > MOST_COLUMNS) return null;
  }
  return columns.size > 0 ? [...columns] : null;
}
