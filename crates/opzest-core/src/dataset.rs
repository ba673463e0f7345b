//! The dataset as it is kept: rows of sessions and imported ones, in use cases.
//!
//! Which rows a session makes is decided by the session (`session::examples`). Kept rows can be edited and
//! deleted; the session does not make them anew.

use crate::artifact::Artifact;
use crate::chat::ChatMessage;
use crate::conversation::{HitPart, ModelName, Scope};
use crate::ids::{AttemptId, ExampleId, GenerationId, ImportId, SessionId, StepId, UseCaseId};
use crate::session::Reason;
use crate::words::words;
use crate::workflow::WorkflowId;
use serde::{Deserialize, Serialize};

/// What a row is for. Decided for whole sessions, never for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    /// Never trained on: a new model is judged by it.
    HeldOut,
}

words!(Split, "split", { Train => "train", HeldOut => "held_out" });

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Session,
    Imported,
}

words!(Origin, "origin", { Session => "session", Imported => "imported" });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExampleState {
    /// Nothing is chosen yet: never trained on, counted as data, or exported.
    Pending,
    Complete,
}

words!(ExampleState, "state of an example", { Pending => "pending", Complete => "complete" });

/// The two answers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Chosen,
    Rejected,
}

words!(Side, "side of an example", { Chosen => "chosen", Rejected => "rejected" });

/// A kind of work that the user has named; selects rows, readiness and models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseCase {
    pub id: UseCaseId,
    pub name: String,
    /// What belongs to no other use case belongs to this one.
    pub is_default: bool,
    /// Sessions of this workflow belong to it unless the user says otherwise.
    pub workflow: Option<WorkflowId>,
}

/// What a list shows of one side of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideSummary {
    /// Of its text.
    pub bytes: u32,
    /// `None`: a person wrote it, or it is not known who did.
    pub model: Option<ModelName>,
    /// The user has changed it in the dataset.
    pub edited: bool,
    /// Token log-probabilities are there, and they are those of this text.
    pub has_trace: bool,
}

/// A row as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleSummary {
    pub id: ExampleId,
    pub origin: Origin,
    pub session: Option<SessionId>,
    pub step: Option<StepId>,
    pub import: Option<ImportId>,
    pub use_case: UseCaseId,
    pub workflow: Option<WorkflowId>,
    pub scope: Scope,
    pub split: Split,
    /// Rows of one group have one split, and are resampled together: the session, or what an import calls
    /// a group.
    pub group: String,
    pub state: ExampleState,
    /// Why the rejected side was rejected, if there is one.
    pub reason: Option<Reason>,
    /// The chosen side was written by the user.
    pub by_hand: bool,
    /// Accepted although the check failed.
    pub overruled: bool,
    /// The first words of what was asked.
    pub title: String,
    /// The first of the user's words about the rejected side, or else about the chosen one.
    pub words: String,
    pub prompt_bytes: u32,
    pub chosen: Option<SideSummary>,
    pub rejected: Option<SideSummary>,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds.
    pub updated_at: u64,
    /// Where a search found something.
    pub hit: Option<Vec<HitPart>>,
}

/// One answer of a row, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleSide {
    /// Everything that was written: reasoning, markers and all.
    pub text: String,
    pub reasoning: String,
    /// `None`: none could be found in the text.
    pub artifact: Option<Artifact>,
    /// The user's words, or the error.
    pub words: String,
    pub attempt: Option<AttemptId>,
    pub generation: Option<GenerationId>,
    pub model: Option<ModelName>,
    /// 0 where no model wrote it.
    pub prompt_version: u32,
    /// The cycle of the step, from 1; 0 if it is not known.
    pub cycle: u32,
    pub edited: bool,
    pub has_trace: bool,
}

/// A row, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredExample {
    pub summary: ExampleSummary,
    pub prompt: Vec<ChatMessage>,
    pub chosen: Option<ExampleSide>,
    pub rejected: Option<ExampleSide>,
}
