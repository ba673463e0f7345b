// The Workshop's state over pretended sessions, and over a backend that answers late, wrongly or not at all.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import { DOCUMENT, SCRIPT } from "../backend/fake-scripts";
import { FakeSession } from "../backend/fake-session";
import { fakeSessions, type FakeSessions } from "../backend/fake-sessions";
import type { SessionEvent, SessionView } from "../bindings";
import { gate } from "../test-data";
import { Drafts } from "./drafts";
import { HandEdit } from "./hand-edit.svelte";
import { Live } from "./live.svelte";
import { Workshop } from "./workshop.svelte";

let backend: FakeBackend;
let fake: FakeSessions;
let later: { work: () => void; ms: number }[];

beforeEach(() => {
  backend = new FakeBackend();
  fake = fakeSessions(backend);
  later = [];
});

const make = (storage: Storage | null = sessionStorage) =>
  new Workshop(backend, storage, (work) => work(), (work, ms) => later.push({ work, ms }));

async function until(check: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(check()).toBe(true));
}

async function begun(script = DOCUMENT): Promise<FakeSession> {
  const session = fake.begin(script);
  await session.work();
  return session;
}

/** Answers `watch_session` by hand. */
function watched(view: SessionView) {
  const watches: { emit: (event: SessionEvent) => void; end: ReturnType<typeof gate<null>> }[] = [];
  backend.on("watch_session", (_, emit) => {
    const end = gate<null>();
    watches.push({ emit, end });
    emit({ kind: "changed", session: view });
    return end.promise;
  });
  return watches;
}

describe("a new session", () => {
  it("needs words, takes everything along, and is on the screen at once", async () => {
    const workshop = make();
    workshop.enter();
    await until(() => workshop.sessions.ready && workshop.workflows !== null);
    expect([workshop.sessions.none, workshop.start.canStart]).toEqual([true, false]);
    workshop.start.request = "  A letter to Anna ";
    workshop.start.addFiles([{ name: "old.md", text: "one" }, { name: "b.md", text: "b" }]);
    workshop.start.addFiles([{ name: "old.md", text: "two" }]);
    workshop.start.removeFile("b.md");
    workshop.start.workflow = "document";
    workshop.start.plan = ["First", "  ", "Second"];
    await workshop.begin();
    expect(backend.argsOf("new_session")).toEqual([
      {
        request: "A letter to Anna", files: [{ name: "old.md", text: "two" }], workflow: "document", useCaseId: null, scope: "private",
        plan: ["First", "Second"],
      },
    ]);
    expect(workshop.current?.view?.need.kind).toBe("approvePlan");
    expect(workshop.current?.view?.steps.map((step) => step.text)).toEqual(["First", "Second"]);
    expect([workshop.start.request, workshop.start.files, workshop.start.plan]).toEqual(["", [], []]);
    expect(workshop.sessions.items.map((item) => item.title)).toEqual(["A letter to Anna"]);
  });

  it("keeps the request beside the error when it cannot begin, and over a reload", async () => {
    backend.on("new_session", () => Promise.reject(uiError("invalid_input", "The request is too long.", "Shorten it.")));
    const workshop = make();
    workshop.start.request = "precious";
    await workshop.begin();
    expect(workshop.start.error?.message).toBe("The request is too long.");
    expect([workshop.current, workshop.start.request, make().start.request]).toEqual([null, "precious", "precious"]);
    workshop.start.request = "precious and shorter";
    expect(workshop.start.error).toBeNull();
  });

  it("starts once, however often it is asked", async () => {
    const workshop = make();
    workshop.start.request = "x";
    await Promise.all([workshop.begin(), workshop.begin()]);
    expect(backend.argsOf("new_session")).toHaveLength(1);
  });
});

