// The list of conversations.
import type { Backend } from "../backend";
import type { ConversationSummary, ExportFormat } from "../bindings";
import { TitledList } from "./titled-list.svelte";

export class Conversations extends TitledList<ConversationSummary> {
  constructor(
    private backend: Backend,
    delayMs?: number,
  ) {
    super(
      {
        list: (query, limit) => backend.call("list_conversations", { query, limit }),
        rename: (id, title) => backend.call("rename_conversation", { id, title }),
        remove: (id) => backend.call("delete_conversation", { id }),
      },
      delayMs,
    );
  }

  /** Only a search tells where the words stand. */
  protected override renewed(hit: ConversationSummary, summary: ConversationSummary): ConversationSummary {
    return { ...summary, hit: hit.hit };
  }

  /** Where the file was saved; null if cancelled or failed (then `itemError` says why). */
  async exportAs(id: string, format: ExportFormat): Promise<string | null> {
    return this.at(id, async () => {
      const file = await this.backend.call("export_conversation", { id, format });
      return this.backend.saveTextFile(file.fileName, file.content);
    });
  }
}
