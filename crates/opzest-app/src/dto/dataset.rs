//! The dataset, as the Harvest shows it.

use crate::dto::{FileText, Scope, SentMessage};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Split {
    Train,
    HeldOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    Error,
    Redo,
    FurtherEdit,
    HandEdit,
}

/// Which rows are shown; an absent field does not filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct ExampleFilter {
    /// Words to be found in prompt, chosen, rejected or the user's words.
    pub query: Option<String>,
    pub use_case_id: Option<String>,
    pub session_id: Option<String>,
    pub scope: Option<Scope>,
    pub split: Option<Split>,
    pub reason: Option<Reason>,
    /// Rows whose chosen is missing (true), or there (false).
    pub pending: Option<bool>,
    /// Rows with both sides (true), or with only chosen (false).
    pub paired: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExampleSummary {
    pub id: String,
    /// The instruction's first words.
    pub title: String,
    pub words: String,
    pub reason: Option<Reason>,
    pub pending: bool,
    pub paired: bool,
    pub by_hand: bool,
    pub edited: bool,
    pub traced: bool,
    pub scope: Scope,
    pub split: Split,
    pub use_case: String,
    pub model_name: Option<String>,
    pub created_at: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExamplePage {
    pub items: Vec<ExampleSummary>,
    pub total: u32,
    /// The search was so wide that `total` is only a lower bound.
    pub total_is_least: bool,
    /// Hand this in for the next page; absent on the last one.
    pub next: Option<String>,
}

/// One side of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SideView {
    /// The raw text that is trained on.
    pub text: String,
    pub reasoning: String,
    pub files: Vec<FileText>,
    pub words: String,
    pub model_name: Option<String>,
    pub cycle: Option<u32>,
    pub traced_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExampleView {
    pub summary: ExampleSummary,
    pub prompt: Vec<SentMessage>,
    pub chosen: Option<SideView>,
    pub rejected: Option<SideView>,
    pub session_id: Option<String>,
    pub session_title: Option<String>,
    pub use_case_id: String,
    pub overruled: bool,
    pub prompt_version: Option<u32>,
    pub workflow: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    Chosen,
    Rejected,
}

/// The distributions that one text was taken from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    pub model_name: String,
    pub k: u32,
    pub tokens: Vec<TokenView>,
    /// Bytes that it takes in the store.
    pub stored_bytes: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    pub text: String,
    /// Natural logarithm of its probability.
    pub logprob: f32,
    /// The most probable candidates, best first; at most ten.
    pub top: Vec<CandidateView>,
    /// Probability of everything that is not kept.
    pub tail: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CandidateView {
    pub text: String,
    pub logprob: f32,
}

/// Counts of one use case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DatasetStats {
    pub use_case_id: String,
    pub use_case: String,
    pub sessions: u32,
    /// With chosen.
    pub complete: u32,
    /// Of these, with rejected.
    pub paired: u32,
    pub pending: u32,
    pub traced: u32,
    pub held_out: u32,
    pub communal: u32,
    pub readiness: Readiness,
}

/// Whether there is enough to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// From 0 to 1; 1 is ready.
    pub share: f32,
    pub ready: bool,
    /// "12 of 30 finished results; 18 more and you can train."
    pub words: String,
    /// What is missing, one sentence each.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DatasetFormat {
    /// JSON Lines: prompt, chosen, rejected as messages, and our columns beside them.
    Jsonl,
    Parquet,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DatasetExport {
    pub path: String,
    pub rows: u32,
    /// Left out because they are pending.
    pub pending: u32,
    pub bytes: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    pub added: u32,
    /// Were there already.
    pub duplicates: u32,
    pub bad: u32,
    /// The first bad lines; there may be more.
    pub problems: Vec<ImportProblem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportProblem {
    /// From 1.
    pub line: u32,
    pub message: String,
}

/// What a deletion did, and where the accepted text still stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeletionView {
    pub deleted: u32,
    /// "The accepted text is still in 2 other rows of this step."
    pub remains: Vec<String>,
}

super::session::same_words!(Split, opzest_core::dataset::Split, { Train, HeldOut });
super::session::same_words!(Reason, opzest_core::session::Reason, { Error, Redo, FurtherEdit, HandEdit });
super::session::same_words!(Side, opzest_core::dataset::Side, { Chosen, Rejected });
