// Design mode: an OpZest without an engine, to look at every page and state. Never part of a production bundle.
// The address chooses a scene: `?scene=welcome|problem|empty|chat|code|rtl|long|endings|full|errors|many`, or one of session-scenes.ts.
import { FakeBackend, type Handler } from "../lib/backend/fake";
import { uiError } from "../lib/backend";
import type { AnswerStats, Conversation, Message, MessageStatus, Model, SettingsView, UiError } from "../lib/bindings";
import { demoSessions } from "./session-scenes";
import { withDataset } from "./demo-dataset";
import { withStorage } from "./demo-storage";
import { withTeachers } from "./demo-teachers";
import { withTraining } from "./demo-training";
import { CODE, HOSTILE, LETTER, LONG, RTL } from "./samples";

const DAY = 86_400_000;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function stats(part: number): AnswerStats {
  return {
    promptTokens: 312, cachedTokens: 280, answerTokens: 186, readingMs: 640, tokensPerSecond: 23.4,
    contextUsed: Math.round(4096 * part), contextSize: 4096,
  };
}

let count = 0;
const newId = () => `id-${++count}`;

function message(speaker: Message["speaker"], text: string, status: MessageStatus = "complete", error: UiError | null = null): Message {
  const id = newId();
  return {
    id, speaker, text, status, error, createdAt: Date.now(), variants: [id],
    modelName: speaker === "assistant" ? "SmolLM2 360M" : null,
    stats: speaker === "assistant" ? stats(0.22) : null,
  };
}

function conversation(title: string, age: number, messages: Message[]): Conversation {
  const at = Date.now() - age;
  return {
    summary: { id: newId(), title, createdAt: at, updatedAt: at, modelId: null, messageCount: messages.length, hit: null },
    messages,
  };
}

const MODELS: Model[] = [
  {
    id: "embedded", name: "SmolLM2 360M", kind: "embedded", location: "", fileBytes: 271e6, architecture: "llama",
    parameters: "362M", quantisation: "Q4_1", trainedContext: 8192, licence: "Apache-2.0", selected: true, problem: null,
  },
  {
    id: "qwen", name: "Qwen2.5 1.5B Instruct", kind: "file", location: "/home/ana/models/qwen2.5-1.5b-instruct-q5_k_m.gguf",
    fileBytes: 1.29e9, architecture: "qwen2", parameters: "1.5B", quantisation: "Q5_K_M", trainedContext: 32768,
    licence: null, selected: false, problem: null,
  },
  {
    id: "gone", name: "tiny-letters-of-my-grandmother-finetuned-v3", kind: "file",
    location: "/media/stick/tiny-letters.gguf", fileBytes: 98e6, architecture: "llama", parameters: "135M",
    quantisation: "Q8_0", trainedContext: 2048, licence: null, selected: false,
    problem: uiError("model_missing", "The file /media/stick/tiny-letters.gguf is not there any more.", "Plug in the drive, or open the file from its new place."),
  },
  {
    id: "trained-2", name: "Letters and e-mails 2", kind: "trained", location: "/home/ana/.local/share/opzest/training/0193d0c2/adapter.gguf",
    fileBytes: 9.8e6, architecture: "llama", parameters: "362M", quantisation: "Q4_1", trainedContext: 8192, licence: "Apache-2.0", selected: false, problem: null,
  },
];

