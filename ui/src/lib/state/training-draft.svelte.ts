// A training run before it is started: what the user chose so far, and what the app says it would be and cost.
import { toUiError, type Backend } from "../backend";
import type { PlanTraining, Scope, TrainingPlan, TrainingRun, TrainingSettings, UiError } from "../bindings";

export class TrainingDraft {
  scope = $state<Scope>("private");
  /** Null: the suggested one. */
  baseId = $state<string | null>(null);
  /** Null: what is usual for so many examples. */
  settings = $state.raw<TrainingSettings | null>(null);
  plan = $state.raw<TrainingPlan | null>(null);
  /** Rows are being read and steps measured: what is shown may be of the choice before. */
  planning = $state(false);
  error = $state.raw<UiError | null>(null);
  starting = $state(false);
  startError = $state.raw<UiError | null>(null);
  #turn = 0;

  constructor(
    readonly useCaseId: string,
    private backend: Backend,
  ) {}

  get choice(): PlanTraining {
    return { useCaseId: this.useCaseId, scope: this.scope, baseId: this.baseId, settings: this.settings };
  }

  async make(): Promise<void> {
    const turn = ++this.#turn;
    this.planning = true;
    this.startError = null;
    try {
      const plan = await this.backend.call("plan_training", this.choice);
      if (turn !== this.#turn) return;
      this.plan = plan;
      this.error = null;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = toUiError(thrown);
    }
    this.planning = false;
  }

  /** Nobody waits for the plan any more. */
  leave(): void {
    this.#turn++;
    this.planning = false;
  }

  chooseScope(scope: Scope): void {
    if (scope === this.scope) return;
    this.scope = scope;
    void this.make();
  }

  chooseBase(id: string): void {
    if (id === (this.baseId ?? this.plan?.baseId)) return;
    this.baseId = id;
    void this.make();
  }

  set<K extends keyof TrainingSettings>(setting: K, value: TrainingSettings[K]): void {
    const settings = this.settings ?? this.plan?.settings;
    if (!settings || settings[setting] === value) return;
    this.settings = { ...settings, [setting]: value };
    void this.make();
  }

  usual(): void {
    this.settings = null;
    void this.make();
  }

  /** The run; null if it was refused (then `startError` says why). */
  async start(althoughNotReady: boolean): Promise<TrainingRun | null> {
    if (this.starting) return null;
    this.starting = true;
    this.startError = null;
    try {
      return await this.backend.call("start_training", { plan: this.choice, althoughNotReady });
    } catch (thrown) {
      this.startError = toUiError(thrown);
      return null;
    } finally {
      this.starting = false;
    }
  }
}
