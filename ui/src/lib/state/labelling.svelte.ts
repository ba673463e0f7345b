// A model of this computer reads accepted texts; what it would have said itself becomes their soft labels. It goes on when the
// plan is left, and is told there when the plan is opened again.
import { toUiError, type Backend } from "../backend";
import type { Commands, LabelReport, UiError } from "../bindings";

export type LabelRows = Commands["label_rows"]["args"];

export class Labelling {
  /** What is being read, or was last. */
  asked = $state.raw<LabelRows | null>(null);
  reading = $state(false);
  /** Rows; null before the first one. */
  progress = $state.raw<{ done: number; total: number } | null>(null);
  report = $state.raw<LabelReport | null>(null);
  error = $state.raw<UiError | null>(null);

  constructor(private backend: Backend) {}

  /** Whether it was asked, which is no promise that all was read: `report` and `error` say. */
  async read(asked: LabelRows): Promise<boolean> {
    if (this.reading) return false;
    this.asked = asked;
    this.reading = true;
    this.progress = null;
    this.report = null;
    this.error = null;
    try {
      this.report = await this.backend.call("label_rows", asked, ({ done, total }) => (this.progress = { done, total }));
    } catch (thrown) {
      this.error = toUiError(thrown);
    } finally {
      this.reading = false;
    }
    return true;
  }
}