function scenes(name: string): Conversation[] {
  const question = message("user", "Write a short, friendly message asking my neighbour to water my plants next week.");
  const answer = message("assistant", LETTER);
  answer.variants = ["older", answer.id, "newer"];
  const chat = conversation("A message to the neighbour", 5 * 60_000, [question, answer]);
  const code = conversation("Counting words in Python", 2 * 3_600_000, [
    message("user", "Write a Python function that counts the words in a text file."), message("assistant", CODE),
  ]);
  const rtl = conversation("قائمة التسوق", 1.2 * DAY, [message("user", "اكتب لي قائمة تسوق قصيرة"), message("assistant", RTL)]);
  const hostile = conversation("Averyveryveryverylongtitlethatneverendsandgoesonandonandonandon", 1.3 * DAY, [
    message("user", "Show me pictures and links that misbehave, and a long_word_".padEnd(180, "x")), message("assistant", HOSTILE),
  ]);
  const long = conversation("Why the sky is blue, at length and with every detail that there is to tell", 3 * DAY, [
    message("user", "Explain at length why the sky is blue."), message("assistant", LONG),
  ]);
  const endings = conversation("How answers can end", 4 * DAY, [
    message("user", "One"), message("assistant", "The first word that comes to mind is", "stopped"),
    message("user", "Two"), message("assistant", "A list of all rivers: the Danube, the Rhine, the", "cutByLimit"),
    message("user", "Three"), message("assistant", "Once upon a time there was", "interrupted"),
    message("user", "Four"),
    message("assistant", "", "failed", uiError("out_of_memory", "Qwen2.5 1.5B needs 1.9 GB of memory, and 1.1 GB is free.", "Close other programs or choose a smaller model.")),
  ]);
  const full = conversation("A story that outgrew its model", 12 * DAY, [
    message("user", "Tell me a very long story."), message("assistant", LONG.slice(0, 900), "cutByContext"),
  ]);
  const last = full.messages.at(-1);
  if (last) last.stats = stats(1);
  const all = [chat, code, rtl, hostile, long, endings, full];
  if (name === "many") {
    for (let index = 0; index < 70; index++) all.push(conversation(`Recipe ${index + 1} with lemons`, (40 + index) * DAY, [question, answer]));
  }
  const open: Record<string, Conversation> = { chat, code, rtl, hostile, long, endings, full };
  const shown = open[name];
  if (shown) sessionStorage.setItem("opzest.open", shown.summary.id);
  else sessionStorage.removeItem("opzest.open");
  return name === "empty" || name === "welcome" ? [] : all;
}

