// Sessions in the words of the interface. Only words: what they mean is decided by the application.
import type { Agent, ArtifactKind, Need, Scope, SessionStatus, SwitchCause, TeacherSwitchView } from "../bindings";

export const AGENT_WORDS: Record<Agent, { name: string; does: string; part: string }> = {
  planner: { name: "Planner", does: "plans the steps", part: "The planner turns your request into steps." },
  lead: { name: "Lead", does: "writes the instruction", part: "The lead says what is to be done next." },
  worker: { name: "Worker", does: "does the work", part: "The worker makes the result." },
  analyst: { name: "Analyst", does: "reads your words", part: "The analyst finds out what your words mean." },
};

export const AGENTS: readonly Agent[] = ["planner", "lead", "worker", "analyst"];

export const STATUS_WORDS: Record<SessionStatus, string> = {
  working: "Working", needsYou: "Waits for you", paused: "Paused", finished: "Finished", stopped: "Stopped",
};

export const KIND_WORDS: Record<ArtifactKind, string> = {
  markdown: "Text", python: "Script", page: "Page", json: "Data",
};

export const SCOPE_WORDS: Record<Scope, { label: string; means: string }> = {
  private: { label: "Private", means: "Nothing leaves this computer. A remote teacher is used only after you have seen and allowed the text." },
  communal: { label: "Communal", means: "Results and what you say about them may be shared with your community to train its models." },
};

const CAUSES: Record<SwitchCause, string> = {
  failures: "too many failed attempts",
  unreachable: "it could not be reached",
  noConsent: "you did not allow sending",
  user: "your choice",
};

/** “Tiny took over from Small: too many failed attempts.” */
export function switchWords({ from, to, cause }: TeacherSwitchView): string {
  const why = CAUSES[cause];
  if (to === null) return `${from ?? "The teacher"} stopped: ${why}. No other teacher is left.`;
  return from === null ? `${to} took over: ${why}.` : `${to} took over from ${from}: ${why}.`;
}

/** One short line: what is going on, or what is asked of the user. */
export function needWords(need: Need): string {
  switch (need.kind) {
    case "working":
      return `${AGENT_WORDS[need.agent].name} ${AGENT_WORDS[need.agent].does}`;
    case "checking":
      return "Trying the result";
    case "approvePlan":
      return "Look at the plan";
    case "judge":
      return "What do you think of the result?";
    case "chooseVerdict":
      return "Say what your words mean";
    case "poolExhausted":
      return "All teachers have failed at this step";
    case "teacher":
      return `${AGENT_WORDS[need.agent].name} has no model`;
    case "trouble":
      return `${AGENT_WORDS[need.agent].name} could not go on`;
    case "consent":
      return "May this text be sent?";
    case "resume":
      return "Paused";
    case "nothing":
      return "";
  }
}
