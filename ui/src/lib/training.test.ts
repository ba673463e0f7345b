import { describe, expect, it } from "vitest";
import type { ComparisonView } from "./bindings";
import { overview, runSummary } from "./test-training";
import { baseFacts, labelWords, longTime, reading, readSetting, runWords, SETTINGS, settingText, signed, tendency, whyNot } from "./training";

const comparison = (low: number | null, high: number | null, lowerIsBetter: boolean): ComparisonView => ({
  name: "Surprise", unit: "nats", before: 1, after: 1, low, high, lowerIsBetter,
});

describe("the words of training", () => {
  it("writes times as coarsely as they are known", () => {
    expect([0, 42, 89, 90, 1460, 5399, 5400, 7200, 9000, 200_000].map(longTime)).toEqual([
      "1 s", "42 s", "89 s", "2 min", "24 min", "1 h 30 min", "1 h 30 min", "2 h", "2 h 30 min", "2 days",
    ]);
  });

  it("says where a run stands", () => {
    expect(runWords(runSummary("a"))).toBe("Better");
    expect(runWords(runSummary("a", { verdict: "notEnoughEvidence" }))).toBe("Not enough evidence");
    expect(runWords(runSummary("a", { status: "running", verdict: null }))).toBe("Training");
    expect(runWords(runSummary("a", { status: "running", verdict: null, waiting: "The battery is low." }))).toBe("Waiting");
  });

  it("tells of a base model what is known, and why another cannot be trained", () => {
    const [tiny, mid, big] = overview().bases;
    expect([baseFacts(tiny!), baseFacts(mid!)]).toEqual(["135M parameters · about 1.0 GB of memory · 300 tokens/s measured", "360M parameters · about 2.5 GB of memory"]);
    expect(whyNot(big!)).toBe("It needs about 49.0 GB of memory, and 4.0 GB are free.");
  });

  it("reports which texts were read, and why others were not", () => {
    const problem = { code: "context_overflow" as const, message: "The text is too long.", hint: "" };
    expect([labelWords({ labelled: 0, leftOut: 0, problem: null }), labelWords({ labelled: 1200, leftOut: 0, problem: null })]).toEqual([
      "There was nothing to read: every accepted text has soft labels already.", "1,200 labelled.",
    ]);
    expect([labelWords({ labelled: 38, leftOut: 2, problem }), labelWords({ labelled: 0, leftOut: 2, problem: null })]).toEqual([
      "38 labelled, 2 left out: The text is too long.", "0 labelled, 2 left out.",
    ]);
  });

  it("reads settings, and says what is wrong with them", () => {
    const setting = (id: string) => SETTINGS.find((one) => one.id === id)!;
    expect([readSetting(setting("epochs"), " 6 "), readSetting(setting("learningRate"), "2e-4"), readSetting(setting("lambda"), "0,5")]).toEqual([6, 2e-4, 0.5]);
    expect(readSetting(setting("epochs"), "2.5")).toBe("“2.5” is not a whole number.");
    expect(readSetting(setting("lambda"), "")).toBe("“” is not a number.");
    expect(readSetting(setting("rank"), "0")).toBe("Rank lies between 1 and 256.");
    expect([settingText(2e-4), settingText(0), settingText(0.25), settingText(1024)]).toEqual(["2e-4", "0", "0.25", "1024"]);
  });

  it("calls a change better or worse only if its interval says so", () => {
    expect(tendency(comparison(-0.2, -0.1, true))).toBe("better");
    expect(tendency(comparison(-0.2, -0.1, false))).toBe("worse");
    expect(tendency(comparison(0.1, 0.2, false))).toBe("better");
    expect(tendency(comparison(0.1, 0.2, true))).toBe("worse");
    expect([tendency(comparison(-0.1, 0.2, true)), tendency(comparison(0, 0.2, true)), tendency(comparison(null, null, true))]).toEqual(["unclear", "unclear", "untold"]);
  });

  it("writes numbers by their size", () => {
    expect([reading(81, "%"), reading(2.5, "%"), reading(0.4312, "nats"), reading(1.234, "x"), reading(12.34, "x")]).toEqual(["81 %", "2.5 %", "0.431", "1.23", "12.3"]);
    expect([signed(-0.05, "nats"), signed(14, "%"), signed(0, "%")]).toEqual(["−0.050", "+14 %", "0 %"]);
  });
});
