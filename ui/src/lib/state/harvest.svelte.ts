// The dataset as the Harvest shows it: use cases with their readiness, the narrowed list, the example that is open, and
// what is done to many examples at once.
import { SvelteSet } from "svelte/reactivity";
import { toUiError, type Backend } from "../backend";
import type { DatasetStats, DeletionView, ExampleFilter, ExampleSummary, Scope, Split, UiError } from "../bindings";
import { isNarrowed, NO_FILTER, toggled } from "../examples";
import { OpenExample } from "./example.svelte";
import { Rows } from "./rows.svelte";

export class Harvest {
  stats = $state.raw<DatasetStats[]>([]);
  statsError = $state.raw<UiError | null>(null);
  /** The first counts have arrived. */
  ready = $state(false);
  filter = $state.raw<ExampleFilter>(NO_FILTER);
  /** The name of the session that the list is narrowed to. */
  sessionTitle = $state("");
  readonly list: Rows<ExampleSummary> = new Rows(
    (after, limit) => this.backend.call("list_examples", { filter: this.filter, after, limit }),
    200,
  );
  open = $state.raw<OpenExample | null>(null);
  /** Chosen for doing something to many. */
  readonly marked = new SvelteSet<string>();
  /** About to be deleted, if the user agrees. */
  deleting = $state.raw<readonly string[] | null>(null);
  working = $state(false);
  /** Why the last change to one or many was refused. */
  changeError = $state.raw<UiError | null>(null);

  narrowed = $derived(isNarrowed(this.filter));
  useCase = $derived(this.stats.find((one) => one.useCaseId === this.filter.useCaseId) ?? null);
  total = $derived(this.stats.reduce((sum, one) => sum + one.complete + one.pending, 0));
  /** There is no row at all, and nothing is narrowed away. */
  empty = $derived(this.ready && this.list.ready && this.total === 0 && this.list.total === 0 && !this.narrowed);

  constructor(private backend: Backend) {}

  /** Whenever the view is shown: sessions may have added rows. */
  async load(): Promise<void> {
    // The list on the screen may be reading its first page already.
    const rows = this.list.ready || this.list.error ? this.list.again() : this.list.upTo(0);
    await Promise.all([this.loadStats(), rows]);
  }

  async loadStats(): Promise<void> {
    try {
      this.stats = await this.backend.call("dataset_stats", {});
      this.statsError = null;
      this.ready = true;
    } catch (thrown) {
      this.statsError = toUiError(thrown);
    }
  }

  search(query: string): void {
    const words = query.trim() === "" ? null : query.trim();
    if (words !== this.filter.query) this.#narrow({ ...this.filter, query: words });
  }

  toggle(id: string): void {
    this.#narrow(toggled(this.filter, id));
  }

  /** This one of the filters and no other. */
  only(id: string): void {
    this.#narrow(toggled({ ...NO_FILTER, useCaseId: this.filter.useCaseId }, id));
  }

  chooseUseCase(useCaseId: string | null): void {
    this.close();
    this.sessionTitle = "";
    this.#narrow({ ...this.filter, useCaseId, sessionId: null });
  }

  onlySession(id: string, title: string): void {
    this.sessionTitle = title;
    this.#narrow({ ...NO_FILTER, useCaseId: this.filter.useCaseId, sessionId: id });
  }

  leaveSession(): void {
    this.#narrow({ ...this.filter, sessionId: null });
  }

  showAll(): void {
    this.#narrow({ ...NO_FILTER, useCaseId: this.filter.useCaseId });
  }

  show(id: string): void {
    if (this.open?.id === id) return;
    this.close();
    const example = new OpenExample(this.backend, id, (summary) => {
      this.list.change((row) => (row.id === summary.id ? summary : row));
      void this.loadStats();
    });
    this.open = example;
    void example.load();
  }

  close(): void {
    this.open?.close();
    this.open = null;
  }

  toggleMark(id: string): void {
    if (!this.marked.delete(id)) this.marked.add(id);
  }

  /** All rows between two places of the list, both included. */
  markBetween(from: number, to: number): void {
    for (const row of this.list.items.slice(Math.min(from, to), Math.max(from, to) + 1)) this.marked.add(row.id);
  }

  /** Every row that has been read. */
  markAll(): void {
    for (const row of this.list.items) this.marked.add(row.id);
  }

  /** What is left of the deleted texts; null if nothing was deleted (then `changeError` says why). */
  async remove(ids: readonly string[]): Promise<DeletionView | null> {
    return this.#change(async () => {
      const done = await this.backend.call("delete_examples", { ids: [...ids] });
      const gone = new Set(ids);
      if (this.open && gone.has(this.open.id)) this.close();
      for (const id of ids) this.marked.delete(id);
      this.list.drop((row) => gone.has(row.id));
      void this.loadStats();
      return done;
    });
  }

  async mark(ids: readonly string[], change: { scope?: Scope; split?: Split }): Promise<boolean> {
    const done = await this.#change(async () => {
      await this.backend.call("mark_examples", { ids: [...ids], scope: change.scope ?? null, split: change.split ?? null });
      // The split is that of whole sessions, so other rows may have changed too.
      await Promise.all([this.loadStats(), this.list.again(), this.open?.load()]);
      return true;
    });
    return done ?? false;
  }

  async #change<T>(work: () => Promise<T>): Promise<T | null> {
    this.working = true;
    this.changeError = null;
    try {
      return await work();
    } catch (thrown) {
      this.changeError = toUiError(thrown);
      return null;
    } finally {
      this.working = false;
    }
  }

  #narrow(filter: ExampleFilter): void {
    this.filter = filter;
    // What is marked must be in sight: it can be deleted.
    this.marked.clear();
    void this.list.refresh();
  }
}
