// Numbers as people read them.

export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  if (count >= 1e6) return `${Math.round(count / 1e6)} MB`;
  return `${Math.max(1, Math.round(count / 1e3))} kB`;
}

/** From mebibytes. */
export function memory(mb: number): string {
  return mb >= 1024 ? `${(mb / 1024).toFixed(1)} GB` : `${Math.round(mb)} MB`;
}

export function whole(count: number): string {
  return count.toLocaleString("en");
}

/** Tokens per second: one decimal where it matters. */
export function speed(value: number): string {
  return value < 20 ? value.toFixed(1) : Math.round(value).toString();
}

export function percent(part: number, all: number): number {
  return all <= 0 ? 0 : Math.min(100, Math.round((part / all) * 100));
}

/** From milliseconds; minutes where seconds would be many. */
export function duration(ms: number): string {
  if (ms < 90_000) return seconds(ms);
  const minutes = Math.floor(ms / 60_000);
  const rest = Math.round((ms - minutes * 60_000) / 1000);
  return rest === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

export function seconds(ms: number): string {
  return ms < 950 ? `${Math.round(ms / 10) / 100} s` : `${(ms / 1000).toFixed(1)} s`;
}

/** With a capital letter: the beginning of a line. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
