//! Writes traces for comparison with other implementations (`make test-peers`): of the embedded model and
//! of its F32 conversion, recorded while generating and by scoring. Usage: trace_peers FOLDER

use anyhow::{Context, Result};
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::local::{LoadOptions, LocalModel, QuantisedType, WorkerCommand, quantise};
use opzest_llm::{ChatModel, ChatRequest, GenerationEvent, Sampling, ScoreRequest, TokenTrace};
use serde_json::json;
use std::path::Path;
use tokio_util::sync::CancellationToken;

const QUESTIONS: [&str; 3] = [
    "How many days are in a week?",
    "Écris une phrase sur la mer, s'il te plaît. 🍋",
    "Write a Python function that adds two numbers.",
];

const OPTIONS: LoadOptions = LoadOptions {
    threads: 1,
    context_size: 2048,
    sequences: 1,
    memory_map: true,
};

fn main() -> Result<()> {
    if let Some(code) = opzest_llm::local::run_if_worker() {
        std::process::exit(if code == std::process::ExitCode::SUCCESS {
            0
        } else {
            1
        });
    }
    let folder = std::env::args()
        .nth(1)
        .context("usage: trace_peers FOLDER")?;
    run(Path::new(&folder))
}

#[tokio::main]
async fn run(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let worker = WorkerCommand::this_program()?;
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf")
        .canonicalize()
        .context("the embedded model is missing: make model")?;
    let f32_path = folder.join("f32.gguf");
    quantise(&worker, &embedded, &f32_path, QuantisedType::F32, 2).await?;
    for (name, path) in [("q4_1", embedded), ("f32", f32_path.canonicalize()?)] {
        let model = LocalModel::new(worker.clone(), &path, OPTIONS);
        for (number, question) in QUESTIONS.iter().enumerate() {
            let messages = vec![ChatMessage::new(Role::User, *question)];
            let prompt = model.prompt_tokens(messages.clone()).await?;
            let generated = generate(&model, messages.clone()).await?;
            let scored = score(&model, messages, &generated).await?;
            for (how, traces) in [("generated", &generated), ("scored", &scored)] {
                let file = folder.join(format!("{number}-{how}-{name}.json"));
                write(&file, &path, name, &prompt, traces)?;
            }
        }
    }
    Ok(())
}

async fn generate(model: &LocalModel, messages: Vec<ChatMessage>) -> Result<Vec<TokenTrace>> {
    let request = ChatRequest {
        max_tokens: Some(48),
        trace_top_k: Some(64),
        ..ChatRequest::new(
            messages,
            Sampling {
                temperature: 0.8,
                top_p: 1.0,
                min_p: 0.02,
                seed: Some(11),
            },
        )
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

async fn score(
    model: &LocalModel,
    messages: Vec<ChatMessage>,
    generated: &[TokenTrace],
) -> Result<Vec<TokenTrace>> {
    let request = ScoreRequest {
        messages,
        answer: String::new(),
        answer_tokens: Some(
            generated
                .iter()
                .filter_map(|trace| trace.token.id)
                .collect(),
        ),
        end_of_turn: false,
        top_k: 64,
        adapters: Vec::new(),
    };
    Ok(model.score(request, CancellationToken::new()).await?)
}

fn write(
    file: &Path,
    model: &Path,
    name: &str,
    prompt: &[u32],
    traces: &[TokenTrace],
) -> Result<()> {
    let cache = if name == "f32" { "f32" } else { "f16" };
    let top: Vec<Vec<_>> = traces
        .iter()
        .map(|trace| {
            trace
                .top
                .iter()
                .map(|one| json!([one.id, one.logprob]))
                .collect()
        })
        .collect();
    let value = json!({
        "gguf": model,
        "prompt_tokens": prompt,
        "answer_tokens": traces.iter().map(|trace| trace.token.id).collect::<Vec<_>>(),
        "top": top,
        "sampled": traces.iter().map(|trace| trace.token.logprob).collect::<Vec<_>>(),
        // Scoring, too, feeds the answer token by token: see worker/slot.rs on canonical computation.
        "evaluation": "generated",
        "cache": cache,
    });
    Ok(std::fs::write(file, serde_json::to_string(&value)?)?)
}
