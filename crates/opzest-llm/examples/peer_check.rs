//! Checks the remote client against a real OpenAI-compatible server, and says what it saw.
//!
//! `OPZEST_PEER_URL` is the server's address and must be set. `OPZEST_PEER_MODEL` is the model's name (the
//! first of the server's list otherwise), `OPZEST_PEER_KEY` the API key. The server must give log-probabilities.
//! Exits with an error at the first thing that is not as it should be. For example:
//!
//! ```text
//! python -m llama_cpp.server --model tiny.gguf --logits_all true --n_ctx 1024 --port 8123
//! OPZEST_PEER_URL=http://127.0.0.1:8123 cargo run -p opzest-llm --example peer_check
//! ```

use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::remote::{ApiKey, RemoteConfig, RemoteModel, TraceReport};
use opzest_llm::{
    ChatModel, ChatRequest, FinishReason, GenerationEvent, GenerationSummary, LlmError, Sampling,
    TokenTrace,
};
use std::error::Error;
use std::time::{Duration, Instant};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

type Checked<T = ()> = Result<T, Box<dyn Error>>;

/// One answer, whole.
struct Answer {
    text: String,
    tokens: usize,
    traces: Vec<TokenTrace>,
    summary: GenerationSummary,
}

fn main() -> Checked {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(check())
}

async fn check() -> Checked {
    let url = std::env::var("OPZEST_PEER_URL")
        .map_err(|_| "OPZEST_PEER_URL is not set: it is the address of the server to check")?;
    let key = std::env::var("OPZEST_PEER_KEY").ok().map(ApiKey::new);
    let name = match std::env::var("OPZEST_PEER_MODEL") {
        Ok(name) => name,
        Err(_) => first_model(&url, key.clone()).await?,
    };
    let mut config = RemoteConfig::new(url, name);
    config.timeouts.total = Duration::from_secs(300);
    let model = RemoteModel::new(config, key.clone())?;
    println!("{model:?}");
    streaming_and_usage(&model).await?;
    traces(&model).await?;
    stop_string(&model).await?;
    cancellation(&model).await?;
    errors(&model, key).await?;
    probe(&model).await?;
    println!("everything is as it should be");
    Ok(())
}

async fn first_model(url: &str, key: Option<ApiKey>) -> Checked<String> {
    let models = RemoteModel::new(RemoteConfig::new(url, ""), key)?
        .list_models()
        .await?;
    println!("models: {models:?}");
    let first = models.into_iter().next();
    Ok(first.ok_or("the server has no model")?.id)
}

fn request(text: &str, max_tokens: u32) -> ChatRequest {
    let mut request = ChatRequest::new(vec![ChatMessage::new(Role::User, text)], Sampling::GREEDY);
    request.max_tokens = Some(max_tokens);
    request
}

async fn ask(model: &RemoteModel, request: ChatRequest) -> Result<Answer, LlmError> {
    let mut events = model.generate(request, CancellationToken::new()).await?;
    let (mut text, mut tokens, mut traces) = (String::new(), 0, Vec::new());
    while let Some(event) = events.next().await {
        match event? {
            GenerationEvent::Reading { .. } => {}
            GenerationEvent::Token { text: piece, trace } => {
                tokens += 1;
                text.push_str(&piece);
                traces.extend(trace);
            }
            GenerationEvent::Finished(summary) => {
                return Ok(Answer {
                    text,
                    tokens,
                    traces,
                    summary,
                });
            }
        }
    }
    Err(LlmError::Inference {
        reason: "the stream ended without a last event".into(),
    })
}

fn ensure(holds: bool, what: impl Into<String>) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(what.into().into())
    }
}

async fn streaming_and_usage(model: &RemoteModel) -> Checked {
    let answer = ask(model, request("Write one sentence about rain. ☔", 24)).await?;
    println!("answer: {:?}\n  {:?}", answer.text, answer.summary);
    ensure(answer.tokens > 1, "the answer came in one piece")?;
    ensure(!answer.text.trim().is_empty(), "the answer is empty")?;
    let ended = [FinishReason::EndOfTurn, FinishReason::MaxTokens];
    ensure(
        ended.contains(&answer.summary.finish),
        "the end is not one that was asked for",
    )?;
    if answer.summary.usage.answer_tokens == 0 {
        println!("  the server does not count tokens while streaming");
    }
    Ok(())
}

