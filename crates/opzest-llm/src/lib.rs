//! Language models behind one interface, [`ChatModel`]: llama.cpp in a child process
//! (the `local` module) and OpenAI-compatible servers (the `remote` module).
//!
//! Nothing here knows conversations, the store or the window.

pub mod error;
pub mod local;
pub mod model;
pub mod remote;

pub use error::{LlmError, ModelFileProblem};
pub use model::{
    AdapterUse, Capabilities, ChatModel, ChatRequest, Constraint, FinishReason, Generation,
    GenerationEvent, GenerationSummary, Sampling, ScoreRequest, Usage,
};
pub use opzest_core::trace::{Candidate, TokenTrace};
