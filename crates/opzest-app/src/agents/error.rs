//! Why an agent gave no result. Answers that cannot be read are results ([`super::Worked`]), not errors.

use crate::dto::UiError;
use opzest_core::session::CallProblem;
use opzest_llm::LlmError;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AgentError {
    /// The user's, or because nobody waits for the answer any more: nothing to tell the session.
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Model(#[from] LlmError),
    #[error("the {agent}'s prompt in the workflow `{workflow}` cannot be used: {reason}")]
    Prompt {
        agent: opzest_core::workflow::Agent,
        workflow: String,
        reason: String,
    },
    #[error(
        "the {agent}'s prompt needs {needed} tokens even without the texts that it is about, and the model's context has room for {room}"
    )]
    NoRoom {
        agent: opzest_core::workflow::Agent,
        needed: u32,
        room: u32,
    },
    /// A task was performed at a point of the session where it is not wanted.
    #[error("the session has no {what} to work with")]
    NotWanted { what: &'static str },
}

impl AgentError {
    /// What the session is told; `None` for a cancelled call.
    pub fn problem(&self) -> Option<CallProblem> {
        let (code, message, hint) = match self {
            Self::Cancelled | Self::Model(LlmError::Cancelled) => return None,
            Self::Model(source) => {
                let shown = UiError::from(source.clone());
                (code_of(&shown), shown.message, shown.hint)
            }
            Self::Prompt { .. } => (
                "workflow".to_owned(),
                crate::error::sentence(&self.to_string()),
                "Mend the workflow's file, or choose another workflow.".to_owned(),
            ),
            Self::NoRoom { .. } => (
                "context_overflow".to_owned(),
                crate::error::sentence(&self.to_string()),
                "Choose a model with a longer context, or allow more in the settings.".to_owned(),
            ),
            Self::NotWanted { .. } => (
                "internal".to_owned(),
                crate::error::sentence(&self.to_string()),
                String::new(),
            ),
        };
        Some(CallProblem {
            code,
            message,
            hint,
            passing: self.is_passing(),
        })
    }

    /// Whether the same call may succeed at the next try.
    pub fn is_passing(&self) -> bool {
        let Self::Model(source) = self else {
            return false;
        };
        match source {
            LlmError::Timeout { .. }
            | LlmError::Connection { .. }
            // What a proxy or a server that breaks down sends.
            | LlmError::Protocol { .. }
            | LlmError::WorkerDied { .. } => true,
            LlmError::Server { status, .. } => {
                matches!(status, 408 | 425 | 429) || (500..600).contains(status)
            }
            LlmError::ModelFile { .. }
            | LlmError::ContextOverflow { .. }
            | LlmError::OutOfMemory { .. }
            | LlmError::WorkerStart { .. }
            | LlmError::Inference { .. }
            | LlmError::Template { .. }
            | LlmError::InvalidRequest { .. }
            | LlmError::Unsupported { .. }
            | LlmError::Cancelled
            | LlmError::ApiKey { .. } => false,
        }
    }
}

fn code_of(error: &UiError) -> String {
    let word = serde_json::to_value(error.code).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
