// What agents and teachers are called on the screen.
import type { Agent, TeacherInfo, TermsKind } from "./bindings";
import { bytes, whole } from "./format";

export const AGENTS: readonly { id: Agent; name: string; does: string }[] = [
  { id: "planner", name: "Planner", does: "Cuts your request into steps." },
  { id: "lead", name: "Lead", does: "Tells the worker what to do next." },
  { id: "worker", name: "Worker", does: "Makes each new version." },
  { id: "analyst", name: "Analyst", does: "Understands what you say about it." },
];

export function agentNames(agents: readonly Agent[]): string {
  const names = AGENTS.filter((agent) => agents.includes(agent.id)).map((agent) => agent.name.toLowerCase());
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The server alone: “api.example.org”. */
export function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}

export function factsOf({ model, remote }: TeacherInfo): string {
  const facts = remote
    ? [remote.name, remote.contextSize === null ? null : `${whole(remote.contextSize)} tokens of context`]
    : [model.parameters, model.quantisation, model.fileBytes === null ? null : bytes(model.fileBytes), model.licence];
  return facts.filter((fact) => fact !== null && fact !== model.name).join(" · ");
}

export interface Gift {
  state: "good" | "none" | "unknown";
  words: string;
}

/** Whether it tells how sure it was of each token. */
export function traceGift(k: number | null): Gift {
  if (k === null) return { state: "unknown", words: "Probabilities: not tested yet" };
  if (k === 0) return { state: "none", words: "No probabilities: your model learns from the words alone" };
  return { state: "good", words: `Probabilities of up to ${whole(k)} candidates per token` };
}

/** Whether it can be held to a form of answer. */
export function formGift({ remote, traceK }: TeacherInfo): Gift {
  if (!remote) return { state: "good", words: "Always answers in the form that is asked for" };
  if (remote.structured === "json_schema") return { state: "good", words: "Answers in the form that is asked for" };
  if (remote.structured === "json_object") return { state: "good", words: "Answers as JSON; OpZest checks the form" };
  if (remote.structured === null && traceK === null) return { state: "unknown", words: "Form of answers: not tested yet" };
  return { state: "none", words: "Cannot be held to a form: OpZest reads its answers leniently" };
}

export const TERMS_WORDS: Record<TermsKind, string> = {
  allowed: "Training allowed", conditions: "Training with conditions", forbidden: "Training forbidden", unknown: "Terms unknown",
};
