// The three verdicts in the words of the interface, and how to say how sure a detection is.
import type { AnalysisView, Verdict } from "./bindings";

export const VERDICTS: readonly Verdict[] = ["redo", "furtherEdit", "accepted"];

export const VERDICT_WORDS: Record<Verdict, { label: string; means: string }> = {
  redo: { label: "Redo", means: "Drop this version and try this step again." },
  furtherEdit: { label: "Further edit", means: "Keep this version and change it." },
  accepted: { label: "Accepted", means: "This is right. Go on to the next step." },
};

export type Confidence = "high" | "medium" | "low";

export function confidence(detected: AnalysisView): Confidence {
  const value = detected[detected.verdict];
  return value >= 0.85 ? "high" : value >= 0.6 ? "medium" : "low";
}

/** How the detection is told. With low confidence it is a question. */
export function detectedWords(detected: AnalysisView): string {
  const { label } = VERDICT_WORDS[detected.verdict];
  switch (confidence(detected)) {
    case "high":
      return `Your words mean “${label}”.`;
    case "medium":
      return `Your words probably mean “${label}”.`;
    case "low":
      return `Do your words mean “${label}”? Please choose.`;
  }
}

/** In the middle of a sentence. */
export function sureWords(detected: AnalysisView): string {
  return `“${VERDICT_WORDS[detected.verdict].label}”, ${Math.round(100 * detected[detected.verdict])} % sure`;
}
