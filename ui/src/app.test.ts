// The pages as a user meets them, over the fake backend.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { uiError } from "./lib/backend";
import type { FakeBackend, Handler } from "./lib/backend/fake";
import type { ChatOutcome, Message } from "./lib/bindings";
import { answer, appInfo, conversation, gate, model, outcome, question, settingsView, startedBackend, summary } from "./lib/test-data";
import { all, find, press as key, see, write } from "./lib/test-mount";

let backend: FakeBackend;
let page: Record<string, unknown> | null = null;

beforeEach(() => {
  localStorage.setItem("opzest.view", "assistant");
  backend = startedBackend();
});

afterEach(() => {
  if (page) void unmount(page);
  page = null;
});

async function show(): Promise<void> {
  page = mount(App, { target: document.body, props: { backend } });
  await vi.waitFor(() => expect(backend.argsOf("app_info")).toHaveLength(1));
}

/** Opens on a conversation that holds these messages. */
async function showConversation(...messages: Message[]): Promise<void> {
  sessionStorage.setItem("opzest.open", "c1");
  backend
    .on("open_conversation", () => conversation("c1", ...messages))
    .on("list_conversations", () => ({ items: [summary("c1", "Title of c1")], total: 1 }));
  await show();
  await see("message-assistant");
}

describe("starting", () => {
  it("explains itself, then opens the assistant and reports that it can be used", async () => {
    backend.on("app_info", () => ({ ...appInfo, firstStart: true })).on("finish_welcome", () => null);
    await show();
    (await see("welcome-start")).click();
    await see("composer");
    await vi.waitFor(() => expect(backend.argsOf("ui_ready")).toHaveLength(1));
  });

  it("shows a problem with its remedy and recovers by trying again", async () => {
    backend.on("app_info", () => ({ ...appInfo, problem: uiError("data_folder_in_use", "Another OpZest uses it.", "Close it.") }));
    await show();
    const problem = await see("problem");
    expect(problem.textContent).toContain("Another OpZest uses it.");
    expect(problem.textContent).toContain("Close it.");
    backend.on("app_info", () => appInfo);
    find("problem-retry")!.click();
    await see("composer");
  });
});

