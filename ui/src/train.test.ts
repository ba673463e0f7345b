// The Train view as a user meets it, over the fake backend.
import { flushSync } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { uiError } from "./lib/backend";
import type { FakeBackend } from "./lib/backend/fake";
import type { LabelReport, RunEvent, TrainingOverview, TrainingRun } from "./lib/bindings";
import { gate, model, startedBackend } from "./lib/test-data";
import { withRows } from "./lib/test-dataset";
import { all, click, find, PATIENCE, press, see, show, write } from "./lib/test-mount";
import { inUse, metric, overview, plan, result, runSummary, trainingRun, useCaseTraining, withTraining } from "./lib/test-training";

let backend: FakeBackend;
let shown: TrainingOverview;
beforeEach(() => {
  localStorage.setItem("opzest.view", "train");
  sessionStorage.clear();
  shown = overview();
  backend = withTraining(withRows(startedBackend()), () => shown);
});

async function settled(check: () => void): Promise<void> {
  await vi.waitFor(() => {
    flushSync();
    check();
  }, PATIENCE);
}

async function openPlan(name: string): Promise<void> {
  show(App, { backend });
  await see("train-use-case");
  const card = all("train-use-case").find((one) => one.getAttribute("aria-label") === name);
  click(card?.querySelector<HTMLElement>('[data-testid="plan"]') ?? null);
  await see("plan-time");
}

async function openRun(): Promise<void> {
  show(App, { backend });
  click((await see("run-row")).querySelector<HTMLElement>("button"));
  await see("curves");
}

describe("the overview", () => {
  it("shows readiness, what is in use, and the runs", async () => {
    show(App, { backend });
    await see("run-row");
    expect(all("train-readiness-words").map((one) => one.textContent)).toEqual(["40 finished results.", "18 of 30 finished results."]);
    expect(all("plan").map((one) => one.textContent.trim())).toEqual(["Train anew… for Letters", "Look at the plan for Scripts"]);
    expect(find("in-use")!.textContent).toContain("Rolling back brings back the model without training.");
    expect(all("run-status").map((one) => one.dataset.verdict)).toEqual(["win", "win"]);
  });

  it("rolls back in one click", async () => {
    backend.on("roll_back", () => (shown = overview({ useCases: [useCaseTraining("letters", "Letters")] })));
    show(App, { backend });
    click(await see("roll-back"));
    expect((await see("toast")).textContent).toBe("The model without training works on Letters again");
    await settled(() => expect(find("in-use")).toBe(null));
  });

  it("says what to do when there is nothing to learn from", async () => {
    shown = overview({ useCases: [useCaseTraining("assistant", "Assistant", [], false)], runs: [] });
    withRows(backend, 0);
    show(App, { backend });
    click((await see("train-empty")).querySelector<HTMLElement>("button"));
    await settled(() => expect(localStorage.getItem("opzest.view")).toBe("workshop"));
  });

  it("deletes a run after asking; a model in use is kept", async () => {
    backend.on("delete_run", () => (shown = overview({ runs: [runSummary("r1", { promoted: true })] })));
    show(App, { backend });
    await see("run-row");
    const remove = async (at: number) => {
      click(all("run-menu")[at] ?? null);
      click(await see("run-delete"));
      return see<HTMLButtonElement>("delete-run-confirm");
    };
    expect((await remove(1)).disabled).toBe(true);
    expect(find("delete-run")!.textContent).toContain("Roll back first");
    click(find("dialog-close"));
    await settled(() => expect(find("delete-run")).toBe(null));
    click(await remove(0));
    await settled(() => expect(all("run-row")).toHaveLength(1));
    expect(backend.argsOf("delete_run")).toEqual([{ runId: "r2" }]);
  });
});

