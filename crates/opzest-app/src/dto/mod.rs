//! What crosses the border to the window, the browser host and scripts. The TypeScript bindings are
//! generated from these types and from the command table (`commands.rs`), never written by hand.
//!
//! Times are Unix milliseconds as `f64` (exact to the year 287396); ids are strings.

mod dataset;
mod session;
mod storage;
mod teachers;
mod training;

pub use dataset::*;
pub use session::*;
pub use storage::*;
pub use teachers::*;
pub use training::*;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An error as the user sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UiError {
    pub code: ErrorCode,
    /// What happened to what.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Another OpZest writes this data folder.
    DataFolderInUse,
    DataFolderUnusable,
    DiskFull,
    StoreTooNew,
    StoreDamaged,
    Store,
    NotFound,
    InvalidInput,
    ModelFile,
    ModelMissing,
    ContextOverflow,
    OutOfMemory,
    WorkerDied,
    Model,
    Busy,
    /// A training run cannot begin or go on.
    Training,
    Remote,
    /// Nothing here can run a script safely.
    SandboxMissing,
    Internal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    pub version: String,
    pub data_folder: String,
    pub log_folder: String,
    /// Nobody has pressed "start" on the welcome page yet.
    pub first_start: bool,
    /// Set when the data folder cannot be used; every other command then fails with this error.
    pub problem: Option<UiError>,
    pub machine: Machine,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    pub processor: String,
    pub physical_cores: u32,
    pub logical_cores: u32,
    pub memory_mb: u32,
    pub free_memory_mb: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Speaker {
    User,
    Assistant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MessageStatus {
    /// Being written right now, or was when the app died (then the next start makes it `Interrupted`).
    Streaming,
    Complete,
    /// Stopped by the user; the text so far is kept.
    Stopped,
    /// Cut at the token limit of the settings.
    CutByLimit,
    /// Cut because the context is full.
    CutByContext,
    /// The app or the model's process ended while it was written; the text so far is kept.
    Interrupted,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AnswerStats {
    pub prompt_tokens: u32,
    /// Of the prompt's tokens, those reused from an earlier request.
    pub cached_tokens: u32,
    pub answer_tokens: u32,
    /// From the request to the first token.
    pub reading_ms: u32,
    pub tokens_per_second: f32,
    /// Tokens of the context that are in use after this answer, and how many it holds.
    pub context_used: u32,
    pub context_size: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: String,
    pub speaker: Speaker,
    pub text: String,
    pub status: MessageStatus,
    pub created_at: f64,
    /// The model that wrote it, as it was called then.
    pub model_name: Option<String>,
    pub stats: Option<AnswerStats>,
    /// Why it failed or was interrupted.
    pub error: Option<UiError>,
    /// All answers at this place, oldest first, this one included; one id unless regenerated.
    pub variants: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    pub id: String,
    pub title: String,
    pub created_at: f64,
    pub updated_at: f64,
    pub model_id: Option<String>,
    pub message_count: u32,
    /// When searched: the text around the hit, cut into plain and matching parts.
    pub hit: Option<Vec<HitPart>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HitPart {
    pub text: String,
    pub matches: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationList {
    pub items: Vec<ConversationSummary>,
    /// How many there are in all, for "show more".
    pub total: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    pub summary: ConversationSummary,
    pub messages: Vec<Message>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    Markdown,
    Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportedFile {
    pub file_name: String,
    pub content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ModelKind {
    /// Shipped with the app.
    Embedded,
    /// A GGUF file of the user's; the app refers to it where it lies.
    File,
    /// An OpenAI-compatible server; text leaves this computer.
    Remote,
    /// Made here from the user's work; runs on top of its base model.
    Trained,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: String,
    pub name: String,
    pub kind: ModelKind,
    /// A file's path, or a server's address.
    pub location: String,
    pub file_bytes: Option<f64>,
    pub architecture: Option<String>,
    /// "135M"
    pub parameters: Option<String>,
    /// "Q4_1"
    pub quantisation: Option<String>,
    /// The context it was trained for, in tokens.
    pub trained_context: Option<u32>,
    pub licence: Option<String>,
    /// The one that new conversations use.
    pub selected: bool,
    /// Why it cannot be used now (file gone, damaged ...).
    pub problem: Option<UiError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    System,
    Light,
    Dark,
}

/// What the user may change. `None` means "let OpZest choose for this computer".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    /// Put before each conversation; `None`: what the model's own template says.
    pub system_prompt: Option<String>,
    pub temperature: f32,
    pub top_p: f32,
    pub min_p: f32,
    /// `None`: a fresh one for each answer.
    pub seed: Option<u32>,
    /// Longest answer in tokens; `None`: as long as the context has room.
    pub max_answer_tokens: Option<u32>,
    pub threads: Option<u32>,
    /// Tokens that one conversation may hold.
    pub context_size: Option<u32>,
    /// Map the model file into memory instead of reading it.
    pub memory_map: Option<bool>,
}

/// What the settings come to on this computer for the selected model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    pub settings: Settings,
    pub threads: u32,
    pub context_size: u32,
    pub memory_map: bool,
    /// Memory that the model needs with these, and what is free.
    pub needed_memory_mb: u32,
    pub free_memory_mb: u32,
}

/// While an answer is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ChatEvent {
    /// The messages are in the store; `question` is absent when regenerating.
    Started {
        conversation: Box<ConversationSummary>,
        question: Option<Box<Message>>,
        answer: Box<Message>,
    },
    /// The model is being loaded into memory.
    LoadingModel { model_name: String },
    /// The model reads the conversation.
    Reading { read: u32, total: u32, cached: u32 },
    /// More text.
    Delta {
        text: String,
        tokens: u32,
        tokens_per_second: f32,
        context_used: u32,
        context_size: u32,
    },
}

/// How an answer ended; a failed one is told by its status and error, and what was written is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatOutcome {
    pub conversation: ConversationSummary,
    pub answer: Message,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelSpeed {
    pub model_name: String,
    pub threads: u32,
    pub reading_tokens_per_second: f32,
    pub writing_tokens_per_second: f32,
    pub load_ms: u32,
    pub peak_memory_mb: u32,
}
