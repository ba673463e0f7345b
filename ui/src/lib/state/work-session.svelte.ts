// One session on the screen: what it is, what is written in it right now, and what the user does to it.
import { toUiError, type Backend } from "../backend";
import type { RunView, SessionAct, SessionEvent, SessionSummary, SessionView, UiError } from "../bindings";
import { attemptInWork, editableFiles, findAttempt, lastAttempt } from "../session/look";
import { needWords } from "../session/words";
import type { Drafts } from "./drafts";
import { HandEdit } from "./hand-edit.svelte";
import { Live } from "./live.svelte";

export interface SessionHooks {
  changed(summary: SessionSummary): void;
  /** Runs once before the next frame. */
  nextFrame(work: () => void): void;
  later(work: () => void, ms: number): void;
}

/** What is looked at: what is newest, or something older. */
export type Shown = { kind: "newest" } | { kind: "attempt"; id: string } | { kind: "version"; number: number };

const RECONNECT_MS = [0, 1000, 3000, 10_000];
const KEPT_PROBLEMS = 20;

export class WorkSession {
  view = $state.raw<SessionView | null>(null);
  readonly live: Live;
  readonly edit: HandEdit;
  /** Why it cannot be shown at all. */
  openError = $state<UiError | null>(null);
  /** It is shown, but news of it do not arrive; tried again by itself. */
  lost = $state<UiError | null>(null);
  acting = $state<SessionAct["act"] | null>(null);
  failure = $state<{ act: SessionAct; error: UiError } | null>(null);
  shown = $state.raw<Shown>({ kind: "newest" });
  previewProblems = $state.raw<string[]>([]);
  /** Said once to screen readers when the session comes to a new state. */
  announcement = $state("");
  #words = $state("");
  #watching = 0;
  #failures = 0;
  #changes = 0;

  constructor(
    readonly id: string,
    private backend: Backend,
    private drafts: Drafts,
    private hooks: SessionHooks,
    view: SessionView | null = null,
  ) {
    this.live = new Live((work) => hooks.nextFrame(work));
    this.#words = drafts.read(wordsDraft(id));
    this.edit = new HandEdit(drafts.at(editDraft(id)));
    if (view) this.#show(view);
  }

  get words(): string {
    return this.#words;
  }

  set words(text: string) {
    this.#words = text;
    this.drafts.write(wordsDraft(this.id), text);
  }

  get watched(): boolean {
    return this.#watching > 0;
  }

  /** Follows the session until `leave`. */
  watch(): void {
    if (this.#watching > 0) return;
    this.#failures = 0;
    this.openError = null;
    this.lost = null;
    void this.#follow();
  }

  leave(): void {
    if (this.#watching === 0) return;
    this.#watching = 0;
    this.backend.call("stop_watching", { id: this.id }).catch(() => {
      // Its events are not taken any more, whether it hears of it or not.
    });
  }

  async #follow(): Promise<void> {
    const turn = (this.#watching = ++turns);
    let error: UiError | null = null;
    try {
      await this.backend.call("watch_session", { id: this.id }, (event) => {
        if (turn === this.#watching) this.#take(event);
      });
    } catch (thrown) {
      error = toUiError(thrown);
    }
    if (turn !== this.#watching) return;
    if (error && (this.view === null || error.code === "not_found")) {
      this.#watching = 0;
      this.openError = error;
      return;
    }
    if (error) this.lost = error;
    const wait = RECONNECT_MS[Math.min(this.#failures++, RECONNECT_MS.length - 1)] ?? 0;
    this.hooks.later(() => {
      if (turn === this.#watching) void this.#follow();
    }, wait);
  }

  #take(event: SessionEvent): void {
    this.lost = null;
    switch (event.kind) {
      case "changed":
        this.#failures = 0;
        this.#changes++;
        this.#show(event.session);
        break;
      case "previewProblem":
        if (!this.previewProblems.includes(event.message)) {
          this.previewProblems = [...this.previewProblems, event.message].slice(-KEPT_PROBLEMS);
        }
        break;
      default:
        this.live.take(event);
    }
  }

  #show(view: SessionView): void {
    const before = this.view;
    const attempt = lastAttempt(view)?.attempt.id ?? "";
    this.view = view;
    this.live.expect(view.need, taskOf(view));
    this.edit.offer(editableFiles(view), attemptInWork(view)?.attempt.id ?? null, (id) => findAttempt(view, id) !== null);
    if (before && attempt !== lastAttempt(before)?.attempt.id) {
      this.previewProblems = [];
      // Something new to look at.
      if (this.shown.kind === "attempt") this.shown = { kind: "newest" };
    }
    if (before && before.need.kind !== view.need.kind) this.announcement = needWords(view.need) || "Done";
    this.hooks.changed(view.summary);
  }

  /** Whether it was taken; else `failure` says why not. */
  async act(act: SessionAct): Promise<boolean> {
    if (this.acting !== null) return false;
    this.acting = act.act;
    this.failure = null;
    const changes = this.#changes;
    try {
      const view = await this.backend.call("act_on_session", { id: this.id, act });
      // The stream is in order; an answer that it has overtaken is old.
      if (changes === this.#changes) this.#show(view);
      return true;
    } catch (thrown) {
      this.failure = { act, error: toUiError(thrown) };
      return false;
    } finally {
      this.acting = null;
    }
  }

  /** Acts about the result take the words along, and clear the field when they were taken. */
  async say(make: (words: string) => SessionAct): Promise<boolean> {
    const words = this.#words.trim();
    const done = await this.act(make(words));
    // What was typed meanwhile stays.
    if (done && this.#words.trim() === words) this.words = "";
    return done;
  }

  async useHandEdit(): Promise<boolean> {
    const files = this.edit.files;
    const done = await this.say((words) => ({ act: "handEdit", files, words }));
    if (done) this.edit.reset();
    return done;
  }

  async retry(): Promise<void> {
    const act = this.failure?.act;
    this.failure = null;
    if (act) await this.act(act);
  }

  // ---- running what was made; errors are the caller's to show

  run(files: SessionView["files"], stdin: string, withoutSandbox: boolean): Promise<RunView> {
    return this.backend.call("run_artifact", { id: this.id, files, stdin, withoutSandbox });
  }

  async preview(files: SessionView["files"]): Promise<void> {
    this.previewProblems = [];
    await this.backend.call("show_preview", { id: this.id, files });
  }

  /** The paths that were written. */
  exportTo(folder: string, version: number | null): Promise<string[]> {
    return this.backend.call("export_product", { id: this.id, version, folder });
  }
}

let turns = 0;

const wordsDraft = (id: string) => `session.${id}`;
const editDraft = (id: string) => `session.${id}.edit`;

/** With a session goes what was not sent in it. */
export function dropDrafts(drafts: Drafts, id: string): void {
  drafts.write(wordsDraft(id), "");
  drafts.write(editDraft(id), "");
}

/** Names the piece of work that a session is at: a new one begins with a new cycle, attempt or verdict. */
function taskOf(view: SessionView): string {
  const at = view.steps.findIndex((step) => step.status === "current");
  const cycles = view.steps[at]?.cycles ?? [];
  const last = cycles.at(-1);
  return `${at}/${cycles.length}/${last?.instruction ? 1 : 0}/${last?.attempt?.id ?? ""}/${last?.feedback?.words ?? ""}`;
}