describe("the open session", () => {
  it("is followed from the request to the product", async () => {
    const workshop = make();
    workshop.enter();
    workshop.start.request = "A script";
    workshop.start.workflow = "script";
    await workshop.begin();
    const session = workshop.current!;
    const need = () => session.view?.need.kind;
    await until(() => need() === "approvePlan");
    await session.act({ act: "approvePlan" });
    await until(() => need() === "judge");
    expect(session.view!.steps[0]!.cycles.map((cycle) => cycle.end?.how ?? null)).toEqual(["error", null]);
    session.words = " good ";
    await session.say((words) => ({ act: "feedback", words }));
    expect(session.words).toBe("");
    expect(backend.argsOf("act_on_session").at(-1)?.act).toEqual({ act: "feedback", words: "good" });
    await until(() => need() === "judge" && session.view!.versions.length === 1);
    expect(session.view!.canUndo).toBe(true);
    await session.act({ act: "undo" });
    await until(() => need() === "judge" && session.view!.versions.length === 0);
    await session.act({ act: "verdict", verdict: "accepted", words: "" });
    await until(() => need() === "judge");
    await session.act({ act: "verdict", verdict: "accepted", words: "" });
    await until(() => session.view!.summary.status === "finished");
    expect(session.view!.versions.map((version) => version.isFinal)).toEqual([false, true]);
    expect(workshop.sessions.items[0]!.status).toBe("finished");
    expect(session.announcement).not.toBe("");
  });

  it("keeps the words when an act is refused, and does it again", async () => {
    const { id } = await begun();
    const workshop = make();
    workshop.enter();
    workshop.open(id);
    const session = workshop.current!;
    await until(() => session.view !== null);
    session.words = "too early";
    expect(await session.say((words) => ({ act: "feedback", words }))).toBe(false);
    expect(session.failure).toMatchObject({ act: { act: "feedback", words: "too early" }, error: { code: "invalid_input" } });
    expect([session.words, session.acting]).toEqual(["too early", null]);
    await session.act({ act: "approvePlan" });
    await until(() => session.view!.need.kind === "judge");
    expect(session.failure).toBeNull();
    session.failure = { act: { act: "feedback", words: "too early" }, error: uiError("internal", "x") };
    await session.retry();
    await until(() => session.view!.steps[0]!.cycles[0]!.feedback?.words === "too early");
  });

  it("does one thing at a time", async () => {
    const { id } = await begun();
    const workshop = make();
    workshop.enter();
    workshop.open(id);
    const end = gate<SessionView>();
    backend.on("act_on_session", () => end.promise);
    const first = workshop.current!.act({ act: "approvePlan" });
    expect(await workshop.current!.act({ act: "stop" })).toBe(false);
    end.open(fake.all[0]!.view);
    expect(await first).toBe(true);
    expect(backend.argsOf("act_on_session")).toHaveLength(1);
  });

  it("does not go back to an answer that the stream has overtaken", async () => {
    const old = (await begun()).view;
    const watches = watched(old);
    const workshop = make();
    workshop.enter();
    workshop.open(old.summary.id);
    const session = workshop.current!;
    backend.on("act_on_session", () => {
      watches[0]!.emit({ kind: "changed", session: { ...old, failedAttempts: 7 } });
      return old;
    });
    await session.act({ act: "pause" });
    expect(session.view!.failedAttempts).toBe(7);
    backend.on("act_on_session", () => ({ ...old, failedAttempts: 8 }));
    await session.act({ act: "pause" });
    expect(session.view!.failedAttempts).toBe(8); // no event came: the answer is the news
  });

  it("is asked for again when the stream breaks, and says so meanwhile", async () => {
    const { view } = await begun();
    const watches = watched(view);
    const workshop = make();
    workshop.enter();
    workshop.open(view.summary.id);
    const session = workshop.current!;
    watches[0]!.end.fail(uiError("internal", "OpZest does not answer."));
    await until(() => session.lost !== null);
    expect([session.view !== null, later.map(({ ms }) => ms)]).toEqual([true, [0]]);
    later[0]!.work();
    expect(watches).toHaveLength(2);
    expect(session.lost).toBeNull();
    watches[1]!.end.open(null); // ended by the other side
    await until(() => later.length === 2);
    later[1]!.work();
    expect(watches).toHaveLength(3);
  });

  it("that cannot be opened shows why, and opens when it can be", async () => {
    const workshop = make();
    workshop.enter();
    workshop.open("gone");
    const session = workshop.current!;
    await until(() => session.openError !== null);
    expect([session.openError?.code, session.watched, later]).toEqual(["not_found", false, []]);
    watched((await begun()).view);
    session.watch();
    expect([session.openError, session.view !== null]).toEqual([null, true]);
  });

  it("is watched only while it is on the screen, and late events of before do not count", async () => {
    const [one, two] = [await begun(), await begun(SCRIPT)];
    const watches = watched(one.view);
    const workshop = make();
    workshop.open(one.id);
    expect(watches).toHaveLength(0); // the Workshop is not on the screen
    workshop.enter();
    expect(watches).toHaveLength(1);
    const first = workshop.current!;
    workshop.open(two.id);
    expect(backend.argsOf("stop_watching")).toEqual([{ id: one.id }]);
    watches[0]!.emit({ kind: "changed", session: { ...one.view, failedAttempts: 9 } });
    expect(first.view!.failedAttempts).toBe(0);
    workshop.leave();
    expect(backend.argsOf("stop_watching")).toHaveLength(2);
    watches[1]!.end.open(null);
    await Promise.resolve();
    expect([watches.length, later.length]).toEqual([2, 0]);
    workshop.enter();
    expect(watches).toHaveLength(3);
  });

  it("keeps its words per session, over a reload too", async () => {
    const [one, two] = [await begun(), await begun(SCRIPT)];
    const workshop = make();
    workshop.enter();
    workshop.open(one.id);
    workshop.current!.words = "for the first";
    workshop.open(two.id);
    expect(workshop.current!.words).toBe("");
    const again = make();
    again.enter();
    expect(again.current?.id).toBe(two.id); // what was on the screen
    again.open(one.id);
    expect(again.current!.words).toBe("for the first");
  });

  it("collects what the preview reports, until something new is made", async () => {
    const made = await begun();
    const workshop = make();
    workshop.enter();
    workshop.open(made.id);
    const session = workshop.current!;
    await until(() => session.view !== null);
    for (let turn = 0; turn < 2; turn++) made.emit({ kind: "previewProblem", message: "x is not defined" });
    expect(session.previewProblems).toEqual(["x is not defined"]);
    await session.act({ act: "approvePlan" });
    await until(() => session.view!.need.kind === "judge");
    expect(session.previewProblems).toEqual([]);
  });

  it("goes back to the newest result when there is one", async () => {
    const { id } = await begun(SCRIPT);
    const workshop = make();
    workshop.enter();
    workshop.open(id);
    const session = workshop.current!;
    await session.act({ act: "approvePlan" });
    await until(() => session.view!.need.kind === "judge");
    session.shown = { kind: "attempt", id: session.view!.steps[0]!.cycles[0]!.attempt!.id };
    await session.act({ act: "verdict", verdict: "furtherEdit", words: "" });
    await until(() => session.view!.need.kind === "judge");
    expect(session.shown).toEqual({ kind: "newest" });
  });
});

