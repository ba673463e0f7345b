// The Workshop's pages as a user meets them, over pretended sessions.
import { flushSync } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { uiError } from "./lib/backend";
import type { FakeBackend } from "./lib/backend/fake";
import { DATA, DOCUMENT, PAGE_SCRIPT, SCRIPT, type Script } from "./lib/backend/fake-scripts";
import { usualPools, type FakeSession } from "./lib/backend/fake-session";
import { fakeSessions, type FakeSessions, type FakeSessionsOptions } from "./lib/backend/fake-sessions";
import type { SessionAct } from "./lib/bindings";
import { gate, model, startedBackend } from "./lib/test-data";
import { all, click, find, press, show, write } from "./lib/test-mount";
// What the pages fetch when they need it: here beforehand, so that no test waits for a compiler.
import "./components/views/WorkshopView.svelte";
import "./components/shared/ShortcutsDialog.svelte";
import "./lib/editor/code";
import "./lib/editor/diff";
import "./lib/markdown/growing";

vi.setConfig({ testTimeout: 30_000 });

let backend: FakeBackend;
let fake: FakeSessions;

beforeEach(() => {
  localStorage.setItem("opzest.view", "workshop");
  backend = startedBackend();
  fake = fakeSessions(backend);
});

const approve: SessionAct = { act: "approvePlan" };
const lastAct = () => backend.argsOf("act_on_session").at(-1)?.act;
const text = (id: string) => find(id)?.textContent ?? "";

async function shows(check: () => unknown): Promise<void> {
  await vi.waitFor(() => {
    flushSync();
    expect(check()).toBeTruthy();
  }, 8000);
}

async function see<E extends HTMLElement = HTMLElement>(id: string): Promise<E> {
  await shows(() => find(id) !== null);
  return find<E>(id)!;
}

/** Presses a button as soon as it can be pressed. */
async function go(id: string): Promise<void> {
  await shows(() => find<HTMLButtonElement>(id)?.disabled === false);
  click(find(id));
}

