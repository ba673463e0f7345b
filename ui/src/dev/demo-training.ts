// Design mode: training. Scenes: `train-empty`, `train-plan`, `train-running`, `train-paused`, `train-waiting`, `train-win`,
// `train-loss`, `train-unsure`, `train-failed`, `train-broken` (the overview cannot be read), `train-many` (3,000 steps).
import { uiError } from "../lib/backend";
import type { FakeBackend } from "../lib/backend/fake";
import type {
  BaseModelView, MetricView, ModelInUse, RunEvent, RunSummary, TrainingOverview, TrainingPlan, TrainingRun, TrainingSettings, UseCaseTraining,
} from "../lib/bindings";
import { resultOf } from "./demo-results";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const HOUR = 3_600_000;
const USUAL: TrainingSettings = { rank: 16, learningRate: 2e-4, epochs: 4, batch: 8, lambda: 0.25, seed: 0, threads: 6, maxTokens: 1024, softLabels: true };

const BASES: BaseModelView[] = [
  { modelId: "embedded", name: "SmolLM2 360M", parameters: "362M", suggested: true, problem: null, memoryBytes: 2.5e9, tokensPerSecond: 214, measured: true },
  { modelId: "qwen", name: "Qwen2.5 0.5B Instruct, in the version that somebody quantised again and gave a very long name", parameters: "494M", suggested: false, problem: null, memoryBytes: 3.4e9, tokensPerSecond: 150, measured: false },
  { modelId: "big", name: "Qwen2.5 1.5B Instruct", parameters: "1.5B", suggested: false, problem: "it needs about 10.8 GB of memory, and 5.2 GB are free.", memoryBytes: 10.8e9, tokensPerSecond: null, measured: false },
  { modelId: "gemma", name: "Gemma 3 1B", parameters: "1.0B", suggested: false, problem: "its architecture is gemma3, and OpZest can train llama, qwen2, qwen3.", memoryBytes: 7e9, tokensPerSecond: null, measured: false },
];

/** Always the same noise. */
const noise = (at: number) => (Math.abs(Math.sin(at * 12.9898) * 43758.5453) % 1) - 0.5;

export function demoMetric(step: number, steps: number, kind: MetricView["kind"] = "step"): MetricView {
  const part = step / steps;
  const rough = kind === "step" ? 1 : 0.12;
  const nll = 0.92 + 1.35 * Math.exp(-4.2 * part) + rough * 0.34 * noise(step) + (kind === "heldOut" ? 0.09 + 0.1 * part * part : 0);
  const margin = 2.4 * (1 - Math.exp(-3 * part)) - 0.35 + rough * 0.9 * noise(step + 0.5);
  return {
    kind, step, epoch: Math.min(4, Math.floor(part * 4) + (kind === "step" ? 1 : 0)), loss: nll + 0.25 * Math.log1p(Math.exp(-margin)), kl: nll * 0.3, chosenNll: nll, odds: 0.5,
    margin, preferenceAccuracy: Math.min(1, Math.max(0, 0.46 + 0.46 * (1 - Math.exp(-3.4 * part)) + rough * 0.22 * noise(step + 0.25))),
    learningRate: kind === "step" ? 2e-4 : null, gradient: kind === "step" ? 1.1 : null,
    tokensPerSecond: kind === "step" ? 208 + 14 * noise(step) : null, memoryBytes: kind === "step" ? 2.46e9 : null,
  };
}

function metricsUntil(step: number, steps: number): MetricView[] {
  const all: MetricView[] = [demoMetric(0, steps, "heldOut")];
  for (let at = 1; at <= step; at++) {
    all.push(demoMetric(at, steps));
    if (at % Math.round(steps / 4) === 0) all.push(demoMetric(at, steps, "heldOut"));
  }
  return all;
}

