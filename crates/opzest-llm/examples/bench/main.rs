//! `make bench`: our worker beside llama.cpp itself, in one run.
//!
//! Both sides use the same build of llama.cpp, the same threads and the same tokens, and take turns. The
//! worker is measured where the app stands: from the request to the tokens that arrive over the process
//! boundary. llama.cpp is measured as its `llama-bench` does it (`reference.rs`).

mod reference;

use anyhow::{Context, Result};
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::local::machine::{LoadChoices, Machine, choose};
use opzest_llm::local::{LoadOptions, LocalModel, WorkerCommand, inspect};
use opzest_llm::{ChatModel, ChatRequest, FinishReason, GenerationEvent, Sampling};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 7;
const ANSWER_TOKENS: u32 = 128;

fn main() -> Result<()> {
    if let Some(code) = opzest_llm::local::run_if_worker() {
        std::process::exit(if code == std::process::ExitCode::SUCCESS {
            0
        } else {
            1
        });
    }
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--reference") => reference::print(arguments),
        path => bench(path.map_or_else(embedded_model, PathBuf::from)),
    }
}

fn embedded_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf")
}

#[tokio::main]
async fn bench(path: PathBuf) -> Result<()> {
    let command = WorkerCommand::this_program()?;
    let machine = Machine::detect();
    let info = inspect(&command, &path).await?;
    let options = LoadOptions {
        context_size: 2048,
        ..choose(
            &machine,
            &info,
            LoadChoices {
                sequences: Some(1),
                ..LoadChoices::default()
            },
        )
    };
    println!(
        "{} · {} threads · {}",
        machine.processor,
        options.threads,
        path.display()
    );
    speeds(&command, &path, options).await?;
    first_token(&command, &path, options).await?;
    cancelling(&command, &path, options).await
}

/// One measurement of reading a prompt and writing an answer, in tokens per second.
#[derive(Clone, Copy)]
struct Speed {
    reading: f64,
    writing: f64,
}

async fn speeds(command: &WorkerCommand, path: &Path, options: LoadOptions) -> Result<()> {
    let model = LocalModel::new(command.clone(), path, options);
    model.load().await?;
    // The prompt's real token count, for the reference.
    let prompt_tokens = measure(&model, 0, None).await?.1;
    let (mut own, mut flash) = (Vec::new(), Vec::new());
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let reference =
            |flash| reference::run(path, options.threads, prompt_tokens, ANSWER_TOKENS, flash);
        own.push(reference(false)?);
        flash.push(reference(true)?);
        off.push(measure(&model, round + 1, None).await?.0);
        on.push(measure(&model, round + 1 + ROUNDS, Some(64)).await?.0);
    }
    let median = |speeds: &[Speed], of: fn(&Speed) -> f64| {
        let mut values: Vec<f64> = speeds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        (
            values[0],
            values[values.len() / 2],
            values[values.len() - 1],
        )
    };
    println!(
        "\nprompt of {prompt_tokens} tokens, answer of {ANSWER_TOKENS}; median (least, greatest) of {ROUNDS}, tokens/s"
    );
    for (what, of) in [
        ("reading", (|s| s.reading) as fn(&Speed) -> f64),
        ("writing", |s| s.writing),
    ] {
        let base = median(&own, of).1;
        for (name, speeds) in [
            ("llama.cpp", &own),
            ("llama.cpp, flash auto", &flash),
            ("worker", &off),
            ("worker, top-64 traces", &on),
        ] {
            let (least, middle, greatest) = median(speeds, of);
            println!(
                "  {what:8} {name:22} {middle:7.1} ({least:.1}, {greatest:.1})   {:.3} of llama.cpp",
                middle / base
            );
        }
    }
    let process = model.process_id().await.context("the worker runs")?;
    println!(
        "\nworker's peak memory: {} MB",
        memory_mb(process, "VmHWM:")
    );
    Ok(())
}

fn memory_mb(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        >> 10
}

/// A text of about `words` tokens; a different beginning for each `salt`, so that no cache helps.
fn text(words: usize, salt: usize) -> String {
    let list = [
        "river", "lantern", "over", "green", "stone", "quiet", "and", "bridge", "walks", "seven",
    ];
    (0..words)
        .map(|i| list[(i * 7 + i / 10 + salt) % list.len()])
        .collect::<Vec<_>>()
        .join(" ")
}

fn request(messages: Vec<ChatMessage>, max_tokens: u32, trace: Option<u32>) -> ChatRequest {
    ChatRequest {
        max_tokens: Some(max_tokens),
        trace_top_k: trace,
        // The app's own way to sample.
        ..ChatRequest::new(
            messages,
            Sampling {
                temperature: 0.5,
                top_p: 0.95,
                min_p: 0.05,
                seed: None,
            },
        )
    }
}

