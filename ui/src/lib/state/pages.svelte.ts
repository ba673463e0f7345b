// A long list of which only the pages in view are held. `load` answers with a page and how many rows there are in all.
import { SvelteMap } from "svelte/reactivity";
import { toUiError } from "../backend";
import type { UiError } from "../bindings";

export interface Page<T> {
  items: readonly T[];
  total: number;
}

/** What a list shows rows of, however they are read. */
export interface RowSource<T> {
  /** Rows that the list has room for. */
  readonly total: number;
  /** Where the list grows while it is read: how many there are in all. */
  readonly all?: number;
  readonly ready: boolean;
  readonly error: UiError | null;
  /** Undefined while it is on its way. */
  row(index: number): T | undefined;
  show(from: number, to: number): void;
  retry(): void;
}

export type LoadPage<T> = (offset: number, limit: number) => Promise<Page<T>>;

/** Pages kept: a few screens around what is shown. */
const KEPT = 40;

export class Pages<T> implements RowSource<T> {
  total = $state(0);
  /** Whether the first answer has come. */
  ready = $state(false);
  error = $state.raw<UiError | null>(null);
  #pages = new SvelteMap<number, readonly T[]>();
  #loading = new Set<number>();
  #failed = new Set<number>();
  #round = 0;

  constructor(
    private load: LoadPage<T>,
    readonly size = 100,
  ) {}

  /** Undefined while it is on its way. */
  row(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / this.size))?.[index % this.size];
  }

  /** Asks for the pages that hold these rows. */
  show(from: number, to: number): void {
    const last = Math.floor(Math.max(from, to - 1) / this.size);
    for (let page = Math.floor(Math.max(0, from) / this.size); page <= last; page++) void this.#fetch(page);
  }

  /** Something has changed: everything is asked for again, and what is shown stays until the answer is there. */
  async refresh(load?: LoadPage<T>, around = 0): Promise<void> {
    if (load) this.load = load;
    this.#round += 1;
    this.#loading.clear();
    this.#failed.clear();
    await this.#fetch(Math.floor(around / this.size), true);
  }

  retry(): void {
    const again = [...this.#failed];
    this.#failed.clear();
    this.error = null;
    for (const page of again) void this.#fetch(page);
  }

  /** Replaces one row that has been changed elsewhere. */
  put(index: number, row: T): void {
    const page = Math.floor(index / this.size);
    const items = this.#pages.get(page);
    if (items) this.#pages.set(page, items.with(index % this.size, row));
  }

  async #fetch(page: number, fresh = false): Promise<void> {
    if (this.#loading.has(page) || this.#failed.has(page) || (!fresh && this.#pages.has(page))) return;
    const round = this.#round;
    this.#loading.add(page);
    try {
      const answer = await this.load(page * this.size, this.size);
      if (round !== this.#round) return;
      if (fresh) this.#pages.clear();
      this.#pages.set(page, answer.items);
      this.total = answer.total;
      this.ready = true;
      if (this.#failed.size === 0) this.error = null;
      this.#forget(page);
    } catch (thrown) {
      if (round !== this.#round) return;
      this.#failed.add(page);
      this.error = toUiError(thrown);
    } finally {
      if (round === this.#round) this.#loading.delete(page);
    }
  }

  #forget(near: number): void {
    if (this.#pages.size <= KEPT) return;
    const farthest = [...this.#pages.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const page of farthest.slice(0, this.#pages.size - KEPT)) this.#pages.delete(page);
  }
}