const USE_CASES: Omit<UseCaseTraining, "inUse">[] = [
  { useCaseId: "letters", name: "Letters and e-mails", readiness: { share: 1, ready: true, words: "132 finished results. You can train.", missing: [] } },
  { useCaseId: "scripts", name: "Python helpers", readiness: { share: 0.6, ready: false, words: "18 of 30 finished results. 12 more are needed.", missing: ["Accept 12 more results.", "Hold back 2 more results, to judge the new model by."] } },
  { useCaseId: "lessons", name: "Interactive lessons for my physics class, third and fourth year", readiness: { share: 0.93, ready: false, words: "30 finished results, and something is still missing.", missing: ["Work in 1 more session, on something else."] } },
  { useCaseId: "arabic", name: "رسائل", readiness: { share: 0.1, ready: false, words: "3 of 30 finished results. 27 more are needed.", missing: ["Accept 27 more results."] } },
];

const run = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
  id, name: "Letters and e-mails 3", useCaseId: "letters", useCase: "Letters and e-mails", scope: "private", base: "SmolLM2 360M", status: "finished",
  createdAt: Date.now() - HOUR, step: 240, steps: 240, activeSeconds: 1460, secondsLeft: null, waiting: null, verdict: "win", promoted: false, ...more,
});

const JUDGING = ["Checking the adapter against llama.cpp", "Comparing with what is in use", "Answering held-out prompts with both"];

const OPEN: Record<string, Partial<RunSummary>> = {
  "train-running": { status: "running", step: 131, activeSeconds: 790, secondsLeft: 655, verdict: null },
  "train-many": { status: "running", step: 2900, steps: 3200, activeSeconds: 17_000, secondsLeft: 1800, verdict: null },
  "train-paused": { status: "paused", step: 88, activeSeconds: 530, verdict: null },
  "train-waiting": { status: "running", step: 131, activeSeconds: 790, secondsLeft: 655, verdict: null, waiting: "The battery is at 18 %. Training goes on when the computer is plugged in." },
  "train-win": {}, "train-loss": { verdict: "loss" }, "train-unsure": { verdict: "notEnoughEvidence" },
  "train-failed": { status: "failed", step: 61, activeSeconds: 371, verdict: null },
};

function planOf(useCaseId: string, settings: TrainingSettings, baseId: string): TrainingPlan {
  const useCase = USE_CASES.find((one) => one.useCaseId === useCaseId) ?? USE_CASES[0]!;
  const part = useCase.readiness.share * (useCaseId === "letters" ? 1 : 0.2);
  const examples = Math.round(118 * part);
  const base = BASES.find((one) => one.modelId === baseId) ?? BASES[0]!;
  return {
    useCaseId, useCase: useCase.name, scope: "private", baseId: base.modelId, base: base.name, settings, rows: Math.round(204 * part), examples, heldOut: Math.round(22 * part),
    pairs: Math.round(149 * part), sessions: Math.round(31 * part), tokens: examples * 640, longestTokens: Math.min(settings.maxTokens, 987), softShare: settings.softLabels ? 0.81 : 0,
    omitted: [
      { count: 4, reason: `The row has more than ${settings.maxTokens} tokens.`, exampleId: "row-5" },
      { count: 1, reason: "The rejected answer is the same as the chosen one.", exampleId: "row-9" },
    ],
    missing: useCase.readiness.missing, steps: settings.epochs * Math.ceil(examples / settings.batch), seconds: (examples * 640 * settings.epochs) / (base.tokensPerSecond ?? 100),
    memoryBytes: (base.memoryBytes ?? 3e9) * (0.6 + settings.maxTokens / 2560), freeMemoryBytes: 5.2e9, diskBytes: 187e6, problem: null,
  };
}