async fn traces(model: &RemoteModel) -> Checked {
    let mut request = request("Write one sentence about the sea, with an emoji.", 24);
    request.trace_top_k = Some(64);
    let answer = ask(model, request).await?;
    println!(
        "traced: {:?}, {} traces of {} tokens",
        answer.text,
        answer.traces.len(),
        answer.tokens
    );
    ensure(
        answer.summary.trace_problem.is_none(),
        format!("{:?}", answer.summary.trace_problem),
    )?;
    ensure(!answer.traces.is_empty(), "there are no traces")?;
    ensure(
        answer.traces.iter().any(|trace| trace.token.logprob != 0.0),
        "all values are 0",
    )?;
    for trace in &answer.traces {
        let mass: f64 = trace.top.iter().map(|c| f64::from(c.logprob).exp()).sum();
        ensure((0.0..=1.01).contains(&mass), format!("a mass of {mass}"))?;
        let whole = mass + f64::from(trace.tail);
        ensure(
            (whole - 1.0).abs() < 0.011,
            format!("candidates and tail sum to {whole}"),
        )?;
        let listed = trace.top.iter().any(|c| c.bytes == trace.token.bytes);
        ensure(listed, "the written token is not among the candidates")?;
    }
    let widest = answer.traces.iter().map(|trace| trace.top.len()).max();
    println!(
        "  candidates: {widest:?}; first: {:?}",
        answer.traces.first().map(|t| &t.token)
    );
    if answer.traces.len() == answer.tokens {
        let bytes: Vec<u8> = answer
            .traces
            .iter()
            .flat_map(|t| t.token.bytes.clone())
            .collect();
        ensure(
            bytes.starts_with(answer.text.as_bytes()),
            "the tokens do not spell the text",
        )?;
    }
    Ok(())
}

async fn stop_string(model: &RemoteModel) -> Checked {
    let mut request = request("Repeat exactly: one two three four five", 24);
    let whole = ask(model, request.clone()).await?.text;
    let stop: String = whole.chars().skip(4).take(3).collect();
    ensure(!stop.is_empty(), "the answer is too short to be stopped")?;
    request.stop = vec![stop.clone()];
    let stopped = ask(model, request).await?;
    println!(
        "stopped before {stop:?}: {:?}, {:?}",
        stopped.text, stopped.summary.finish
    );
    ensure(!stopped.text.contains(&stop), "the stop string was shown")
}

async fn cancellation(model: &RemoteModel) -> Checked {
    let cancel = CancellationToken::new();
    let mut events = model
        .generate(
            request("Count from one to one hundred in words.", 400),
            cancel.clone(),
        )
        .await?;
    let first = events.next().await.ok_or("no first event")??;
    ensure(
        matches!(first, GenerationEvent::Token { .. }),
        format!("{first:?}"),
    )?;
    cancel.cancel();
    let asked = Instant::now();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event?);
    }
    println!("cancelled after {:?}", asked.elapsed());
    ensure(
        asked.elapsed() < Duration::from_secs(1),
        "cancelling took long",
    )?;
    let Some(GenerationEvent::Finished(summary)) = last else {
        return Err(format!("the last event is {last:?}").into());
    };
    ensure(
        summary.finish == FinishReason::Cancelled,
        format!("{:?}", summary.finish),
    )
}

async fn errors(model: &RemoteModel, key: Option<ApiKey>) -> Checked {
    let mut config = model.config().clone();
    config.base_url = format!("{}/no/such/place", model.server().origin());
    config.retry.attempts = 1;
    let nowhere = RemoteModel::new(config, None)?;
    match ask(&nowhere, request("hi", 4)).await {
        Err(
            error @ LlmError::Server {
                status: 400..=499, ..
            },
        ) => println!("wrong path: {error}"),
        Err(error) => return Err(format!("wrong path: {error:?}").into()),
        Ok(_) => return Err("an unknown path was answered".into()),
    }
    let long = "many words ".repeat(200_000);
    let mut config = model.config().clone();
    config.retry.attempts = 1;
    let once = RemoteModel::new(config, key)?;
    match ask(&once, request(&long, 4)).await {
        Err(error @ (LlmError::Server { .. } | LlmError::ContextOverflow { .. })) => {
            println!("too long: {error}");
        }
        // llama-cpp-python begins its answer before it counts, and then hangs up.
        Err(error @ LlmError::Connection { .. }) => println!("too long: {error}"),
        Err(error) => return Err(format!("too long: {error:?}").into()),
        Ok(_) => return Err("far too long a prompt was answered".into()),
    }
    Ok(())
}

async fn probe(model: &RemoteModel) -> Checked {
    let report = model.probe(CancellationToken::new()).await?;
    println!("probe: {report:?}");
    ensure(report.streaming, "the probe saw no streaming")?;
    let given = matches!(report.traces, TraceReport::Given { max_k } if max_k > 0);
    ensure(given, "the probe saw no log-probabilities")
}
