//! How one OpenAI-compatible server is reached and what it understands.
//!
//! Plain data that the app stores; the API key is deliberately not part of it (see [`super::ApiKey`]).

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Candidates per token that most servers give at most (OpenAI, Ollama, vLLM's default).
pub const USUAL_MAX_TRACE_K: u32 = 20;

/// One model on one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteConfig {
    /// `https://host/v1`, or `http://` for a computer of the local network. `/v1` is added where the
    /// address has no path. Must not contain a user name or a password.
    pub base_url: String,
    /// The model's name as the server knows it.
    pub model: String,
    /// Tokens that one conversation may hold, where it is known.
    #[serde(default)]
    pub context_size: Option<u32>,
    #[serde(default)]
    pub features: ServerFeatures,
    #[serde(default)]
    pub timeouts: Timeouts,
    #[serde(default)]
    pub retry: RetryPolicy,
    #[serde(default)]
    pub limits: Limits,
    /// Allows `http://` to hosts outside the local network, which shows the text and the API key to
    /// everyone on the way.
    #[serde(default)]
    pub plain_http_anywhere: bool,
}

impl RemoteConfig {
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            context_size: None,
            features: ServerFeatures::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            plain_http_anywhere: false,
        }
    }
}

/// What the server accepts. Strict servers reject a request with an unknown field, so the less common
/// fields are only sent where they are named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerFeatures {
    /// The most candidates per token that the server gives; 0: never ask for log-probabilities.
    pub max_trace_k: u32,
    pub json_schema: JsonSchemaForm,
    /// llama-server's `grammar` field (GBNF).
    pub grammar: bool,
    /// llama-server, vLLM and Ollama know `min_p`; OpenAI does not.
    pub min_p: bool,
    pub length_field: LengthField,
}

impl Default for ServerFeatures {
    fn default() -> Self {
        Self {
            max_trace_k: USUAL_MAX_TRACE_K,
            json_schema: JsonSchemaForm::JsonSchema,
            grammar: false,
            min_p: false,
            length_field: LengthField::Auto,
        }
    }
}

/// How `response_format` carries a JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonSchemaForm {
    Unsupported,
    /// `{"type": "json_schema", "json_schema": {..}}`: OpenAI, vLLM, llama-server, Ollama, LM Studio.
    JsonSchema,
    /// `{"type": "json_object", "schema": {..}}`: llama-cpp-python and older llama-server. Only where
    /// it is known: other servers ignore `schema` silently.
    JsonObject,
}

/// Which field limits the answer's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LengthField {
    /// `max_completion_tokens` on api.openai.com, else `max_tokens`; the other one when the server
    /// rejects the first.
    Auto,
    MaxTokens,
    MaxCompletionTokens,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeouts {
    pub connect: Duration,
    /// From sending a request to the first token: the server may have to load the model first.
    pub first_token: Duration,
    pub between_tokens: Duration,
    /// For the whole answer, retries and waits included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_token: Duration::from_secs(180),
            between_tokens: Duration::from_secs(60),
            total: Duration::from_secs(30 * 60),
        }
    }
}

/// Repeats for 429, 5xx and broken connections, only as long as nothing of the answer was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetryPolicy {
    /// Attempts in all; 1 never repeats.
    pub attempts: u32,
    /// Wait before the first repeat; doubles with each one.
    pub base: Duration,
    /// The longest wait of our own.
    pub max_backoff: Duration,
    /// The longest wait that a server may ask for by `Retry-After`; beyond it the request fails at once.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

/// What a hostile or broken server can make us hold or read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of one event of the stream (a chunk with its log-probabilities).
    pub event_bytes: usize,
    /// Bytes of one whole answer on the wire.
    pub answer_bytes: u64,
    /// Bytes read of an error page or a model list.
    pub page_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 4 << 20,
            answer_bytes: 512 << 20,
            page_bytes: 4 << 20,
        }
    }
}