/// Returns the speeds and the prompt's length in tokens.
async fn measure(model: &LocalModel, salt: usize, trace: Option<u32>) -> Result<(Speed, u32)> {
    for attempt in 0..50 {
        let start = salt * 100 + attempt;
        let question = format!(
            "{start}. {} Continue this text for several pages.",
            text(460, start)
        );
        let message = ChatMessage::new(Role::User, question);
        let started = Instant::now();
        let mut generation = model
            .generate(
                request(vec![message], ANSWER_TOKENS, trace),
                CancellationToken::new(),
            )
            .await?;
        let (mut first, mut last) = (None, started);
        while let Some(event) = generation.next().await {
            match event? {
                GenerationEvent::Token { .. } => {
                    last = Instant::now();
                    first.get_or_insert(last);
                }
                GenerationEvent::Reading { .. } => {}
                GenerationEvent::Finished(summary) => {
                    // An answer that ended early measures something else: again, with another text.
                    if summary.finish != FinishReason::MaxTokens {
                        break;
                    }
                    let first = first.context("a first token")?;
                    let read = f64::from(summary.usage.prompt_tokens - summary.usage.cached_tokens);
                    let speed = Speed {
                        reading: read / (first - started).as_secs_f64(),
                        writing: f64::from(ANSWER_TOKENS - 1) / (last - first).as_secs_f64(),
                    };
                    return Ok((speed, summary.usage.prompt_tokens));
                }
            }
        }
    }
    anyhow::bail!("no answer was long enough")
}

/// Time to the first token of a follow-up in a conversation of 1,500 tokens, cached and not.
async fn first_token(command: &WorkerCommand, path: &Path, options: LoadOptions) -> Result<()> {
    let mut cold = Vec::new();
    let mut warm = Vec::new();
    for round in 0..3 {
        let model = LocalModel::new(command.clone(), path, options);
        model.load().await?;
        let mut messages = vec![ChatMessage::new(Role::User, text(1440, round))];
        let (first, answer, tokens) = until_first_token(&model, &messages).await?;
        cold.push((first, tokens));
        messages.push(ChatMessage::new(Role::Assistant, answer));
        messages.push(ChatMessage::new(Role::User, "Which word comes first?"));
        warm.push((until_first_token(&model, &messages).await?.0, tokens));
    }
    cold.sort();
    warm.sort();
    println!(
        "\ntime to the first token, conversation of {} tokens: {} ms without its prefix, {} ms with it cached",
        cold[1].1,
        cold[1].0.as_millis(),
        warm[1].0.as_millis()
    );
    Ok(())
}

async fn until_first_token(
    model: &LocalModel,
    messages: &[ChatMessage],
) -> Result<(Duration, String, u32)> {
    let started = Instant::now();
    let mut generation = model
        .generate(
            request(messages.to_vec(), 24, None),
            CancellationToken::new(),
        )
        .await?;
    let (mut first, mut answer) = (None, String::new());
    while let Some(event) = generation.next().await {
        match event? {
            GenerationEvent::Token { text, .. } => {
                first.get_or_insert_with(|| started.elapsed());
                answer.push_str(&text);
            }
            GenerationEvent::Reading { .. } => {}
            GenerationEvent::Finished(summary) => {
                return Ok((
                    first.context("a first token")?,
                    answer,
                    summary.usage.prompt_tokens,
                ));
            }
        }
    }
    anyhow::bail!("the answer broke off")
}

/// From cancelling, while a long prompt is read, to the end of the request.
async fn cancelling(command: &WorkerCommand, path: &Path, options: LoadOptions) -> Result<()> {
    let model = LocalModel::new(command.clone(), path, options);
    model.load().await?;
    let mut latencies = Vec::new();
    for round in 0..5 {
        let cancel = CancellationToken::new();
        let message = ChatMessage::new(Role::User, text(1440, round));
        let mut generation = model
            .generate(request(vec![message], 8, None), cancel.clone())
            .await?;
        generation.next().await.context("an event")??;
        tokio::time::sleep(Duration::from_millis(150)).await;
        let cancelled = Instant::now();
        cancel.cancel();
        while let Some(event) = generation.next().await {
            if let GenerationEvent::Finished(summary) = event? {
                anyhow::ensure!(
                    summary.finish == FinishReason::Cancelled,
                    "{:?}",
                    summary.finish
                );
                latencies.push(cancelled.elapsed());
            }
        }
    }
    latencies.sort();
    println!(
        "\ncancelling while a prompt is read: {:.1} ms (greatest of 5: {:.1} ms)",
        latencies[2].as_secs_f64() * 1e3,
        latencies[4].as_secs_f64() * 1e3
    );
    Ok(())
}