describe("a hand edit", () => {
  const of = (text: string) => [{ name: "a.md", text }];

  it("is kept when a newer result arrives, until the user decides", () => {
    const edit = new HandEdit(new Drafts(null).at("x"));
    edit.offer(of("one"));
    expect(edit.dirty).toBe(false);
    edit.change("a.md", "one, mine");
    expect([edit.dirty, edit.files]).toEqual([true, of("one, mine")]);
    edit.offer(of("two"));
    expect([edit.files, edit.overtaken]).toEqual([of("one, mine"), true]);
    edit.reset();
    expect([edit.files, edit.dirty, edit.overtaken]).toEqual([of("two"), false, false]);
  });

  it("typed back to what was there is none, and goes on with the newest", () => {
    const edit = new HandEdit(new Drafts(null).at("x"));
    edit.offer(of("one"));
    edit.change("a.md", "x");
    edit.offer(of("two"));
    edit.change("a.md", "one");
    expect([edit.dirty, edit.files]).toEqual([false, of("two")]);
  });

  it("is used with the words, and then there is none", async () => {
    const { id } = await begun();
    const workshop = make();
    workshop.enter();
    workshop.open(id);
    const session = workshop.current!;
    await session.act({ act: "approvePlan" });
    await until(() => session.view!.need.kind === "judge");
    session.edit.change("letter.md", "Mine");
    session.words = "simpler";
    expect(await session.useHandEdit()).toBe(true);
    expect(backend.argsOf("act_on_session").at(-1)?.act).toEqual({ act: "handEdit", files: [{ name: "letter.md", text: "Mine" }], words: "simpler" });
    expect([session.edit.dirty, session.words]).toEqual([false, ""]);
    expect(session.view!.versions[0]?.byHand).toBe(true);
  });

  it("is kept over a reload, and dropped with the attempt that it edits", () => {
    const drafts = new Drafts(sessionStorage);
    const again = () => new HandEdit(new Drafts(sessionStorage).at("x"));
    const edit = new HandEdit(drafts.at("x"));
    edit.offer(of("one"), "first");
    edit.change("a.md", "one, mine");
    const same = again();
    same.offer(of("one"), "first");
    expect([same.files, same.overtaken]).toEqual([of("one, mine"), false]);
    const overtaken = again();
    overtaken.offer(of("two"), "second");
    expect([overtaken.files, overtaken.overtaken]).toEqual([of("one, mine"), true]);
    const gone = again();
    gone.offer(of("zero"), null, () => false);
    expect([gone.files, gone.dirty, sessionStorage.length]).toEqual([of("zero"), false, 0]);
  });

  it("that was sent, dropped, or kept in a form that cannot be read leaves nothing to come back", () => {
    const begin = () => new HandEdit(new Drafts(sessionStorage).at("x"));
    const edit = begin();
    edit.offer(of("one"), "first");
    edit.change("a.md", "mine");
    edit.offer(of("mine"), null); // taken
    expect([edit.dirty, edit.overtaken, sessionStorage.length]).toEqual([false, false, 0]);
    edit.change("a.md", "mine again");
    expect(sessionStorage.length).toBe(1);
    edit.reset();
    expect(sessionStorage.length).toBe(0);
    sessionStorage.setItem("opzest.draft.x", "{");
    expect(begin().files).toEqual([]);
  });

  it("of a session comes back with it, and goes with it", async () => {
    const { id } = await begun();
    const first = make();
    first.enter();
    first.open(id);
    await first.current!.act({ act: "approvePlan" });
    await until(() => first.current!.view!.need.kind === "judge");
    first.current!.edit.change("letter.md", "Mine");
    first.current!.words = "simpler";
    const second = make(); // as after a reload
    second.enter();
    await until(() => second.current?.view != null);
    expect([second.current!.edit.files, second.current!.edit.overtaken]).toEqual([[{ name: "letter.md", text: "Mine" }], false]);
    await second.remove(id);
    expect(Object.keys(sessionStorage)).toEqual([]);
  });

  it("that is refused stays", async () => {
    const { id } = await begun();
    const workshop = make();
    workshop.enter();
    workshop.open(id);
    const session = workshop.current!;
    await until(() => session.view !== null);
    session.edit.change("letter.md", "Mine");
    expect(await session.useHandEdit()).toBe(false);
    expect([session.edit.dirty, session.failure !== null]).toEqual([true, true]);
  });
});

