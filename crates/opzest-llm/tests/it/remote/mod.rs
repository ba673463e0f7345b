//! The remote client against servers that misbehave, on 127.0.0.1.
//!
//! Time is real, since the sockets are: time limits that must pass are short and their server is
//! silent for ever; all others are long.

mod fault_server;
mod keys;
mod limits;
mod refusals;
mod retries;
mod streams;
mod traces;

use fault_server::FaultServer;
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::remote::{ApiKey, RemoteConfig, RemoteModel};
use opzest_llm::{
    ChatModel, ChatRequest, GenerationEvent, GenerationSummary, LlmError, Sampling, TokenTrace,
};
use std::time::Duration;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "sk-very-secret-0815";

/// What came through the stream.
#[derive(Debug, Default)]
struct Outcome {
    text: String,
    traces: Vec<Option<TokenTrace>>,
    summary: Option<GenerationSummary>,
    error: Option<LlmError>,
}

impl Outcome {
    #[track_caller]
    fn summary(&self) -> &GenerationSummary {
        self.summary
            .as_ref()
            .unwrap_or_else(|| panic!("no summary, but {:?}", self.error))
    }

    #[track_caller]
    fn error(&self) -> &LlmError {
        self.error
            .as_ref()
            .unwrap_or_else(|| panic!("no error, but {:?}", self.summary))
    }
}

/// Time limits that never pass in a test, and short waits before repeats.
fn config(server: &FaultServer) -> RemoteConfig {
    let mut config = RemoteConfig::new(server.url(), "tiny");
    config.retry.base = Duration::from_millis(1);
    config
}

fn model(config: RemoteConfig) -> RemoteModel {
    RemoteModel::new(config, Some(ApiKey::new(KEY))).expect("a valid address")
}

fn request() -> ChatRequest {
    ChatRequest::new(
        vec![ChatMessage::new(Role::User, "private words")],
        Sampling::GREEDY,
    )
}

async fn ask(model: &RemoteModel, request: ChatRequest) -> Outcome {
    ask_until(model, request, CancellationToken::new()).await
}

async fn ask_until(
    model: &RemoteModel,
    request: ChatRequest,
    cancel: CancellationToken,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut events = model
        .generate(request, cancel)
        .await
        .expect("the request is valid");
    while let Some(event) = events.next().await {
        assert!(
            outcome.summary.is_none() && outcome.error.is_none(),
            "something after the end"
        );
        match event {
            Ok(GenerationEvent::Reading { .. }) => {}
            Ok(GenerationEvent::Token { text, trace }) => {
                outcome.text.push_str(&text);
                outcome.traces.push(trace);
            }
            Ok(GenerationEvent::Finished(summary)) => outcome.summary = Some(summary),
            Err(error) => outcome.error = Some(error),
        }
    }
    assert!(
        outcome.summary.is_some() || outcome.error.is_some(),
        "the stream ended without an end"
    );
    outcome
}