describe("a plan", () => {
  it("says what is learned from, what it costs, and which models can be taught", async () => {
    await openPlan("Letters");
    expect(find("plan-time")!.textContent).toBe("about 10 min");
    expect(["rows", "examples", "pairs", "heldOut", "soft"].map((id) => find(`plan-${id}`)!.querySelector("strong")!.textContent)).toEqual(["60", "40", "30", "8", "50 %"]);
    expect(all("base").map((one) => one.dataset.id)).toEqual(["tiny", "mid"]);
    click(find("unable-bases")!.querySelector("button"));
    expect(find("unable-bases")!.textContent).toContain("It needs about 49.0 GB of memory");
    expect(document.activeElement?.textContent).toBe("Train on Letters");
  });

  it("is made anew with another base and other settings; nonsense is refused beside its field", async () => {
    await openPlan("Letters");
    click(all("base")[1]!.querySelector("input"));
    click(find("plan-settings")!.querySelector("button"));
    write(await see("setting-epochs"), "2", "change");
    write(await see("setting-rank"), "0", "change");
    await settled(() => expect(backend.argsOf("plan_training").at(-1)).toMatchObject({ baseId: "mid", settings: { epochs: 2, rank: 16 } }));
    expect(find("plan-settings")!.querySelector('[role="alert"]')!.textContent).toContain("Rank lies between 1 and 256.");
    click(find("settings-usual"));
    await settled(() => expect(backend.argsOf("plan_training").at(-1)).toMatchObject({ baseId: "mid", settings: null }));
  });

  it("can have its texts read by another model, and says what that is worth", async () => {
    backend.on("list_models", () => [model("tiny", { selected: true }), model("mid", { name: "Mid" }), model("far", { kind: "remote" }), model("old", { kind: "trained", name: "Letters 1" })]);
    const end = gate<LabelReport>();
    backend.on("label_rows", (_, emit) => {
      emit({ type: "progress", done: 2, total: 40 });
      return end.promise;
    });
    await openPlan("Letters");
    click(find("soft-labels")!.querySelector("button"));
    expect((await see("label-truth")).textContent).toContain("made the trained model worse");
    expect([...find<HTMLSelectElement>("label-reader")!.options].map((one) => one.textContent)).toEqual(["Mid", "Letters 1 (trained by you)"]);
    click(find("label-start"));
    expect((await see("label-progress")).textContent).toContain("Reading row 3 of 40");
    expect([find<HTMLButtonElement>("label-start")!.disabled, backend.argsOf("label_rows")]).toEqual([true, [{ useCaseId: "letters", scope: "private", modelId: "mid", again: false }]]);
    backend.on("plan_training", () => plan({ softShare: 0.9 }));
    end.open({ labelled: 38, leftOut: 2, problem: uiError("context_overflow", "The text is too long.") });
    expect((await see("label-report")).textContent).toBe("38 labelled, 2 left out: The text is too long.");
    await settled(() => expect(find("plan-soft")!.textContent).toContain("90 %"));
  });

  it("says that nobody can read where there is only the base", async () => {
    await openPlan("Letters");
    click(find("soft-labels")!.querySelector("button"));
    expect((await see("label-nobody")).textContent).toContain("no other model on this computer than Tiny");
    expect(find("label-start")).toBe(null);
  });

  it("opens a row that is left out in the Harvest", async () => {
    await openPlan("Letters");
    click(find("omitted-row"));
    await settled(() => expect(backend.argsOf("open_example")).toEqual([{ id: "e1" }]));
    expect(backend.argsOf("list_examples").at(-1)?.filter.useCaseId).toBe("letters");
  });

  it("that is not ready asks before it trains", async () => {
    await openPlan("Scripts");
    const paused = trainingRun("r3", { status: "paused", verdict: null });
    backend.on("start_training", () => paused).on("open_run", () => paused);
    await settled(() => expect(find("train-start")!.textContent).toContain("Train all the same…"));
    click(find("train-start"));
    expect((await see("not-ready")).textContent).toContain("Accept 12 more results.");
    expect(backend.argsOf("start_training")).toEqual([]);
    click(find("train-anyway"));
    await see("run-progress");
    expect(backend.argsOf("start_training")).toMatchObject([{ althoughNotReady: true }]);
  });

  it("that cannot start says why, and has no way to", async () => {
    backend.on("plan_training", () => plan({ problem: uiError("out_of_memory", "It needs 9 GB.", "Close other programs.") }));
    await openPlan("Letters");
    expect((await see("plan-problem")).textContent).toContain("It needs 9 GB.");
    expect(find<HTMLButtonElement>("train-start")!.disabled).toBe(true);
  });
});

