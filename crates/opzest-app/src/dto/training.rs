//! Training: what is there to train on, what a run will cost, how it goes, and what came out.

use crate::dto::{Readiness, Scope, UiError};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the Train view begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrainingOverview {
    /// In the order of the dataset's counts.
    pub use_cases: Vec<UseCaseTraining>,
    /// Local models that can be trained, the suggested one first, then those that cannot, with the reason.
    pub bases: Vec<BaseModelView>,
    /// Newest first.
    pub runs: Vec<RunSummary>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UseCaseTraining {
    pub use_case_id: String,
    pub name: String,
    pub readiness: Readiness,
    /// The promoted models that do its work, at most one for each scope.
    pub in_use: Vec<ModelInUse>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelInUse {
    pub scope: Scope,
    pub model_id: String,
    pub name: String,
    pub run_id: Option<String>,
    pub promoted_at: f64,
    /// What a rollback puts back; absent: what was used without any trained model.
    pub before: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BaseModelView {
    pub model_id: String,
    pub name: String,
    /// "135M".
    pub parameters: Option<String>,
    pub suggested: bool,
    /// Why it cannot be trained, or not on this computer.
    pub problem: Option<String>,
    /// Most memory while training, at the usual length of rows.
    pub memory_bytes: Option<f64>,
    /// Tokens that training works off per second here, estimated until a run has measured it.
    pub tokens_per_second: Option<f64>,
    pub measured: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrainingSettings {
    pub rank: u32,
    pub learning_rate: f64,
    pub epochs: u32,
    /// Examples whose gradients make one step.
    pub batch: u32,
    /// Weight of the odds-ratio term.
    pub lambda: f64,
    pub seed: u32,
    pub threads: u32,
    /// Longest row, in tokens.
    pub max_tokens: u32,
    /// Learn from the teachers' probabilities where they are stored.
    pub soft_labels: bool,
    /// The NVIDIA card of that number, from 0, works the numbers out; in a program that is built for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub card: Option<u32>,
}

/// What would be trained, and what it costs: nothing has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrainingPlan {
    pub use_case_id: String,
    pub use_case: String,
    pub scope: Scope,
    pub base_id: String,
    pub base: String,
    pub settings: TrainingSettings,
    pub rows: u32,
    /// Distinct (prompt, chosen) to learn from, and to judge by.
    pub examples: u32,
    pub held_out: u32,
    /// Rejected answers among the examples to learn from.
    pub pairs: u32,
    pub sessions: u32,
    /// Tokens of one pass over the examples.
    pub tokens: f64,
    pub longest_tokens: u32,
    /// Share of chosen tokens that have a teacher's probabilities, from 0 to 1.
    pub soft_share: f64,
    pub omitted: Vec<OmittedRows>,
    /// What is missing before training is worth while; empty: ready.
    pub missing: Vec<String>,
    pub steps: u32,
    pub seconds: f64,
    pub memory_bytes: f64,
    pub free_memory_bytes: Option<f64>,
    pub disk_bytes: f64,
    /// Why it cannot start: not enough memory, no rows ...
    pub problem: Option<UiError>,
}

/// Rows that are left out, or lose something, for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OmittedRows {
    pub count: u32,
    /// A sentence: "The chosen answer is empty."
    pub reason: String,
    /// Of one of them, to open it in the dataset.
    pub example_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunStatus {
    Preparing,
    Running,
    Paused,
    /// Trained; being checked against llama.cpp and compared with what is in use.
    Judging,
    Finished,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    pub id: String,
    pub name: String,
    pub use_case_id: String,
    pub use_case: String,
    pub scope: Scope,
    pub base: String,
    pub status: RunStatus,
    pub created_at: f64,
    pub step: u32,
    pub steps: u32,
    /// Time at work so far, and about how long it still takes.
    pub active_seconds: f64,
    pub seconds_left: Option<f64>,
    /// Why it waits although nobody paused it: battery, memory.
    pub waiting: Option<String>,
    pub verdict: Option<TrainingVerdict>,
    pub promoted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRun {
    pub summary: RunSummary,
    pub plan: TrainingPlan,
    pub metrics: Vec<MetricView>,
    pub result: Option<RunResult>,
    pub problem: Option<UiError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MetricKind {
    /// Of the step's examples.
    Step,
    /// Of the held-out examples, before the first epoch (0) and after each.
    HeldOut,
}

/// One point of the curves; nats unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MetricView {
    pub kind: MetricKind,
    pub step: u32,
    pub epoch: u32,
    pub loss: f64,
    /// Divergence from the teachers per token, where there are soft labels.
    pub kl: Option<f64>,
    /// Negative log-likelihood per token of the chosen answers.
    pub chosen_nll: f64,
    pub odds: Option<f64>,
    /// log odds(chosen) - log odds(rejected), mean over pairs.
    pub margin: Option<f64>,
    /// Share of pairs in which the chosen answer is the more probable one.
    pub preference_accuracy: Option<f64>,
    pub learning_rate: Option<f64>,
    pub gradient: Option<f64>,
    pub tokens_per_second: Option<f64>,
    pub memory_bytes: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrainingVerdict {
    Win,
    Loss,
    NotEnoughEvidence,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    pub verdict: TrainingVerdict,
    /// One or two sentences.
    pub words: String,
    pub parity: ParityView,
    pub comparisons: Vec<ComparisonView>,
    pub samples: Vec<SampleView>,
    /// The trained model in the registry; absent: it was not offered, because the parity check failed.
    pub model_id: Option<String>,
    pub adapter_path: String,
    pub adapter_bytes: f64,
}

/// Whether the trainer and the runtime mean the same by the adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ParityView {
    pub passed: bool,
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonView {
    /// "Surprise at accepted work", "Prefers accepted over rejected" ...
    pub name: String,
    /// "nats per byte", "%" ...
    pub unit: String,
    pub before: f64,
    pub after: f64,
    /// Of after - before, 95 %; absent where there is too little to tell.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub lower_is_better: bool,
}

/// The same held-out prompt, answered by both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SampleView {
    pub title: String,
    pub prompt: String,
    /// What was accepted in that session.
    pub accepted: String,
    pub before: String,
    pub after: String,
    /// What the workflow's own check says.
    pub before_valid: bool,
    pub after_valid: bool,
}

/// How a run goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum RunEvent {
    /// The state changed; also the first event.
    Summary {
        summary: RunSummary,
    },
    Metric {
        metric: MetricView,
    },
    /// What is being done besides steps: "Checking the adapter against llama.cpp".
    Doing {
        words: String,
    },
    /// Read the run again: it has ended or has a result.
    Changed,
}

/// How far the reading of accepted texts is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum LabelEvent {
    /// Rows.
    Progress { done: u32, total: u32 },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LabelReport {
    /// Rows that have soft labels now.
    pub labelled: u32,
    pub left_out: u32,
    /// Why the last of those was left out.
    pub problem: Option<UiError>,
}
