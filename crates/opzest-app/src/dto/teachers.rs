//! Teachers: the models that agents use, local and remote.

use crate::dto::{Agent, Model, UiError};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TeachersView {
    /// All models that can teach, in the order in which they were added.
    pub teachers: Vec<TeacherInfo>,
    /// Each agent's models, best first.
    pub pools: Vec<AgentPool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentPool {
    pub agent: Agent,
    pub model_ids: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TeacherInfo {
    pub model: Model,
    pub remote: Option<RemoteInfo>,
    /// The most candidates per token; 0: no log-probabilities; absent: not tested yet.
    pub trace_k: Option<u32>,
    /// What its licence or its maker's terms say about training on its answers.
    pub terms: TeacherTerms,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RemoteInfo {
    pub address: String,
    /// What the server calls the model.
    pub name: String,
    pub has_key: bool,
    /// Tokens that one conversation may hold, if known.
    pub context_size: Option<u32>,
    /// "json_schema", "json_object" or nothing.
    pub structured: Option<String>,
}

/// After a teacher was taken off the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RemovedTeacher {
    pub teachers: TeachersView,
    /// The server whose key was forgotten with it, because no other model uses that key.
    pub forgot_key_of: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TermsKind {
    /// Training on its answers is allowed.
    Allowed,
    /// Allowed under conditions.
    Conditions,
    /// The maker's terms forbid it.
    Forbidden,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TeacherTerms {
    pub kind: TermsKind,
    /// One or two sentences for the user.
    pub words: String,
}

/// What a test of a teacher found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TeacherTest {
    pub reachable: bool,
    pub problem: Option<UiError>,
    pub trace_k: u32,
    /// Why there are no log-probabilities, if there are none.
    pub trace_problem: Option<String>,
    pub structured: Option<String>,
    pub first_token_ms: Option<u32>,
    /// What it answered to "Say hello."
    pub answer: String,
}
