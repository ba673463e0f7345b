// Generated from crates/opzest-app by `make bindings`. Do not edit.

export type UiError = { code: ErrorCode, 
/**
 * What happened to what.
 */
message: string, 
/**
 * What to do next; may be empty.
 */
hint: string, };

export type ErrorCode = "data_folder_in_use" | "data_folder_unusable" | "disk_full" | "store_too_new" | "store_damaged" | "store" | "not_found" | "invalid_input" | "model_file" | "model_missing" | "context_overflow" | "out_of_memory" | "worker_died" | "model" | "busy" | "remote" | "internal";

export type AppInfo = { version: string, dataFolder: string, logFolder: string, 
/**
 * Nobody has pressed "start" on the welcome page yet.
 */
firstStart: boolean, 
/**
 * Set when the data folder cannot be used; every other command then fails with this error.
 */
problem: UiError | null, machine: Machine, };

export type Machine = { processor: string, physicalCores: number, logicalCores: number, memoryMb: number, freeMemoryMb: number, };

export type Speaker = "user" | "assistant";

export type MessageStatus = "streaming" | "complete" | "stopped" | "cutByLimit" | "cutByContext" | "interrupted" | "failed";

export type AnswerStats = { promptTokens: number, 
/**
 * Of the prompt's tokens, those reused from an earlier request.
 */
cachedTokens: number, answerTokens: number, 
/**
 * From the request to the first token.
 */
readingMs: number, tokensPerSecond: number, 
/**
 * Tokens of the context that are in use after this answer, and how many it holds.
 */
contextUsed: number, contextSize: number, };

export type Message = { id: string, speaker: Speaker, text: string, status: MessageStatus, createdAt: number, 
/**
 * The model that wrote it, as it was called then.
 */
modelName: string | null, stats: AnswerStats | null, 
/**
 * Why it failed or was interrupted.
 */
error: UiError | null, 
/**
 * All answers at this place, oldest first, this one included; one id unless regenerated.
 */
variants: Array<string>, };

export type ConversationSummary = { id: string, title: string, createdAt: number, updatedAt: number, modelId: string | null, messageCount: number, 
/**
 * When searched: the text around the hit, cut into plain and matching parts.
 */
hit: Array<HitPart> | null, };

export type HitPart = { text: string, matches: boolean, };

export type ConversationList = { items: Array<ConversationSummary>, 
/**
 * How many there are in all, for "show more".
 */
total: number, };

export type Conversation = { summary: ConversationSummary, messages: Array<Message>, };

export type ExportFormat = "markdown" | "json";

export type ExportedFile = { fileName: string, content: string, };

export type ModelKind = "embedded" | "file" | "remote";

export type Model = { id: string, name: string, kind: ModelKind, 
/**
 * A file's path, or a server's address.
 */
location: string, fileBytes: number | null, architecture: string | null, 
/**
 * "135M"
 */
parameters: string | null, 
/**
 * "Q4_1"
 */
quantisation: string | null, 
/**
 * The context it was trained for, in tokens.
 */
trainedContext: number | null, licence: string | null, 
/**
 * The one that new conversations use.
 */
selected: boolean, 
/**
 * Why it cannot be used now (file gone, damaged ...).
 */
problem: UiError | null, };

export type Theme = "system" | "light" | "dark";

export type Settings = { theme: Theme, 
/**
 * Put before each conversation; `None`: what the model's own template says.
 */
systemPrompt: string | null, temperature: number, topP: number, minP: number, 
/**
 * `None`: a fresh one for each answer.
 */
seed: number | null, 
/**
 * Longest answer in tokens; `None`: as long as the context has room.
 */
maxAnswerTokens: number | null, threads: number | null, 
/**
 * Tokens that one conversation may hold.
 */
contextSize: number | null, 
/**
 * Map the model file into memory instead of reading it.
 */
memoryMap: boolean | null, };

export type SettingsView = { settings: Settings, threads: number, contextSize: number, memoryMap: boolean, 
/**
 * Memory that the model needs with these, and what is free.
 */
neededMemoryMb: number, freeMemoryMb: number, };

export type ChatEvent = { "kind": "started", conversation: ConversationSummary, question: Message | null, answer: Message, } | { "kind": "loadingModel", modelName: string, } | { "kind": "reading", read: number, total: number, cached: number, } | { "kind": "delta", text: string, tokens: number, tokensPerSecond: number, contextUsed: number, contextSize: number, };

export type ChatOutcome = { conversation: ConversationSummary, answer: Message, };

export type ModelSpeed = { modelName: string, threads: number, readingTokensPerSecond: number, writingTokensPerSecond: number, loadMs: number, peakMemoryMb: number, };

export interface Commands {
  app_info: { args: Record<symbol, never>; event: never; result: AppInfo };
  finish_welcome: { args: Record<symbol, never>; event: never; result: null };
  ui_ready: { args: Record<symbol, never>; event: never; result: null };
  list_conversations: { args: { 
/**
 * Full text search; `None` or blank lists all.
 */
query: string | null, limit: number, }; event: never; result: ConversationList };
  open_conversation: { args: { id: string, }; event: never; result: Conversation };
  rename_conversation: { args: { id: string, title: string, }; event: never; result: ConversationSummary };
  delete_conversation: { args: { id: string, }; event: never; result: null };
  export_conversation: { args: { id: string, format: ExportFormat, }; event: never; result: ExportedFile };
  send_message: { args: { 
/**
 * `None` makes a new conversation.
 */
conversationId: string | null, 
/**
 * `None`: the selected model.
 */
modelId: string | null, text: string, }; event: ChatEvent; result: ChatOutcome };
  regenerate: { args: { conversationId: string, 
/**
 * `None`: the selected model.
 */
modelId: string | null, }; event: ChatEvent; result: ChatOutcome };
  select_variant: { args: { messageId: string, }; event: never; result: Conversation };
  stop_generation: { args: { conversationId: string, }; event: never; result: null };
  list_models: { args: Record<symbol, never>; event: never; result: Array<Model> };
  add_model_file: { args: { path: string, }; event: never; result: Model };
  remove_model: { args: { id: string, }; event: never; result: Array<Model> };
  select_model: { args: { id: string, }; event: never; result: Array<Model> };
  measure_model: { args: { id: string, }; event: never; result: ModelSpeed };
  read_settings: { args: Record<symbol, never>; event: never; result: SettingsView };
  change_settings: { args: { settings: Settings, }; event: never; result: SettingsView };
}
