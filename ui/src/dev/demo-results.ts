// Design mode: what came of a training run, for each verdict.
import type { ComparisonView, RunResult, TrainingVerdict } from "../lib/bindings";
import { ARABIC_WORK, DRAFT_LETTER, GOOD_LETTER } from "./demo-texts";

const COMPARISONS: Record<TrainingVerdict, ComparisonView[]> = {
  win: [
    { name: "Surprise at accepted work", unit: "nats per byte", before: 0.512, after: 0.431, low: -0.104, high: -0.058, lowerIsBetter: true },
    { name: "Prefers accepted over rejected work", unit: "%", before: 54, after: 81, low: 14, high: 38, lowerIsBetter: false },
    { name: "Distance from the teachers", unit: "nats per token", before: 0.61, after: 0.34, low: -0.33, high: -0.21, lowerIsBetter: true },
    { name: "Well-formed new answers", unit: "%", before: 91, after: 95, low: -5, high: 14, lowerIsBetter: false },
    { name: "Surprise at ordinary text", unit: "times what it was", before: 1, after: 1.012, low: null, high: null, lowerIsBetter: true },
  ],
  loss: [
    { name: "Surprise at accepted work", unit: "nats per byte", before: 0.431, after: 0.462, low: 0.011, high: 0.054, lowerIsBetter: true },
    { name: "Prefers accepted over rejected work", unit: "%", before: 81, after: 74, low: -17, high: 2, lowerIsBetter: false },
    { name: "Well-formed new answers", unit: "%", before: 95, after: 68, low: -45, high: -9, lowerIsBetter: false },
    { name: "Surprise at ordinary text", unit: "times what it was", before: 1, after: 1.19, low: null, high: null, lowerIsBetter: true },
  ],
  notEnoughEvidence: [
    { name: "Surprise at accepted work", unit: "nats per byte", before: 0.512, after: 0.497, low: -0.061, high: 0.029, lowerIsBetter: true },
    { name: "Prefers accepted over rejected work", unit: "%", before: 54, after: 62, low: null, high: null, lowerIsBetter: false },
    { name: "Surprise at ordinary text", unit: "times what it was", before: 1, after: 1.004, low: null, high: null, lowerIsBetter: true },
  ],
};

const WORDS: Record<TrainingVerdict, string> = {
  win: "Your accepted work is more probable under the new model, beyond doubt.",
  loss: "Your accepted work is less probable under the new model, beyond doubt. The new model breaks the format of the work more often.",
  notEnoughEvidence: "There is held-out work of too few sessions to tell.",
};

const AFTER = GOOD_LETTER.replace("Could you please have it repaired by Friday, 14 November?", "Could you have it repaired by the end of next week?");

export function resultOf(verdict: TrainingVerdict): RunResult {
  return {
    verdict, words: WORDS[verdict], parity: { passed: true, words: "llama.cpp and the trainer mean the same by this adapter: 0.003 nats apart on 12 golden prompts." },
    comparisons: COMPARISONS[verdict],
    samples: [
      { title: "Write the whole letter to the landlord about the broken heating, friendly but clear, with a date until when it has to be repaired", prompt: "Write the whole letter to the landlord about the broken heating, friendly but clear.", accepted: GOOD_LETTER, before: DRAFT_LETTER, after: verdict === "loss" ? DRAFT_LETTER.slice(0, 190) : AFTER, beforeValid: true, afterValid: verdict !== "loss" },
      { title: "اكتب رسالة قصيرة إلى الجيران عن الضوضاء", prompt: "اكتب رسالة قصيرة إلى الجيران عن الضوضاء", accepted: ARABIC_WORK, before: "Dear neighbours,\n\nnoise noise noise noise noise noise noise noise", after: ARABIC_WORK.split("\n").slice(0, 4).join("\n"), beforeValid: false, afterValid: true },
    ],
    modelId: "trained-3", adapterPath: "/home/ana/.local/share/opzest/training/0193d0c2/adapter.gguf", adapterBytes: 9.8e6,
  };
}
