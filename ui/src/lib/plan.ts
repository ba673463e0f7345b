// A plan's steps, as the cards show them.

export type StepState = "waiting" | "current" | "done" | "skipped";

export interface PlanStep {
  id: string;
  title: string;
  text: string;
  state: StepState;
}

export const STATE_WORDS: Record<StepState, string> = {
  waiting: "Waiting", current: "In work", done: "Done", skipped: "Skipped",
};

/** What has begun stays where it is: the first place to which a step can be moved. */
export function firstMovable(steps: readonly PlanStep[]): number {
  const last = steps.findLastIndex((step) => step.state !== "waiting");
  return last + 1;
}
