// What can be read off a session: the step and attempt in work, what an attempt began from, what can be done now.
// Pure; the application decides again on everything that is asked of it.
import type { AttemptView, CycleView, FileText, SessionView, StepView, Verdict, VersionView } from "../bindings";
import { isOver as stepIsOver } from "../plan";

/** A cycle and where it stands; both numbers from 0. */
export interface Place {
  step: StepView;
  cycle: CycleView;
  stepIndex: number;
  cycleIndex: number;
}

export function places(view: SessionView): Place[] {
  return view.steps.flatMap((step, stepIndex) =>
    step.cycles.map((cycle, cycleIndex) => ({ step, cycle, stepIndex, cycleIndex })),
  );
}

export function currentStep(view: SessionView): StepView | null {
  return view.steps.find((step) => step.status === "current") ?? null;
}

/** How far the plan is: steps that are over, and all. */
export function progress(view: SessionView): { over: number; all: number } {
  return { over: view.steps.filter(stepIsOver).length, all: view.steps.length };
}

/** The newest attempt of the whole session. */
export function lastAttempt(view: SessionView): (Place & { attempt: AttemptView }) | null {
  for (const place of places(view).reverse()) {
    if (place.cycle.attempt) return { ...place, attempt: place.cycle.attempt };
  }
  return null;
}

export function findAttempt(view: SessionView, id: string): (Place & { attempt: AttemptView }) | null {
  const place = places(view).find(({ cycle }) => cycle.attempt?.id === id);
  return place?.cycle.attempt ? { ...place, attempt: place.cycle.attempt } : null;
}

/** The attempt that is being judged, or was last. */
export function attemptInWork(view: SessionView): (Place & { attempt: AttemptView }) | null {
  const last = lastAttempt(view);
  return last && last.step.status === "current" ? last : null;
}

/** The cycle whose verdict can be taken back or replaced: the last that the user or the analyst ended. */
export function lastJudged(view: SessionView): Place | null {
  if (!view.canUndo) return null;
  return places(view).findLast(({ cycle }) => cycle.end !== null && cycle.end.how !== "error") ?? null;
}

/** What a cycle began from: what was accepted, edited further or written by hand before it. */
export function baseOf(view: SessionView, at: Pick<Place, "stepIndex" | "cycleIndex">): FileText[] {
  let base = view.startFiles;
  for (const { cycle, stepIndex, cycleIndex } of places(view)) {
    if (stepIndex === at.stepIndex && cycleIndex === at.cycleIndex) break;
    base = resultOf(cycle) ?? base;
  }
  return base;
}

/** The files that a cycle made current; null if it changed nothing. */
function resultOf({ attempt, end }: CycleView): FileText[] | null {
  if (end === null || end.how === "error") return null;
  if (end.how === "handEdited") return end.files;
  if (end.how === "judged" && end.verdict === "redo") return null;
  return attempt?.files ?? null;
}

/** What the worker of this session makes: names for an editor that is still empty. */
export function editableFiles(view: SessionView): FileText[] {
  const files = attemptInWork(view)?.attempt.files ?? [];
  if (files.length > 0) return files;
  if (view.files.length > 0) return view.files;
  return [{ name: view.workflow?.fileName ?? "result.md", text: "" }];
}

/** Whether the user's own text can be taken now. */
export function canEditByHand(view: SessionView): boolean {
  if (currentStep(view) === null) return false;
  switch (view.need.kind) {
    case "working":
      return view.need.agent !== "planner";
    case "judge":
    case "chooseVerdict":
    case "poolExhausted":
    case "trouble":
    case "teacher":
    case "consent":
    case "resume":
      return true;
    case "checking":
    case "approvePlan":
    case "nothing":
      return false;
  }
}

/** Whether words and verdicts about the shown attempt can be given now. */
export function canJudge(view: SessionView): boolean {
  const { need } = view;
  return need.kind === "judge" || need.kind === "chooseVerdict" || (need.kind === "working" && need.agent === "analyst");
}

export function isOver(view: SessionView): boolean {
  return view.summary.status === "finished" || view.summary.status === "stopped";
}

/** What counts in a cycle that is over. */
export function verdictOf({ end }: CycleView): Verdict | null {
  switch (end?.how) {
    case "judged":
      return end.verdict;
    case "handEdited":
    case "overruled":
      return "accepted";
    case "error":
    case undefined:
      return null;
  }
}

export function finalVersion(view: SessionView): VersionView | null {
  return view.versions.find((version) => version.isFinal) ?? null;
}

// ---- files

export function sameFiles(a: readonly FileText[], b: readonly FileText[]): boolean {
  return a.length === b.length && a.every((file, at) => file.name === b[at]?.name && file.text === b[at]?.text);
}

export interface FileChange {
  name: string;
  before: string;
  after: string;
  change: "added" | "removed" | "changed" | "same";
}

/** All files of both sides, in the order of the later one. */
export function compareFiles(before: readonly FileText[], after: readonly FileText[]): FileChange[] {
  const old = new Map(before.map((file) => [file.name, file.text]));
  const changes = after.map(({ name, text }): FileChange => {
    const was = old.get(name);
    old.delete(name);
    return { name, before: was ?? "", after: text, change: was === undefined ? "added" : was === text ? "same" : "changed" };
  });
  for (const [name, text] of old) changes.push({ name, before: text, after: "", change: "removed" });
  return changes;
}

/** One text of a whole product, for the clipboard. */
export function asText(files: readonly FileText[]): string {
  return files.length === 1 ? (files[0]?.text ?? "") : files.map((file) => `--- ${file.name}\n${file.text}`).join("\n\n");
}
