// The three verdicts in the words of the interface, and how to say how sure a detection is.

export type Verdict = "redo" | "furtherEdit" | "accepted";
export const VERDICTS: readonly Verdict[] = ["redo", "furtherEdit", "accepted"];

export interface Detection {
  verdict: Verdict;
  /** 0 to 1 each; null where the analyst gave none. */
  probabilities: Record<Verdict, number> | null;
}

export const VERDICT_WORDS: Record<Verdict, { label: string; means: string }> = {
  redo: { label: "Redo", means: "Drop this version and try this step again." },
  furtherEdit: { label: "Further edit", means: "Keep this version and change it." },
  accepted: { label: "Accepted", means: "This is right. Go on to the next step." },
};

export type Confidence = "high" | "medium" | "low" | "unknown";

export function confidence(detection: Detection): Confidence {
  const value = detection.probabilities?.[detection.verdict];
  if (value === undefined || Number.isNaN(value)) return "unknown";
  return value >= 0.85 ? "high" : value >= 0.6 ? "medium" : "low";
}

/** How the detection is told. With low confidence it is a question. */
export function detectedWords(detection: Detection): string {
  const { label } = VERDICT_WORDS[detection.verdict];
  switch (confidence(detection)) {
    case "high":
      return `Your words mean “${label}”.`;
    case "medium":
      return `Your words probably mean “${label}”.`;
    case "low":
      return `Do your words mean “${label}”? Please choose.`;
    case "unknown":
      return `Understood as “${label}”. How sure that is, is not known.`;
  }
}
