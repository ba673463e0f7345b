// One example, open: its texts, the probabilities of each side when they are wanted, and changes to it.
import { toUiError, type Backend } from "../backend";
import type { ExampleSummary, ExampleView, Side, TraceView, UiError } from "../bindings";

export interface TraceSlot {
  loading: boolean;
  trace: TraceView | null;
  error: UiError | null;
}

const EMPTY: TraceSlot = { loading: false, trace: null, error: null };

export class OpenExample {
  view = $state.raw<ExampleView | null>(null);
  loading = $state(false);
  error = $state.raw<UiError | null>(null);
  traces = $state.raw<Record<Side, TraceSlot>>({ chosen: EMPTY, rejected: EMPTY });
  saving = $state(false);
  /** Why the last change was refused, and of which side. */
  saveError = $state.raw<{ side: Side; error: UiError } | null>(null);
  #closed = false;

  constructor(
    private backend: Backend,
    readonly id: string,
    private onchange: (summary: ExampleSummary) => void = () => {},
  ) {}

  async load(): Promise<void> {
    this.loading = true;
    try {
      const view = await this.backend.call("open_example", { id: this.id });
      if (this.#closed) return;
      this.view = view;
      this.error = null;
    } catch (thrown) {
      if (!this.#closed) this.error = toUiError(thrown);
    } finally {
      this.loading = false;
    }
  }

  async loadTrace(side: Side): Promise<void> {
    const slot = this.traces[side];
    if (slot.loading || slot.trace) return;
    this.#put(side, { loading: true, trace: null, error: null });
    try {
      const trace = await this.backend.call("example_trace", { id: this.id, side });
      // Its text may have been replaced meanwhile, and the trace with it.
      if (this.traces[side].loading) this.#put(side, { loading: false, trace, error: null });
    } catch (thrown) {
      if (this.traces[side].loading) this.#put(side, { loading: false, trace: null, error: toUiError(thrown) });
    }
  }

  /** Whether the text was stored; if not, `saveError` says why. */
  async save(side: Side, text: string): Promise<boolean> {
    this.saving = true;
    this.saveError = null;
    try {
      const view = await this.backend.call("edit_example", { id: this.id, side, text });
      this.view = view;
      this.#put(side, EMPTY);
      this.onchange(view.summary);
      return true;
    } catch (thrown) {
      this.saveError = { side, error: toUiError(thrown) };
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Answers that still come are of no interest any more. */
  close(): void {
    this.#closed = true;
  }

  #put(side: Side, slot: TraceSlot): void {
    this.traces = { ...this.traces, [side]: slot };
  }
}