describe("conversation", () => {
  it("sends with Enter, not with Shift+Enter or while a word is composed; shows the stream; stops on Escape", async () => {
    const end = gate<ChatOutcome>();
    let emit: Parameters<Handler<"send_message">>[1] = () => {};
    backend.on("stop_generation", () => null).on("send_message", (_, tell) => {
      emit = tell;
      return end.promise;
    });
    await show();
    const composer = await see<HTMLTextAreaElement>("composer");
    expect(find<HTMLButtonElement>("send")!.disabled).toBe(true);
    write(composer, "Hello");
    key(composer, "Enter", { shiftKey: true });
    key(composer, "Enter", { isComposing: true });
    expect(backend.argsOf("send_message")).toHaveLength(0);
    key(composer, "Enter");
    expect(backend.argsOf("send_message")).toHaveLength(1);

    emit({ kind: "started", conversation: summary("c1", "Hello"), question: question("q", "Hello"), answer: answer("a", "", { status: "streaming" }) });
    emit({ kind: "loadingModel", modelName: "Tiny" });
    expect((await see("answer-progress")).textContent).toContain("Loading Tiny");
    emit({ kind: "reading", read: 300, total: 900, cached: 0 });
    flushSync();
    expect(find("answer-progress")!.textContent).toContain("300 of 900");
    expect(find("answer-progress")!.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("300");
    emit({ kind: "delta", text: "**Hi**", tokens: 1, tokensPerSecond: 9, contextUsed: 10, contextSize: 100 });
    await vi.waitFor(() => expect(find("message-assistant")!.querySelector("strong")?.textContent).toBe("Hi"));
    expect(find("speed")!.textContent).toBe("9.0 tokens/s");
    expect(find("context-meter")!.textContent).toContain("10 %");

    key(window, "Escape");
    expect(backend.argsOf("stop_generation")).toEqual([{ conversationId: "c1" }]);
    end.open(outcome("c1", answer("a", "**Hi**", { status: "stopped" })));
    expect((await see("ending")).textContent).toContain("You stopped this answer");
    expect(all("conversation-item")).toHaveLength(1);
    await see("send");
  });

  it("keeps the draft next to the error and sends it again", async () => {
    backend.on("send_message", () => Promise.reject(uiError("model_missing", "The file is gone.", "Choose another.")));
    await show();
    write(await see<HTMLTextAreaElement>("composer"), "precious");
    find("send")!.click();
    const error = await see("send-error");
    expect(error.textContent).toContain("The file is gone.");
    expect(error.textContent).toContain("Choose another.");
    expect(find<HTMLTextAreaElement>("composer")!.value).toBe("precious");
    error.querySelector<HTMLElement>('[data-testid="retry"]')!.click();
    await vi.waitFor(() => expect(backend.argsOf("send_message")).toHaveLength(2));
  });

  it("offers a new conversation, with the message, when the context is full", async () => {
    backend.on("send_message", () => Promise.reject(uiError("context_overflow", "It does not fit.")));
    await showConversation(question("q", "x"), answer("a", "y"));
    write(await see<HTMLTextAreaElement>("composer"), "too much");
    find("send")!.click();
    (await see("full-new")).click();
    await see("empty-conversation");
    expect(find<HTMLTextAreaElement>("composer")!.value).toBe("too much");
  });

  it.each([
    ["stopped", {}, "You stopped this answer"],
    ["cutByLimit", {}, "longest length that the settings allow"],
    ["cutByContext", {}, "This conversation is full"],
    ["interrupted", {}, "OpZest closed while this was being written"],
    ["failed", { error: uiError("out_of_memory", "Too big.", "Close other programs.") }, "Too big."],
  ] as const)("says in words how an answer ended: %s", async (status, more, words) => {
    await showConversation(question("q", "x"), answer("a", "so far", { status, ...more }));
    expect((await see("ending")).textContent).toContain(words);
    expect(find("message-assistant")!.textContent).toContain("so far");
  });

  it("pages through the versions of the last answer", async () => {
    await showConversation(question("q", "x"), answer("b", "second", { variants: ["a", "b", "c"] }));
    expect(find("variant-position")!.textContent).toBe("2 / 3");
    backend.on("select_variant", ({ messageId }) => conversation("c1", question("q", "x"), answer(messageId, "third", { variants: ["a", "b", "c"] })));
    find("variant-next")!.click();
    await vi.waitFor(() => {
      flushSync();
      expect(find("variant-position")!.textContent).toBe("3 / 3");
    });
    expect(backend.argsOf("select_variant")).toEqual([{ messageId: "c" }]);
    expect(find<HTMLButtonElement>("variant-next")!.disabled).toBe(true);
  });

  it("copies an address instead of following it", async () => {
    const writeText = vi.fn(async (_: string) => {});
    vi.stubGlobal("navigator", { platform: "Linux", clipboard: { writeText } });
    await showConversation(question("q", "x"), answer("a", "[docs](https://example.org/x)"));
    const link = await vi.waitFor(() => {
      flushSync();
      const found = document.querySelector<HTMLElement>(".address");
      if (!found) throw new Error("no address");
      return found;
    });
    link.click();
    key(link, "Enter");
    expect(writeText.mock.calls).toEqual([["https://example.org/x"], ["https://example.org/x"]]);
    expect((await see("toast")).textContent).toContain("https://example.org/x");
    vi.unstubAllGlobals();
  });
});

describe("the list of conversations", () => {
  async function menu(item: string) {
    (await see("conversation-menu")).click();
    (await see(item)).click();
    flushSync();
  }

  it("renames in place, with Escape to leave it", async () => {
    backend.on("rename_conversation", ({ id, title }) => summary(id, title));
    await showConversation(question("q", "x"), answer("a", "y"));
    await menu("rename");
    let field = await see<HTMLInputElement>("rename-input");
    write(field, "Nope");
    key(field, "Escape");
    await see("conversation-menu");
    expect(backend.argsOf("rename_conversation")).toEqual([]);
    await menu("rename");
    field = await see<HTMLInputElement>("rename-input");
    write(field, " Plants ");
    key(field, "Enter");
    await vi.waitFor(() => {
      flushSync();
      expect([find("title")!.textContent, find("conversation-item")!.textContent]).toEqual(["Plants", expect.stringContaining("Plants")]);
    });
    expect(backend.argsOf("rename_conversation")).toEqual([{ id: "c1", title: "Plants" }]);
  });

  it("deletes only after asking", async () => {
    backend.on("delete_conversation", () => null);
    await showConversation(question("q", "x"), answer("a", "y"));
    await menu("delete");
    expect((await see("delete-dialog")).textContent).toContain("Title of c1");
    expect(backend.argsOf("delete_conversation")).toEqual([]);
    find("delete-confirm")!.click();
    await see("empty-conversation");
    expect(all("conversation-item")).toHaveLength(0);
  });

  it("exports", async () => {
    backend.on("export_conversation", ({ format }) => ({ fileName: `x.${format}`, content: "text" }));
    await showConversation(question("q", "x"), answer("a", "y"));
    await menu("export-markdown");
    expect((await see("toast")).textContent).toContain("x.markdown");
    expect(backend.saved).toEqual([{ name: "x.markdown", content: "text" }]);
  });

  it("marks what a search found, without trusting it", async () => {
    await show();
    backend.on("list_conversations", () => ({
      items: [summary("c2", "Found", { hit: [{ text: "<b>the ", matches: false }, { text: "lemon", matches: true }] })], total: 1,
    }));
    write(await see<HTMLInputElement>("search"), "lemon");
    const hit = await see("hit");
    expect(hit.querySelector("mark")?.textContent).toBe("lemon");
    expect(hit.textContent).toContain("<b>the lemon");
    backend.on("list_conversations", () => ({ items: [], total: 0 }));
    write(find<HTMLInputElement>("search")!, "nothing");
    expect((await see("search-empty")).textContent).toContain("nothing");
  });
});

describe("models and settings", () => {
  it("lists the models with what is wrong, chooses one, and refuses a bad file where it was asked for", async () => {
    const problem = uiError("model_missing", "The file is not there any more.");
    backend
      .on("list_models", () => [model("tiny", { selected: true, kind: "embedded" }), model("gone", { problem }), model("big")])
      .on("select_model", ({ id }) => [model("tiny", { kind: "embedded" }), model("big", { selected: id === "big" })])
      .on("add_model_file", () => Promise.reject(uiError("model_file", "No GGUF.")));
    backend.path = "/bad.gguf";
    await show();
    (await see("model-picker")).click();
    expect((await see("model-problem")).textContent).toContain("not there any more");
    expect(all("model-remove")).toHaveLength(2); // the embedded one stays
    find("add-model")!.click();
    expect((await see("add-model-error")).textContent).toContain("No GGUF.");
    all("model-choose")[2]!.click();
    await vi.waitFor(() => {
      flushSync();
      expect(find("model-picker")!.textContent).toContain("big");
    });
  });

  it("does not say that everything stays here when the model is elsewhere", async () => {
    await show();
    await see("composer");
    expect(document.body.textContent).toContain("Stays on this computer");
    void unmount(page!);
    backend.on("list_models", () => [model("far", { kind: "remote", location: "https://llm.example", selected: true })]);
    page = mount(App, { target: document.body, props: { backend } });
    expect((await see("leaves")).textContent).toContain("sent to https://llm.example");
    expect(document.body.textContent).not.toContain("Stays on this computer");
  });

  it("changes a setting, shows what “automatic” comes to, and keeps a refusal at its field", async () => {
    backend.on("change_settings", ({ settings }) => {
      if ((settings.threads ?? 0) > 8) throw uiError("invalid_input", "This computer has 4 threads.");
      return { ...settingsView, settings };
    });
    await show();
    await see("composer");
    key(window, ",", { ctrlKey: true });
    (await see("settings-tab-computer")).click();
    expect((await see<HTMLInputElement>("setting-threads")).value).toContain("2 on this computer");
    find<HTMLInputElement>("setting-threads-automatic")!.click();
    await vi.waitFor(() => {
      flushSync();
      expect(find<HTMLInputElement>("setting-threads")!.value).toBe("2");
    });
    write(find<HTMLInputElement>("setting-threads")!, "many", "change");
    expect((await see("inline-error")).textContent).toContain("not a whole number");
    expect(backend.argsOf("change_settings")).toHaveLength(1);
    write(find<HTMLInputElement>("setting-threads")!, "64", "change");
    await vi.waitFor(() => {
      flushSync();
      expect(find("inline-error")!.textContent).toContain("This computer has 4 threads.");
    });
  });
});

describe("keyboard", () => {
  it("opens the list of shortcuts, and starts and searches conversations", async () => {
    await showConversation(question("q", "x"), answer("a", "y"));
    key(window, "/", { ctrlKey: true });
    const dialog = await see<HTMLDialogElement>("shortcuts");
    expect(dialog.textContent).toContain("Search all conversations");
    key(window, "n", { ctrlKey: true });
    expect(find("empty-conversation")).toBeNull(); // a dialog keeps the keyboard
    dialog.close();
    flushSync();
    key(window, "k", { ctrlKey: true });
    await vi.waitFor(() => expect(document.activeElement).toBe(find("search")));
    key(window, "n", { ctrlKey: true });
    await see("empty-conversation");
    await vi.waitFor(() => expect(document.activeElement).toBe(find("composer")));
  });
});
