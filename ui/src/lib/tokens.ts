// How sure a model was of each token, in five bands that have names, colours and underlines.

export interface Alternative {
  text: string;
  /** Natural logarithm. */
  logprob: number;
}

export interface HeatToken {
  text: string;
  /** Natural logarithm; null where nothing was recorded. */
  logprob: number | null;
  /** The most likely tokens at this place, most likely first. */
  top: readonly Alternative[];
  /** The probability of everything that is not in `top`, 0 to 1; null where it is unknown. */
  tail: number | null;
}

export type BandId = "sure" | "likely" | "open" | "unlikely" | "surprising" | "unknown";

export interface Band {
  id: BandId;
  label: string;
  range: string;
  /** From this probability on. */
  from: number;
}

export const BANDS: readonly Band[] = [
  { id: "sure", label: "Sure", range: "90 % or more", from: 0.9 },
  { id: "likely", label: "Likely", range: "50 to 90 %", from: 0.5 },
  { id: "open", label: "Open", range: "20 to 50 %", from: 0.2 },
  { id: "unlikely", label: "Unlikely", range: "5 to 20 %", from: 0.05 },
  { id: "surprising", label: "Surprising", range: "below 5 %", from: 0 },
  { id: "unknown", label: "Not recorded", range: "no number", from: Number.NaN },
];

export function probability(logprob: number): number {
  return Math.min(1, Math.exp(Math.min(0, logprob)));
}

export function bandOf(logprob: number | null): BandId {
  if (logprob === null || Number.isNaN(logprob)) return "unknown";
  const value = probability(logprob);
  return BANDS.find((band) => value >= band.from)?.id ?? "unknown";
}

export function asPercent(value: number): string {
  if (value > 0 && value < 0.001) return "< 0.1 %";
  if (value < 1 && value > 0.999) return "> 99.9 %";
  return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
}

const SIGNS: Record<string, string> = { "\n": "⏎", "\t": "⇥", " ": "␣" };

/** So that a token of white space can be seen where it stands alone. */
export function visible(text: string): string {
  if (text === "") return "∅ (end)";
  const space = (part: string) => [...part].map((char) => SIGNS[char] ?? char).join("");
  return text.replace(/^\s+|\s+$|\n/g, space);
}