/** Opens the window on a session that has come so far. */
async function open(script: Script, acts: SessionAct[] = [], options?: FakeSessionsOptions): Promise<FakeSession> {
  if (options) fake = fakeSessions(backend, options);
  const session = fake.begin(script);
  await session.work();
  for (const act of acts) {
    session.act(act);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  sessionStorage.setItem("opzest.session", session.id);
  show(App, { backend });
  await see("dock");
  return session;
}

const need = (kind: string) => shows(() => find("dock")?.dataset.need === kind);

describe("the start page", () => {
  it("explains itself to those who are new, and starts with Ctrl+Enter", async () => {
    show(App, { backend });
    expect((await see("first-time")).textContent).toContain("Say what you want");
    expect(text("session-list-empty")).toContain("Say what you want to make");
    const request = await see<HTMLTextAreaElement>("request");
    expect(find<HTMLButtonElement>("start")!.disabled).toBe(true);
    write(request, "A letter");
    press(request, "Enter");
    expect(backend.argsOf("new_session")).toHaveLength(0); // a new line
    press(request, "Enter", { ctrlKey: true });
    await need("approvePlan");
    expect(backend.argsOf("new_session")[0]).toMatchObject({ request: "A letter", workflow: null, scope: "private", plan: [] });
  });

  it("takes a template, a workflow, a use case, files, the scope and an own plan along", async () => {
    show(App, { backend });
    await see("workflow-page");
    click(find("workflow-page"));
    click(all("template")[0]!);
    expect(find<HTMLTextAreaElement>("request")!.value).toContain("lemons fall");
    const field = find<HTMLInputElement>("start-files-input")!;
    Object.defineProperty(field, "files", { value: [new File(["hello"], "note.txt")], configurable: true });
    field.dispatchEvent(new Event("change", { bubbles: true }));
    await see("start-file");
    write(find("use-case")!, "\n", "change");
    write(await see("use-case-name"), "My games");
    press(find("use-case-name")!, "Enter");
    await shows(() => find<HTMLSelectElement>("use-case")?.selectedOptions[0]?.textContent === "My games");
    click(find("scope")!.querySelector<HTMLElement>('input[value="communal"]'));
    expect(document.body.textContent).toContain("may be shared with your community");
    click(find("own-plan")!.querySelector("button"));
    click(await see("own-step-add"));
    write(await see("own-step"), "Draw a lemon");
    press(find("own-step")!, "Enter");
    await shows(() => all("own-step").length === 2);
    write(all("own-step")[1]!, "Let it fall");
    await go("start");
    await need("approvePlan");
    const [args] = backend.argsOf("new_session");
    expect(args).toMatchObject({
      workflow: "page", scope: "communal", files: [{ name: "note.txt", text: "hello" }], plan: ["Draw a lemon", "Let it fall"],
    });
    expect(fake.useCases.find((one) => one.id === args!.useCaseId)?.name).toBe("My games");
    expect(all("plan-step").map((card) => card.textContent)).toEqual([expect.stringContaining("Draw a lemon"), expect.stringContaining("Let it fall")]);
  });

  it("says where scripts cannot be run safely, which workflows are broken, and what went wrong", async () => {
    fake = fakeSessions(backend, {
      sandbox: { ready: false, preview: false, problem: uiError("invalid_input", "bwrap is not installed.", "Install bubblewrap.") },
      problems: [uiError("invalid_input", "poem.toml, line 3, column 1: the name is empty")],
    });
    backend.on("new_session", () => Promise.reject(uiError("disk_full", "The disk is full.", "Make room.")));
    show(App, { backend });
    expect((await see("no-sandbox")).textContent).toContain("bwrap is not installed.");
    click(find("workflow-document"));
    expect(find("no-sandbox")).toBeNull(); // a text is not run
    click(find("workflow-problems")!.querySelector("button"));
    expect((await see("workflow-problems-area")).textContent).toContain("line 3");
    write(find("request")!, "x");
    await go("start");
    expect((await see("start-error")).textContent).toContain("Make room.");
    expect(find<HTMLTextAreaElement>("request")!.value).toBe("x");
  });

  it("leads to sessions that wait for the user", async () => {
    const session = fake.begin(DOCUMENT);
    await session.work();
    show(App, { backend });
    click(await see("waiting-session"));
    await need("approvePlan");
  });
});

describe("a session", () => {
  it("goes from the plan over words and verdicts to a saved product", async () => {
    backend.folder = "/home/ana";
    await open(DOCUMENT);
    await go("approve-plan");
    await need("judge");
    await shows(() => text("read").includes("please water my plants"));
    expect(text("result-title")).toBe("Step 1, attempt 1");
    expect(text("check-bar")).toContain("works");
    write(find("words")!, "Friendlier please");
    press(find("words")!, "Enter");
    expect(lastAct()).toEqual(approve);
    press(find("words")!, "Enter", { ctrlKey: true });
    await shows(() => text("result-title") === "Step 1, attempt 2");
    expect(lastAct()).toEqual({ act: "feedback", words: "Friendlier please" });
    expect(text("last-verdict")).toContain("understood as “Further edit”, 91 % sure");
    expect(all("cycle-verdict")[0]!.textContent).toContain("Further edit");
    expect(text("left-out")).toContain("were left out");
    await shows(() => !find<HTMLButtonElement>("quick-redo")!.disabled);
    press(find("words")!, "Enter", { ctrlKey: true, shiftKey: true });
    await shows(() => text("result-title") === "Step 2, attempt 1");
    await go("quick-accepted");
    await need("nothing");
    expect(text("finished")).toContain("Your product is finished.");
    await go("save-product");
    await shows(() => text("toast").includes("Saved: /home/ana/letter.md"));
    expect(backend.argsOf("export_product")).toEqual([{ id: "session-1", version: 2, folder: "/home/ana" }]);
    await go("more");
    write(await see("more-step"), "Translate it");
    await go("more-go");
    await need("judge");
    expect(lastAct()).toMatchObject({ act: "editPlan", steps: [{ id: null, text: "Translate it" }] });
  });

  it("lets a verdict be replaced by one click, and taken back", async () => {
    const session = await open(DATA, [approve]);
    await go("quick-accepted");
    await need("nothing");
    await go("verdict-change");
    expect(find("override-accepted")!.getAttribute("aria-pressed")).toBe("true");
    await go("override-furtherEdit");
    await need("judge");
    expect(lastAct()).toMatchObject({ act: "verdict", verdict: "furtherEdit", words: "", attemptId: expect.any(String) });
    expect(find("verdict-change")).toBeNull(); // another attempt is judged now
    await go("verdict-undo");
    await shows(() => !session.view.canUndo);
    expect(find("last-verdict")).toBeNull();
  });

  it("asks when it is not sure what the words mean", async () => {
    await open(DOCUMENT, [approve, { act: "feedback", words: "Hm, maybe?" }]);
    await need("chooseVerdict");
    expect(text("verdict-words")).toContain("Please choose");
    expect(text("verdict-furtherEdit")).toContain("42 %");
    await go("verdict-redo");
    await need("judge");
    expect(lastAct()).toMatchObject({ act: "verdict", verdict: "redo", words: "", attemptId: expect.any(String) });
    // What the analyst thought stays to be seen.
    expect(text("last-verdict")).toContain("You chose “Redo”. Your words were understood as “Further edit”, 42 % sure.");
    expect(text("cycle-verdict")).toContain("by you; your words were understood as “Further edit”, 42 % sure");
  });

  it("shows who writes what, and pauses on Escape", async () => {
    const steps: ReturnType<typeof gate<void>>[] = [];
    let held = false;
    const session = await open(DOCUMENT, [], {
      pace: () => {
        if (!held) return Promise.resolve();
        const step = gate<void>();
        steps.push(step);
        return step.promise;
      },
    });
    held = true;
    await go("approve-plan");
    const live = await see("live");
    expect(live.dataset.agent).toBe("lead");
    const next = async () => {
      await shows(() => steps.length > 0);
      steps.shift()!.open();
      await Promise.resolve();
    };
    for (let turn = 0; turn < 3; turn++) await next();
    expect(text("live")).toContain("Reading, 600 of 1,200 tokens");
    for (let turn = 0; turn < 20; turn++) await next();
    await see("live-reasoning");
    await shows(() => text("live-text").includes("Write a message"));
    expect(text("live-speed")).toContain("23/s");
    expect(text("at-work")).toContain("Lead writes the instruction");
    session.emit({ kind: "startedOver", why: "the stream was cut" });
    expect((await see("started-over")).textContent).toContain("the stream was cut");
    press(window, "Escape");
    await need("resume");
    expect(lastAct()).toEqual({ act: "pause" });
    held = false;
    await go("resume");
    await need("judge");
  });

  it("keeps the plan editable while it works", async () => {
    await open(DOCUMENT, [approve]);
    click(find("plan-disclosure")!.querySelector("button"));
    const cards = () => all("plan-step");
    await shows(() => cards().length === 2);
    click(cards()[1]!.querySelector<HTMLElement>('[data-testid="step-edit"]'));
    write(await see("step-text"), "Add a table");
    click(find("step-save"));
    await shows(() => cards()[1]?.textContent?.includes("Add a table"));
    expect(lastAct()).toMatchObject({ act: "editPlan", steps: [{ id: "session-1-s0" }, { id: "session-1-s1", text: "Add a table" }] });
    click(find("plan-add"));
    write(await see("step-text"), "Send it");
    click(find("step-save"));
    await shows(() => cards().length === 3);
    backend.on("act_on_session", () => Promise.reject(uiError("invalid_input", "A step has no text.")));
    click(cards()[2]!.querySelector<HTMLElement>('[data-testid="step-menu"]'));
    click(await see("step-delete"));
    expect((await see("plan-error")).textContent).toContain("A step has no text.");
    expect(find("act-error")).toBeNull();
  });

  it("takes the user's own version, with the words", async () => {
    await open(DOCUMENT, [approve]);
    click(find("result-tabs-edit"));
    const editor = await see("editor");
    editor.textContent = "My own letter";
    await see("hand-edit");
    write(find("words")!, "Shorter");
    await go("hand-use");
    await shows(() => text("result-title") === "Step 2, attempt 1");
    expect(lastAct()).toEqual({ act: "handEdit", words: "Shorter", files: [{ name: "letter.md", text: "My own letter" }] });
    expect(find("hand-edit")).toBeNull();
    await go("verdict-undo");
    await shows(() => text("result-title") === "Step 1, attempt 1");
  });

  it("shows older attempts, and what changed", async () => {
    await open(SCRIPT, [approve]);
    expect(all("check-chip").map((chip) => chip.textContent)).toEqual(["Did not work", "Works, with remarks"]);
    expect(text("check-error")).toContain("NameError");
    expect(text("problems")).toContain("Line 14");
    click(all("look")[0]!);
    await shows(() => text("result-title") === "Step 1, attempt 1");
    expect(text("problems")).toContain("NameError: name 'Counter' is not defined");
    expect((await see("editor")).getAttribute("aria-readonly")).toBe("true");
    click(find("to-newest"));
    expect(text("result-title")).toBe("Step 1, attempt 2");
    click(find("result-tabs-changes"));
    const others = await see<HTMLSelectElement>("compare-with");
    expect([...others.options].map((option) => option.textContent)).toEqual(["What it began from", "Step 1, attempt 1"]);
  });

  it("lists the versions of the product, saves and copies each, and keeps a refusal beside it", async () => {
    backend.folder = "/readonly";
    await open(DOCUMENT, [approve, { act: "verdict", verdict: "accepted", words: "" }, { act: "verdict", verdict: "accepted", words: "" }]);
    click(find("result-tabs-versions"));
    const versions = await vi.waitFor(() => {
      flushSync();
      expect(all("version")).toHaveLength(2);
      return all("version");
    });
    expect(versions[0]!.textContent).toContain("Final");
    click(versions[1]!.querySelector<HTMLElement>('[data-testid="save-product"]'));
    expect((await see("save-error")).textContent).toContain("cannot be written");
    expect(backend.argsOf("export_product")[0]).toMatchObject({ version: 1 });
    click(versions[1]!.querySelector<HTMLElement>('[data-testid="version-look"]'));
    await shows(() => text("result-title") === "Version 1");
  });

  it("keeps long steps quick: earlier cycles are folded away", async () => {
    const rounds = Array.from({ length: 60 }, (_, at): SessionAct => ({ act: "feedback", words: `Round ${at}` }));
    await open(DOCUMENT, [approve, ...rounds]);
    expect(all("cycle")).toHaveLength(12);
    click(find("earlier"));
    await shows(() => all("cycle").length === 61);
    const lines = all("cycle-line");
    expect(lines).toHaveLength(59);
    click(lines[0]!);
    await shows(() => all("instruction").length === 3);
  });
});

describe("running", () => {
  it("runs a script again with the user's input", async () => {
    await open(SCRIPT, [approve]);
    click(find("result-tabs-try"));
    expect((await see("check-output")).textContent).toContain("3 the");
    write(find("stdin")!, "lemon tree");
    await go("run-again");
    expect((await see("run-result")).textContent).toContain("1 lemon");
    expect(backend.argsOf("run_artifact")[0]).toMatchObject({ stdin: "lemon tree", withoutSandbox: false });
  });

  it("asks before every run where nothing shields the computer", async () => {
    await open(SCRIPT, [approve], { sandbox: { ready: false, preview: false, problem: uiError("invalid_input", "bwrap is not installed.", "Install it.") } });
    click(find("result-tabs-try"));
    expect((await see("run-unsafe")).textContent).toContain("bwrap is not installed.");
    for (let turn = 1; turn <= 2; turn++) {
      await go("run-again");
      await see("unsafe-run");
      expect(backend.argsOf("run_artifact")).toHaveLength(turn - 1);
      await go("unsafe-confirm");
      await shows(() => backend.argsOf("run_artifact").length === turn && find("unsafe-run") === null);
      await shows(() => !find<HTMLButtonElement>("run-again")!.disabled);
    }
    expect(backend.argsOf("run_artifact").every((args) => args.withoutSandbox)).toBe(true);
  });

  it("opens a page, shows what it reports, and puts that into the user's words", async () => {
    await open(PAGE_SCRIPT, [approve]);
    click(await see("show-preview"));
    expect((await see("preview-problems")).textContent).toContain("lemon is not defined");
    expect(backend.argsOf("show_preview")[0]!.files[0]!.name).toBe("page.html");
    click(find("tell-problems"));
    expect(find<HTMLTextAreaElement>("words")!.value).toContain("lemon is not defined");
  });

  it("reads data as names and values", async () => {
    await open(DATA, [approve]);
    expect((await see("json")).textContent).toContain("Lemon cake");
    expect(find("json")!.querySelectorAll("table tbody tr")).toHaveLength(3);
  });
});

describe("a session that cannot go on by itself", () => {
  it("asks before text leaves the computer, and takes another teacher when it may not", async () => {
    const far = { modelId: "far", name: "Far 32B", remote: true, refused: false };
    await open(DOCUMENT, [approve], {
      pools: () => usualPools().map((pool) => (pool.agent === "worker" ? { ...pool, teachers: [far, ...pool.teachers] } : pool)),
    });
    await need("consent");
    expect(text("destination")).toBe("https://llm.example.org/v1");
    expect(text("consent-text")).toContain("Write a short, friendly message");
    await go("consent-refuse");
    await need("judge");
    expect(lastAct()).toEqual({ act: "consent", modelId: "far", allow: false });
    expect(text("teacher-switch")).toContain("SmolLM2 360M took over from Far 32B: you did not allow sending.");
  });

  it("offers ways out when all teachers have failed", async () => {
    const redo: SessionAct = { act: "verdict", verdict: "redo", words: "no" };
    backend.on("list_models", () => [model("own", { name: "My own" })]);
    await open(SCRIPT, [approve, redo, redo, redo]);
    await need("poolExhausted");
    expect(text("stuck")).toContain("4 attempts");
    await shows(() => find<HTMLSelectElement>("teacher-choice")!.textContent!.includes("My own"));
    write(find("teacher-choice")!, "own", "change");
    await go("teacher-use");
    await need("judge");
    await shows(() => lastAct()?.act === "chooseTeacher");
    expect(backend.argsOf("act_on_session").slice(-2).map((args) => args.act)).toEqual([
      { act: "setPool", agent: "worker", modelIds: ["embedded", "qwen", "own"] },
      { act: "chooseTeacher", agent: "worker", place: 2 },
    ]);
  });

  it("lets a failed check be overruled", async () => {
    const only = { ...DATA, steps: [{ ...DATA.steps[0]!, attempts: [DATA.steps[0]!.attempts[0]!] }] };
    await open(only, [approve]);
    await need("poolExhausted");
    await go("overrule");
    await need("nothing");
    expect(lastAct()).toEqual({ act: "overrule", words: "" });
    expect(text("cycle-verdict")).toContain("although its check had failed");
  });

  it("lets it be overruled at once, while the lead is already at work on the next attempt", async () => {
    let held = false;
    await open(DATA, [], { pace: () => (held ? new Promise(() => {}) : Promise.resolve()), trouble: (agent) => {
      // The second instruction never comes.
      held ||= agent === "lead" && backend.argsOf("act_on_session").length > 0 && fake.all[0]!.view.failedAttempts > 0;
      return null;
    } });
    await go("approve-plan");
    await see("overrulable");
    expect(text("at-work")).toContain("1 of 2 attempts have failed");
    held = false;
    await go("overrule-now");
    await need("nothing");
    expect(fake.all[0]!.view.steps[0]!.cycles).toHaveLength(1);
  });

  it("says what is wrong outside, and tries again", async () => {
    let broken = true;
    await open(DOCUMENT, [approve], {
      trouble: (agent) => (agent === "worker" && broken ? uiError("remote", "The server did not answer.", "Check the connection.") : null),
    });
    await need("trouble");
    expect(text("stuck")).toContain("The server did not answer.");
    broken = false;
    await go("try-again");
    await need("judge");
  });

  it("takes a model for an agent that has none", async () => {
    await open(DOCUMENT, [approve], { pools: () => usualPools().map((pool) => (pool.agent === "worker" ? { ...pool, teachers: [] } : pool)) });
    await need("teacher");
    expect(text("stuck")).toContain("The worker has no model.");
    await shows(() => find<HTMLSelectElement>("teacher-choice")!.options.length > 1);
    write(find("teacher-choice")!, "tiny", "change");
    await go("teacher-use");
    await need("judge");
  });

  it("is stopped and taken up again, skipped over, renamed, moved and deleted", async () => {
    const session = await open(DOCUMENT, [approve]);
    const menu = async (item: string) => {
      click(find("session-more"));
      click(await see(item));
    };
    await menu("skip-step");
    await shows(() => text("result-title") === "Step 2, attempt 1");
    await menu("stop-session");
    await need("nothing");
    expect(text("finished")).toContain("was stopped");
    await go("take-up");
    await need("judge");
    click(find("session-title"));
    write(await see("title-input"), "Plants");
    press(find("title-input")!, "Enter");
    await shows(() => text("session-title").trim() === "Plants");
    click(find("use-case-fact"));
    write(find("move-dialog")!.querySelector<HTMLElement>('[data-testid="use-case"]')!, "use-data", "change");
    click(find("move-save"));
    await shows(() => text("use-case-fact").includes("Recipes") && find("move-dialog") === null);
    const learned = "The model “Green thumb” has learned from it.";
    backend.on("delete_session", () => ({ deleted: 1, remains: [learned] }));
    await menu("session-delete");
    expect(backend.argsOf("delete_session")).toHaveLength(0);
    click(await see("delete-confirm"));
    await see("start-page");
    expect(backend.argsOf("delete_session")).toEqual([{ id: session.id }]);
    await shows(() => document.body.textContent.includes(learned));
  });

  it("shows what could not be saved, what was refused, and a session that is gone", async () => {
    const session = await open(DOCUMENT, [approve]);
    session.change((view) => (view.unsaved = uiError("disk_full", "The last verdict could not be saved.", "Make room.")));
    expect((await see("unsaved")).textContent).toContain("saved with the next thing you do");
    backend.on("act_on_session", () => Promise.reject(uiError("store", "The folder is read-only.", "Make it writable.")));
    write(find("words")!, "kept");
    await go("quick-redo");
    expect((await see("act-error")).textContent).toContain("The folder is read-only.");
    expect(find<HTMLTextAreaElement>("words")!.value).toBe("kept");
  });

  it("that was deleted elsewhere says so, and leads to a new one", async () => {
    sessionStorage.setItem("opzest.session", "gone");
    show(App, { backend });
    const error = await see("open-error");
    expect(error.textContent).toContain("is not there any more");
    click([...error.querySelectorAll("button")].at(-1)!);
    await see("start-page");
  });
});

describe("keyboard and list", () => {
  it("searches, opens, renames and deletes from the keyboard", async () => {
    for (const script of [DOCUMENT, SCRIPT]) await fake.begin(script).work();
    show(App, { backend });
    await shows(() => all("session-item").length === 2);
    press(window, "k", { ctrlKey: true });
    await shows(() => document.activeElement === find("session-search"));
    write(find("session-search")!, "words");
    await shows(() => all("session-item").length === 1);
    press(find("session-search")!, "Enter");
    await need("approvePlan");
    expect(text("session-title")).toContain("Counting words");
    press(window, "n", { ctrlKey: true });
    await see("start-page");
    const row = () => all("session-item")[0]!.querySelector<HTMLElement>(".open")!;
    press(row(), "F2");
    write(await see("rename-input"), "Words, counted");
    press(find("rename-input")!, "Enter");
    await shows(() => row().textContent!.includes("Words, counted"));
    press(row(), "Delete");
    click(await see("delete-confirm"));
    await shows(() => find("search-empty") !== null);
  });

  it("explains its keys", async () => {
    show(App, { backend });
    await see("request");
    press(window, "/", { ctrlKey: true });
    expect((await see("shortcuts")).textContent).toContain("Accept the result");
  });
});
