// Small training runs for the tests of state and pages.
import type { FakeBackend } from "./backend/fake";
import type {
  MetricView, ModelInUse, RunResult, RunSummary, TrainingOverview, TrainingPlan, TrainingRun, TrainingSettings, UseCaseTraining,
} from "./bindings";

export const SETTINGS: TrainingSettings = {
  rank: 16, learningRate: 2e-4, epochs: 4, batch: 8, lambda: 0.25, seed: 0, threads: 2, maxTokens: 1024, softLabels: true,
};

export function metric(step: number, more: Partial<MetricView> = {}): MetricView {
  return {
    kind: "step", step, epoch: 1, loss: 2 - step / 100, kl: null, chosenNll: 1.5, odds: null, margin: 0.5, preferenceAccuracy: 0.5,
    learningRate: null, gradient: null, tokensPerSecond: 200, memoryBytes: 2e9, ...more,
  };
}

export function runSummary(id: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    id, name: `Name of ${id}`, useCaseId: "letters", useCase: "Letters", scope: "private", base: "Tiny", status: "finished", createdAt: 1,
    step: 40, steps: 40, activeSeconds: 120, secondsLeft: null, waiting: null, verdict: "win", promoted: false, ...more,
  };
}

export function plan(more: Partial<TrainingPlan> = {}): TrainingPlan {
  return {
    useCaseId: "letters", useCase: "Letters", scope: "private", baseId: "tiny", base: "Tiny", settings: SETTINGS, rows: 60, examples: 40, heldOut: 8,
    pairs: 30, sessions: 12, tokens: 20_000, longestTokens: 900, softShare: 0.5, omitted: [{ count: 2, reason: "The chosen answer is empty.", exampleId: "e1" }],
    missing: [], steps: 40, seconds: 600, memoryBytes: 2e9, freeMemoryBytes: 4e9, diskBytes: 1e8, problem: null, ...more,
  };
}

export function result(more: Partial<RunResult> = {}): RunResult {
  return {
    verdict: "win", words: "It is better.", parity: { passed: true, words: "Both mean the same." },
    comparisons: [{ name: "Surprise", unit: "nats per byte", before: 0.5, after: 0.4, low: -0.15, high: -0.05, lowerIsBetter: true }],
    samples: [
      { title: "A letter", prompt: "Write it.", accepted: "good", before: "bad", after: "better", beforeValid: true, afterValid: false },
      { title: "Another", prompt: "Write that.", accepted: "g", before: "b", after: "c", beforeValid: true, afterValid: true },
    ],
    modelId: "trained", adapterPath: "/data/adapter.gguf", adapterBytes: 9e6, ...more,
  };
}

export function trainingRun(id: string, more: Partial<RunSummary> = {}, rest: Partial<TrainingRun> = {}): TrainingRun {
  const summary = runSummary(id, more);
  return { summary, plan: plan(), metrics: [metric(1), metric(2)], result: summary.verdict ? result({ verdict: summary.verdict }) : null, problem: null, ...rest };
}

export function useCaseTraining(id: string, name: string, inUse: ModelInUse[] = [], ready = true): UseCaseTraining {
  const missing = ready ? [] : ["Accept 12 more results."];
  return { useCaseId: id, name, inUse, readiness: { share: ready ? 1 : 0.6, ready, words: ready ? "40 finished results." : "18 of 30 finished results.", missing } };
}

export const inUse: ModelInUse = { scope: "private", modelId: "trained-1", name: "Letters 1", runId: "r1", promotedAt: 1, before: null };

export function overview(more: Partial<TrainingOverview> = {}): TrainingOverview {
  return {
    useCases: [useCaseTraining("letters", "Letters", [inUse]), useCaseTraining("scripts", "Scripts", [], false)],
    bases: [
      { modelId: "tiny", name: "Tiny", parameters: "135M", suggested: true, problem: null, memoryBytes: 1e9, tokensPerSecond: 300, measured: true },
      { modelId: "mid", name: "Mid", parameters: "360M", suggested: false, problem: null, memoryBytes: 2.5e9, tokensPerSecond: null, measured: false },
      { modelId: "big", name: "Big", parameters: "7B", suggested: false, problem: "it needs about 49.0 GB of memory, and 4.0 GB are free.", memoryBytes: 49e9, tokensPerSecond: null, measured: false },
    ],
    runs: [runSummary("r2"), runSummary("r1", { promoted: true })],
    ...more,
  };
}

/** Answers everything that the Train view asks. */
export function withTraining(backend: FakeBackend, shown: () => TrainingOverview = () => overview()): FakeBackend {
  return backend
    .on("training_overview", shown)
    .on("plan_training", ({ useCaseId, baseId, settings, scope }) =>
      plan({ useCaseId, scope, baseId: baseId ?? "tiny", settings: settings ?? SETTINGS, missing: useCaseId === "scripts" ? ["Accept 12 more results."] : [] }),
    )
    .on("open_run", ({ runId }) => {
      const { status, verdict } = shown().runs.find((run) => run.id === runId) ?? runSummary(runId);
      return trainingRun(runId, { status, verdict });
    })
    .on("watch_run", () => null);
}
