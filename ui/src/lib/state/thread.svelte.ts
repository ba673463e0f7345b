// One conversation on the screen: its messages, the answer being written, the draft, and what went wrong.
import { toUiError, type Backend } from "../backend";
import type { ChatEvent, ChatOutcome, Conversation, ConversationSummary, Message, UiError } from "../bindings";
import type { Drafts } from "./drafts";

/** An answer on its way. */
export interface Run {
  phase: "starting" | "loading" | "reading" | "writing";
  modelName: string;
  read: number;
  toRead: number;
  tokens: number;
  tokensPerSecond: number;
  stopping: boolean;
}

export interface ContextUse {
  used: number;
  size: number;
}

/** An error and what to do again when the user asks for it. */
export interface Failure {
  during: "open" | "send" | "regenerate" | "variant" | "stop";
  error: UiError;
}

export interface ThreadHooks {
  /** The conversation is new or has changed. */
  changed(summary: ConversationSummary): void;
  /** A new conversation has got its id. */
  named(thread: Thread): void;
  /** The model to ask for: the wanted one, unless it was removed meanwhile. */
  usableModel(id: string | null): string | null;
  /** Runs once before the next frame; text arrives faster than frames are drawn. */
  nextFrame(work: () => void): void;
  /** Runs later; for looking again at an answer that another window writes. */
  later(work: () => void): void;
}

export class Thread {
  id = $state<string | null>(null);
  summary = $state.raw<ConversationSummary | null>(null);
  messages = $state<Message[]>([]);
  run = $state<Run | null>(null);
  opening = $state(false);
  failure = $state<Failure | null>(null);
  modelId = $state<string | null>(null);
  /** Said once to screen readers when an answer starts or ends. */
  announcement = $state("");
  #live = $state<ContextUse | null>(null);
  #draft = $state("");
  #pending = "";
  #frameAsked = false;

  constructor(
    private backend: Backend,
    private drafts: Drafts,
    private hooks: ThreadHooks,
    id: string | null,
  ) {
    this.id = id;
    this.#draft = drafts.read(id);
  }

