import { beforeEach, describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend, type Handler } from "../backend/fake";
import type { ChatEvent, ChatOutcome, ConversationSummary } from "../bindings";
import { answer, conversation, gate, outcome, question, summary } from "../test-data";
import { Drafts } from "./drafts";
import { Thread } from "./thread.svelte";

type Emit = Parameters<Handler<"send_message">>[1];

let backend: FakeBackend;
let changed: ConversationSummary[];
let named: (string | null)[];
let frames: (() => void)[];
let later: (() => void)[];

function thread(id: string | null, drafts = new Drafts(null)): Thread {
  return new Thread(backend, drafts, {
    changed: (entry) => changed.push(entry),
    named: (entry) => named.push(entry.id),
    nextFrame: (work) => frames.push(work),
    later: (work) => later.push(work),
    usableModel: (id) => id,
  }, id);
}

const drawFrame = () => frames.splice(0).forEach((work) => work());
const settled = () => new Promise((resolve) => setTimeout(resolve));

const started = (id: string, text: string): ChatEvent => ({
  kind: "started", conversation: summary(id, text), question: question("q", text), answer: answer("a", "", { status: "streaming" }),
});
const delta = (text: string, tokens = 1): ChatEvent => ({
  kind: "delta", text, tokens, tokensPerSecond: 12.5, contextUsed: 100 + tokens, contextSize: 1000,
});

/** A backend whose answer the test writes. */
function held(name: "send_message" | "regenerate") {
  const end = gate<ChatOutcome>();
  const hand = { emit: (() => {}) as Emit, ...end };
  backend.on(name, (_: unknown, emit: Emit) => {
    hand.emit = emit;
    return end.promise;
  });
  return hand;
}

beforeEach(() => {
  backend = new FakeBackend();
  changed = [];
  named = [];
  frames = [];
  later = [];
});

