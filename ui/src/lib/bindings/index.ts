// Stands in for the file that is generated from the Rust types and the command table.

export type UiError = { code: ErrorCode, message: string, hint: string, };

export type ErrorCode = "data_folder_in_use" | "data_folder_unusable" | "disk_full" | "store_too_new" | "store_damaged" | "store" | "not_found" | "invalid_input" | "model_file" | "model_missing" | "context_overflow" | "out_of_memory" | "worker_died" | "model" | "busy" | "remote" | "internal";

export type AppInfo = { version: string, dataFolder: string, logFolder: string, firstStart: boolean, problem: UiError | null, machine: Machine, };

export type Machine = { processor: string, physicalCores: number, logicalCores: number, memoryMb: number, freeMemoryMb: number, };

export type Speaker = "user" | "assistant";

export type MessageStatus = "streaming" | "complete" | "stopped" | "cutByLimit" | "cutByContext" | "interrupted" | "failed";

export type AnswerStats = { promptTokens: number, cachedTokens: number, answerTokens: number, readingMs: number, tokensPerSecond: number, contextUsed: number, contextSize: number, };

export type Message = { id: string, speaker: Speaker, text: string, status: MessageStatus, createdAt: number, modelName: string | null, stats: AnswerStats | null, error: UiError | null, variants: Array<string>, };

export type ConversationSummary = { id: string, title: string, createdAt: number, updatedAt: number, modelId: string | null, messageCount: number, hit: Array<HitPart> | null, };

export type HitPart = { text: string, matches: boolean, };

export type ConversationList = { items: Array<ConversationSummary>, total: number, };

export type Conversation = { summary: ConversationSummary, messages: Array<Message>, };

export type ExportFormat = "markdown" | "json";

export type ExportedFile = { fileName: string, content: string, };

export type ModelKind = "embedded" | "file" | "remote";

export type Model = { id: string, name: string, kind: ModelKind, location: string, fileBytes: number | null, architecture: string | null, parameters: string | null, quantisation: string | null, trainedContext: number | null, licence: string | null, selected: boolean, problem: UiError | null, };

export type Theme = "system" | "light" | "dark";

export type Settings = { theme: Theme, systemPrompt: string | null, temperature: number, topP: number, minP: number, seed: number | null, maxAnswerTokens: number | null, threads: number | null, contextSize: number | null, memoryMap: boolean | null, };

export type SettingsView = { settings: Settings, threads: number, contextSize: number, memoryMap: boolean, neededMemoryMb: number, freeMemoryMb: number, };

export type ChatEvent = { "kind": "started", conversation: ConversationSummary, question: Message | null, answer: Message, } | { "kind": "loadingModel", modelName: string, } | { "kind": "reading", read: number, total: number, cached: number, } | { "kind": "delta", text: string, tokens: number, tokensPerSecond: number, contextUsed: number, contextSize: number, };

export type ChatOutcome = { conversation: ConversationSummary, answer: Message, };

export type ModelSpeed = { modelName: string, threads: number, readingTokensPerSecond: number, writingTokensPerSecond: number, loadMs: number, peakMemoryMb: number, };

export interface Commands {
  app_info: { args: {}; event: never; result: AppInfo };
  finish_welcome: { args: {}; event: never; result: null };
  ui_ready: { args: {}; event: never; result: null };
  list_conversations: { args: { query: string | null, limit: number, }; event: never; result: ConversationList };
  open_conversation: { args: { id: string, }; event: never; result: Conversation };
  rename_conversation: { args: { id: string, title: string, }; event: never; result: ConversationSummary };
  delete_conversation: { args: { id: string, }; event: never; result: null };
  export_conversation: { args: { id: string, format: ExportFormat, }; event: never; result: ExportedFile };
  send_message: { args: { conversationId: string | null, modelId: string | null, text: string, }; event: ChatEvent; result: ChatOutcome };
  regenerate: { args: { conversationId: string, }; event: ChatEvent; result: ChatOutcome };
  select_variant: { args: { messageId: string, }; event: never; result: Conversation };
  stop_generation: { args: { conversationId: string, }; event: never; result: null };
  list_models: { args: {}; event: never; result: Array<Model> };
  add_model_file: { args: { path: string, }; event: never; result: Model };
  remove_model: { args: { id: string, }; event: never; result: Array<Model> };
  select_model: { args: { id: string, }; event: never; result: Array<Model> };
  measure_model: { args: { id: string, }; event: never; result: ModelSpeed };
  read_settings: { args: {}; event: never; result: SettingsView };
  change_settings: { args: { settings: Settings, }; event: never; result: SettingsView };
}
