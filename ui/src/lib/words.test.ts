// The pure parts of Harvest, Teachers and the data tab: filters, words, times and sizes.
import { describe, expect, it } from "vitest";
import { capStep, CAPS, shares } from "./disk";
import { activeOptions, fate, fileNames, FILTERS, foundWords, isNarrowed, NO_FILTER, toggled, workOf } from "./examples";
import { agentNames, factsOf, formGift, hostOf, traceGift } from "./teachers";
import { remoteTeacher, row, side, teacher } from "./test-dataset";
import { when } from "./when";

describe("filters", () => {
  it("have one option of a group on, and each goes off again", () => {
    for (const { options } of FILTERS) {
      const last = options.reduce((filter, option) => toggled(filter, option.id), NO_FILTER);
      expect(activeOptions(last).map((option) => option.id)).toEqual([options.at(-1)!.id]);
      expect(toggled(last, options.at(-1)!.id)).toEqual(NO_FILTER);
    }
  });

  it("know what narrows: not the use case", () => {
    expect(isNarrowed({ ...NO_FILTER, useCaseId: "x" })).toBe(false);
    expect(isNarrowed({ ...NO_FILTER, pending: false })).toBe(true);
    expect(toggled(NO_FILTER, "unknown")).toBe(NO_FILTER);
  });
});

describe("examples in words", () => {
  it("say what became of an attempt", () => {
    expect([fate(row("a")), fate(row("a", { reason: null })), fate(row("a", { reason: null, pending: true }))]).toEqual([
      "Redo", "Accepted at once", "Not judged yet",
    ]);
    expect([foundWords(0, false), foundWords(1, false), foundWords(1200, false), foundWords(10_000, true)]).toEqual([
      "No examples", "1 example", "1,200 examples", "At least 10,000 examples",
    ]);
  });

  it("find the work in what was written", () => {
    const both = side("", { files: [{ name: "a.py", text: "1" }, { name: "b.py", text: "2" }] });
    expect([workOf(both), workOf(both, "b.py"), workOf(both, "c.py"), workOf(side("", { files: [] })), workOf(null)]).toEqual(["1", "2", null, null, null]);
    expect(fileNames(both, side("x"), null)).toEqual(["a.py", "b.py", "letter.md"]);
  });
});

describe("teachers in words", () => {
  it("say what a model gives", () => {
    expect([traceGift(null), traceGift(0), traceGift(20)].map(({ state }) => state)).toEqual(["unknown", "none", "good"]);
    const remote = remoteTeacher("c");
    const tested = { ...remote, traceK: 0 };
    const strict = { ...remote, remote: { ...remote.remote!, structured: "json_schema" } };
    expect([teacher("a"), remote, tested, strict].map((one) => formGift(one).state)).toEqual(["good", "unknown", "none", "good"]);
  });

  it("name agents, hosts and facts", () => {
    expect([agentNames([]), agentNames(["worker"]), agentNames(["analyst", "planner", "lead"])]).toEqual(["", "worker", "planner, lead and analyst"]);
    expect([hostOf("https://api.example.org:8443/v1"), hostOf("nonsense")]).toEqual(["api.example.org:8443", "nonsense"]);
    expect(factsOf(teacher("a"))).toBe("135M · Q4_1 · 100 MB");
    expect(factsOf(remoteTeacher("c"))).toBe("c-name");
  });
});

it("says times as people do", () => {
  const now = new Date(2026, 10, 22, 18, 5).getTime();
  const at = (...parts: [number, number, number, number?, number?]) => when(new Date(...parts).getTime(), now);
  expect([at(2026, 10, 22, 9, 7), at(2026, 10, 21, 23, 59), at(2026, 10, 18), at(2026, 10, 1), at(2025, 11, 24)]).toEqual([
    "09:07", "Yesterday", "Wednesday", "Nov 1", "Dec 24, 2025",
  ]);
});

describe("sizes on the disk", () => {
  it("finds the nearest step of the limit", () => {
    expect([capStep(1), capStep(2e9), capStep(2.2e9), capStep(1e15)]).toEqual([0, CAPS.indexOf(2e9), CAPS.indexOf(2e9), CAPS.length - 1]);
  });

  it("shows also what is small, and nothing for nothing", () => {
    const parts = shares([1, 0, 1e9]);
    expect(parts[0]).toBeGreaterThan(1.5);
    expect([parts[1], Math.round(parts.reduce((sum, part) => sum + part, 0))]).toEqual([0, 100]);
    expect(shares([0, 0])).toEqual([0, 0]);
  });
});
