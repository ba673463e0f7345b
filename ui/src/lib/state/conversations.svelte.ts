// The list in the sidebar: newest first, or what a full-text search finds.
import type { Backend } from "../backend";
import { toUiError } from "../backend";
import type { ConversationSummary, ExportFormat, UiError } from "../bindings";
import { groupByDay } from "./days";

export const PAGE = 60;

export class Conversations {
  items = $state.raw<ConversationSummary[]>([]);
  total = $state(0);
  query = $state("");
  loading = $state(false);
  /** The first list has arrived. */
  ready = $state(false);
  error = $state<UiError | null>(null);
  /** What could not be done to one conversation, shown at its row. */
  itemError = $state<{ id: string; error: UiError } | null>(null);
  #now = $state(Date.now());
  groups = $derived(groupByDay(this.items, this.#now));
  searching = $derived(this.query.trim() !== "");
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
      const list = await this.backend.call("list_conversations", { query: query === "" ? null : query, limit: this.#limit });
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

  /** A conversation is new or has changed. */
  put(summary: ConversationSummary): void {
    this.#now = Date.now();
    const known = this.items.find((item) => item.id === summary.id);
    if (this.searching) {
      // The hits' order is the search's; only their facts change.
      this.items = this.items.map((item) => (item.id === summary.id ? { ...summary, hit: item.hit } : item));
      return;
    }
    if (!known) this.total += 1;
    this.items = [summary, ...this.items.filter((item) => item.id !== summary.id)].sort((a, b) => b.updatedAt - a.updatedAt);
  }

  async rename(id: string, title: string): Promise<ConversationSummary | null> {
    return this.#at(id, async () => {
      const summary = await this.backend.call("rename_conversation", { id, title });
      this.put(summary);
      return summary;
    });
  }

  async remove(id: string): Promise<boolean> {
    const done = await this.#at(id, async () => {
      await this.backend.call("delete_conversation", { id });
      if (this.items.some((item) => item.id === id)) this.total -= 1;
      this.items = this.items.filter((item) => item.id !== id);
      return true;
    });
    return done ?? false;
  }

  /** Where the file was saved; null if cancelled or failed (then `itemError` says why). */
  async exportAs(id: string, format: ExportFormat): Promise<string | null> {
    return this.#at(id, async () => {
      const file = await this.backend.call("export_conversation", { id, format });
      return this.backend.saveTextFile(file.fileName, file.content);
    });
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
