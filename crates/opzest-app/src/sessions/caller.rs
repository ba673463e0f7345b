//! A teacher of a session as a model that can be called.

use crate::agents::Caller;
use crate::app::App;
use crate::dto::{ErrorCode, SentMessage, SessionEvent, UiError};
use crate::error::error;
use crate::local_use::LocalUse;
use crate::models::registered;
use crate::sessions::live::Live;
use crate::settings::settings;
use crate::teachers::{destination, remote_model};
use async_trait::async_trait;
use opzest_core::chat::ChatMessage;
use opzest_core::model::{ModelKind, RegisteredModel};
use opzest_core::session::Teacher;
use opzest_core::trace::DEFAULT_TRACE_K;
use opzest_llm::{
    Capabilities, ChatModel, ChatRequest, Generation, LlmError, ScoreRequest, TokenTrace,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Tokens that a server's conversation may hold if nobody has said: what the smallest usual ones have.
const USUAL_REMOTE_CONTEXT: u32 = 8_192;

/// How often a model that is busy elsewhere is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The teacher's model. Waits while another local model is in use; a local one is loaded by its first
/// request.
pub(super) async fn caller(app: &App, teacher: &Teacher, live: &Live) -> Result<Caller, UiError> {
    let model = registered_teacher(app, teacher).await?;
    if model.details.kind == ModelKind::Remote {
        let remote = remote_model(app, &teacher.model.id).await?;
        let context_size = remote.config().context_size.unwrap_or(USUAL_REMOTE_CONTEXT);
        return Ok(Caller::new(
            Arc::new(remote),
            teacher.model.clone(),
            context_size,
        ));
    }
    let settings = settings(app).await?;
    let LocalUse { file, adapters } = LocalUse::of(app, &model.details).await?;
    let local = loop {
        match app.runner().model(&file, &settings).await {
            Err(error) if error.code == ErrorCode::Busy => tokio::time::sleep(ASK_AGAIN).await,
            found => break found?,
        }
    };
    if !local.is_loaded().await {
        live.send(SessionEvent::LoadingModel {
            model_name: teacher.model.name.clone(),
        });
    }
    let context_size = local.options().context_size;
    Ok(Caller {
        adapters,
        seed: settings.seed,
        ..Caller::new(local, teacher.model.clone(), context_size)
    })
}

/// The model of a teacher, if it still is where it was when it became the session's teacher: a consent to
/// send text was for that place.
pub(super) async fn registered_teacher(
    app: &App,
    teacher: &Teacher,
) -> Result<RegisteredModel, UiError> {
    let model = registered(app, &teacher.model.id).await?;
    let remote = model.details.kind == ModelKind::Remote;
    if remote != teacher.remote || destination(&model.details) != teacher.destination {
        return Err(error(
            ErrorCode::Model,
            format!(
                "The model called \u{201c}{}\u{201d} is another one now than when this session chose it.",
                teacher.model.name
            ),
            "Choose this agent's models again; nothing has been sent.",
        ));
    }
    Ok(model)
}

impl Caller {
    fn new(
        model: Arc<dyn ChatModel>,
        name: opzest_core::conversation::ModelName,
        context_size: u32,
    ) -> Self {
        Self {
            model,
            name,
            context_size,
            trace_top_k: Some(DEFAULT_TRACE_K),
            adapters: Vec::new(),
            seed: None,
        }
    }
}

/// Stands in for a model to see what it would be sent. Sends nothing.
pub(super) struct Rehearsal {
    capabilities: Capabilities,
    messages: Mutex<Vec<ChatMessage>>,
}

impl Rehearsal {
    /// Of a remote teacher's call.
    pub(super) async fn of(app: &App, teacher: &Teacher) -> Result<(Arc<Self>, Caller), UiError> {
        registered_teacher(app, teacher).await?;
        let remote = remote_model(app, &teacher.model.id).await?;
        let rehearsal = Arc::new(Self {
            capabilities: remote.capabilities(),
            messages: Mutex::default(),
        });
        let context_size = remote.config().context_size.unwrap_or(USUAL_REMOTE_CONTEXT);
        let caller = Caller::new(rehearsal.clone(), teacher.model.clone(), context_size);
        Ok((rehearsal, caller))
    }

    pub(super) fn messages(&self) -> Vec<SentMessage> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = |message: &ChatMessage| SentMessage {
            role: message.role.to_string(),
            text: message.content.clone(),
        };
        messages.iter().map(sent).collect()
    }
}

#[async_trait]
impl ChatModel for Rehearsal {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn generate(
        &self,
        request: ChatRequest,
        _: CancellationToken,
    ) -> Result<Generation, LlmError> {
        *self.messages.lock().unwrap_or_else(PoisonError::into_inner) = request.messages;
        Err(LlmError::Cancelled)
    }

    async fn score(
        &self,
        request: ScoreRequest,
        _: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError> {
        *self.messages.lock().unwrap_or_else(PoisonError::into_inner) = request.messages;
        Err(LlmError::Cancelled)
    }
}
