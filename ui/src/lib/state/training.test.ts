import { beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { LabelReport, RunEvent, RunSummary, TrainingOverview, TrainingPlan, TrainingRun } from "../bindings";
import { gate } from "../test-data";
import { inUse, metric, overview, plan, runSummary, SETTINGS, trainingRun, useCaseTraining, withTraining } from "../test-training";
import { Training } from "./training.svelte";

let backend: FakeBackend;
let training: Training;
let frames: (() => void)[];
let waits: { work: () => void; ms: number }[];
const changed = vi.fn();
const make = () => new Training(backend, sessionStorage, changed, (work) => frames.push(work), (work, ms) => waits.push({ work, ms }));
beforeEach(() => {
  sessionStorage.clear();
  changed.mockReset();
  frames = [];
  waits = [];
  backend = withTraining(new FakeBackend());
  training = make();
});

const settled = () => new Promise((resolve) => setTimeout(resolve));
const working: Partial<RunSummary> = { status: "running", verdict: null, step: 2 };

/** A run at work, and what its stream says. */
function atWork() {
  const end = gate();
  let emit: (event: RunEvent) => void = () => {};
  let summary = runSummary("r3", working);
  backend
    .on("training_overview", () => overview({ runs: [summary, runSummary("r1")] }))
    .on("open_run", () => trainingRun("r3", summary))
    .on("watch_run", async (_, send) => {
      emit = send;
      await end.promise;
      return null;
    });
  return {
    end,
    emit: (event: RunEvent) => emit(event),
    become: (more: Partial<RunSummary>) => (summary = { ...summary, ...more }),
  };
}

describe("the overview", () => {
  it("is read, and an error says why not", async () => {
    await training.load();
    expect([training.useCases.length, training.runs.length, training.busy]).toEqual([2, 2, false]);
    backend.on("training_overview", () => Promise.reject(uiError("store", "busy")));
    await training.load();
    expect([training.error?.message, training.useCases.length]).toEqual(["busy", 2]);
  });

  it("is only looked at without opening what was open: a run at work is followed all the same", async () => {
    training.planFor("letters");
    atWork();
    training = make();
    await training.look();
    await settled();
    expect([training.busy, training.draft, training.run, backend.argsOf("watch_run")]).toEqual([true, null, null, [{ runId: "r3" }]]);
    await training.load();
    expect(training.draft?.useCaseId).toBe("letters");
  });

  it("rolls back one scope of one use case, and keeps a refusal beside it", async () => {
    await training.load();
    backend.on("roll_back", () => Promise.reject(uiError("training", "nothing before")));
    expect(await training.rollBack("letters", inUse)).toBe(false);
    expect(training.errors["letters/private"]?.message).toBe("nothing before");
    backend.on("roll_back", () => overview({ useCases: [useCaseTraining("letters", "Letters")] }));
    expect(await training.rollBack("letters", inUse)).toBe(true);
    expect([training.useCase("letters")?.inUse, training.errors["letters/private"], changed.mock.calls.length]).toEqual([[], undefined, 1]);
    expect(backend.argsOf("roll_back").at(-1)).toEqual({ useCaseId: "letters", scope: "private" });
  });
});

describe("a plan", () => {
  it("is made of what is usual, then of each choice; an older answer is not shown", async () => {
    training.planFor("letters");
    const draft = training.draft!;
    await settled();
    expect([draft.plan?.settings.epochs, draft.planning]).toEqual([4, false]);
    const slow = gate<TrainingPlan>();
    backend.on("plan_training", () => slow.promise);
    draft.chooseBase("mid");
    backend.on("plan_training", ({ baseId, settings }) => plan({ baseId: baseId ?? "", settings: settings ?? SETTINGS, examples: 7 }));
    draft.set("epochs", 2);
    draft.set("epochs", 2);
    await settled();
    slow.open(plan({ examples: 99 }));
    await settled();
    expect([draft.plan?.baseId, draft.plan?.settings.epochs, draft.plan?.examples]).toEqual(["mid", 2, 7]);
    expect(backend.argsOf("plan_training").map((args) => [args.baseId, args.settings?.epochs ?? null])).toEqual([[null, null], ["mid", null], ["mid", 2]]);
    draft.usual();
    expect(draft.settings).toBe(null);
  });

  it("keeps what is on the screen when a new one fails", async () => {
    training.planFor("letters");
    await settled();
    backend.on("plan_training", () => Promise.reject(uiError("model", "broken")));
    training.draft!.chooseScope("communal");
    await settled();
    expect([training.draft?.error?.message, training.draft?.plan?.examples, training.draft?.planning]).toEqual(["broken", 40, false]);
  });

  it("is made anew when a model has read its texts, also where that broke off; two at once are not read", async () => {
    training.planFor("letters");
    await settled();
    const { labelling } = training;
    const asked = { useCaseId: "letters", scope: "private" as const, modelId: "mid", again: false };
    const end = gate<LabelReport>();
    backend.on("label_rows", (_, emit) => {
      emit({ type: "progress", done: 2, total: 40 });
      return end.promise;
    });
    void training.label(asked);
    await settled();
    await training.label({ ...asked, modelId: "big" });
    expect([labelling.reading, labelling.progress, backend.argsOf("label_rows"), backend.argsOf("plan_training").length]).toEqual([true, { done: 2, total: 40 }, [asked], 1]);
    backend.on("plan_training", () => plan({ softShare: 0.9 }));
    end.open({ labelled: 38, leftOut: 2, problem: uiError("context_overflow", "It is too long.") });
    await settled();
    expect([labelling.reading, labelling.report?.labelled, training.draft?.plan?.softShare]).toEqual([false, 38, 0.9]);
    backend.on("label_rows", () => Promise.reject(uiError("worker_died", "The model ended."))).on("plan_training", () => plan({ softShare: 0.95 }));
    await training.label(asked);
    await settled();
    expect([labelling.report, labelling.error?.message, training.draft?.plan?.softShare]).toEqual([null, "The model ended.", 0.95]);
  });

  it("of something else is left alone by what was read", async () => {
    training.planFor("letters");
    backend.on("label_rows", () => {
      training.planFor("scripts");
      return { labelled: 1, leftOut: 0, problem: null };
    });
    await training.label({ useCaseId: "letters", scope: "private", modelId: "mid", again: true });
    expect(backend.argsOf("plan_training").map(({ useCaseId }) => useCaseId)).toEqual(["letters", "scripts"]);
  });

  it("starts a run, which is shown; a refusal stands with the plan", async () => {
    await training.load();
    training.planFor("letters");
    await settled();
    backend.on("start_training", () => Promise.reject(uiError("busy", "another one")));
    expect(await training.start(false)).toBe(false);
    expect([training.draft?.startError?.message, training.run]).toEqual(["another one", null]);
    backend.on("start_training", () => trainingRun("r3", working)).on("open_run", () => trainingRun("r3", working)).on("watch_run", () => new Promise(() => {}));
    expect(await training.start(true)).toBe(true);
    expect([training.draft, training.run?.id, training.runs[0]?.id, training.busy]).toEqual([null, "r3", "r3", true]);
    expect(backend.argsOf("start_training").at(-1)).toMatchObject({ althoughNotReady: true, plan: { useCaseId: "letters", baseId: null } });
  });
});

describe("a run", () => {
  it("is followed from the overview on; metrics are shown once a frame", async () => {
    const run = atWork();
    await training.load();
    await settled();
    expect(backend.argsOf("watch_run")).toHaveLength(1);
    training.show("r3");
    await settled();
    expect(backend.argsOf("watch_run")).toHaveLength(1);
    expect(training.run?.metrics.map(({ step }) => step)).toEqual([1, 2]);
    run.emit({ type: "metric", metric: metric(3) });
    run.emit({ type: "metric", metric: metric(4) });
    run.emit({ type: "doing", words: "Saving" });
    expect([training.run?.metrics.length, training.run?.doing]).toEqual([2, "Saving"]);
    await settled();
    for (const frame of frames) frame();
    expect(training.run?.metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  it("tells the overview how it goes on; at its end it is read with its result", async () => {
    const run = atWork();
    training.show("r3");
    await settled();
    await training.load();
    run.emit({ type: "summary", summary: run.become({ step: 17, waiting: "The battery is low." }) });
    expect([training.runs[0]?.step, training.run?.summary?.waiting]).toEqual([17, "The battery is low."]);
    run.become({ status: "finished", verdict: "win", waiting: null });
    run.end.open();
    await settled();
    await settled();
    expect([training.run?.run?.result?.verdict, training.run?.followed, training.busy, changed.mock.calls.length, waits]).toEqual(["win", false, false, 1, []]);
  });

  it("is connected to again when its stream breaks, and says so meanwhile", async () => {
    atWork();
    backend.on("watch_run", () => Promise.reject(uiError("internal", "gone")));
    training.show("r3");
    await settled();
    expect([training.run?.lost?.message, waits.map(({ ms }) => ms)]).toEqual(["gone", [0]]);
    waits[0]?.work();
    await settled();
    expect(waits.map(({ ms }) => ms)).toEqual([0, 1000]);
    backend.on("watch_run", (_, emit) => {
      emit({ type: "summary", summary: runSummary("r3", working) });
      return new Promise(() => {});
    });
    waits[1]?.work();
    await settled();
    expect(training.run?.lost).toBe(null);
  });

  it("is paused, resumed and cancelled; a refusal stands with it", async () => {
    backend.on("training_overview", () => overview({ runs: [runSummary("r3", { status: "paused", verdict: null })] })).on("open_run", () => trainingRun("r3", { status: "paused", verdict: null }));
    training.show("r3");
    await settled();
    backend.on("resume_run", () => Promise.reject(uiError("busy", "Another one is at work.")));
    await training.run?.act("resume");
    expect([training.run?.actError?.message, training.run?.followed]).toEqual(["Another one is at work.", false]);
    const run = atWork();
    backend.on("resume_run", () => runSummary("r3", working));
    await training.run?.act("resume");
    expect([training.run?.summary?.status, training.run?.followed, training.run?.actError]).toEqual(["running", true, null]);
    backend.on("cancel_run", () => run.become({ status: "cancelled" }));
    await training.run?.act("cancel");
    run.end.open();
    await settled();
    await settled();
    expect([training.run?.summary?.status, training.run?.followed]).toEqual(["cancelled", false]);
  });

  it("that is gone says so, and is not asked for again", async () => {
    backend.on("open_run", () => Promise.reject(uiError("not_found", "It was deleted.")));
    training.show("r9");
    await settled();
    expect([training.run?.openError?.message, training.run?.followed]).toEqual(["It was deleted.", false]);
  });

  it("is judged again: what is done is told as soon as it has begun, and no other run is started meanwhile", async () => {
    await training.load();
    training.show("r2");
    await settled();
    const run = training.run!;
    const end = gate<TrainingRun>();
    backend.on("judge_run", () => end.promise);
    void training.judgeAgain(run);
    await settled();
    expect([run.judging, training.atWork?.id, waits.length]).toEqual([true, "r2", 1]);
    backend.on("watch_run", (_, emit) => {
      emit({ type: "summary", summary: runSummary("r2") });
      emit({ type: "doing", words: "Comparing" });
      return new Promise(() => {});
    });
    waits[0]?.work();
    await settled();
    expect([run.doing, await training.judgeAgain(run), backend.argsOf("judge_run")]).toEqual(["Comparing", false, [{ runId: "r2" }]]);
    end.open(trainingRun("r2", { verdict: "loss" }));
    await settled();
    expect([run.judging, run.doing, run.run?.result?.verdict, training.runs[0]?.verdict, training.busy]).toEqual([false, "", "loss", "loss", false]);
  });

  it("that could not be judged again says why and keeps its verdict", async () => {
    await training.load();
    training.show("r2");
    await settled();
    backend.on("judge_run", () => Promise.reject(uiError("busy", "Another one is at work."))).on("watch_run", () => Promise.reject(uiError("internal", "gone")));
    expect(await training.judgeAgain(training.run!)).toBe(false);
    await settled();
    for (const wait of waits) wait.work();
    expect([training.run?.judgeError?.message, training.run?.run?.result?.verdict, training.run?.lost, training.busy, backend.argsOf("watch_run").length]).toEqual(["Another one is at work.", "win", null, false, 1]);
  });

  it("is promoted: what is open and the overview know it", async () => {
    await training.load();
    training.show("r2");
    await settled();
    backend.on("promote_run", () => overview({ runs: [runSummary("r2", { promoted: true }), runSummary("r1")] }));
    expect(await training.promote("r2", false)).toBe(true);
    expect([training.run?.summary?.promoted, training.runs.map(({ promoted }) => promoted), changed.mock.calls.length]).toEqual([true, [true, false], 1]);
  });

  it("is as it was made last: what was asked before that and comes after it is old", async () => {
    const [page, read] = [gate<TrainingOverview>(), gate<TrainingRun>()];
    await training.load();
    training.show("r1");
    await settled();
    backend.on("training_overview", () => page.promise).on("open_run", () => read.promise);
    void training.load();
    training.show("r1");
    const after = overview({ useCases: [useCaseTraining("letters", "Letters")], runs: [runSummary("r2"), runSummary("r1")] });
    backend.on("roll_back", () => after);
    expect(await training.rollBack("letters", inUse)).toBe(true);
    read.open(trainingRun("r1", { promoted: true }));
    await settled();
    expect([training.run?.summary?.promoted, training.runs.some((run) => run.promoted)]).toEqual([false, false]);
    backend.on("open_run", () => trainingRun("r1"));
    page.open(overview());
    await settled();
    expect([training.run?.summary?.promoted, training.useCase("letters")?.inUse, training.runs.some((run) => run.promoted)]).toEqual([false, [], false]);
  });

  it("is deleted: the overview is on the screen again", async () => {
    await training.load();
    training.show("r2");
    await settled();
    backend.on("delete_run", () => Promise.reject(uiError("busy", "It is in use.")));
    expect(await training.remove("r2")).toBe(false);
    expect([training.errors.r2?.message, training.run?.id]).toEqual(["It is in use.", "r2"]);
    backend.on("delete_run", () => overview({ runs: [runSummary("r1")] }));
    expect(await training.remove("r2")).toBe(true);
    expect([training.run, training.runs.map(({ id }) => id)]).toEqual([null, ["r1"]]);
  });

  it("or a plan is there again after the page was loaded anew, unless it is gone", async () => {
    training.show("r2");
    training = make();
    await training.load();
    expect(training.run?.id).toBe("r2");
    training.planFor("scripts");
    training = make();
    await training.load();
    expect([training.run, training.draft?.useCaseId]).toEqual([null, "scripts"]);
    training.close();
    training = make();
    await training.load();
    expect([training.run, training.draft]).toEqual([null, null]);
    sessionStorage.setItem("opzest.train", "run/r9");
    training = make();
    await training.load();
    expect(training.run).toBe(null);
  });
});
