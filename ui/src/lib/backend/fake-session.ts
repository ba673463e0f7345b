// A pretended session: it takes the same acts as a real one and answers from a script, streaming. It follows the rules
// of a session as far as a page can see them, and stores nothing.
import type {
  Agent, AnalysisView, CheckView, CycleEnd, CycleView, FileText, Need, PoolView, SessionAct, SessionEvent, SessionStatus, SessionView, StepView,
  UiError, UseCaseInfo, Verdict, WhoWorked,
} from "../bindings";
import { uiError } from "./backend";
import type { Script } from "./fake-scripts";

export type Pace = (ms: number) => Promise<void>;
type Phase = "planning" | "review" | "instructing" | "working" | "checking" | "judging" | "analysing" | "confirming" | "exhausted" | "trouble" | "finished";

export interface FakeSessionOptions {
  id: string;
  script: Script;
  useCase: UseCaseInfo;
  scope: SessionView["summary"]["scope"];
  request?: string;
  startFiles?: FileText[];
  plan?: string[];
  pools?: PoolView[];
  pace: Pace;
  /** Called with the agent before it works; what it returns goes wrong. */
  trouble?: (agent: Agent) => UiError | null;
  /** Why nothing can be tried here. */
  notRun?: string;
}

const LOCAL = { modelId: "embedded", name: "SmolLM2 360M", remote: false, refused: false };
const BIG = { modelId: "qwen", name: "Qwen2.5 1.5B Instruct", remote: false, refused: false };

export function usualPools(): PoolView[] {
  const pool = (agent: Agent): PoolView => ({ agent, teachers: [{ ...LOCAL }, { ...BIG }], place: 0 });
  return [pool("planner"), pool("lead"), pool("worker"), pool("analyst")];
}

/** What can be rewound. */
interface Standing {
  steps: StepView[];
  files: FileText[];
  versions: SessionView["versions"];
  phase: Phase;
  failed: number;
  places: number[];
  examples: number;
}

export class FakeSession {
  readonly id: string;
  #view: SessionView;
  #phase: Phase = "planning";
  #paused = false;
  #stopped = false;
  #problem: UiError | null = null;
  #consents = new Set<string>();
  #undo: Standing[] = [];
  #attempts = 0;
  #examples = 0;
  #turn = 0;
  #watchers = new Set<(event: SessionEvent) => void>();
  #switch: CycleView["switch"] = null;

