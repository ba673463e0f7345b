//! Records traces of the embedded model, as real material for what stores or reads traces.
//! Usage: record_traces FILE [TOKENS] [CANDIDATES]
//!
//! The file is `Vec<Vec<TokenTrace>>` in postcard: one inner list for each of a few different questions,
//! with at most TOKENS tokens (64) and CANDIDATES candidates a token (64).

use anyhow::{Context, Result};
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::trace::{DEFAULT_TRACE_K, TokenTrace};
use opzest_llm::local::{LoadOptions, LocalModel, WorkerCommand};
use opzest_llm::{ChatModel, ChatRequest, GenerationEvent, Sampling};
use std::path::Path;
use tokio_util::sync::CancellationToken;

const QUESTIONS: [&str; 3] = [
    "Write a friendly letter to a neighbour about a fallen apple tree.",
    "Write a Python function that counts the words of a file, with a comment.",
    "Écris une phrase sur la mer, avec des émojis. 🍋",
];

const OPTIONS: LoadOptions = LoadOptions {
    threads: 1,
    context_size: 2048,
    sequences: 1,
    memory_map: true,
};

fn main() -> Result<()> {
    if let Some(code) = opzest_llm::local::run_if_worker() {
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .context("usage: record_traces FILE [TOKENS] [CANDIDATES]")?;
    let mut number = |default: u32| {
        arguments
            .next()
            .map_or(Ok(default), |text| text.parse().context(text))
    };
    let tokens = number(64)?;
    let candidates = number(DEFAULT_TRACE_K)?;
    record(Path::new(&file), tokens, candidates)
}

#[tokio::main]
async fn record(file: &Path, tokens: u32, candidates: u32) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf")
        .canonicalize()
        .context("the embedded model is missing: make model")?;
    let model = LocalModel::new(WorkerCommand::this_program()?, &path, OPTIONS);
    let mut generations = Vec::new();
    for question in QUESTIONS {
        generations.push(generate(&model, question, tokens, candidates).await?);
    }
    std::fs::write(file, postcard::to_stdvec(&generations)?)?;
    Ok(())
}

async fn generate(
    model: &LocalModel,
    question: &str,
    tokens: u32,
    candidates: u32,
) -> Result<Vec<TokenTrace>> {
    let sampling = Sampling {
        temperature: 0.8,
        top_p: 1.0,
        min_p: 0.02,
        seed: Some(7),
    };
    let request = ChatRequest {
        max_tokens: Some(tokens),
        trace_top_k: Some(candidates),
        ..ChatRequest::new(vec![ChatMessage::new(Role::User, question)], sampling)
    };
    let mut generation = model.generate(request, CancellationToken::new()).await?;
    let mut traces = Vec::new();
    while let Some(event) = generation.next().await {
        if let GenerationEvent::Token { trace, .. } = event? {
            traces.extend(trace);
        }
    }
    Ok(traces)
}
