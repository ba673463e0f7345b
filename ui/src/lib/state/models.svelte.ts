// The models that can be used, and what was measured of them.
import { toUiError, type Backend } from "../backend";
import type { Model, ModelSpeed, UiError } from "../bindings";

export class Models {
  items = $state.raw<Model[]>([]);
  ready = $state(false);
  error = $state<UiError | null>(null);
  /** Why the last file could not be added. */
  addError = $state<UiError | null>(null);
  adding = $state(false);
  measuring = $state<string | null>(null);
  speeds = $state.raw<Record<string, ModelSpeed>>({});
  errors = $state.raw<Record<string, UiError>>({});
  selected = $derived(this.items.find((model) => model.selected) ?? null);

  constructor(private backend: Backend) {}

  find(id: string | null): Model | null {
    return this.items.find((model) => model.id === id) ?? null;
  }

  async load(): Promise<void> {
    try {
      this.items = await this.backend.call("list_models", {});
      this.ready = true;
      this.error = null;
    } catch (thrown) {
      this.error = toUiError(thrown);
    }
  }

  /** The model that was added; null if cancelled or refused (then `addError` says why). */
  async addFile(): Promise<Model | null> {
    this.addError = null;
    try {
      const path = await this.backend.pickModelFile();
      if (path === null) return null;
      this.adding = true;
      const model = await this.backend.call("add_model_file", { path });
      this.items = await this.backend.call("list_models", {});
      return model;
    } catch (thrown) {
      this.addError = toUiError(thrown);
      return null;
    } finally {
      this.adding = false;
    }
  }

  async select(id: string): Promise<boolean> {
    return this.#at(id, async () => {
      this.items = await this.backend.call("select_model", { id });
    });
  }

  async remove(id: string): Promise<boolean> {
    return this.#at(id, async () => {
      this.items = await this.backend.call("remove_model", { id });
    });
  }

  async measure(id: string): Promise<boolean> {
    if (this.measuring !== null) return false;
    this.measuring = id;
    const done = await this.#at(id, async () => {
      const speed = await this.backend.call("measure_model", { id });
      this.speeds = { ...this.speeds, [id]: speed };
    });
    this.measuring = null;
    return done;
  }

  async #at(id: string, work: () => Promise<void>): Promise<boolean> {
    const { [id]: _, ...others } = this.errors;
    this.errors = others;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.errors = { ...this.errors, [id]: toUiError(thrown) };
      return false;
    }
  }
}
