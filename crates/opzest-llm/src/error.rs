//! What can go wrong with a model, in words that a person can act on.

use std::path::PathBuf;
use std::time::Duration;

/// Why a file cannot be used as a model or an adapter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum ModelFileProblem {
    #[error("the file does not exist")]
    Missing,
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file is empty")]
    Empty,
    #[error("it is not a GGUF file ({0})")]
    NotGguf(String),
    #[error("the file is cut off: it should have {expected} bytes and has {actual}")]
    Truncated { expected: u64, actual: u64 },
    #[error("the file is damaged: {0}")]
    Damaged(String),
    #[error("this model's architecture, `{0}`, is not supported")]
    UnsupportedArchitecture(String),
    #[error("this kind of file is not a chat model: {0}")]
    Unsuitable(String),
    #[error("it does not fit the base model: {0}")]
    Mismatch(String),
}

/// Every failure of a model, local or remote. The text names what failed and why; `hint` says what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum LlmError {
    #[error("{} cannot be used: {problem}", path.display())]
    ModelFile {
        path: PathBuf,
        problem: ModelFileProblem,
    },
    #[error("the conversation has {prompt_tokens} tokens and the context holds {context_size}")]
    ContextOverflow {
        prompt_tokens: u32,
        context_size: u32,
    },
    #[error("the model needs about {needed_mb} MB of memory and {available_mb} MB are free")]
    OutOfMemory { needed_mb: u64, available_mb: u64 },
    #[error("the model's process ended unexpectedly ({how})")]
    WorkerDied { how: String },
    #[error("the model's process could not be started: {reason}")]
    WorkerStart { reason: String },
    #[error("the model could not compute: {reason}")]
    Inference { reason: String },
    #[error("the chat template of this model failed: {reason}")]
    Template { reason: String },
    #[error("the {what} is not valid: {reason}")]
    InvalidRequest { what: String, reason: String },
    #[error("{model} cannot do this: {what}")]
    Unsupported { model: String, what: String },
    #[error("cancelled")]
    Cancelled,

    #[error("{server} answered {status}: {message}")]
    Server {
        server: String,
        status: u16,
        message: String,
    },
    #[error("{server} did not answer in time ({what}, {} s)", after.as_secs_f32())]
    Timeout {
        server: String,
        what: String,
        after: Duration,
    },
    #[error("no connection to {server}: {reason}")]
    Connection { server: String, reason: String },
    #[error("{server} sent something that is not an OpenAI-compatible answer: {detail}")]
    Protocol { server: String, detail: String },
    #[error("the API key for {server} cannot be {action}: {reason}")]
    ApiKey {
        server: String,
        action: String,
        reason: String,
    },
}