export async function demoBackend(): Promise<FakeBackend> {
  const params = new URLSearchParams(location.search);
  const scene = params.get("scene") ?? "many";
  const demo = new FakeBackend();
  // File dialogs answer this.
  demo.path = "/home/ana/Documents";
  await demoSessions(demo, scene);
  // `&view=harvest` opens on it, whatever the scene would open.
  const opened = params.get("view");
  if (opened) localStorage.setItem("opzest.view", opened);
  withDataset(demo, scene);
  withStorage(demo, scene);
  withTraining(demo, scene);
  let conversations = scenes(scene);
  let models = MODELS;
  let stopped = false;
  let view: SettingsView = {
    settings: {
      theme: "system", systemPrompt: null, temperature: 0.7, topP: 0.95, minP: 0.05, seed: null, maxAnswerTokens: 512,
      threads: null, contextSize: null, memoryMap: null,
    },
    threads: 4, contextSize: 4096, memoryMap: true, neededMemoryMb: 612, freeMemoryMb: 5230,
  };
  if (scene === "errors") view = { ...view, neededMemoryMb: 6100 };
  const find = (id: string) => {
    const found = conversations.find((one) => one.summary.id === id);
    if (!found) throw uiError("not_found", "This conversation is not there any more.");
    return found;
  };
  const copy = <T>(value: T): T => structuredClone(value);

  const answer = async (
    target: Conversation, question: Message | null, emit: Parameters<Handler<"send_message">>[1],
  ) => {
    stopped = false;
    const reply = message("assistant", "", "streaming");
    reply.stats = null;
    const before = target.messages.at(-1);
    if (question) target.messages.push(question);
    else if (before) {
      target.messages.pop();
      reply.variants = [...before.variants, reply.id];
    }
    target.messages.push(reply);
    target.summary = { ...target.summary, updatedAt: Date.now(), messageCount: target.messages.length };
    emit({ kind: "started", conversation: copy(target.summary), question: copy(question), answer: copy(reply) });
    emit({ kind: "loadingModel", modelName: "SmolLM2 360M" });
    await wait(700);
    for (let read = 0; read <= 1800; read += 300) {
      emit({ kind: "reading", read, total: 1800, cached: 0 });
      await wait(120);
    }
    const words = (scene === "long" ? LONG : CODE).split(/(?<=\s)/);
    for (const [index, text] of words.entries()) {
      if (stopped) break;
      reply.text += text;
      emit({ kind: "delta", text, tokens: index + 1, tokensPerSecond: 24.1, contextUsed: 1200 + index, contextSize: 4096 });
      await wait(28);
    }
    reply.status = stopped ? "stopped" : "complete";
    reply.stats = stats(0.3);
    return { conversation: copy(target.summary), answer: copy(reply) };
  };

  demo
    .on("app_info", () => ({
      version: "0.1.0", dataFolder: "/home/ana/.local/share/opzest", logFolder: "/home/ana/.local/state/opzest/log",
      firstStart: scene === "welcome",
      problem:
        scene === "problem"
          ? uiError("data_folder_in_use", "Another OpZest is using the folder /home/ana/.local/share/opzest.", "Go on in the other window, or close it and try again.")
          : null,
      machine: { processor: "AMD Ryzen 5 5500U", physicalCores: 6, logicalCores: 12, memoryMb: 15_800, freeMemoryMb: 5230 },
    }))
    .on("finish_welcome", () => null)
    .on("ui_ready", () => null)
    .on("list_conversations", async ({ query, limit }) => {
      if (scene === "errors") throw uiError("store", "The list of conversations could not be read.", "Try again.");
      const hits = conversations
        .filter((one) => !query || JSON.stringify(one).toLowerCase().includes(query.toLowerCase()))
        .map((one) => ({
          ...one.summary,
          hit: query ? [{ text: "… could you ", matches: false }, { text: query, matches: true }, { text: " the plants on the balcony once or twice …", matches: false }] : null,
        }));
      return { items: hits.slice(0, limit), total: hits.length };
    })
    .on("open_conversation", ({ id }) => copy(find(id)))
    .on("rename_conversation", ({ id, title }) => (find(id).summary = { ...find(id).summary, title }))
    .on("delete_conversation", ({ id }) => {
      conversations = conversations.filter((one) => one.summary.id !== id);
      return null;
    })
    .on("export_conversation", ({ id, format }) => ({ fileName: `conversation.${format === "json" ? "json" : "md"}`, content: find(id).summary.title }))
    .on("send_message", async ({ conversationId, text }, emit) => {
      if (scene === "errors") {
        throw uiError("model_missing", "The file /media/stick/tiny-letters.gguf is not there any more.", "Plug in the drive, or choose another model.");
      }
      const target = conversationId === null ? conversation(text.slice(0, 40), 0, []) : find(conversationId);
      if (conversationId === null) conversations = [target, ...conversations];
      return answer(target, message("user", text), emit);
    })
    .on("regenerate", ({ conversationId }, emit) => answer(find(conversationId), null, emit))
    .on("select_variant", ({ messageId }) => {
      const target = conversations.find((one) => one.messages.some((entry) => entry.variants.includes(messageId)));
      if (!target) throw uiError("not_found", "This version is not there any more.");
      const entry = target.messages.find((candidate) => candidate.variants.includes(messageId));
      if (entry) entry.id = messageId;
      return copy(target);
    })
    .on("stop_generation", () => {
      stopped = true;
      return null;
    })
    .on("list_models", () => models)
    .on("add_model_file", async ({ path }) => {
      await wait(600);
      throw uiError("model_file", `${path} is not a model file: it does not begin like a GGUF file.`, "Choose a file whose name ends in .gguf.");
    })
    .on("remove_model", ({ id }) => (models = models.filter((model) => model.id !== id)))
    .on("select_model", ({ id }) => (models = models.map((model) => ({ ...model, selected: model.id === id }))))
    .on("measure_model", async ({ id }) => {
      await wait(1500);
      return {
        modelName: id, threads: 4, readingTokensPerSecond: 212.4, writingTokensPerSecond: 24.3, loadMs: 840, peakMemoryMb: 598,
      };
    })
    .on("read_settings", () => view)
    .on("change_settings", async ({ settings }) => {
      await wait(200);
      if ((settings.threads ?? 1) > 64) throw uiError("invalid_input", "This computer has 12 threads, 64 would slow it down.", "Use at most 12.");
      return (view = { ...view, settings });
    });
  withTeachers(demo, scene, { all: () => models, remove: (id) => (models = models.filter((model) => model.id !== id)) });
  return demo;
}