describe("sending", () => {
  it("walks through loading, reading and writing to the end", async () => {
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "  Hello  ";
    const done = state.send();
    expect(backend.argsOf("send_message")).toEqual([{ conversationId: null, modelId: null, text: "Hello" }]);
    expect([state.run?.phase, state.draft]).toEqual(["starting", "  Hello  "]);

    hand.emit(started("c1", "Hello"));
    expect([state.id, state.draft, state.title]).toEqual(["c1", "", "Hello"]);
    expect(state.messages.map((message) => message.id)).toEqual(["q", "a"]);
    expect(named).toEqual(["c1"]);
    expect(state.announcement).toBe("OpZest is answering.");

    hand.emit({ kind: "loadingModel", modelName: "Tiny" });
    expect(state.run).toMatchObject({ phase: "loading", modelName: "Tiny" });
    hand.emit({ kind: "reading", read: 10, total: 40, cached: 5 });
    expect(state.run).toMatchObject({ phase: "reading", read: 10, toRead: 40 });

    hand.emit(delta("Hi "));
    hand.emit(delta("there", 2));
    expect(state.run).toMatchObject({ phase: "writing", tokens: 2, tokensPerSecond: 12.5 });
    expect(state.context).toEqual({ used: 102, size: 1000 });
    expect(state.messages[1]?.text).toBe("");
    expect(frames).toHaveLength(1); // two pieces, one frame
    drawFrame();
    expect(state.messages[1]?.text).toBe("Hi there");

    hand.open(outcome("c1", answer("a", "Hi there.")));
    await done;
    expect(state.run).toBeNull();
    expect(state.messages[1]).toMatchObject({ text: "Hi there.", status: "complete" });
    expect(state.announcement).toBe("The answer is complete.");
    expect(changed.map((entry) => entry.id)).toEqual(["c1", "c1"]);
  });

  it("ignores what the channel delivers after the result", async () => {
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "x";
    const done = state.send();
    hand.emit(started("c1", "x"));
    hand.emit(delta("late"));
    hand.open(outcome("c1", answer("a", "whole")));
    await done;
    hand.emit(delta(" later"));
    drawFrame();
    expect(state.messages[1]?.text).toBe("whole");
  });

  it("reads the conversation again when its first event was lost", async () => {
    const hand = held("send_message");
    backend.on("open_conversation", ({ id }) => conversation(id, question("q", "x"), answer("a", "whole")));
    const state = thread(null);
    state.draft = "x";
    const done = state.send();
    hand.open(outcome("c1", answer("a", "whole")));
    await done;
    expect(state.messages.map((message) => message.text)).toEqual(["x", "whole"]);
  });

  it("keeps the draft and says why, when nothing was stored", async () => {
    const error = uiError("model_missing", "gone");
    backend.on("send_message", () => Promise.reject(error));
    const state = thread(null);
    state.draft = "precious";
    await state.send();
    expect([state.draft, state.messages.length, state.run]).toEqual(["precious", 0, null]);
    expect(state.failure).toEqual({ during: "send", error });
    const hand = held("send_message");
    const done = state.retry();
    hand.emit(started("c1", "precious"));
    expect([state.failure, state.draft]).toEqual([null, ""]);
    hand.open(outcome("c1", answer("a", "ok")));
    await done;
  });

  it("marks the answer as failed when the connection breaks after it has begun, keeping its text", async () => {
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "x";
    const done = state.send();
    hand.emit(started("c1", "x"));
    hand.emit(delta("so far"));
    hand.fail(uiError("worker_died", "The engine ended."));
    await done;
    expect(state.messages[1]).toMatchObject({ text: "so far", status: "failed", error: { code: "worker_died" } });
    expect(state.failure).toBeNull();
    expect(state.announcement).toContain("The engine ended.");
  });

  it("shows how a failed answer ended", async () => {
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "x";
    const done = state.send();
    hand.emit(started("c1", "x"));
    hand.open(outcome("c1", answer("a", "", { status: "failed", error: uiError("out_of_memory", "Too big.") })));
    await done;
    expect(state.messages[1]?.status).toBe("failed");
    expect(state.announcement).toBe("The answer failed. Too big.");
  });

  it("does not send nothing, nor twice", async () => {
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "   ";
    await state.send();
    state.draft = "x";
    void state.send();
    void state.send();
    expect(backend.argsOf("send_message")).toHaveLength(1);
    hand.emit(started("c1", "x"));
    state.draft = "next one";
    expect(state.canSend).toBe(false);
    hand.open(outcome("c1", answer("a", "")));
    await settled();
    expect(state.canSend).toBe(true);
    expect(state.draft).toBe("next one");
  });

  it("sends the chosen model with the message", async () => {
    held("send_message");
    const state = thread("c1");
    state.modelId = "big";
    state.draft = "x";
    void state.send();
    expect(backend.argsOf("send_message")).toEqual([{ conversationId: "c1", modelId: "big", text: "x" }]);
  });
});

describe("stopping", () => {
  it("asks at once, or as soon as the conversation has an id", async () => {
    backend.on("stop_generation", () => null);
    const hand = held("send_message");
    const state = thread(null);
    state.draft = "x";
    const done = state.send();
    await state.stop();
    expect(backend.argsOf("stop_generation")).toEqual([]);
    expect(state.run?.stopping).toBe(true);
    hand.emit(started("c1", "x"));
    expect(backend.argsOf("stop_generation")).toEqual([{ conversationId: "c1" }]);
    hand.open(outcome("c1", answer("a", "so", { status: "stopped" })));
    await done;
    expect(state.announcement).toBe("The answer is stopped.");
  });

  it("can be tried again when it fails", async () => {
    const hand = held("send_message");
    backend.on("stop_generation", () => Promise.reject(uiError("internal", "no")));
    const state = thread(null);
    state.draft = "x";
    void state.send();
    hand.emit(started("c1", "x"));
    await state.stop();
    expect(state.run?.stopping).toBe(false);
    expect(state.failure?.during).toBe("stop");
  });
});