describe("a run", () => {
  it("that is at work is told beside Train before that was opened", async () => {
    const summary = runSummary("r3", { status: "running", verdict: null });
    shown = overview({ runs: [summary] });
    backend.on("open_run", () => trainingRun("r3", summary)).on("watch_run", () => new Promise(() => {}));
    localStorage.setItem("opzest.view", "teachers");
    show(App, { backend });
    await settled(() => expect(find("go-train")?.textContent).toContain("working"));
  });

  it("that is at work keeps another one from being started, and is one click away", async () => {
    const summary = runSummary("r3", { name: "Scripts 1", status: "running", verdict: null });
    shown = overview({ runs: [summary] });
    backend.on("open_run", () => trainingRun("r3", summary)).on("watch_run", () => new Promise(() => {}));
    await openPlan("Letters");
    expect(find<HTMLButtonElement>("train-start")!.disabled).toBe(true);
    expect(find("other-run")!.textContent).toContain("Scripts 1 is at work");
    click(find("other-run")!.querySelector("button"));
    await see("run-progress");
  });

  it("goes on before one's eyes, and a point is read by keyboard in all curves", async () => {
    let emit: (event: RunEvent) => void = () => {};
    const summary = runSummary("r3", { status: "running", verdict: null, step: 2, secondsLeft: 600 });
    shown = overview({ runs: [summary] });
    backend.on("open_run", () => trainingRun("r3", summary)).on("watch_run", (_, send) => {
      emit = send;
      return new Promise(() => {});
    });
    await openRun();
    expect(find("run-left")!.textContent).toBe("about 10 min left");
    expect(find("go-train")!.textContent).toContain("working");
    emit({ type: "metric", metric: metric(3) });
    emit({ type: "summary", summary: { ...summary, step: 3, waiting: "The battery is at 18 %." } });
    expect((await see("run-waiting")).textContent).toContain("The battery is at 18 %.");
    await settled(() => expect(find("run-facts")!.textContent).toContain("Step 3 of 40"));
    const curve = all("curve")[0]!.querySelector<HTMLElement>('[role="slider"]')!;
    press(curve, "Home");
    expect(curve.getAttribute("aria-valuetext")).toBe("Step 1: 1.99, smoothed 1.99");
    press(curve, "ArrowRight");
    expect(all("curve-reading").map((one) => one.textContent.slice(0, 7))).toEqual(["Step 2:", "Step 2:", "Step 2:", "Step 2:"]);
    click(find("curve-table")!.querySelector("button"));
    expect(find("curve-table")!.querySelectorAll("tbody tr")).toHaveLength(3);
  });

  it("asks before it is cancelled", async () => {
    const summary = runSummary("r3", { status: "paused", verdict: null });
    shown = overview({ runs: [summary] });
    backend.on("cancel_run", () => ({ ...summary, status: "cancelled" as const }));
    await openRun();
    click(find("run-cancel"));
    expect(backend.argsOf("cancel_run")).toEqual([]);
    backend.on("open_run", () => trainingRun("r3", { ...summary, status: "cancelled" }));
    click(await see("cancel-run-confirm"));
    expect((await see("run-over")).textContent).toContain("was cancelled");
  });

  it("that won is promoted in one click, and rolled back where it stands", async () => {
    await openRun();
    expect(find("verdict")!.dataset.verdict).toBe("win");
    expect(find("comparison")!.textContent).toContain("Better");
    backend.on("promote_run", () => (shown = overview({ useCases: [useCaseTraining("letters", "Letters", [{ ...inUse, runId: "r2", name: "Name of r2" }])], runs: [runSummary("r2", { promoted: true })] })));
    click(find("promote"));
    expect((await see("in-use")).textContent).toContain("Name of r2");
    expect([backend.argsOf("promote_run"), find("promote"), find("discard")]).toEqual([[{ runId: "r2", althoughNoWin: false }], null, null]);
  });

  it("that is over is judged again; a refusal stands with it", async () => {
    await openRun();
    backend.on("judge_run", () => Promise.reject(uiError("busy", "Another training run is at work.")));
    click(find("judge-again"));
    expect((await see("judge-error")).textContent).toContain("Another training run is at work.");
    const end = gate<TrainingRun>();
    backend.on("judge_run", () => end.promise).on("watch_run", (_, emit) => {
      emit({ type: "doing", words: "Comparing with what is in use" });
      return new Promise(() => {});
    });
    click(find("judge-again"));
    await settled(() => expect(find("judging")?.textContent).toContain("Comparing with what is in use…"));
    expect([find<HTMLButtonElement>("judge-again")!.disabled, find<HTMLButtonElement>("promote")!.disabled, find("judge-error")]).toEqual([true, true, null]);
    end.open(trainingRun("r2", { verdict: "notEnoughEvidence" }));
    expect((await see("toast")).textContent).toBe("Judged “Name of r2” again: not enough evidence");
    expect([find("verdict")!.dataset.verdict, find("judging")]).toEqual(["notEnoughEvidence", null]);
  });

  it("that did not win says why before it is promoted all the same", async () => {
    shown = overview({ runs: [runSummary("r2", { verdict: "loss" })] });
    await openRun();
    click(find("promote"));
    expect((await see("promote-dialog")).textContent).toContain("did worse");
    backend.on("promote_run", () => Promise.reject(uiError("store", "The disk is full.")));
    click(find("promote-anyway"));
    expect((await see("promote-error")).textContent).toContain("The disk is full.");
    expect(backend.argsOf("promote_run")).toEqual([{ runId: "r2", althoughNoWin: true }]);
  });

  it("whose check failed offers no model", async () => {
    backend.on("open_run", () => trainingRun("r2", {}, { result: result({ verdict: "loss", modelId: null, parity: { passed: false, words: "0.4 nats apart." } }) }));
    await openRun();
    expect(find("parity")!.textContent).toContain("0.4 nats apart.");
    expect([find("promote"), find("export-model")]).toEqual([null, null]);
    expect(find("no-model")).not.toBe(null);
  });

  it("shows answers side by side, and writes its model into a folder", async () => {
    await openRun();
    expect(["before", "after", "accepted"].map((side) => find(`sample-${side}`)!.querySelector("pre")!.textContent)).toEqual(["bad", "better", "good"]);
    expect(find("sample-after")!.textContent).toContain("fails its check");
    click(find("sample-next"));
    expect(find("sample-after")!.querySelector("pre")!.textContent).toBe("c");
    backend.folder = "/out";
    backend.on("export_trained", ({ folder, format }) => [`${folder}/${format}.gguf`]);
    click(find("export-model"));
    click((await see("model-format-mergedQ8")).querySelector("input"));
    click(find("export-model-run"));
    expect((await see("export-model-done")).textContent).toContain("/out/mergedQ8.gguf");
  });

  it("that cannot be opened says so; Escape leads back to the list", async () => {
    backend.on("open_run", () => Promise.reject(uiError("not_found", "It was deleted.")));
    show(App, { backend });
    click((await see("run-row")).querySelector<HTMLElement>("button"));
    expect((await see("run-error")).textContent).toContain("It was deleted.");
    press(document.body, "Escape");
    await see("runs");
    await settled(() => expect(document.activeElement?.closest<HTMLElement>("[data-id]")?.dataset.id).toBe("r2"));
  });
});