  get title(): string {
    return this.summary?.title ?? "New conversation";
  }

  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    this.drafts.write(this.id, text);
  }

  lastAnswer = $derived(this.messages.findLast((message) => message.speaker === "assistant") ?? null);

  context = $derived.by<ContextUse | null>(() => {
    if (this.#live) return this.#live;
    const stats = this.messages.findLast((message) => message.stats)?.stats;
    return stats && stats.contextSize > 0 ? { used: stats.contextUsed, size: stats.contextSize } : null;
  });

  /** There is room for little more, and nothing else says so yet. */
  nearlyFull = $derived(
    this.context !== null &&
      this.context.used >= 0.9 * this.context.size &&
      this.run === null &&
      this.failure === null &&
      this.lastAnswer?.status !== "cutByContext",
  );

  canSend = $derived(this.run === null && !this.opening && this.#draft.trim() !== "");

  async open(): Promise<void> {
    if (this.id === null) return;
    this.opening = true;
    this.failure = null;
    try {
      this.#show(await this.backend.call("open_conversation", { id: this.id }));
    } catch (thrown) {
      this.failure = { during: "open", error: toUiError(thrown) };
    } finally {
      this.opening = false;
    }
  }

  async send(): Promise<void> {
    if (!this.canSend) return;
    const text = this.#draft.trim();
    const modelId = this.hooks.usableModel(this.modelId);
    await this.#answer("send", (onEvent) =>
      this.backend.call("send_message", { conversationId: this.id, modelId, text }, onEvent),
    );
  }

  async regenerate(): Promise<void> {
    const id = this.id;
    if (id === null || this.run) return;
    const modelId = this.hooks.usableModel(this.modelId);
    await this.#answer("regenerate", (onEvent) =>
      this.backend.call("regenerate", { conversationId: id, modelId }, onEvent),
    );
  }

  async selectVariant(messageId: string): Promise<void> {
    this.failure = null;
    try {
      this.#show(await this.backend.call("select_variant", { messageId }));
    } catch (thrown) {
      this.failure = { during: "variant", error: toUiError(thrown) };
    }
  }

  async stop(): Promise<void> {
    if (this.run) this.run.stopping = true;
    if (this.id === null) return; // asked for again as soon as the conversation has an id
    try {
      await this.backend.call("stop_generation", { conversationId: this.id });
    } catch (thrown) {
      if (this.run) this.run.stopping = false;
      this.failure = { during: "stop", error: toUiError(thrown) };
    }
  }

  async retry(): Promise<void> {
    const during = this.failure?.during;
    this.failure = null;
    if (during === "open") await this.open();
    else if (during === "send") await this.send();
    else if (during === "regenerate") await this.regenerate();
    else if (during === "stop") await this.stop();
  }

  async #answer(during: "send" | "regenerate", call: (onEvent: (event: ChatEvent) => void) => Promise<ChatOutcome>) {
    this.failure = null;
    this.announcement = "";
    this.run = { phase: "starting", modelName: "", read: 0, toRead: 0, tokens: 0, tokensPerSecond: 0, stopping: false };
    let answerId: string | null = null;
    let over = false;
    try {
      const outcome = await call((event) => {
        // A channel may still deliver after the result: the result is the newer truth.
        if (over) return;
        if (event.kind === "started") answerId = event.answer.id;
        this.#follow(event, answerId);
      });
      over = true;
      this.#pending = "";
      this.#settle(outcome);
      if (answerId === null) await this.open(); // the first event was lost; the question is in the store
    } catch (thrown) {
      over = true;
      this.#flush(answerId);
      const error = toUiError(thrown);
      const answer = this.#find(answerId);
      if (answer) {
        answer.status = "failed";
        answer.error = error;
        this.announcement = `The answer failed. ${error.message}`;
      } else {
        this.failure = { during, error };
      }
    } finally {
      this.run = null;
      this.#live = null;
    }
  }

  #follow(event: ChatEvent, answerId: string | null): void {
    const run = this.run;
    if (!run) return;
    switch (event.kind) {
      case "started":
        this.#started(event);
        break;
      case "loadingModel":
        run.phase = "loading";
        run.modelName = event.modelName;
        break;
      case "reading":
        run.phase = "reading";
        run.read = event.read;
        run.toRead = event.total;
        break;
      case "delta":
        run.phase = "writing";
        run.tokens = event.tokens;
        run.tokensPerSecond = event.tokensPerSecond;
        this.#live = event.contextSize > 0 ? { used: event.contextUsed, size: event.contextSize } : null;
        this.#pending += event.text;
        if (!this.#frameAsked) {
          this.#frameAsked = true;
          this.hooks.nextFrame(() => this.#flush(answerId));
        }
        break;
    }
  }

  #started(event: ChatEvent & { kind: "started" }): void {
    const isNew = this.id === null;
    this.draft = event.question ? "" : this.#draft;
    this.id = event.conversation.id;
    this.summary = event.conversation;
    if (event.question) this.messages.push(event.question);
    else if (this.messages.at(-1)?.speaker === "assistant") this.messages.pop();
    this.messages.push(event.answer);
    this.announcement = "OpZest is answering.";
    this.hooks.changed(event.conversation);
    if (isNew) this.hooks.named(this);
    if (this.run?.stopping) void this.stop();
  }

  #flush(answerId: string | null): void {
    this.#frameAsked = false;
    const answer = this.#find(answerId);
    if (answer && this.#pending !== "") answer.text += this.#pending;
    this.#pending = "";
  }

  #find(id: string | null): Message | undefined {
    return id === null ? undefined : this.messages.find((message) => message.id === id);
  }

  #settle(outcome: ChatOutcome): void {
    const at = this.messages.findIndex((message) => message.id === outcome.answer.id);
    if (at >= 0) this.messages[at] = outcome.answer;
    this.id = outcome.conversation.id;
    this.summary = outcome.conversation;
    this.announcement = outcome.answer.error
      ? `The answer failed. ${outcome.answer.error.message}`
      : `The answer is ${outcome.answer.status === "stopped" ? "stopped" : "complete"}.`;
    this.hooks.changed(outcome.conversation);
  }

  #show(conversation: Conversation): void {
    this.summary = conversation.summary;
    this.messages = conversation.messages;
    this.modelId = conversation.summary.modelId;
    // Written by a run that this window does not follow (it was reloaded): look again until it is done.
    if (!this.run && this.messages.some((message) => message.status === "streaming")) {
      this.hooks.later(() => {
        if (!this.run) void this.open();
      });
    }
  }
}
