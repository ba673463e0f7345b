// A long list that is read page by page: each page names the next. Rows that were read stay, so scrolling back is free.
import { toUiError } from "../backend";
import type { UiError } from "../bindings";

export interface RowPage<T> {
  items: readonly T[];
  /** How many there are in all. */
  total: number;
  /** The search was so wide that `total` is only a lower bound. */
  totalIsLeast?: boolean;
  /** For the next page; absent on the last one. */
  next: string | null;
}

export type LoadRows<T> = (after: string | null, limit: number) => Promise<RowPage<T>>;

export class Rows<T> {
  items = $state.raw<readonly T[]>([]);
  total = $state(0);
  totalIsLeast = $state(false);
  /** Whether the first answer has come. */
  ready = $state(false);
  loading = $state(false);
  error = $state.raw<UiError | null>(null);
  /** More can be read. */
  more = $state(true);
  #next: string | null = null;
  #round = 0;

  constructor(
    private load: LoadRows<T>,
    readonly size = 100,
  ) {}

  /** Reads on until row `index` is there, the list ends, or a page fails. */
  async upTo(index: number): Promise<void> {
    if (this.loading || this.error) return;
    const round = this.#round;
    this.loading = true;
    try {
      while (this.more && this.items.length <= index) {
        const page = await this.load(this.#next, this.size);
        if (round !== this.#round) return;
        this.#take(page, this.items);
      }
    } catch (thrown) {
      if (round === this.#round) this.error = toUiError(thrown);
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  /** As `refresh`, and again as far as it was read, so that whoever reads keeps their place. */
  again(): Promise<void> {
    return this.refresh(this.load, this.items.length);
  }

  /** From the beginning again, perhaps for another question. What is shown stays until the answer is there. */
  async refresh(load: LoadRows<T> = this.load, least = 0): Promise<void> {
    this.load = load;
    const round = ++this.#round;
    this.loading = true;
    this.error = null;
    try {
      let before: readonly T[] = [];
      let page = await load(null, this.size);
      while (round === this.#round && page.next !== null && before.length + page.items.length < least) {
        before = [...before, ...page.items];
        page = await load(page.next, this.size);
      }
      if (round === this.#round) this.#take(page, before);
    } catch (thrown) {
      if (round === this.#round) this.error = toUiError(thrown);
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  async retry(): Promise<void> {
    this.error = null;
    if (this.ready) await this.upTo(this.items.length);
    else await this.refresh();
  }

  /** Rows that were changed elsewhere. */
  change(how: (row: T) => T): void {
    this.items = this.items.map(how);
  }

  /** Rows that are gone. */
  drop(isGone: (row: T) => boolean): void {
    const left = this.items.filter((row) => !isGone(row));
    this.total -= this.items.length - left.length;
    this.items = left;
    // An answer on its way may still bring them.
    if (this.loading) void this.again();
  }

  #take(page: RowPage<T>, before: readonly T[]): void {
    this.items = [...before, ...page.items];
    this.#next = page.next;
    this.more = page.next !== null;
    this.total = Math.max(page.total, this.items.length);
    this.totalIsLeast = page.totalIsLeast ?? false;
    this.ready = true;
  }
}
