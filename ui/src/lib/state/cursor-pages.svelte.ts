// A long list that is read page by page, each page naming the next one. It grows while it is scrolled, so all of it may
// be held at last: a row is a summary of a few hundred bytes.
import { toUiError } from "../backend";
import type { UiError } from "../bindings";
import type { RowSource } from "./pages.svelte";

export interface CursorPage<T> {
  items: readonly T[];
  /** How many there are in all. */
  total: number;
  /** A search may stop counting: then there are at least `total`. */
  totalIsLeast: boolean;
  next: string | null;
}

export type LoadCursorPage<T> = (after: string | null, limit: number) => Promise<CursorPage<T>>;

export class CursorPages<T extends { id: string }> implements RowSource<T> {
  /** How many there are in all, read or not. */
  all = $state(0);
  atLeast = $state(false);
  /** Whether the first answer has come. */
  ready = $state(false);
  loading = $state(false);
  error = $state.raw<UiError | null>(null);
  #rows = $state.raw<readonly T[]>([]);
  #next = $state.raw<string | null>(null);
  /** Rows that a list shows: those read, and a few that are on their way. */
  total = $derived(this.#rows.length + (this.#next === null ? 0 : this.#ahead()));
  #wanted = 0;
  #round = 0;

  constructor(
    private load: LoadCursorPage<T>,
    readonly size = 200,
  ) {}

  #ahead(): number {
    return Math.max(1, Math.min(this.size, this.all - this.#rows.length));
  }

  get rows(): readonly T[] {
    return this.#rows;
  }

  /** Undefined while it is on its way. */
  row(index: number): T | undefined {
    return this.#rows[index];
  }

  indexOf(id: string): number {
    return this.#rows.findIndex((row) => row.id === id);
  }

  /** Reads on until the row before `to` is there. */
  show(_from: number, to: number): void {
    this.#wanted = to;
    if (this.ready && !this.error) void this.#readOn();
  }

  retry(): void {
    this.error = null;
    if (this.ready) void this.#readOn();
    else void this.refresh();
  }

  /** From the beginning, as far as the list was looked at; what is shown stays until the answer is there. */
  async refresh(keep = false): Promise<void> {
    const round = ++this.#round;
    const enough = keep ? Math.min(this.#wanted, this.#rows.length) : 0;
    this.loading = true;
    try {
      let rows: T[] = [];
      let page: CursorPage<T> | null = null;
      do {
        page = await this.load(page?.next ?? null, this.size);
        if (round !== this.#round) return;
        rows = rows.concat(page.items);
      } while (page.next !== null && rows.length < enough);
      this.#take(rows, page);
      this.ready = true;
      this.error = null;
    } catch (thrown) {
      if (round === this.#round) this.error = toUiError(thrown);
    } finally {
      if (round === this.#round) this.loading = false;
    }
    if (round === this.#round && !this.error) void this.#readOn();
  }

  /** Replaces a row that has been changed. */
  put(row: T): void {
    const at = this.indexOf(row.id);
    if (at >= 0) this.#rows = this.#rows.with(at, row);
  }

  /** Rows that are gone. Cursors name places, not rows, so reading goes on where it was. */
  drop(ids: ReadonlySet<string>): void {
    const left = this.#rows.filter((row) => !ids.has(row.id));
    this.all = Math.max(0, this.all - (this.#rows.length - left.length));
    this.#rows = left;
    // An answer on its way may still bring them.
    if (this.loading) void this.refresh(true);
    else void this.#readOn();
  }

  async #readOn(): Promise<void> {
    if (this.loading || this.#next === null || this.#wanted <= this.#rows.length) return;
    const round = this.#round;
    this.loading = true;
    try {
      while (this.#next !== null && this.#wanted > this.#rows.length) {
        const page: CursorPage<T> = await this.load(this.#next, this.size);
        if (round !== this.#round) return;
        this.#take(this.#rows.concat(page.items), page);
      }
    } catch (thrown) {
      if (round === this.#round) this.error = toUiError(thrown);
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  #take(rows: readonly T[], page: CursorPage<T>): void {
    this.#rows = rows;
    this.#next = page.next;
    this.all = Math.max(page.total, rows.length);
    this.atLeast = page.totalIsLeast;
  }
}
