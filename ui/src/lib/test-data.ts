// Small messages and conversations for the tests of state and components.
import type { AppInfo, ChatOutcome, Conversation, ConversationSummary, Message, Model, SettingsView } from "./bindings";
import { FakeBackend } from "./backend/fake";

export function question(id: string, text: string): Message {
  return {
    id, text, speaker: "user", status: "complete", createdAt: 1, modelName: null, stats: null, error: null, variants: [id],
  };
}

export function answer(id: string, text: string, more: Partial<Message> = {}): Message {
  return {
    id, text, speaker: "assistant", status: "complete", createdAt: 2, modelName: "Tiny", stats: null, error: null,
    variants: [id], ...more,
  };
}

export function summary(id: string, title: string, more: Partial<ConversationSummary> = {}): ConversationSummary {
  return { id, title, createdAt: 1, updatedAt: 1, modelId: null, messageCount: 2, hit: null, ...more };
}

export function conversation(id: string, ...messages: Message[]): Conversation {
  return { summary: summary(id, `Title of ${id}`), messages };
}

export function outcome(id: string, last: Message): ChatOutcome {
  return { conversation: summary(id, `Title of ${id}`), answer: last };
}

export function model(id: string, more: Partial<Model> = {}): Model {
  return {
    id, name: id, kind: "file", location: `/models/${id}.gguf`, fileBytes: 1e8, architecture: "llama", parameters: "135M",
    quantisation: "Q4_1", trainedContext: 2048, licence: null, selected: false, problem: null, ...more,
  };
}

export const appInfo: AppInfo = {
  version: "0.1.0", dataFolder: "/data", logFolder: "/log", firstStart: false, problem: null,
  machine: { processor: "Test CPU", physicalCores: 2, logicalCores: 4, memoryMb: 8192, freeMemoryMb: 4096 },
};

export const settingsView: SettingsView = {
  settings: {
    theme: "system", systemPrompt: null, temperature: 0.7, topP: 0.95, minP: 0.05, seed: null, maxAnswerTokens: null,
    threads: null, contextSize: null, memoryMap: null,
  },
  threads: 2, contextSize: 4096, memoryMap: true, neededMemoryMb: 600, freeMemoryMb: 4096,
};

/** Everything that a start asks for. */
export function startedBackend(): FakeBackend {
  return new FakeBackend()
    .on("app_info", () => appInfo)
    .on("ui_ready", () => null)
    .on("list_conversations", () => ({ items: [], total: 0 }))
    .on("list_models", () => [model("tiny", { selected: true, kind: "embedded" })])
    .on("read_settings", () => settingsView);
}

/** A promise that the test settles. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void; fail: (reason: unknown) => void } {
  let open!: (value: T) => void;
  let fail!: (reason: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
