// What is kept on this computer: how much room it takes, its backups and its health.
import { toUiError, type Backend } from "../backend";
import type { StorageView, UiError } from "../bindings";

/** What can be going on; one at a time. */
export type FolderWork = "backUp" | "check" | "restore" | "cap";

export class DataFolder {
  view = $state.raw<StorageView | null>(null);
  error = $state.raw<UiError | null>(null);
  working = $state<FolderWork | null>(null);
  /** Why the last of them failed, shown beside it. */
  failed = $state.raw<{ work: FolderWork; error: UiError } | null>(null);

  constructor(
    private backend: Backend,
    /** Everything on the screen belongs to what was there before. */
    private reload: (backup: string) => void = () => {},
  ) {}

  async load(): Promise<void> {
    try {
      this.view = await this.backend.call("storage", {});
      this.error = null;
    } catch (thrown) {
      this.error = toUiError(thrown);
    }
  }

  errorOf(work: FolderWork): UiError | null {
    return this.failed?.work === work ? this.failed.error : null;
  }

  backUp(): Promise<boolean> {
    return this.#do("backUp", async () => {
      this.view = await this.backend.call("back_up_now", {});
    });
  }

  check(): Promise<boolean> {
    return this.#do("check", async () => {
      const check = await this.backend.call("check_store", {});
      if (this.view) this.view = { ...this.view, check };
    });
  }

  setCap(bytes: number): Promise<boolean> {
    return this.#do("cap", async () => {
      this.view = await this.backend.call("set_traces_cap", { bytes });
    });
  }

  restore(name: string): Promise<boolean> {
    return this.#do("restore", async () => {
      this.view = await this.backend.call("restore_backup", { name });
      this.reload(name);
    });
  }

  async #do(work: FolderWork, task: () => Promise<void>): Promise<boolean> {
    if (this.working) return false;
    this.working = work;
    this.failed = null;
    try {
      await task();
      return true;
    } catch (thrown) {
      this.failed = { work, error: toUiError(thrown) };
      return false;
    } finally {
      this.working = null;
    }
  }
}
