// A plan's steps, as the cards show them and as a change of the plan names them.
import type { StepEdit, StepStatus, StepView } from "./bindings";

export type PlanStep = Pick<StepView, "id" | "text" | "status">;

export const STATUS_WORDS: Record<StepStatus, string> = { waiting: "Waiting", current: "In work", done: "Done", skipped: "Skipped" };

export const isOver = (step: PlanStep): boolean => step.status === "done" || step.status === "skipped";

/** How a step is called where only a few words fit. */
export function headline(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 57).trimEnd()}…` : line;
}

/** What has begun stays where it is: the first place to which a step can be moved. */
export function firstMovable(steps: readonly PlanStep[]): number {
  return steps.findLastIndex((step) => step.status !== "waiting") + 1;
}

/** The plan that is asked for: the steps that are not over, in their order. */
export function edits(steps: readonly PlanStep[]): StepEdit[] {
  return steps.filter((step) => !isOver(step)).map(({ id, text }) => ({ id, text }));
}