  constructor(private options: FakeSessionOptions) {
    const { id, script, useCase, scope, request = script.request, startFiles = [], plan = [], pools = usualPools() } = options;
    this.id = id;
    const now = Date.now();
    this.#view = {
      summary: {
        id, title: script.title, status: "working", scope, useCaseId: useCase.id, useCase: useCase.name, workflow: script.workflow.name,
        kind: script.workflow.kind, createdAt: now, updatedAt: now, versions: 0, examples: 0,
      },
      request, startFiles, workflow: script.workflow, plan: null, files: startFiles, versions: [], pools,
      steps: plan.map((text, at) => ({ id: `${id}-own${at}`, text, status: "waiting", cycles: [] })),
      need: { kind: "checking" }, failedAttempts: 0, allowedAttempts: script.workflow.attempts, canUndo: false, canOverrule: false, unsaved: null,
    };
    if (plan.length > 0) this.#phase = "review";
  }

  get view(): SessionView {
    const view = this.#view;
    const need = this.#need();
    const last = this.#step?.cycles.findLast((cycle) => cycle.attempt);
    return structuredClone({
      ...view, need, canUndo: this.#undo.length > 0,
      canOverrule: last?.end?.how === "error" && (last.attempt?.files.length ?? 0) > 0,
      summary: { ...view.summary, status: this.#status(need), versions: view.versions.length, examples: this.#examples },
    });
  }

  change(more: (view: SessionView) => void): void {
    more(this.#view);
    this.#tell();
  }

  watch(listener: (event: SessionEvent) => void): () => void {
    this.#watchers.add(listener);
    listener({ kind: "changed", session: this.view });
    return () => this.#watchers.delete(listener);
  }

  emit(event: SessionEvent): void {
    for (const listener of this.#watchers) listener(structuredClone(event));
  }

  // ---- what the user does

  act(act: SessionAct): SessionView {
    this.#take(act);
    this.#view.summary.updatedAt = Math.max(Date.now(), this.#view.summary.updatedAt + 1);
    this.#tell();
    void this.work();
    return this.view;
  }

  #take(act: SessionAct): void {
    const judging = this.#phase === "judging" || this.#phase === "analysing" || this.#phase === "confirming";
    switch (act.act) {
      case "approvePlan":
        if (this.#phase !== "review") throw notNow();
        return this.#beginStep();
      case "editPlan":
        return this.#editPlan(act.steps);
      case "feedback": {
        if (!judging) throw notNow();
        this.#cycle!.feedback = { words: act.words, analysis: null };
        this.#phase = "analysing";
        return;
      }
      case "verdict":
        if (!judging) this.#rewind();
        this.#remember();
        if (act.words !== "" || !this.#cycle!.feedback) this.#cycle!.feedback = { words: act.words, analysis: null };
        return this.#judge(act.verdict, true);
      case "handEdit":
        return this.#handEdit(act.files, act.words);
      case "overrule":
        return this.#overrule(act.words);
      case "undo":
        return this.#rewind();
      case "skipStep":
        if (!this.#step) throw notNow();
        this.#step.status = "skipped";
        return this.#beginStep();
      case "tryAgain":
        this.#problem = null;
        if (this.#phase === "exhausted") {
          this.#view.failedAttempts = 0;
          this.#beginCycle();
        } else this.#phase = this.#troubled;
        return;
      case "chooseTeacher":
        this.#pool(act.agent).place = act.place;
        this.#problem = null;
        if (this.#phase === "exhausted") this.#beginCycle();
        else if (this.#phase === "trouble") this.#phase = this.#troubled;
        return;
      case "setPool": {
        const pool = this.#pool(act.agent);
        pool.teachers = act.modelIds.map((modelId) => ({ modelId, name: modelId, remote: false, refused: false }));
        pool.place = 0;
        return;
      }
      case "consent":
        return this.#consent(act.modelId, act.allow);
      case "pause":
        this.#paused = true;
        return;
      case "resume":
        this.#paused = this.#stopped = false;
        return;
      case "stop":
        this.#stopped = true;
        return;
    }
  }

  #editPlan(steps: { id: string | null; text: string }[]): void {
    if (this.#stopped) throw notNow();
    const current = this.#step;
    const over = this.#view.steps.filter((step) => step.status === "done" || step.status === "skipped");
    const wanted = current ? steps.find((step) => step.id === current.id) : undefined;
    if (current && wanted) current.text = wanted.text;
    const waiting = steps
      .filter((step) => step.id !== current?.id)
      .map(({ id, text }): StepView => ({ id: id ?? `${this.id}-${++this.#attempts}`, text, status: "waiting", cycles: [] }));
    this.#view.steps = [...over, ...(current ? [current] : []), ...waiting];
    if (this.#phase === "finished") this.#beginStep();
  }

  #handEdit(files: FileText[], words: string): void {
    if (!this.#step) throw notNow();
    this.#remember();
    if (this.#cycle?.end) this.#step.cycles.push(emptyCycle());
    const attemptId = `${this.id}-hand${++this.#attempts}`;
    this.#cycle!.end = { how: "handEdited", attemptId, files, words };
    this.#accept(attemptId, files, true);
  }

  #overrule(words: string): void {
    const cycles = this.#step?.cycles ?? [];
    const at = cycles.findLastIndex((cycle) => cycle.attempt);
    const cycle = cycles[at];
    if (!cycle?.attempt || cycle.end?.how !== "error") throw notNow();
    this.#remember();
    cycle.end = { how: "overruled" };
    cycle.feedback = { words, analysis: null };
    cycles.length = at + 1;
    this.#accept(cycle.attempt.id, cycle.attempt.files, false);
  }

  #consent(modelId: string, allow: boolean): void {
    if (allow) {
      this.#consents.add(modelId);
      return;
    }
    for (const pool of this.#view.pools) {
      for (const teacher of pool.teachers) if (teacher.modelId === modelId) teacher.refused = true;
      const from = pool.teachers[pool.place];
      if (from?.modelId !== modelId) continue;
      const next = pool.teachers.findIndex((teacher) => !teacher.refused);
      pool.place = next < 0 ? pool.teachers.length : next;
      if (pool.agent !== "worker" || !this.#cycle) continue;
      this.#cycle.switch = { from: from.name, to: pool.teachers[pool.place]?.name ?? null, cause: "noConsent" };
    }
  }

  // ---- what the models do

  /** Works until the user is needed. */
  async work(): Promise<void> {
    const turn = ++this.#turn;
    while (turn === this.#turn) {
      const need = this.#need();
      if (need.kind !== "working" && need.kind !== "checking") return;
      this.#tell();
      const problem = need.kind === "working" ? (this.options.trouble?.(need.agent) ?? null) : null;
      if (need.kind === "working" && !(await this.#write(need.agent, need.modelName, turn))) return;
      if (need.kind === "checking") await this.options.pace(900);
      if (turn !== this.#turn) return;
      if (problem && need.kind === "working") {
        this.#troubled = this.#phase;
        this.#phase = "trouble";
        this.#problem = problem;
      } else this.#done();
      this.#tell();
    }
  }

  #troubled: Phase = "working";

  async #write(agent: Agent, modelName: string, turn: number): Promise<boolean> {
    const pace = this.options.pace;
    const script = this.#scripted();
    this.emit({ kind: "loadingModel", modelName });
    await pace(agent === "planner" ? 900 : 250);
    for (let read = 0; read <= 1200; read += 300) {
      this.emit({ kind: "reading", read, total: 1200 });
      await pace(90);
      if (turn !== this.#turn) return false;
    }
    const texts: Record<Agent, [string, string]> = {
      planner: [this.options.script.planning, this.options.script.steps.map((step) => step.text).join("\n")],
      lead: [script.thought, script.instruction],
      worker: [script.reasoning, script.files.map((file) => file.text).join("\n\n")],
      analyst: ["", ""],
    };
    let tokens = 0;
    for (const [at, whole] of texts[agent].entries()) {
      for (const text of whole.split(/(?<=\s)/)) {
        this.emit({ kind: "writing", agent, part: at === 0 ? "reasoning" : "result", text, tokens: ++tokens, tokensPerSecond: 23.4 });
        await pace(22);
        if (turn !== this.#turn) return false;
      }
    }
    return true;
  }

  #done(): void {
    const script = this.#scripted();
    switch (this.#phase) {
      case "planning":
        this.#view.plan = { reasoning: this.options.script.planning, by: this.#who("planner", 48), leftOut: [] };
        this.#view.steps = this.options.script.steps.map(({ text }, at) => ({ id: `${this.id}-s${at}`, text, status: "waiting", cycles: [] }));
        this.#phase = "review";
        break;
      case "instructing":
        this.#cycle!.instruction = { text: script.instruction, reasoning: script.thought, by: this.#who("lead", 41), leftOut: script.leftOut ?? [] };
        this.#phase = "working";
        break;
      case "working": {
        const number = this.#step!.cycles.filter((cycle) => cycle.attempt).length + 1;
        const raw = `${script.reasoning}\n\n${script.files.map((file) => `=== ${file.name}\n${file.text}`).join("\n")}`;
        this.#cycle!.attempt = {
          id: `${this.id}-a${++this.#attempts}`, number, by: this.#who("worker", 186), reasoning: script.reasoning, raw,
          files: script.files, leftOut: [], check: null,
        };
        this.#phase = "checking";
        break;
      }
      case "checking":
        this.#checked(this.options.notRun === undefined ? script.check : { outcome: "notRun", why: this.options.notRun });
        break;
      case "analysing": {
        const feedback = this.#cycle!.feedback!;
        feedback.analysis = analyse(feedback.words, this.#teacher("analyst")?.name ?? "");
        if (Math.max(feedback.analysis.redo, feedback.analysis.furtherEdit, feedback.analysis.accepted) < 0.75) this.#phase = "confirming";
        else {
          this.#remember();
          this.#judge(feedback.analysis.verdict, false);
        }
        break;
      }
      default:
        throw new Error(`nobody works in ${this.#phase}`);
    }
  }

  #checked(check: CheckView): void {
    this.#cycle!.attempt!.check = check;
    if (check.outcome !== "failed") {
      this.#phase = "judging";
      return;
    }
    this.#cycle!.end = { how: "error", error: check.error };
    this.#examples++;
    this.#failed();
  }

  #scripted() {
    const { steps } = this.options.script;
    const at = Math.max(0, this.#view.steps.findIndex((step) => step.status === "current"));
    const { attempts } = steps[Math.min(at, steps.length - 1)]!;
    const tried = (this.#step?.cycles ?? []).filter((cycle) => cycle.end !== null).length;
    return attempts[Math.min(tried, attempts.length - 1)]!;
  }

  #who(agent: Agent, tokens: number): WhoWorked {
    const teacher = this.#teacher(agent);
    return { modelId: teacher?.modelId ?? "", modelName: teacher?.name ?? "", remote: teacher?.remote ?? false, seconds: tokens / 23.4, tokens };
  }

  // ---- the rules

  #judge(verdict: Verdict, byUser: boolean): void {
    const cycle = this.#cycle!;
    const attempt = cycle.attempt!;
    cycle.end = { how: "judged", verdict, byUser };
    if (verdict === "accepted") return this.#accept(attempt.id, attempt.files, false);
    this.#examples++;
    if (verdict === "redo") return this.#failed();
    this.#view.files = attempt.files;
    this.#view.failedAttempts = 0;
    this.#beginCycle();
  }

  #failed(): void {
    this.#view.failedAttempts++;
    if (this.#view.failedAttempts >= this.#view.allowedAttempts) {
      const pool = this.#pool("worker");
      const next = pool.teachers.findIndex((teacher, place) => place > pool.place && !teacher.refused);
      if (next < 0) {
        this.#phase = "exhausted";
        return;
      }
      this.#switch = { from: pool.teachers[pool.place]?.name ?? null, to: pool.teachers[next]!.name, cause: "failures" };
      pool.place = next;
      this.#view.failedAttempts = 0;
    }
    this.#beginCycle();
  }

  #accept(attemptId: string, files: FileText[], byHand: boolean): void {
    const step = this.#step!;
    step.status = "done";
    this.#examples += 1;
    this.#view.files = files;
    this.#view.versions.push({ number: this.#view.versions.length + 1, stepId: step.id, attemptId, files, byHand, isFinal: false });
    this.#beginStep();
  }

  #beginStep(): void {
    this.#view.failedAttempts = 0;
    for (const version of this.#view.versions) version.isFinal = false;
    const next = this.#view.steps.find((step) => step.status === "waiting");
    if (next) {
      next.status = "current";
      return this.#beginCycle();
    }
    this.#phase = "finished";
    const last = this.#view.versions.at(-1);
    if (last) last.isFinal = true;
  }

  #beginCycle(): void {
    this.#step!.cycles.push({ ...emptyCycle(), switch: this.#switch });
    this.#switch = null;
    this.#phase = "instructing";
  }

  #remember(): void {
    const { steps, files, versions, failedAttempts: failed, pools } = this.#view;
    this.#undo.push(structuredClone({ steps, files, versions, phase: this.#phase, failed, places: pools.map((pool) => pool.place), examples: this.#examples }));
  }

  #rewind(): void {
    const to = this.#undo.pop();
    if (!to) throw notNow();
    Object.assign(this.#view, { steps: to.steps, files: to.files, versions: to.versions, failedAttempts: to.failed });
    this.#view.pools.forEach((pool, at) => (pool.place = to.places[at] ?? 0));
    this.#examples = to.examples;
    this.#phase = to.phase === "analysing" || to.phase === "confirming" ? "judging" : to.phase;
    if (this.#cycle && this.#phase === "judging" && this.#cycle.feedback) this.#cycle.feedback = { ...this.#cycle.feedback, analysis: null };
  }

  // ---- what is waited for

  get #step(): StepView | undefined {
    return this.#view.steps.find((step) => step.status === "current");
  }

  get #cycle(): CycleView | undefined {
    return this.#step?.cycles.at(-1);
  }

  #pool(agent: Agent): PoolView {
    return this.#view.pools.find((pool) => pool.agent === agent)!;
  }

  #teacher(agent: Agent) {
    const pool = this.#pool(agent);
    return pool.teachers[pool.place] ?? null;
  }

  #need(): Need {
    const agents: Partial<Record<Phase, Agent>> = { planning: "planner", instructing: "lead", working: "worker", analysing: "analyst" };
    const agent = agents[this.#phase];
    if (this.#stopped || this.#phase === "finished") return { kind: "nothing" };
    if (this.#phase === "trouble") {
      const troubled = agents[this.#troubled] ?? "worker";
      return { kind: "trouble", agent: troubled, problem: this.#problem ?? uiError("remote", "The server did not answer.") };
    }
    if (this.#phase === "review") return { kind: "approvePlan" };
    if (this.#phase === "judging") return { kind: "judge" };
    if (this.#phase === "confirming") return { kind: "chooseVerdict" };
    if (this.#phase === "exhausted") return { kind: "poolExhausted" };
    if (this.#paused) return { kind: "resume" };
    if (agent === undefined) return { kind: "checking" };
    const teacher = this.#teacher(agent);
    if (!teacher) return { kind: "teacher", agent };
    if (teacher.remote && this.#view.summary.scope === "private" && !this.#consents.has(teacher.modelId)) {
      const text = `The request:\n${this.#view.request}\n\nThe step:\n${this.#step?.text ?? "(none yet)"}\n\nThe text so far:\n${this.#view.files[0]?.text ?? "(empty)"}`;
      return {
        kind: "consent", agent, modelId: teacher.modelId, modelName: teacher.name, destination: "https://llm.example.org/v1",
        messages: [{ role: "system", text: "You are the worker. Write the whole new text between the markers." }, { role: "user", text }],
      };
    }
    return { kind: "working", agent, modelName: teacher.name, remote: teacher.remote };
  }

  #status(need: Need): SessionStatus {
    if (this.#stopped) return "stopped";
    if (this.#phase === "finished") return "finished";
    if (need.kind === "resume") return "paused";
    return need.kind === "working" || need.kind === "checking" ? "working" : "needsYou";
  }

  #tell(): void {
    this.emit({ kind: "changed", session: this.view });
  }
}

function emptyCycle(): CycleView {
  return { instruction: null, attempt: null, feedback: null, end: null as CycleEnd | null, switch: null };
}

function notNow(): UiError {
  return uiError("invalid_input", "This cannot be done at this point of the session.", "Look at what the session waits for now.");
}

function analyse(words: string, modelName: string): AnalysisView {
  const of = (verdict: Verdict, redo: number, furtherEdit: number, accepted: number, reason: string): AnalysisView => ({
    verdict, redo, furtherEdit, accepted, reason, modelName,
  });
  if (/\?|hm|maybe|not sure/i.test(words)) return of("furtherEdit", 0.27, 0.42, 0.31, "The words could mean several things.");
  if (/wrong|again|useless|no\b/i.test(words)) return of("redo", 0.88, 0.1, 0.02, "The user rejects this version.");
  if (/great|good|perfect|thank|yes/i.test(words)) return of("accepted", 0.02, 0.05, 0.93, "The user is content.");
  return of("furtherEdit", 0.05, 0.91, 0.04, "The user asks for a change and keeps the rest.");
}
