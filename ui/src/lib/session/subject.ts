// What the result's side of the page shows: the newest result, an older attempt, or a version of the product.
import type { AttemptView, CheckView, FileText, SessionView, WhoWorked } from "../bindings";
import { capital } from "../format";
import { headline } from "../plan";
import type { Shown } from "../state/work-session.svelte";
import { attemptInWork, baseOf, editableFiles, findAttempt, places, type Place } from "./look";

export interface Subject {
  /** Changes when something else is shown. */
  key: string;
  title: string;
  files: FileText[];
  /** What it is compared with, and how that is called. */
  base: FileText[];
  baseName: string;
  check: CheckView | null;
  attempt: AttemptView | null;
  by: WhoWorked | null;
  byHand: boolean;
  newest: boolean;
  version: number | null;
}

export function subjectOf(view: SessionView, shown: Shown): Subject {
  const newest = newestOf(view);
  switch (shown.kind) {
    case "newest":
      return newest;
    case "attempt": {
      const found = findAttempt(view, shown.id);
      if (!found || newest.attempt?.id === shown.id) return newest;
      return ofAttempt(view, found, false);
    }
    case "version": {
      const version = view.versions.find((one) => one.number === shown.number);
      return version && newest.version !== version.number ? ofVersion(view, version.number, false) : newest;
    }
  }
}

function newestOf(view: SessionView): Subject {
  const last = attemptInWork(view);
  if (last) return ofAttempt(view, last, true);
  const version = view.versions.at(-1);
  if (version) return ofVersion(view, version.number, true);
  const began = view.startFiles.length > 0;
  return {
    key: "start", title: began ? "What you began with" : "Nothing yet", files: editableFiles(view), base: view.startFiles,
    baseName: "what you began with", check: null, attempt: null, by: null, byHand: false, newest: true, version: null,
  };
}

function ofAttempt(view: SessionView, at: Place & { attempt: AttemptView }, newest: boolean): Subject {
  const { attempt } = at;
  const only = view.steps.length === 1;
  return {
    key: attempt.id, title: only ? `Attempt ${attempt.number}` : `Step ${at.stepIndex + 1}, attempt ${attempt.number}`,
    files: newest ? editableFiles(view) : attempt.files, base: baseOf(view, at), baseName: "what it began from", check: attempt.check, attempt,
    by: attempt.by, byHand: false, newest, version: null,
  };
}

function ofVersion(view: SessionView, number: number, newest: boolean): Subject {
  const at = view.versions.findIndex((one) => one.number === number);
  const version = view.versions[at]!;
  const before = view.versions[at - 1];
  const attempt = findAttempt(view, version.attemptId)?.attempt ?? null;
  return {
    key: `version ${number}`, title: version.isFinal ? `Version ${number}, final` : `Version ${number}`, files: version.files,
    base: before?.files ?? view.startFiles, baseName: before ? `version ${before.number}` : "what you began with",
    check: attempt?.check ?? null, attempt, by: version.byHand ? null : (attempt?.by ?? null), byHand: version.byHand, newest,
    version: number,
  };
}

/** All that a result can be compared with, newest first. */
export function comparable(view: SessionView, subject: Subject): { id: string; label: string; files: FileText[] }[] {
  const attempts = places(view).flatMap(({ cycle, stepIndex }) => {
    const attempt = cycle.attempt;
    if (!attempt || attempt.files.length === 0 || attempt.id === subject.key) return [];
    return [{ id: attempt.id, label: `Step ${stepIndex + 1}, attempt ${attempt.number}`, files: attempt.files }];
  });
  const versions = view.versions
    .filter((version) => version.number !== subject.version)
    .map(({ number, files }) => ({ id: `version ${number}`, label: `Version ${number}`, files }));
  const base = { id: "base", label: capital(subject.baseName), files: subject.base };
  return [base, ...versions.reverse(), ...attempts.reverse()];
}

export function stepTitle(view: SessionView, stepId: string): string {
  const at = view.steps.findIndex((step) => step.id === stepId);
  const step = view.steps[at];
  return step ? `Step ${at + 1}: ${headline(step.text)}` : "A step that is gone";
}
