import { beforeEach, describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend, type Handler } from "../backend/fake";
import type { ChatOutcome } from "../bindings";
import { answer, conversation, gate, model, outcome, question, summary } from "../test-data";
import { Assistant } from "./assistant.svelte";
import { Conversations } from "./conversations.svelte";
import { Models } from "./models.svelte";

let backend: FakeBackend;
let models: Models;
let conversations: Conversations;
const make = () => new Assistant(backend, (conversations = new Conversations(backend)), models, sessionStorage, (work) => work());

beforeEach(() => {
  backend = new FakeBackend()
    .on("list_conversations", () => ({ items: [], total: 0 }))
    .on("list_models", () => [model("tiny", { selected: true })])
    .on("open_conversation", ({ id }) => conversation(id, question(`q-${id}`, id), answer(`a-${id}`, "stored")));
  models = new Models(backend);
});

describe("Assistant", () => {
  it("follows an answer while another conversation is on the screen", async () => {
    const end = gate<ChatOutcome>();
    let emit: Parameters<Handler<"send_message">>[1] = () => {};
    backend.on("send_message", (_, tell) => {
      emit = tell;
      return end.promise;
    });
    const state = make();
    state.current.draft = "x";
    const done = state.current.send();
    emit({ kind: "started", conversation: summary("c1", "x"), question: question("q", "x"), answer: answer("a", "", { status: "streaming" }) });
    await state.open("c2");
    expect([state.current.id, state.isBusy("c1"), state.isBusy("c2")]).toEqual(["c2", true, false]);
    emit({ kind: "delta", text: "going on", tokens: 1, tokensPerSecond: 1, contextUsed: 1, contextSize: 2 });
    await state.open("c1");
    expect(state.current.messages[1]?.text).toBe("going on"); // live, not read from the store
    end.open(outcome("c1", answer("a", "going on.")));
    await done;
    expect(state.isBusy("c1")).toBe(false);
  });

  it("comes back to its conversation after a reload, but not to one that is gone", async () => {
    await make().open("c1");
    const again = make();
    await again.restore();
    expect(again.current.messages).toHaveLength(2);
    backend.on("open_conversation", () => Promise.reject(uiError("not_found", "gone")));
    const third = make();
    await third.restore();
    expect([third.current.id, third.current.failure]).toEqual([null, null]);
  });

  it("starts empty when the last thing was a new conversation", async () => {
    const state = make();
    await state.open("c1");
    state.openNew();
    const again = make();
    await again.restore();
    expect(again.current.id).toBeNull();
  });

  it("takes a draft along into a new conversation and asks for the keyboard", () => {
    const state = make();
    const before = state.focusComposer;
    state.openNew("take this");
    expect(state.current.draft).toBe("take this");
    expect(state.focusComposer).toBeGreaterThan(before);
  });

  it("stops an answer before its conversation is deleted, and does not list it again afterwards", async () => {
    const end = gate<ChatOutcome>();
    backend.on("stop_generation", () => null).on("send_message", (_, tell) => {
      tell({ kind: "started", conversation: summary("c1", "x"), question: question("q", "x"), answer: answer("a", "", { status: "streaming" }) });
      return end.promise;
    });
    const state = make();
    state.current.draft = "x";
    const done = state.current.send();
    expect(conversations.items).toHaveLength(1);
    backend.on("delete_conversation", () => {
      expect(backend.argsOf("stop_generation")).toEqual([{ conversationId: "c1" }]);
      return null;
    });
    expect(await state.remove("c1")).toBe(true);
    end.open(outcome("c1", answer("a", "late")));
    await done;
    expect(conversations.items).toEqual([]);
  });

  it("does not ask for a model that was removed", async () => {
    backend.on("send_message", () => Promise.reject(uiError("busy", "later")));
    await models.load();
    const state = make();
    state.current.draft = "x";
    for (const wanted of ["tiny", "gone", null]) {
      state.current.modelId = wanted;
      await state.current.send();
    }
    expect(backend.argsOf("send_message").map((args) => args.modelId)).toEqual(["tiny", "tiny", null]);
  });

  it("leaves a conversation that was deleted, and no other", async () => {
    backend.on("delete_conversation", ({ id }) => (id === "c2" ? null : Promise.reject(uiError("store", "locked"))));
    const state = make();
    await state.open("c1");
    expect([await state.remove("c2"), await state.remove("c1")]).toEqual([true, false]);
    expect(state.current.id).toBe("c1");
    backend.on("delete_conversation", () => null);
    expect(await state.remove("c1")).toBe(true);
    expect(state.current.id).toBeNull();
  });
});
