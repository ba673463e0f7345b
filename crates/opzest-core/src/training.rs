//! Training runs, and which model a use case works with.
//!
//! What a run is to do, how far it is and what came of it are JSON here: they belong to those who train and judge.

use crate::conversation::Scope;
use crate::dataset::Split;
use crate::ids::{ExampleId, ModelId, TrainingRunId, UseCaseId};
use crate::words::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far a training run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// The rows are being made ready.
    Preparing,
    Running,
    /// It goes on when the user says so.
    Paused,
    /// The new model is compared with the one in use.
    Judging,
    /// There is a model, for better or worse.
    Finished,
    Failed,
    /// By the user.
    Cancelled,
}

words!(RunStatus, "status of a training run", {
    Preparing => "preparing",
    Running => "running",
    Paused => "paused",
    Judging => "judging",
    Finished => "finished",
    Failed => "failed",
    Cancelled => "cancelled",
});

impl RunStatus {
    /// Nothing more is to come of it.
    pub fn is_over(self) -> bool {
        match self {
            Self::Preparing | Self::Running | Self::Paused | Self::Judging => false,
            Self::Finished | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// One training of a model on the rows of a use case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    pub id: TrainingRunId,
    pub use_case: UseCaseId,
    /// Who the model is for: a communal one learns from communal rows only.
    pub scope: Scope,
    /// The model that the adapter is trained for.
    pub base: ModelId,
    /// As shown to the user.
    pub name: String,
    pub status: RunStatus,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds.
    pub updated_at: u64,
    /// How long it has really worked, pauses left out, in milliseconds.
    pub active_ms: u64,
    /// What it is to do.
    pub plan: Value,
    /// What it learns from, in numbers.
    pub data: Value,
    pub progress: Value,
    /// `null` until there is one.
    pub result: Value,
    /// Why it stands still or has failed, in words for the user.
    pub problem: Option<String>,
    /// What came of it, as long as that is registered.
    pub model: Option<ModelId>,
}

/// A row of the dataset that a run uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    pub example: ExampleId,
    /// What for; the row's own may be changed later.
    pub split: Split,
}

/// From then on, sessions of a use case and scope work with this model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    pub use_case: UseCaseId,
    pub scope: Scope,
    /// `None`: what is used without any.
    pub model: Option<ModelId>,
    /// The run that made it.
    pub run: Option<TrainingRunId>,
    /// The user wanted it although it had not won.
    pub forced: bool,
    /// Unix milliseconds.
    pub at: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_so() {
        let over: Vec<_> = RunStatus::ALL
            .iter()
            .filter(|status| status.is_over())
            .map(|status| status.as_str())
            .collect();
        // The store's queries for runs that are not over name the same three.
        assert_eq!(over, ["finished", "failed", "cancelled"]);
    }
}
