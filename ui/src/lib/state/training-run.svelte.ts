// One training run on the screen. While it is at work it is followed by its events; metrics are shown once per frame.
import { toUiError, type Backend } from "../backend";
import type { MetricView, RunEvent, RunSummary, TrainingRun, UiError } from "../bindings";
import { caughtUp, followed } from "../curve";
import { isAtWork } from "../training";

export interface RunHooks {
  changed(summary: RunSummary): void;
  /** It has stopped being at work. */
  ended(run: OpenRun): void;
  nextFrame(work: () => void): void;
  later(work: () => void, ms: number): void;
}

export type RunAct = "pause" | "resume" | "cancel";

const RECONNECT_MS = [0, 1000, 3000, 10_000];
/** Judging again has begun by then, or soon. */
const LISTEN_AGAIN_MS = 300;

export class OpenRun {
  run = $state.raw<TrainingRun | null>(null);
  summary = $state.raw<RunSummary | null>(null);
  metrics = $state.raw<readonly MetricView[]>([]);
  /** What is done besides steps. */
  doing = $state("");
  /** Why it cannot be shown at all. */
  openError = $state.raw<UiError | null>(null);
  /** It is shown, but news of it do not arrive; tried again by itself. */
  lost = $state.raw<UiError | null>(null);
  acting = $state<RunAct | null>(null);
  actError = $state.raw<UiError | null>(null);
  /** Once more, after its end. */
  judging = $state(false);
  judgeError = $state.raw<UiError | null>(null);
  /** Said once to screen readers. */
  announcement = $state("");
  #following = false;
  #closed = false;
  #failures = 0;
  #reads = 0;
  #told = 0;
  #news: MetricView[] = [];

  constructor(
    readonly id: string,
    private backend: Backend,
    private hooks: RunHooks,
    run: TrainingRun | null = null,
  ) {
    if (run) this.#show(run);
  }

  /** Whether somebody tells how it goes on. */
  get followed(): boolean {
    return this.#following;
  }

  /** Reads it, and follows it as long as it is at work. */
  async open(): Promise<void> {
    this.openError = null;
    await this.#read();
    if (this.summary && isAtWork(this.summary.status)) this.#follow();
  }

  /** It is deleted: nothing about it is taken any more. */
  close(): void {
    this.#closed = true;
  }

  /** News of it: what is being read meanwhile is older. */
  put(summary: RunSummary): void {
    this.#told++;
    this.#set(summary);
  }

  #set(summary: RunSummary): void {
    const before = this.summary;
    this.summary = summary;
    if (before && before.status !== summary.status) this.doing = "";
    this.hooks.changed(summary);
  }

  async act(act: RunAct): Promise<void> {
    if (this.acting !== null) return;
    this.acting = act;
    this.actError = null;
    try {
      this.put(await this.backend.call(`${act}_run`, { runId: this.id }));
    } catch (thrown) {
      this.actError = toUiError(thrown);
    } finally {
      this.acting = null;
    }
    // The end of the stream reads it again; of a run that is not followed, somebody else has to.
    if (!this.#following) await this.open();
  }

  /** Against what is in use now, on the work that is held out now; whether that was done. */
  async judgeAgain(): Promise<boolean> {
    if (this.judging) return false;
    this.judging = true;
    this.judgeError = null;
    try {
      const judged = this.backend.call("judge_run", { runId: this.id });
      void this.#hearJudging();
      const run = await judged;
      // What was read meanwhile is older.
      this.#reads++;
      if (!this.#closed) this.#show(run);
      return true;
    } catch (thrown) {
      this.judgeError = toUiError(thrown);
      return false;
    } finally {
      this.judging = false;
      this.doing = "";
    }
  }

  /** The stream of a run that is over ends at once, until its judging has begun. */
  async #hearJudging(): Promise<void> {
    if (!this.judging) return;
    try {
      await this.backend.call("watch_run", { runId: this.id }, (event) => {
        if (this.judging && event.type === "doing") this.#take(event);
      });
    } catch {
      // It is judged all the same, without words.
    }
    this.hooks.later(() => void this.#hearJudging(), LISTEN_AGAIN_MS);
  }

  #follow(): void {
    if (this.#following || this.#closed) return;
    this.#following = true;
    this.#failures = 0;
    void this.#listen();
  }

  async #listen(): Promise<void> {
    let first = true;
    try {
      await this.backend.call("watch_run", { runId: this.id }, (event) => {
        if (this.#closed) return;
        this.lost = null;
        this.#take(event);
        // What happened between reading and listening.
        if (first) void this.#read();
        first = false;
      });
      this.lost = null;
    } catch (thrown) {
      this.lost = toUiError(thrown);
    }
    if (this.#closed) return;
    if (!this.lost) await this.#read();
    if (this.summary && isAtWork(this.summary.status) && this.openError === null) {
      const wait = RECONNECT_MS[Math.min(this.#failures++, RECONNECT_MS.length - 1)] ?? 0;
      this.hooks.later(() => void this.#listen(), wait);
      return;
    }
    this.#following = false;
    this.doing = "";
    this.hooks.ended(this);
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case "summary":
        this.put(event.summary);
        break;
      case "metric":
        this.#failures = 0;
        this.#news.push(event.metric);
        if (this.#news.length === 1) this.hooks.nextFrame(() => this.#showNews());
        break;
      case "doing":
        this.doing = event.words;
        this.announcement = event.words;
        break;
      case "changed":
        void this.#read();
    }
  }

  #showNews(): void {
    this.metrics = followed(this.metrics, this.#news);
    this.#news = [];
  }

  async #read(): Promise<void> {
    const turn = ++this.#reads;
    const told = this.#told;
    try {
      const run = await this.backend.call("open_run", { runId: this.id });
      // An answer that the stream has overtaken is old.
      const summary = told === this.#told ? run.summary : (this.summary ?? run.summary);
      if (turn === this.#reads && !this.#closed) this.#show({ ...run, summary });
    } catch (thrown) {
      if (turn !== this.#reads || this.#closed) return;
      const error = toUiError(thrown);
      if (this.run === null || error.code === "not_found") this.openError = error;
      else this.lost = error;
    }
  }

  #show(run: TrainingRun): void {
    this.run = run;
    this.openError = null;
    this.metrics = caughtUp(run.metrics, followed(this.metrics, this.#news));
    this.#news = [];
    this.#set(run.summary);
  }
}