export function withTraining(demo: FakeBackend, scene: string): FakeBackend {
  const empty = scene === "train-empty" || scene === "harvest-empty" || scene === "empty";
  const opened = OPEN[scene];
  let runs = empty
    ? []
    : [
        ...(opened ? [run("run-3", opened)] : []),
        run("run-2", { name: "Letters and e-mails 2", createdAt: Date.now() - 50 * HOUR, promoted: true, activeSeconds: 1210, step: 200, steps: 200 }),
        run("run-s", { name: "Python helpers 1", useCaseId: "scripts", useCase: "Python helpers", createdAt: Date.now() - 75 * HOUR, verdict: "notEnoughEvidence", step: 40, steps: 40, activeSeconds: 300 }),
        run("run-c", { name: "Letters and e-mails 1", createdAt: Date.now() - 220 * HOUR, status: "cancelled", verdict: null, step: 12, activeSeconds: 70 }),
      ];
  let inUse: ModelInUse[] = empty ? [] : [{ scope: "private", modelId: "trained-2", name: "Letters and e-mails 2", runId: "run-2", promotedAt: Date.now() - 49 * HOUR, before: null }];
  /** Of what is done while judging again, where it is. */
  let judging = -1;
  let labelled = false;
  sessionStorage.removeItem("opzest.train");
  if (opened) sessionStorage.setItem("opzest.train", "run/run-3");
  if (scene === "train-plan") sessionStorage.setItem("opzest.train", "plan/letters");
  if (scene.startsWith("train-")) localStorage.setItem("opzest.view", "train");

  const overview = (): TrainingOverview => ({
    useCases: empty ? [] : USE_CASES.map((one) => ({ ...one, inUse: one.useCaseId === "letters" ? inUse : [] })), bases: BASES, runs,
  });
  const find = (id: string) => {
    const found = runs.find((one) => one.id === id);
    if (!found) throw uiError("not_found", "This training run is not there any more.", "It may have been deleted.");
    return found;
  };
  const put = (id: string, change: Partial<RunSummary>) => {
    runs = runs.map((one) => (one.id === id ? { ...one, ...change } : one));
    return find(id);
  };
  const whole = (summary: RunSummary): TrainingRun => ({
    summary, plan: planOf(summary.useCaseId, USUAL, "embedded"), metrics: metricsUntil(summary.step, summary.steps),
    result: summary.verdict ? resultOf(summary.verdict) : null,
    problem: summary.status === "failed" ? uiError("training", "The base model’s file /media/stick/smollm2.gguf has changed since the run began.", "Put the file back as it was, or train anew.") : null,
  });
  const live = async (id: string, emit: (event: RunEvent) => void) => {
    emit({ type: "summary", summary: find(id) });
    const atWork = () => runs.some((one) => one.id === id && one.status === "running" && one.waiting === null);
    while (atWork() && find(id).step < find(id).steps) {
      await wait(scene === "train-many" ? 40 : 260);
      const before = runs.find((one) => one.id === id);
      if (!before || !atWork()) break;
      const summary = put(id, { step: before.step + 1, activeSeconds: before.activeSeconds + 6, secondsLeft: (before.steps - before.step) * 6 });
      emit({ type: "metric", metric: demoMetric(summary.step, summary.steps) });
      emit({ type: "summary", summary });
    }
    if (runs.some((one) => one.id === id && one.waiting !== null)) await new Promise(() => {});
    if (!atWork()) return;
    emit({ type: "summary", summary: put(id, { status: "judging", secondsLeft: null }) });
    for (const words of JUDGING) {
      emit({ type: "doing", words });
      await wait(1500);
    }
    emit({ type: "summary", summary: put(id, { status: "finished", verdict: "win" }) });
    emit({ type: "changed" });
  };

  return demo
    .on("training_overview", async () => {
      await wait(60);
      if (scene === "train-broken") throw uiError("store", "The training runs could not be read: the database is busy.", "Try again.");
      return overview();
    })
    .on("plan_training", async ({ useCaseId, settings, baseId, scope }) => {
      await wait(scene === "train-plan" ? 150 : 900);
      if (scope === "communal") throw uiError("training", "There is nothing to train on yet.", "Mark examples as communal in the Harvest, if they may be shared.");
      const plan = planOf(useCaseId, settings ?? USUAL, baseId ?? "embedded");
      if (labelled && plan.softShare > 0) plan.softShare = 0.97;
      if (plan.memoryBytes > 5.2e9) plan.problem = uiError("out_of_memory", `Training needs ${Math.round(plan.memoryBytes / 1e6)} MB of memory, and 5200 MB are free.`, "Close other programs, choose a smaller base model, or a shorter longest row.");
      return plan;
    })
    .on("start_training", async ({ plan }) => {
      await wait(700);
      if (runs.some((one) => one.status === "running")) throw uiError("busy", "Another training run is at work.", "Pause it first, or wait until it has ended.");
      const useCase = USE_CASES.find((one) => one.useCaseId === plan.useCaseId)!;
      const steps = planOf(plan.useCaseId, plan.settings ?? USUAL, plan.baseId ?? "embedded").steps;
      const made = run(`run-${Date.now()}`, { name: `${useCase.name} 4`, useCaseId: useCase.useCaseId, useCase: useCase.name, createdAt: Date.now(), status: "running", step: 0, steps, activeSeconds: 0, secondsLeft: steps * 6, verdict: null });
      runs = [made, ...runs];
      return whole(made);
    })
    .on("open_run", ({ runId }) => whole(find(runId)))
    .on("watch_run", async ({ runId }, emit) => {
      for (let told = -1; judging >= 0; await wait(100)) {
        const words = JUDGING[judging];
        if (told !== judging && words) emit({ type: "doing", words });
        told = judging;
      }
      await live(runId, emit);
      return null;
    })
    .on("pause_run", async ({ runId }) => {
      await wait(500);
      return put(runId, { status: "paused", secondsLeft: null, waiting: null });
    })
    .on("resume_run", ({ runId }) => put(runId, { status: "running", secondsLeft: 800 }))
    .on("cancel_run", ({ runId }) => put(runId, { status: "cancelled", secondsLeft: null, waiting: null }))
    .on("delete_run", async ({ runId }) => {
      await wait(300);
      if (find(runId).promoted) throw uiError("busy", "The model “Letters and e-mails 2” does the work of Letters and e-mails.", "Roll back first.");
      runs = runs.filter((one) => one.id !== runId);
      return overview();
    })
    .on("judge_run", async ({ runId }) => {
      if (runs.some((one) => one.status === "running")) throw uiError("busy", "Another training run is at work.", "Pause it first, or wait until it has ended.");
      for (judging = 0; judging < JUDGING.length; judging++) await wait(1500);
      judging = -1;
      return whole(put(runId, { verdict: scene === "train-unsure" ? "win" : find(runId).verdict }));
    })
    .on("label_rows", async ({ modelId, again }, emit) => {
      await wait(600);
      if (modelId === "trained-2") throw uiError("out_of_memory", "Letters and e-mails 2 needs 1.9 GB of memory, and 1.1 GB is free.", "Close other programs or choose a smaller model.");
      const total = labelled && !again ? 2 : 40;
      for (let done = 0; done < total; done++) {
        emit({ type: "progress", done, total });
        await wait(120);
      }
      labelled = true;
      return { labelled: total - 2, leftOut: 2, problem: uiError("context_overflow", "The text has 9,204 tokens, and the model can hold 8,192.", "") };
    })
    .on("promote_run", ({ runId }) => {
      const { name } = find(runId);
      inUse = [{ scope: "private", modelId: "trained-3", name, runId, promotedAt: Date.now(), before: inUse[0]?.name ?? null }];
      runs = runs.map((one) => ({ ...one, promoted: one.id === runId }));
      return overview();
    })
    .on("roll_back", () => {
      const before = inUse[0]?.before ?? null;
      const back = runs.find((one) => one.name === before);
      inUse = back ? [{ scope: "private", modelId: "trained-2", name: back.name, runId: back.id, promotedAt: Date.now(), before: null }] : [];
      runs = runs.map((one) => ({ ...one, promoted: one.id === back?.id }));
      return overview();
    })
    .on("export_trained", async ({ format, folder }) => {
      await wait(900);
      if (format === "mergedF16") throw uiError("disk_full", "letters-3-f16.gguf needs 724 MB, and the disk has 310 MB left.", "Free some room, or choose a smaller form.");
      return [`${folder}/letters-and-e-mails-3.gguf`];
    });
}
