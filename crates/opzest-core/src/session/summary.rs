//! What a list shows of a session.

use crate::conversation::{HitPart, Scope};
use crate::dataset::Split;
use crate::ids::{SessionId, UseCaseId};
use crate::session::machine::Session;
use crate::session::next::{Need, Next};
use crate::session::state::{Phase, StepStatus};
use crate::words::words;
use crate::workflow::{ArtifactKind, WorkflowId};
use serde::{Deserialize, Serialize};

/// How far a session is, as a list says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// A model is to be called, or a check to be made. After a restart: what has to be begun again.
    Working,
    /// Nothing goes on until the user has done something.
    NeedsUser,
    Finished,
    Stopped,
}

words!(SessionStatus, "session status", {
    Working => "working",
    NeedsUser => "needs_user",
    Finished => "finished",
    Stopped => "stopped",
});

/// A workflow as it was when it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedWorkflow {
    pub id: WorkflowId,
    pub version: u32,
    /// As shown to the user.
    pub name: String,
    pub kind: ArtifactKind,
}

/// What follows from a session's state for the lists in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub status: SessionStatus,
    /// `None` until it is chosen.
    pub workflow: Option<UsedWorkflow>,
    pub steps: u32,
    /// Done or skipped.
    pub steps_over: u32,
}

impl Progress {
    pub fn of(session: &Session) -> Self {
        let state = session.state();
        let status = match session.next() {
            Next::Task { .. } => SessionStatus::Working,
            Next::User(Need::Nothing) if state.phase == Phase::Finished => SessionStatus::Finished,
            Next::User(Need::Nothing) => SessionStatus::Stopped,
            Next::User(_) => SessionStatus::NeedsUser,
        };
        let workflow = state.setup.as_ref().map(|setup| UsedWorkflow {
            id: setup.workflow.id.clone(),
            version: setup.workflow.version,
            name: setup.workflow.name.clone(),
            kind: setup.workflow.product.kind,
        });
        let is_over = |status| matches!(status, StepStatus::Done | StepStatus::Skipped);
        let over = state.steps.iter().filter(|step| is_over(step.status));
        Self {
            status,
            workflow,
            steps: state.steps.len() as u32,
            steps_over: over.count() as u32,
        }
    }
}

/// A session as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    pub id: SessionId,
    pub use_case: UseCaseId,
    pub title: String,
    /// The user named it; otherwise the title was taken from the request.
    pub title_is_users: bool,
    pub scope: Scope,
    pub split: Split,
    pub workflow: Option<UsedWorkflow>,
    pub status: SessionStatus,
    pub steps: u32,
    pub steps_over: u32,
    /// Events of the log: the next one gets this number.
    pub events: u64,
    /// Rows of the dataset, pending ones included.
    pub examples: u32,
    /// Versions of the product.
    pub versions: u32,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds of the last event; renaming does not count.
    pub updated_at: u64,
    /// Where a search found something.
    pub hit: Option<Vec<HitPart>>,
}
