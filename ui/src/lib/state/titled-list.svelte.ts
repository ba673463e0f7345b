// The list of everything of one kind: newest first, or what a search finds.
import { toUiError } from "../backend";
import type { UiError } from "../bindings";
import { groupByDay } from "./days";

export const PAGE = 60;

/** What a list shows of a thing. */
export interface Titled {
  id: string;
  title: string;
  updatedAt: number;
}

export interface ListCalls<T> {
  list(query: string | null, limit: number): Promise<{ items: T[]; total: number }>;
  rename(id: string, title: string): Promise<T>;
  remove(id: string): Promise<unknown>;
}

export class TitledList<T extends Titled> {
  items = $state.raw<T[]>([]);
  total = $state(0);
  query = $state("");
  loading = $state(false);
  /** The first list has arrived. */
  ready = $state(false);
  error = $state<UiError | null>(null);
  /** What could not be done to one of them, shown at its row. */
  itemError = $state<{ id: string; error: UiError } | null>(null);
  #now = $state(Date.now());
  groups = $derived(groupByDay(this.items, this.#now));
  searching = $derived(this.query.trim() !== "");
  #limit = PAGE;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private calls: ListCalls<T>,
    private delayMs = 140,
  ) {}

  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const query = this.query.trim();
      const list = await this.calls.list(query === "" ? null : query, this.#limit);
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

  /** One of them is new or has changed. */
  put(summary: T): void {
    this.#now = Date.now();
    const known = this.items.find((item) => item.id === summary.id);
    if (known && same(known, summary)) return;
    if (this.searching) {
      // The hits' order is the search's; only their facts change.
      this.items = this.items.map((item) => (item.id === summary.id ? this.renewed(item, summary) : item));
      return;
    }
    if (!known) this.total += 1;
    this.items = [summary, ...this.items.filter((item) => item.id !== summary.id)].sort((a, b) => b.updatedAt - a.updatedAt);
  }

  /** What takes a hit's place when it has changed. */
  protected renewed(_hit: T, summary: T): T {
    return summary;
  }

  errorOf(id: string): UiError | null {
    return this.itemError?.id === id ? this.itemError.error : null;
  }

  async rename(id: string, title: string): Promise<T | null> {
    return this.at(id, async () => {
      const summary = await this.calls.rename(id, title);
      this.put(summary);
      return summary;
    });
  }

  async remove(id: string): Promise<boolean> {
    const done = await this.at(id, async () => {
      await this.calls.remove(id);
      if (this.items.some((item) => item.id === id)) this.total -= 1;
      this.items = this.items.filter((item) => item.id !== id);
      return true;
    });
    return done ?? false;
  }

  /** Does something to one of them; null if it failed, and `itemError` says why. */
  protected async at<R>(id: string, work: () => Promise<R>): Promise<R | null> {
    this.itemError = null;
    try {
      return await work();
    } catch (thrown) {
      this.itemError = { id, error: toUiError(thrown) };
      return null;
    }
  }
}

function same<T extends Titled>(a: T, b: T): boolean {
  return (Object.keys(b) as (keyof T)[]).every((key) => a[key] === b[key]);
}
