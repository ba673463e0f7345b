// The Workshop: which session is on the screen, and what all of them share. Only the one on the screen is watched;
// the others go on working without it.
import { toUiError, type Backend } from "../backend";
import type { SandboxInfo, SessionSummary, SessionView, UiError, UseCaseInfo, WorkflowInfo, WorkflowList } from "../bindings";
import { Drafts } from "./drafts";
import { SessionStart } from "./session-start.svelte";
import { Sessions } from "./sessions.svelte";
import { dropDrafts, WorkSession, type SessionHooks } from "./work-session.svelte";

const OPEN_KEY = "opzest.session";

export class Workshop {
  readonly sessions: Sessions;
  readonly start: SessionStart;
  /** Null: the page on which a session begins. */
  current = $state.raw<WorkSession | null>(null);
  workflows = $state.raw<WorkflowList | null>(null);
  useCases = $state.raw<UseCaseInfo[]>([]);
  /** Null: not known yet. */
  sandbox = $state.raw<SandboxInfo | null>(null);
  /** What is shared could not be read. */
  error = $state<UiError | null>(null);
  /** Counts up whenever the first field should take the keyboard. */
  focusField = $state(1);
  #drafts: Drafts;
  #known = new Map<string, WorkSession>();
  #deleted = new Set<string>();
  #visible = false;
  #loaded = false;

  constructor(
    private backend: Backend,
    private storage: Storage | null,
    private nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work),
    private later: (work: () => void, ms: number) => void = (work, ms) => void setTimeout(work, ms),
  ) {
    this.#drafts = new Drafts(storage);
    this.sessions = new Sessions(backend);
    this.start = new SessionStart(backend, this.#drafts);
  }

  /** The Workshop is on the screen. */
  enter(): void {
    this.#visible = true;
    void this.sessions.load();
    if (!this.#loaded) {
      this.#loaded = true;
      void this.load();
      this.#restore();
    }
    this.current?.watch();
  }

  leave(): void {
    this.#visible = false;
    this.current?.leave();
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      [this.workflows, this.useCases, this.sandbox] = await Promise.all([
        this.backend.call("list_workflows", {}),
        this.backend.call("list_use_cases", {}),
        this.backend.call("sandbox_info", {}),
      ]);
    } catch (thrown) {
      this.error = toUiError(thrown);
    }
  }

  workflow(id: string | null): WorkflowInfo | null {
    return this.workflows?.workflows.find((one) => one.id === id) ?? null;
  }

  openNew(): void {
    this.current?.leave();
    this.current = null;
    this.#remember(null);
    this.focusField += 1;
  }

  open(id: string): void {
    if (this.current?.id === id) return this.current.watch();
    this.#put(this.#known.get(id) ?? this.#make(id, null));
  }

  async begin(): Promise<void> {
    const view = await this.start.start();
    if (!view) return;
    this.sessions.put(view.summary);
    this.#put(this.#make(view.summary.id, view));
    // A use case may have come with it.
    void this.#reloadUseCases();
  }

  async createUseCase(name: string): Promise<UseCaseInfo> {
    const made = await this.backend.call("create_use_case", { name });
    this.useCases = [...this.useCases.filter((one) => one.id !== made.id), made];
    return made;
  }

  async remove(id: string): Promise<boolean> {
    if (!(await this.sessions.remove(id))) return false;
    this.#deleted.add(id);
    this.#known.delete(id);
    dropDrafts(this.#drafts, id);
    if (this.current?.id === id) this.openNew();
    return true;
  }

  async rename(id: string, title: string): Promise<boolean> {
    return this.#renew(await this.sessions.rename(id, title));
  }

  /** To another use case. */
  async move(id: string, useCaseId: string): Promise<boolean> {
    return this.#renew(await this.sessions.move(id, useCaseId));
  }

  /** What the list has changed is known to the page too. */
  #renew(summary: SessionSummary | null): boolean {
    const known = this.#known.get(summary?.id ?? "");
    if (summary && known?.view) known.view = { ...known.view, summary };
    return summary !== null;
  }

  #put(session: WorkSession): void {
    this.current?.leave();
    this.#known.set(session.id, session);
    this.current = session;
    this.#remember(session.id);
    this.focusField += 1;
    if (this.#visible) session.watch();
  }

  #make(id: string, view: SessionView | null): WorkSession {
    const hooks: SessionHooks = {
      changed: (summary) => {
        if (!this.#deleted.has(summary.id)) this.sessions.put(summary);
      },
      nextFrame: this.nextFrame,
      later: this.later,
    };
    return new WorkSession(id, this.backend, this.#drafts, hooks, view);
  }

  async #reloadUseCases(): Promise<void> {
    try {
      this.useCases = await this.backend.call("list_use_cases", {});
    } catch {
      // The list of before still serves.
    }
  }

  #remember(id: string | null): void {
    try {
      if (id === null) this.storage?.removeItem(OPEN_KEY);
      else this.storage?.setItem(OPEN_KEY, id);
    } catch {
      // Only a convenience of reloading.
    }
  }

  /** After a reload: the session that was on the screen. */
  #restore(): void {
    const id = this.storage?.getItem(OPEN_KEY) ?? null;
    if (id !== null && this.current === null) this.open(id);
  }
}