describe("live", () => {
  const frames: (() => void)[] = [];
  const live = () => new Live((work) => frames.push(work));
  const working = { kind: "working", agent: "worker", modelName: "Tiny", remote: false } as const;
  const write = (text: string, tokens: number, part: "reasoning" | "result" = "result"): SessionEvent & { kind: "writing" } => ({
    kind: "writing", agent: "worker", part, text, tokens, tokensPerSecond: 9,
  });

  it("goes from loading to reading to writing, and draws once per frame", () => {
    const one = live();
    one.expect(working, "a");
    expect([one.agent, one.phase, one.modelName]).toEqual(["worker", "starting", "Tiny"]);
    one.take({ kind: "loadingModel", modelName: "Tiny" });
    expect(one.phase).toBe("loading");
    one.take({ kind: "reading", read: 5, total: 10 });
    expect([one.phase, one.read, one.toRead]).toEqual(["reading", 5, 10]);
    frames.length = 0;
    one.take(write("Hm", 1, "reasoning"));
    one.take(write("Hello", 2));
    one.take(write(" you", 3));
    expect([frames.length, one.text, one.tokens]).toEqual([1, "", 3]);
    frames[0]!();
    expect([one.reasoning, one.text, one.missed]).toEqual(["Hm", "Hello you", false]);
  });

  it("keeps what was written through a change that is not about it, and begins anew for the next piece of work", () => {
    const one = live();
    one.expect(working, "a");
    one.take(write("Hello", 1));
    frames.at(-1)!();
    one.expect(working, "a");
    expect(one.text).toBe("Hello");
    one.expect(working, "b");
    expect([one.text, one.phase]).toEqual(["", "starting"]);
  });

  it("says when an answer is asked for once more, and when its beginning was missed", () => {
    const one = live();
    one.expect(working, "a");
    one.take(write("broken", 1));
    one.take({ kind: "startedOver", why: "the stream was cut" });
    frames.at(-1)!(); // of the text that does not count
    expect([one.startedOver, one.text]).toEqual(["the stream was cut", ""]);
    one.take(write("middle", 400));
    expect(one.missed).toBe(true);
  });
});

