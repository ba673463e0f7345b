// The list of sessions.
import type { Backend } from "../backend";
import type { SessionSummary } from "../bindings";
import { TitledList } from "./titled-list.svelte";

export class Sessions extends TitledList<SessionSummary> {
  /** Nobody has made a session here yet. */
  none = $derived(this.ready && !this.searching && this.total === 0);
  /** Something is at work in one of them. */
  busy = $derived(this.items.some((item) => item.status === "working"));
  /** Of the one that was deleted last: what has learned from it, in sentences. */
  remains: readonly string[] = [];
  waiting = $derived(this.items.filter((item) => item.status === "needsYou"));

  constructor(
    private backend: Backend,
    delayMs?: number,
  ) {
    super(
      {
        list: (query, limit) => backend.call("list_sessions", { query, limit }),
        rename: (id, title) => backend.call("rename_session", { id, title }),
        remove: async (id) => {
          this.remains = (await backend.call("delete_session", { id })).remains;
        },
      },
      delayMs,
    );
  }

  async move(id: string, useCaseId: string): Promise<SessionSummary | null> {
    return this.at(id, async () => {
      const summary = await this.backend.call("move_session", { id, useCaseId });
      this.put(summary);
      return summary;
    });
  }
}
