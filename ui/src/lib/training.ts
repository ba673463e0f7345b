// What training, its runs and its results are called on the screen.
import type { BaseModelView, ComparisonView, LabelReport, RunStatus, RunSummary, Scope, TrainedFormat, TrainingSettings, TrainingVerdict } from "./bindings";
import { bytes, capital, speed, whole } from "./format";

export const STATUS_WORDS: Record<RunStatus, string> = {
  preparing: "Preparing", running: "Training", paused: "Paused", judging: "Being judged", finished: "Finished", failed: "Failed", cancelled: "Cancelled",
};

export const VERDICT_WORDS: Record<TrainingVerdict, string> = {
  win: "Better", loss: "Not better", notEnoughEvidence: "Not enough evidence",
};

export const SCOPE_WORDS: Record<Scope, string> = { private: "private work", communal: "communal work" };

export const isAtWork = (status: RunStatus): boolean => status === "preparing" || status === "running" || status === "judging";

/** Nothing will happen in it any more. */
export const isOver = (status: RunStatus): boolean => status === "finished" || status === "failed" || status === "cancelled";

/** From seconds; coarse where they are many. */
export function longTime(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** What a run is at, in a few words. */
export function runWords(run: RunSummary): string {
  if (run.waiting !== null) return "Waiting";
  if (run.status === "finished" && run.verdict !== null) return VERDICT_WORDS[run.verdict];
  return STATUS_WORDS[run.status];
}

/** The line under a base model's name; without what is not known. */
export function baseFacts(base: BaseModelView): string {
  return [
    base.parameters && `${base.parameters} parameters`,
    base.memoryBytes === null ? null : `about ${bytes(base.memoryBytes)} of memory`,
    base.tokensPerSecond === null ? null : `${speed(base.tokensPerSecond)} tokens/s ${base.measured ? "measured" : "estimated"}`,
  ]
    .filter((fact) => fact !== null && fact !== "")
    .join(" · ");
}

export function labelWords({ labelled, leftOut, problem }: LabelReport): string {
  if (labelled + leftOut === 0) return "There was nothing to read: every accepted text has soft labels already.";
  if (leftOut === 0) return `${whole(labelled)} labelled.`;
  return `${whole(labelled)} labelled, ${whole(leftOut)} left out${problem ? `: ${problem.message}` : "."}`;
}

/** The reason as a line of its own. */
export const whyNot = (base: BaseModelView): string => capital(base.problem ?? "");

export const FORMATS: { value: TrainedFormat; label: string; help: string }[] = [
  { value: "adapterGguf", label: "Adapter, GGUF", help: "Small: only what was learned. llama.cpp loads it beside the base model." },
  { value: "mergedQ4", label: "Whole model, 4 bits", help: "One GGUF file for any program with llama.cpp; the smallest whole one." },
  { value: "mergedQ8", label: "Whole model, 8 bits", help: "One GGUF file, twice as large, nearly exact." },
  { value: "mergedF16", label: "Whole model, 16 bits", help: "One GGUF file, exact; for making others of it." },
  { value: "peft", label: "Adapter for PEFT", help: "A folder for transformers and PEFT in Python." },
];

type NumberSetting = Exclude<keyof TrainingSettings, "softLabels" | "card">;

export interface Setting {
  id: NumberSetting;
  label: string;
  help: string;
  min: number;
  max: number;
  whole: boolean;
}

/** With the limits that the trainer has, too. */
export const SETTINGS: readonly Setting[] = [
  { id: "epochs", label: "Epochs", help: "How often it goes through all examples. It stops early when it learns nothing new.", min: 1, max: 100, whole: true },
  { id: "learningRate", label: "Learning rate", help: "How far one step goes. Too much forgets, too little learns nothing.", min: 1e-7, max: 0.1, whole: false },
  { id: "rank", label: "Rank", help: "How much the adapter can hold. 16 is plenty for a few hundred examples.", min: 1, max: 256, whole: true },
  { id: "batch", label: "Batch", help: "Examples that make one step together.", min: 1, max: 256, whole: true },
  { id: "lambda", label: "Lambda", help: "Weight of preferring accepted over rejected. 0 only imitates.", min: 0, max: 10, whole: false },
  { id: "maxTokens", label: "Longest row", help: "In tokens. Longer rows are left out; longer takes more memory.", min: 64, max: 8192, whole: true },
  { id: "threads", label: "Threads", help: "As many as the processor has cores is quickest.", min: 1, max: 512, whole: true },
  { id: "seed", label: "Seed", help: "The same seed and rows give the same model, bit for bit.", min: 0, max: 4_294_967_295, whole: true },
];

/** The number that was typed, or the sentence that says why it is none. */
export function readSetting(setting: Setting, text: string): number | string {
  const number = Number(text.trim().replace(",", "."));
  if (text.trim() === "" || Number.isNaN(number) || (setting.whole && !Number.isInteger(number))) {
    return `“${text}” is not a ${setting.whole ? "whole number" : "number"}.`;
  }
  if (number < setting.min || number > setting.max) return `${setting.label} lies between ${setting.min} and ${setting.max}.`;
  return number;
}

export const settingText = (value: number): string => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value));

/** Whether the interval of the change says anything. */
export function tendency({ low, high, lowerIsBetter }: ComparisonView): "better" | "worse" | "unclear" | "untold" {
  if (low === null || high === null) return "untold";
  if (low <= 0 && high >= 0) return "unclear";
  return high < 0 === lowerIsBetter ? "better" : "worse";
}

export const TENDENCY_WORDS = { better: "Better", worse: "Worse", unclear: "No clear difference", untold: "" } as const;

/** With as many decimals as the size of the numbers asks for. */
export function reading(value: number, unit: string): string {
  const size = Math.abs(value);
  if (unit === "%") return `${value.toFixed(size < 10 && !Number.isInteger(value) ? 1 : 0)} %`;
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

export const signed = (value: number, unit: string): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${reading(Math.abs(value), unit)}`;
