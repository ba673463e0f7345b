// The list of sessions: newest first, or what a search finds.
import { toUiError, type Backend } from "../backend";
import type { SessionSummary, UiError } from "../bindings";
import { groupByDay } from "./days";

export const PAGE = 60;

export class Sessions {
  items = $state.raw<SessionSummary[]>([]);
  total = $state(0);
  query = $state("");
  loading = $state(false);
  /** The first list has arrived. */
  ready = $state(false);
  error = $state<UiError | null>(null);
  /** What could not be done to one session, shown at its row. */
  itemError = $state<{ id: string; error: UiError } | null>(null);
  #now = $state(Date.now());
  groups = $derived(groupByDay(this.items, this.#now));
  searching = $derived(this.query.trim() !== "");
  /** Nobody has made a session here yet. */
  none = $derived(this.ready && !this.searching && this.total === 0);
  /** Something is at work in one of them. */
  busy = $derived(this.items.some((item) => item.status === "working"));
  waiting = $derived(this.items.filter((item) => item.status === "needsYou"));
  #limit = PAGE;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private backend: Backend,
    private delayMs = 140,
  ) {}

  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const query = this.query.trim();
      const list = await this.backend.call("list_sessions", { query: query === "" ? null : query, limit: this.#limit });
      if (turn !== this.#turn) return; // a newer question is on its way
      this.items = list.items;
      this.total = list.total;
      this.error = null;
      this.#now = Date.now();
      this.ready = true;
    } catch (thrown) {
      if (turn === this.#turn) this.error = toUiError(thrown);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Searches while the user types, a moment after the last key. */
  search(query: string): void {
    this.query = query;
    this.#limit = PAGE;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), query.trim() === "" ? 0 : this.delayMs);
  }

  async showMore(): Promise<void> {
    this.#limit += PAGE;
    await this.load();
  }

  /** A session is new or has changed. */
  put(summary: SessionSummary): void {
    this.#now = Date.now();
    const known = this.items.find((item) => item.id === summary.id);
    if (known && same(known, summary)) return;
    if (this.searching) {
      // The hits' order is the search's; only their facts change.
      this.items = this.items.map((item) => (item.id === summary.id ? summary : item));
      return;
    }
    if (!known) this.total += 1;
    this.items = [summary, ...this.items.filter((item) => item.id !== summary.id)].sort((a, b) => b.updatedAt - a.updatedAt);
  }

  async rename(id: string, title: string): Promise<SessionSummary | null> {
    return this.#at(id, async () => {
      const summary = await this.backend.call("rename_session", { id, title });
      this.put(summary);
      return summary;
    });
  }

  async move(id: string, useCaseId: string): Promise<SessionSummary | null> {
    return this.#at(id, async () => {
      const summary = await this.backend.call("move_session", { id, useCaseId });
      this.put(summary);
      return summary;
    });
  }

  async remove(id: string): Promise<boolean> {
    const done = await this.#at(id, async () => {
      await this.backend.call("delete_session", { id });
      if (this.items.some((item) => item.id === id)) this.total -= 1;
      this.items = this.items.filter((item) => item.id !== id);
      return true;
    });
    return done ?? false;
  }

  async #at<T>(id: string, work: () => Promise<T>): Promise<T | null> {
    this.itemError = null;
    try {
      return await work();
    } catch (thrown) {
      this.itemError = { id, error: toUiError(thrown) };
      return null;
    }
  }
}

function same(a: SessionSummary, b: SessionSummary): boolean {
  return (Object.keys(b) as (keyof SessionSummary)[]).every((key) => a[key] === b[key]);
}
