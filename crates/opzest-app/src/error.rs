//! Errors as the user sees them: what happened to what, and what to do next.

use crate::dto::{ErrorCode, UiError};
use opzest_llm::LlmError;
use opzest_store::StoreError;

/// A request that cannot be meant.
pub fn invalid(message: impl Into<String>) -> UiError {
    error(ErrorCode::InvalidInput, message, "")
}

pub fn error(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> UiError {
    UiError {
        code,
        message: message.into(),
        hint: hint.into(),
    }
}

/// "the model …" as the beginning of a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        let end = if text.ends_with(['.', '!', '?']) {
            ""
        } else {
            "."
        };
        format!("{}{}{end}", first.to_uppercase(), chars.as_str())
    })
}

impl std::fmt::Display for UiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.hint)
        }
    }
}

impl std::error::Error for UiError {}

impl From<StoreError> for UiError {
    fn from(source: StoreError) -> Self {
        let (code, hint) = match &source {
            StoreError::DiskFull { .. } => (
                ErrorCode::DiskFull,
                "Free some space on this disk and try again; what was saved before is safe.",
            ),
            StoreError::NoRoomForBackup { .. } => (
                ErrorCode::DiskFull,
                "Free some space on this disk; your work itself is safe.",
            ),
            StoreError::TooNew { .. } => (
                ErrorCode::StoreTooNew,
                "Start the newer OpZest, or choose another data folder.",
            ),
            StoreError::TooOld { .. } => (
                ErrorCode::Store,
                "Start OpZest once to bring it up to date.",
            ),
            StoreError::NotOurs { .. } => (
                ErrorCode::DataFolderUnusable,
                "Choose another data folder with OPZEST_DATA.",
            ),
            StoreError::Damaged { .. }
            | StoreError::DamagedEvent { .. }
            | StoreError::UnfitEvent { .. }
            | StoreError::MissingEvent { .. } => (
                ErrorCode::StoreDamaged,
                "Copy the data folder somewhere safe before you do anything else.",
            ),
            StoreError::ReadOnly { .. } => (
                ErrorCode::DataFolderUnusable,
                "Check who may write to the data folder.",
            ),
            StoreError::WrongKey { .. } => (ErrorCode::DataFolderUnusable, ""),
            StoreError::InUse { .. } => (
                ErrorCode::DataFolderInUse,
                "Use the OpZest that is already running, or close it and try again.",
            ),
            StoreError::NotFound { .. } => (ErrorCode::NotFound, "It may have been deleted."),
            StoreError::OutOfStep { .. } => (ErrorCode::Store, "Open the session again."),
            StoreError::ModelNeeded { .. } => (
                ErrorCode::Busy,
                "Roll back to another model, or remove what was trained on it, first.",
            ),
            StoreError::RunIsOver { .. } => (ErrorCode::InvalidInput, "Start another run."),
            StoreError::NothingBefore { .. } => (ErrorCode::InvalidInput, ""),
            StoreError::NameTaken { .. } => (ErrorCode::InvalidInput, "Choose another name."),
            StoreError::StillAnswering => (ErrorCode::Busy, "Wait for it, or stop it."),
            StoreError::Busy { .. } => (ErrorCode::Busy, "Try again in a moment."),
            StoreError::Io { .. } => (
                ErrorCode::DataFolderUnusable,
                "Check that the data folder exists and may be written.",
            ),
            StoreError::NotStreaming { .. }
            | StoreError::Unsafe { .. }
            | StoreError::Setting { .. }
            | StoreError::Sqlite { .. } => (ErrorCode::Store, "The log has the details."),
        };
        error(code, sentence(&source.to_string()), hint)
    }
}

impl From<LlmError> for UiError {
    fn from(source: LlmError) -> Self {
        let (code, hint) = match &source {
            LlmError::ModelFile { .. } => (
                ErrorCode::ModelFile,
                "Choose another model, or fetch this file again.",
            ),
            LlmError::ContextOverflow { .. } => (
                ErrorCode::ContextOverflow,
                "Start a new conversation, or allow a longer context in the settings.",
            ),
            LlmError::OutOfMemory { .. } => (
                ErrorCode::OutOfMemory,
                "Close other programs, choose a smaller model, or a shorter context in the settings.",
            ),
            LlmError::WorkerDied { .. } => (
                ErrorCode::WorkerDied,
                "Nothing else is lost: send again, and the model is started anew.",
            ),
            LlmError::WorkerStart { .. } | LlmError::Inference { .. } => {
                (ErrorCode::Model, "Try again; the log has the details.")
            }
            LlmError::Template { .. } => (ErrorCode::Model, "Choose another model."),
            LlmError::InvalidRequest { .. } => {
                (ErrorCode::InvalidInput, "Change it in the settings.")
            }
            LlmError::Unsupported { .. } => (ErrorCode::Model, "Choose another model."),
            LlmError::Cancelled => (ErrorCode::Model, ""),
            LlmError::Server { .. }
            | LlmError::Timeout { .. }
            | LlmError::Connection { .. }
            | LlmError::Protocol { .. }
            | LlmError::ApiKey { .. } => (ErrorCode::Remote, "Check the server, then try again."),
        };
        error(code, sentence(&source.to_string()), hint)
    }
}
