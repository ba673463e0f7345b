//! Sessions: the commands, and what drives the state machine.

mod commands;

pub use commands::*;

use crate::app::App;
use crate::calls::NoArguments;
use crate::dto::*;
use crate::error::unfinished;
use crate::events::Events;

pub async fn list_workflows(_: &App, _: NoArguments) -> Result<WorkflowList, UiError> {
    Err(unfinished())
}

pub async fn list_use_cases(_: &App, _: NoArguments) -> Result<Vec<UseCaseInfo>, UiError> {
    Err(unfinished())
}

pub async fn create_use_case(_: &App, _: CreateUseCase) -> Result<UseCaseInfo, UiError> {
    Err(unfinished())
}

pub async fn rename_use_case(_: &App, _: RenameUseCase) -> Result<Vec<UseCaseInfo>, UiError> {
    Err(unfinished())
}

pub async fn sandbox_info(_: &App, _: NoArguments) -> Result<SandboxInfo, UiError> {
    Err(unfinished())
}

pub async fn list_sessions(_: &App, _: ListSessions) -> Result<SessionList, UiError> {
    Err(unfinished())
}

pub async fn new_session(_: &App, _: NewSession) -> Result<SessionView, UiError> {
    Err(unfinished())
}

pub async fn open_session(_: &App, _: SessionArgument) -> Result<SessionView, UiError> {
    Err(unfinished())
}

pub async fn rename_session(_: &App, _: RenameSession) -> Result<SessionSummary, UiError> {
    Err(unfinished())
}

pub async fn move_session(_: &App, _: MoveSession) -> Result<SessionSummary, UiError> {
    Err(unfinished())
}

pub async fn delete_session(_: &App, _: SessionArgument) -> Result<(), UiError> {
    Err(unfinished())
}

pub async fn act_on_session(_: &App, _: ActOnSession) -> Result<SessionView, UiError> {
    Err(unfinished())
}

pub async fn stop_watching(_: &App, _: SessionArgument) -> Result<(), UiError> {
    Err(unfinished())
}

pub async fn run_artifact(_: &App, _: RunArtifact) -> Result<RunView, UiError> {
    Err(unfinished())
}

pub async fn show_preview(_: &App, _: ShowPreview) -> Result<(), UiError> {
    Err(unfinished())
}

pub async fn export_product(_: &App, _: ExportProduct) -> Result<Vec<String>, UiError> {
    Err(unfinished())
}

/// Tells of a session's changes until the window closes it.
pub async fn watch_session(
    _: &App,
    _: SessionArgument,
    _: Events<SessionEvent>,
) -> Result<(), UiError> {
    Err(unfinished())
}
