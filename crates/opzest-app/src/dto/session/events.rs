//! What is told of a session while it is watched.

use super::{Agent, SessionView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// While a session is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SessionEvent {
    /// The session as it is now: first, and after every change.
    Changed {
        session: Box<SessionView>,
    },
    LoadingModel {
        model_name: String,
    },
    Reading {
        read: u32,
        total: u32,
    },
    /// More of what the agent writes.
    Writing {
        agent: Agent,
        /// Its chain of thought, or what it makes.
        part: WritingPart,
        text: String,
        tokens: u32,
        tokens_per_second: f32,
    },
    /// What was streamed of this answer so far does not count: it is asked for once more.
    StartedOver {
        why: String,
    },
    /// Something the preview of the shown page reported after it was checked.
    PreviewProblem {
        message: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum WritingPart {
    Reasoning,
    Result,
}