describe("regenerating", () => {
  async function opened(): Promise<Thread> {
    backend.on("open_conversation", ({ id }) => conversation(id, question("q", "x"), answer("a", "first")));
    const state = thread("c1");
    await state.open();
    return state;
  }

  it("puts the new answer in the place of the last and keeps the draft", async () => {
    const state = await opened();
    state.draft = "half a thought";
    const hand = held("regenerate");
    const done = state.regenerate();
    hand.emit({ kind: "started", conversation: summary("c1", "t"), question: null, answer: answer("b", "", { status: "streaming", variants: ["a", "b"] }) });
    expect(state.messages.map((message) => message.id)).toEqual(["q", "b"]);
    hand.open(outcome("c1", answer("b", "second", { variants: ["a", "b"] })));
    await done;
    expect(state.lastAnswer).toMatchObject({ text: "second", variants: ["a", "b"] });
    expect(state.draft).toBe("half a thought");
  });

  it("keeps the old answer when it cannot begin", async () => {
    const state = await opened();
    backend.on("regenerate", () => Promise.reject(uiError("busy", "Another answer is being written.")));
    await state.regenerate();
    expect(state.lastAnswer?.text).toBe("first");
    expect(state.failure?.during).toBe("regenerate");
  });

  it("switches between the versions", async () => {
    const state = await opened();
    backend.on("select_variant", ({ messageId }) => conversation("c1", question("q", "x"), answer(messageId, "other")));
    await state.selectVariant("b");
    expect(state.lastAnswer).toMatchObject({ id: "b", text: "other" });
  });
});

describe("opening", () => {
  it("shows the conversation and what it uses of the context", async () => {
    const stats = {
      promptTokens: 1, cachedTokens: 0, answerTokens: 1, readingMs: 1, tokensPerSecond: 1, contextUsed: 30, contextSize: 40,
    };
    backend.on("open_conversation", ({ id }) => conversation(id, question("q", "x"), answer("a", "y", { stats })));
    const state = thread("c1");
    await state.open();
    expect(state.context).toEqual({ used: 30, size: 40 });
    expect(state.nearlyFull).toBe(false);
  });

  it("says why it cannot, and tries again", async () => {
    backend.on("open_conversation", () => Promise.reject(uiError("not_found", "gone")));
    const state = thread("c1");
    await state.open();
    expect(state.failure?.during).toBe("open");
    backend.on("open_conversation", ({ id }) => conversation(id, question("q", "x")));
    await state.retry();
    expect([state.failure, state.messages.length]).toEqual([null, 1]);
  });

  it("looks again at an answer that something else is writing", async () => {
    backend.on("open_conversation", ({ id }) => conversation(id, answer("a", "so", { status: "streaming" })));
    const state = thread("c1");
    await state.open();
    expect(later).toHaveLength(1);
    backend.on("open_conversation", ({ id }) => conversation(id, answer("a", "so on")));
    later.shift()!();
    await settled();
    expect(state.messages[0]?.text).toBe("so on");
    expect(later).toHaveLength(0);
  });

  it("warns before it is full, and not again where the answer says it", async () => {
    const stats = {
      promptTokens: 1, cachedTokens: 0, answerTokens: 1, readingMs: 1, tokensPerSecond: 1, contextUsed: 37, contextSize: 40,
    };
    backend.on("open_conversation", ({ id }) => conversation(id, answer("a", "so", { stats })));
    const state = thread("c1");
    await state.open();
    expect(state.nearlyFull).toBe(true);
    backend.on("open_conversation", ({ id }) => conversation(id, answer("a", "so", { stats, status: "cutByContext" })));
    await state.open();
    expect(state.nearlyFull).toBe(false);
  });
});

describe("drafts", () => {
  it("are kept per conversation, over a reload too", () => {
    const drafts = new Drafts(sessionStorage);
    thread("c1", drafts).draft = "one";
    thread(null, drafts).draft = "new";
    expect(thread("c1", new Drafts(sessionStorage)).draft).toBe("one");
    expect(thread(null, new Drafts(sessionStorage)).draft).toBe("new");
    thread("c1", drafts).draft = "";
    expect(thread("c1", new Drafts(sessionStorage)).draft).toBe("");
  });

  it("survive a full storage in memory", () => {
    const full = { getItem: () => null, setItem: () => { throw new DOMException("full"); }, removeItem() {} } as unknown as Storage;
    const drafts = new Drafts(full);
    thread("c1", drafts).draft = "kept";
    expect(thread("c1", drafts).draft).toBe("kept");
  });
});
