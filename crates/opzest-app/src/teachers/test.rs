//! Trying a teacher out: does it answer, and what does it give?

use crate::app::App;
use crate::dto::{TeacherTest, UiError};
use crate::error::invalid;
use crate::local_use::LocalUse;
use crate::models::{ModelArgument, registered};
use crate::settings::settings;
use crate::teachers::LOCAL_TRACE_K;
use crate::teachers::remote::{self, remote_model};
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelKind};
use opzest_llm::remote::{JsonSchemaForm, RemoteConfig, TraceReport};
use opzest_llm::{AdapterUse, ChatModel, ChatRequest, GenerationEvent, LlmError, Sampling};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Sends a small question, and for a server two more that find out what it gives; what was found is
/// kept.
pub async fn test_teacher(app: &App, model: ModelArgument) -> Result<TeacherTest, UiError> {
    let id: ModelId = model
        .id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let found = registered(app, &id).await?;
    let tested = match found.details.kind {
        ModelKind::Remote => remote_test(app, &id).await,
        ModelKind::Embedded | ModelKind::File | ModelKind::Trained => {
            local_test(app, &found.details).await
        }
    };
    Ok(tested.unwrap_or_else(|problem| TeacherTest {
        reachable: false,
        problem: Some(problem),
        trace_k: 0,
        trace_problem: None,
        structured: None,
        first_token_ms: None,
        answer: String::new(),
    }))
}

async fn local_test(app: &App, details: &ModelDetails) -> Result<TeacherTest, UiError> {
    let settings = settings(app).await?;
    let LocalUse { file, adapters } = LocalUse::of(app, details).await?;
    let model = app.runner().model(&file, &settings).await?;
    let (answer, first_token_ms) = hello(&*model, adapters).await?;
    Ok(TeacherTest {
        reachable: true,
        problem: None,
        trace_k: LOCAL_TRACE_K,
        trace_problem: None,
        structured: Some("grammar".into()),
        first_token_ms,
        answer,
    })
}

async fn remote_test(app: &App, id: &ModelId) -> Result<TeacherTest, UiError> {
    let model = remote_model(app, id).await?;
    let (answer, first_token_ms) = hello(&model, Vec::new()).await?;
    let report = model.probe(CancellationToken::new()).await?;
    let mut record = remote::record(app, id).await?;
    let features = &mut record.config.features;
    let (trace_k, trace_problem) = match report.traces {
        TraceReport::Given { max_k } => (max_k, None),
        TraceReport::None { reason } => (0, Some(reason)),
    };
    features.max_trace_k = trace_k;
    if !report.json_schema {
        features.json_schema = JsonSchemaForm::Unsupported;
    }
    record.tested = true;
    remote::keep(app, id, &record).await?;
    Ok(TeacherTest {
        reachable: true,
        problem: None,
        trace_k,
        trace_problem,
        structured: structured(&record.config, true),
        first_token_ms,
        answer,
    })
}

/// How a server takes a JSON schema, if it is known to.
pub(super) fn structured(config: &RemoteConfig, tested: bool) -> Option<String> {
    match config.features.json_schema {
        _ if !tested => None,
        JsonSchemaForm::Unsupported => None,
        JsonSchemaForm::JsonSchema => Some("json_schema".into()),
        JsonSchemaForm::JsonObject => Some("json_object".into()),
    }
}

/// The answer to a greeting, and after how many milliseconds it began.
async fn hello(
    model: &dyn ChatModel,
    adapters: Vec<AdapterUse>,
) -> Result<(String, Option<u32>), LlmError> {
    let began = Instant::now();
    let message = ChatMessage::new(Role::User, "Say hello in one short sentence.");
    let request = ChatRequest {
        max_tokens: Some(40),
        adapters,
        ..ChatRequest::new(vec![message], Sampling::GREEDY)
    };
    let mut generation = model.generate(request, CancellationToken::new()).await?;
    let (mut answer, mut first) = (String::new(), None);
    while let Some(event) = generation.next().await {
        if let GenerationEvent::Token { text, .. } = event? {
            first.get_or_insert_with(|| began.elapsed().as_millis() as u32);
            answer.push_str(&text);
        }
    }
    Ok((answer.trim().to_owned(), first))
}
