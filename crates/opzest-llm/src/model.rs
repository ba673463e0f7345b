//! What a language model offers to the rest of the app, wherever it runs.

use crate::error::LlmError;
use async_trait::async_trait;
use futures::stream::BoxStream;
use opzest_core::chat::ChatMessage;
use opzest_core::trace::TokenTrace;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How the next token is chosen from the model's distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 always takes the most probable token.
    pub temperature: f32,
    /// Nucleus: keep the smallest set of tokens whose mass reaches this; 1 keeps all.
    pub top_p: f32,
    /// Keep tokens with at least this fraction of the most probable token's probability; 0 keeps all.
    pub min_p: f32,
    /// The same seed gives the same text for the same model, settings, threads and CPU path.
    /// `None` draws a fresh one.
    pub seed: Option<u32>,
}

impl Sampling {
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        top_p: 1.0,
        min_p: 0.0,
        seed: Some(0),
    };
}

/// Restricts what the model can write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Constraint {
    /// llama.cpp's GBNF, with the start rule `root`.
    Grammar(String),
    /// A JSON schema, as text.
    JsonSchema(String),
}

/// A LoRA adapter (GGUF) applied on top of the base model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterUse {
    pub path: PathBuf,
    /// Multiplies the adapter's own alpha/rank; 1 applies it as trained.
    pub scale: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Rendered with the model's own chat template, with the prompt for an assistant's turn.
    pub messages: Vec<ChatMessage>,
    pub sampling: Sampling,
    /// `None`: as many as the context has room for.
    pub max_tokens: Option<u32>,
    /// The answer ends before the first of these; none of it is streamed.
    pub stop: Vec<String>,
    pub constraint: Option<Constraint>,
    /// Record each token's distribution, with this many candidates (DEFAULT_TRACE_K unless set otherwise).
    pub trace_top_k: Option<u32>,
    /// Empty for the base model alone.
    pub adapters: Vec<AdapterUse>,
}

impl ChatRequest {
    pub fn new(messages: Vec<ChatMessage>, sampling: Sampling) -> Self {
        Self {
            messages,
            sampling,
            max_tokens: None,
            stop: Vec::new(),
            constraint: None,
            trace_top_k: None,
            adapters: Vec::new(),
        }
    }
}

/// Asks for the distribution at every token of a given answer (teacher forcing).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRequest {
    pub messages: Vec<ChatMessage>,
    /// The answer's text, without the template's end-of-turn marker.
    pub answer: String,
    /// The answer's tokens by id, instead of tokenising `answer`: a model may have written a text in
    /// other tokens than the tokenizer would choose.
    pub answer_tokens: Option<Vec<u32>>,
    /// Score the end-of-turn token after the answer, too.
    pub end_of_turn: bool,
    pub top_k: u32,
    pub adapters: Vec<AdapterUse>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FinishReason {
    /// The model ended its turn.
    EndOfTurn,
    /// A stop string, named here, was written.
    Stop(String),
    /// `max_tokens` was reached.
    MaxTokens,
    /// The context is full; the answer is cut here.
    ContextFull,
    /// The caller cancelled.
    Cancelled,
    /// A remote server gave a reason that we do not know.
    Other(String),
}

/// Token counts of one generation. A remote server may not tell them: then they are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u32,
    /// Of the prompt's tokens, how many were reused from an earlier request.
    pub cached_tokens: u32,
    /// Tokens generated, the end-of-turn token included.
    pub answer_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationSummary {
    pub finish: FinishReason,
    pub usage: Usage,
    /// From the request's start to the first token.
    pub reading: Duration,
    /// From the first token to the last.
    pub generating: Duration,
    /// Tokens that one conversation may hold, if the model tells it.
    pub context_size: Option<u32>,
    /// Why the requested trace is missing or was refused, in one sentence. With a reason here no
    /// trace of this generation may be used, also those that came with earlier tokens.
    pub trace_problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum GenerationEvent {
    /// The prompt is being read: `read` of `total` tokens, `cached` of which cost nothing.
    Reading { read: u32, total: u32, cached: u32 },
    /// One token: the text that became printable with it (may be empty: a token can end inside a
    /// character, be held back for a stop string, or be the end of the turn), and its trace if asked for.
    Token {
        text: String,
        trace: Option<TokenTrace>,
    },
    /// The last event.
    Finished(GenerationSummary),
}

/// Events of one generation; ends after `Finished` or the first error. Dropping it cancels.
pub type Generation = BoxStream<'static, Result<GenerationEvent, LlmError>>;

/// What a model can do, so that callers choose a way instead of trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The most candidates per token that a trace can have; 0: no traces.
    pub max_trace_k: u32,
    pub score: bool,
    pub grammar: bool,
    pub json_schema: bool,
    pub adapters: bool,
    /// The text leaves this computer.
    pub remote: bool,
}

#[async_trait]
pub trait ChatModel: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// Starts an answer. Cancelling the token ends the stream with
    /// [`FinishReason::Cancelled`]; dropping the stream cancels silently.
    async fn generate(
        &self,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<Generation, LlmError>;

    /// How many tokens the model reads for these messages, its template included; `None` if it does
    /// not tell before it answers.
    async fn count_tokens(&self, messages: Vec<ChatMessage>) -> Result<Option<u32>, LlmError> {
        drop(messages);
        Ok(None)
    }

    /// The model's distribution at each token of a given answer, in order.
    async fn score(
        &self,
        request: ScoreRequest,
        cancel: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError>;
}
