// The Train view: use cases and what does their work, the runs, and what is open of them: a plan or a run.
import { toUiError, type Backend } from "../backend";
import type { ModelInUse, RunSummary, TrainedFormat, TrainingOverview, TrainingRun, UiError, UseCaseTraining } from "../bindings";
import { isAtWork } from "../training";
import { Labelling, type LabelRows } from "./labelling.svelte";
import { TrainingDraft } from "./training-draft.svelte";
import { OpenRun, type RunHooks } from "./training-run.svelte";

/** What is on the screen, so that it is there again when the page is loaded anew: `run/` or `plan/` and its id. */
const OPEN_KEY = "opzest.train";

export class Training {
  overview = $state.raw<TrainingOverview | null>(null);
  error = $state.raw<UiError | null>(null);
  draft = $state.raw<TrainingDraft | null>(null);
  run = $state.raw<OpenRun | null>(null);
  /** What is being done, by the run or the use case and scope. */
  acting = $state<string | null>(null);
  /** What could not be done, shown where it was asked for. */
  errors = $state.raw<Record<string, UiError>>({});
  useCases = $derived(this.overview?.useCases ?? []);
  bases = $derived(this.overview?.bases ?? []);
  runs = $derived(this.overview?.runs ?? []);
  readonly labelling: Labelling;
  /** Is judged once more, after its end. */
  judging = $state.raw<OpenRun | null>(null);
  /** There is at most one, unless something is wrong; no other one can be started meanwhile. */
  atWork = $derived(this.runs.find((run) => isAtWork(run.status)) ?? this.judging?.summary ?? null);
  busy = $derived(this.atWork !== null);
  /** A run at work is followed also while something else is on the screen: its events cannot be asked to stop. */
  #opened = new Map<string, OpenRun>();
  #hooks: RunHooks;
  /** How often something was done: what was asked before that is old. */
  #done = 0;

  constructor(
    private backend: Backend,
    private storage: Storage | null = null,
    /** Models have come or gone. */
    private modelsChanged: () => void = () => {},
    nextFrame: RunHooks["nextFrame"] = (work) => requestAnimationFrame(work),
    later: RunHooks["later"] = (work, ms) => void setTimeout(work, ms),
  ) {
    this.labelling = new Labelling(backend);
    this.#hooks = { nextFrame, later, changed: (summary) => this.#put(summary), ended: (run) => this.#ended(run) };
  }

  /** Whenever the view is shown: the dataset may have grown. */
  async load(): Promise<void> {
    await this.look();
    if (this.error === null && !this.run && !this.draft) this.#restore();
  }

