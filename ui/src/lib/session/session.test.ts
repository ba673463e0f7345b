// What is read off a session, found in a check's words, and compared.
import { describe, expect, it } from "vitest";
import { DATA, DOCUMENT, SCRIPT, type Script } from "../backend/fake-scripts";
import { FakeBackend } from "../backend/fake";
import { usualPools } from "../backend/fake-session";
import { fakeSessions, type FakeSessionsOptions } from "../backend/fake-sessions";
import type { CheckView, Need, SessionAct, SessionView } from "../bindings";
import { columnsOf, entriesOf } from "./data";
import {
  asText, baseOf, canEditByHand, canJudge, compareFiles, editableFiles, finalVersion, lastJudged, progress, verdictOf,
} from "./look";
import { problemsOf } from "./problems";
import { comparable, stepTitle, subjectOf } from "./subject";
import { needWords, switchWords } from "./words";

const NEWEST = { kind: "newest" } as const;
const approve: SessionAct = { act: "approvePlan" };
const judge = (verdict: "redo" | "furtherEdit" | "accepted"): SessionAct => ({ act: "verdict", verdict, words: "" });

async function play(script: Script, acts: SessionAct[], options: FakeSessionsOptions = {}): Promise<SessionView> {
  const session = fakeSessions(new FakeBackend(), options).begin(script);
  await session.work();
  for (const act of acts) {
    session.act(act);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return session.view;
}

describe("steps", () => {
  it("show how far the plan is, and are named by their first line", async () => {
    const view = await play(DOCUMENT, [approve, judge("accepted")]);
    expect(progress(view)).toEqual({ over: 1, all: 2 });
    expect(stepTitle(view, view.steps[0]!.id)).toBe("Step 1: Write the message");
    expect(stepTitle(view, "gone")).toBe("A step that is gone");
  });
});

describe("what an attempt began from", () => {
  it("is what was edited further or accepted before it, not what was redone", async () => {
    const view = await play(DOCUMENT, [approve, judge("redo"), judge("furtherEdit"), judge("accepted")]);
    const [first, second] = view.steps[0]!.cycles;
    expect(baseOf(view, { stepIndex: 0, cycleIndex: 0 })).toEqual([]);
    expect(baseOf(view, { stepIndex: 0, cycleIndex: 1 })).toEqual([]);
    expect(verdictOf(first!)).toBe("redo");
    expect(baseOf(view, { stepIndex: 0, cycleIndex: 2 })).toEqual(second!.attempt!.files);
    expect(baseOf(view, { stepIndex: 1, cycleIndex: 0 })).toEqual(view.versions[0]!.files);
  });

  it("is the user's own text after a hand edit", async () => {
    const files = [{ name: "letter.md", text: "mine" }];
    const view = await play(DOCUMENT, [approve, { act: "handEdit", files, words: "" }]);
    expect(baseOf(view, { stepIndex: 1, cycleIndex: 0 })).toEqual(files);
    expect(view.versions[0]).toMatchObject({ byHand: true, number: 1 });
  });
});

describe("what can be done", () => {
  const can = (need: Need, view: SessionView) => [canEditByHand({ ...view, need }), canJudge({ ...view, need })];

  it("follows what the session waits for", async () => {
    const view = await play(DOCUMENT, [approve]);
    expect(can({ kind: "judge" }, view)).toEqual([true, true]);
    expect(can({ kind: "chooseVerdict" }, view)).toEqual([true, true]);
    expect(can({ kind: "working", agent: "analyst", modelName: "m", remote: false }, view)).toEqual([true, true]);
    expect(can({ kind: "working", agent: "worker", modelName: "m", remote: false }, view)).toEqual([true, false]);
    expect(can({ kind: "checking" }, view)).toEqual([false, false]);
    expect(can({ kind: "poolExhausted" }, view)).toEqual([true, false]);
    expect(can({ kind: "nothing" }, view)).toEqual([false, false]);
    const plan = await play(DOCUMENT, []);
    expect(can({ kind: "resume" }, plan)).toEqual([false, false]); // no step has begun
  });

  it("knows the verdict that can be taken back", async () => {
    expect(lastJudged(await play(DOCUMENT, [approve]))).toBeNull();
    const view = await play(SCRIPT, [approve, judge("accepted")]);
    expect(lastJudged(view)).toMatchObject({ stepIndex: 0, cycleIndex: 1 }); // not the error before it
  });
});

describe("what is shown", () => {
  it("is the newest attempt, an older one, or a version", async () => {
    const view = await play(SCRIPT, [approve, judge("accepted")]);
    const [failed, good] = view.steps[0]!.cycles.map((cycle) => cycle.attempt!);
    const newest = subjectOf(view, NEWEST);
    expect(newest).toMatchObject({ title: "Step 2, attempt 1", newest: true, base: view.versions[0]!.files });
    expect(subjectOf(view, { kind: "attempt", id: failed!.id })).toMatchObject({ title: "Step 1, attempt 1", newest: false, check: failed!.check });
    expect(subjectOf(view, { kind: "attempt", id: newest.key }).newest).toBe(true);
    expect(subjectOf(view, { kind: "attempt", id: "gone" })).toEqual(newest);
    expect(subjectOf(view, { kind: "version", number: 1 })).toMatchObject({ title: "Version 1", version: 1, files: good!.files, baseName: "what you began with" });
    expect(comparable(view, newest).map((one) => one.label)).toEqual(["What it began from", "Version 1", "Step 1, attempt 2", "Step 1, attempt 1"]);
  });

  it("is the final version of a finished session", async () => {
    const view = await play(DATA, [approve, judge("accepted")]);
    expect(view.summary.status).toBe("finished");
    expect(finalVersion(view)?.number).toBe(1);
    expect(subjectOf(view, NEWEST)).toMatchObject({ title: "Version 1, final", newest: true, version: 1 });
  });

  it("offers an empty file of the right name before anything was made", async () => {
    const view = await play(SCRIPT, []);
    expect(editableFiles(view)).toEqual([{ name: "count.py", text: "" }]);
    expect(subjectOf(view, NEWEST).title).toBe("Nothing yet");
  });
});

describe("files", () => {
  it("are compared by name, with those that came and went", () => {
    const before = [{ name: "a", text: "1" }, { name: "b", text: "2" }, { name: "c", text: "3" }];
    const after = [{ name: "a", text: "1" }, { name: "b", text: "x" }, { name: "d", text: "4" }];
    expect(compareFiles(before, after).map(({ name, change }) => `${name} ${change}`)).toEqual(["a same", "b changed", "d added", "c removed"]);
  });

  it("are copied as one text", () => {
    expect(asText([{ name: "a", text: "1" }])).toBe("1");
    expect(asText([{ name: "a", text: "1" }, { name: "b", text: "2" }])).toBe("--- a\n1\n\n--- b\n2");
  });
});

describe("problems of a check", () => {
  const failed = (error: string): CheckView => ({ outcome: "failed", error, output: "" });

  it("stand at the innermost line of a traceback in the file", () => {
    const text =
      'Traceback (most recent call last):\n  File "/work/count.py", line 17, in <module>\n    main()\n  File "/work/count.py", line 11, in main\n' +
      '  File "/usr/lib/python3/json.py", line 300, in loads\nValueError: bad';
    expect(problemsOf(failed(text), "count.py")).toEqual([{ line: 11, message: "ValueError: bad", severity: "error" }]);
    expect(problemsOf(failed(text), "other.py")).toEqual([]);
    const syntax = '  File "count.py", line 3\n    def (\n        ^\nSyntaxError: invalid syntax';
    expect(problemsOf(failed(syntax), "count.py")).toEqual([{ line: 3, message: "SyntaxError: invalid syntax", severity: "error" }]);
  });

  it("are found in the usual forms, with columns where there are any", () => {
    const text = "page.html:12:5: unexpected }\nSyntaxError at line 7, column 2\nJSON (3:14) is not valid\nother.css:9: no\nnothing here";
    expect(problemsOf(failed(text), "page.html").map(({ line, column }) => [line, column])).toEqual([[12, 5], [7, 2], [3, 14]]);
  });

  it("are warnings where the check passed, and nothing where it did not run", () => {
    expect(problemsOf({ outcome: "passed", output: "", warnings: ["line 2: long", "no line"] }, "a.md")).toEqual([
      { line: 2, column: null, message: "line 2: long", severity: "warning" },
    ]);
    expect(problemsOf({ outcome: "notRun", why: "line 3" }, "a.md")).toEqual([]);
    expect(problemsOf(null, "a.md")).toEqual([]);
  });

  it("stay few however much is printed", () => {
    const many = Array.from({ length: 5000 }, (_, at) => `line ${at + 1}: no`).join("\n");
    expect(problemsOf(failed(many), "a.md")).toHaveLength(50);
  });
});

describe("data", () => {
  it("becomes a table only where it is one", () => {
    expect(columnsOf([{ a: 1, b: 2 }, { a: 3, c: 4 }])).toEqual(["a", "b", "c"]);
    for (const none of [[{ a: 1 }], [{ a: { b: 1 } }, { a: 2 }], [1, 2], "text", null, [{}, {}], [[1], [2]]]) expect(columnsOf(none)).toBeNull();
    expect(columnsOf(Array.from({ length: 2 }, () => Object.fromEntries([..."abcdefg"].map((name) => [name, 1]))))).toBeNull();
  });

  it("has entries where it has parts", () => {
    expect(entriesOf(["x"])).toEqual([["1", "x"]]);
    expect(entriesOf({ a: null })).toEqual([["a", null]]);
    for (const single of [1, "a", true, null]) expect(entriesOf(single)).toBeNull();
  });
});

describe("words", () => {
  it("tell every need and every switch", async () => {
    const problem = { code: "remote" as const, message: "", hint: "" };
    const needs: Need[] = [
      { kind: "working", agent: "lead", modelName: "m", remote: false }, { kind: "checking" }, { kind: "approvePlan" }, { kind: "judge" },
      { kind: "chooseVerdict" }, { kind: "poolExhausted" }, { kind: "teacher", agent: "worker" }, { kind: "trouble", agent: "worker", problem },
      { kind: "consent", agent: "worker", modelId: "", modelName: "", destination: "", messages: [] }, { kind: "resume" },
    ];
    for (const need of needs) expect(needWords(need)).not.toBe("");
    expect(needWords(needs[0]!)).toBe("Lead writes the instruction");
    expect(switchWords({ from: "A", to: "B", cause: "failures" })).toBe("B took over from A: too many failed attempts.");
    expect(switchWords({ from: null, to: "B", cause: "user" })).toBe("B took over: your choice.");
    expect(switchWords({ from: "A", to: null, cause: "noConsent" })).toContain("No other teacher is left.");
    const view = await play(SCRIPT, [approve, judge("redo")], { pools: usualPools });
    expect(view.steps[0]!.cycles[2]!.switch).toEqual({ from: "SmolLM2 360M", to: "Qwen2.5 1.5B Instruct", cause: "failures" });
  });
});
