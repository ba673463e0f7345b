//! The embedded model and what the tests ask of it.

use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::local::{LoadOptions, LocalModel, WorkerCommand};
use opzest_llm::{
    ChatModel, ChatRequest, Generation, GenerationEvent, GenerationSummary, LlmError, Sampling,
    TokenTrace,
};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// The embedded model's file. `make test` fetches it; a test without it must fail.
pub fn model_path() -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert!(
        path.exists(),
        "{} is missing: run `make model` first",
        path.display()
    );
    path
}

pub fn worker() -> WorkerCommand {
    WorkerCommand::new(env!("CARGO_BIN_EXE_opzest-llm-worker"))
}

pub const OPTIONS: LoadOptions = LoadOptions {
    threads: 1,
    context_size: 2048,
    sequences: 2,
    memory_map: true,
};

pub fn model() -> LocalModel {
    LocalModel::new(worker(), model_path(), OPTIONS)
}

pub fn user(text: &str) -> Vec<ChatMessage> {
    vec![ChatMessage::new(Role::User, text)]
}

/// A request for the most probable answer of at most `max_tokens`.
pub fn greedy(text: &str, max_tokens: u32) -> ChatRequest {
    ChatRequest {
        max_tokens: Some(max_tokens),
        ..ChatRequest::new(user(text), Sampling::GREEDY)
    }
}

/// A prompt of about `words` tokens.
pub fn long_text(words: usize) -> String {
    let sentence = [
        "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and",
    ];
    (0..words)
        .map(|i| sentence[i % sentence.len()])
        .collect::<Vec<_>>()
        .join(" ")
}

/// Everything that one generation gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub text: String,
    pub traces: Vec<TokenTrace>,
    pub summary: GenerationSummary,
}

pub async fn collect(mut generation: Generation) -> Result<Outcome, LlmError> {
    let (mut text, mut traces) = (String::new(), Vec::new());
    while let Some(event) = generation.next().await {
        match event? {
            GenerationEvent::Reading { .. } => {}
            GenerationEvent::Token { text: piece, trace } => {
                text.push_str(&piece);
                traces.extend(trace);
            }
            GenerationEvent::Finished(summary) => {
                return Ok(Outcome {
                    text,
                    traces,
                    summary,
                });
            }
        }
    }
    panic!("the stream ended without Finished or an error");
}

pub async fn run(model: &dyn ChatModel, request: ChatRequest) -> Result<Outcome, LlmError> {
    collect(model.generate(request, CancellationToken::new()).await?).await
}