describe("the list", () => {
  it("renames, moves and deletes, and keeps a refusal at its row", async () => {
    const { id } = await begun();
    const workshop = make();
    workshop.enter();
    await until(() => workshop.sessions.ready);
    workshop.open(id);
    await workshop.rename(id, "Better");
    expect(workshop.current!.view!.summary.title).toBe("Better");
    const made = await workshop.createUseCase("My e-mails");
    expect(workshop.useCases.at(-1)).toEqual(made);
    await workshop.move(id, made.id);
    expect(workshop.sessions.items[0]!.useCase).toBe("My e-mails");
    backend.on("delete_session", () => Promise.reject(uiError("store", "The disk is read-only.")));
    expect(await workshop.remove(id)).toBe(false);
    expect(workshop.sessions.errorOf(id)).toMatchObject({ message: "The disk is read-only." });
    expect(workshop.current?.id).toBe(id);
    backend.on("delete_session", () => ({ deleted: 0, remains: [] }));
    expect(await workshop.remove(id)).toBe(true);
    expect([workshop.current, workshop.sessions.items, workshop.sessions.total]).toEqual([null, [], 0]);
  });

  it("shows facts that could not be read, and reads them again", async () => {
    backend.on("list_workflows", () => Promise.reject(uiError("store", "no")));
    const workshop = make();
    workshop.enter();
    await until(() => workshop.error !== null);
    fakeSessions(backend);
    await workshop.load();
    expect([workshop.error, workshop.workflows?.workflows.length, workshop.workflow("page")?.kind, workshop.workflow(null)]).toEqual([null, 4, "page", null]);
  });

  it("works without any storage", async () => {
    const { id } = await begun();
    const workshop = make(null);
    workshop.enter();
    workshop.open(id);
    workshop.current!.words = "kept in memory";
    workshop.openNew();
    workshop.open(id);
    expect(workshop.current!.words).toBe("kept in memory");
  });
});