  /** What there is, without opening anything; a run at work is followed. */
  async look(): Promise<void> {
    try {
      const done = this.#done;
      const overview = await this.backend.call("training_overview", {});
      if (done === this.#done) this.overview = overview;
      this.error = null;
      const atWork = this.runs.find((run) => isAtWork(run.status));
      if (atWork) this.#reread(this.#openRun(atWork.id));
      if (this.run) this.#reread(this.run);
    } catch (thrown) {
      this.error = toUiError(thrown);
    }
  }

  useCase(id: string): UseCaseTraining | null {
    return this.useCases.find((one) => one.useCaseId === id) ?? null;
  }

  planFor(useCaseId: string): void {
    if (this.draft?.useCaseId === useCaseId) return;
    const draft = new TrainingDraft(useCaseId, this.backend);
    this.#onScreen(null, draft);
    void draft.make();
  }

  show(runId: string): void {
    const run = this.#openRun(runId);
    this.#onScreen(run);
    this.#reread(run);
  }

  /** To the overview. */
  close(): void {
    this.#onScreen(null);
    void this.look();
  }

  /** Whether it has begun; it is shown then. */
  async start(althoughNotReady: boolean): Promise<boolean> {
    const draft = this.draft;
    const run = await draft?.start(althoughNotReady);
    if (!run) return false;
    const opened = this.#openRun(run.summary.id, run);
    this.#put(run.summary);
    void opened.open();
    // Whoever has gone elsewhere meanwhile stays there.
    if (this.draft === draft) this.#onScreen(opened);
    return true;
  }

  /** What was labelled counts in the plan, also where reading broke off. */
  async label(asked: LabelRows): Promise<void> {
    if (!(await this.labelling.read(asked))) return;
    if (this.draft?.useCaseId === asked.useCaseId) void this.draft.make();
  }

  async judgeAgain(run: OpenRun): Promise<boolean> {
    if (this.judging) return false;
    this.judging = run;
    const done = await run.judgeAgain();
    this.judging = null;
    return done;
  }

  async promote(runId: string, althoughNoWin: boolean): Promise<boolean> {
    const done = await this.#do(runId, () => this.backend.call("promote_run", { runId, althoughNoWin }));
    if (done) this.modelsChanged();
    return done;
  }

  async rollBack(useCaseId: string, { scope }: ModelInUse): Promise<boolean> {
    const done = await this.#do(`${useCaseId}/${scope}`, () => this.backend.call("roll_back", { useCaseId, scope }));
    if (done) this.modelsChanged();
    return done;
  }

  /** A run that is at work is cancelled first. */
  async remove(runId: string): Promise<boolean> {
    const done = await this.#do(runId, () => this.backend.call("delete_run", { runId }));
    if (!done) return false;
    this.#opened.get(runId)?.close();
    this.#opened.delete(runId);
    if (this.run?.id === runId) {
      this.run.close();
      this.#onScreen(null);
    }
    this.modelsChanged();
    return true;
  }

  /** The files' paths. */
  export(runId: string, format: TrainedFormat, folder: string): Promise<string[]> {
    return this.backend.call("export_trained", { runId, format, folder });
  }

  forget(key: string): void {
    const { [key]: _, ...others } = this.errors;
    this.errors = others;
  }

  #openRun(id: string, run: TrainingRun | null = null): OpenRun {
    const known = this.#opened.get(id);
    if (known) return known;
    const made = new OpenRun(id, this.backend, this.#hooks, run);
    this.#opened.set(id, made);
    return made;
  }

  #restore(): void {
    const [what, id = ""] = this.storage?.getItem(OPEN_KEY)?.split("/") ?? [];
    if (what === "run" && this.runs.some((run) => run.id === id)) this.show(id);
    else if (what === "plan" && this.useCase(id)) this.planFor(id);
  }

  /** Whoever follows it is told of its news already. */
  #reread(run: OpenRun): void {
    if (!run.followed) void run.open();
  }

  #onScreen(run: OpenRun | null, draft: TrainingDraft | null = null): void {
    this.draft?.leave();
    this.draft = draft;
    this.run = run;
    try {
      if (run) this.storage?.setItem(OPEN_KEY, `run/${run.id}`);
      else if (draft) this.storage?.setItem(OPEN_KEY, `plan/${draft.useCaseId}`);
      else this.storage?.removeItem(OPEN_KEY);
    } catch {
      // The next page begins with the overview.
    }
  }

  #put(summary: RunSummary): void {
    const overview = this.overview;
    if (!overview) return;
    const known = overview.runs.some((run) => run.id === summary.id);
    const runs = known ? overview.runs.map((run) => (run.id === summary.id ? summary : run)) : [summary, ...overview.runs];
    this.overview = { ...overview, runs };
  }

  #ended(run: OpenRun): void {
    if (this.run !== run) this.#opened.delete(run.id);
    void this.look();
    this.modelsChanged();
  }

  async #do(key: string, work: () => Promise<TrainingOverview>): Promise<boolean> {
    if (this.acting !== null) return false;
    this.acting = key;
    this.forget(key);
    try {
      this.overview = await work();
      this.#done++;
      // What is open was promoted, or is not any more.
      const open = this.overview.runs.find((run) => run.id === this.run?.id);
      if (open) this.run?.put(open);
      return true;
    } catch (thrown) {
      this.errors = { ...this.errors, [key]: toUiError(thrown) };
      return false;
    } finally {
      this.acting = null;
    }
  }
}
