//! What a user can do with training runs.

use crate::app::App;
use crate::dto::{
    RunEvent, RunSummary, Scope, TrainingOverview, TrainingPlan, TrainingRun, TrainingSettings,
    UiError,
};
use crate::error::invalid;
use crate::events::Events;
use crate::info::NoArguments;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What to train: all but the use case has a default.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlanTraining {
    pub use_case_id: String,
    pub scope: Scope,
    /// Absent: the suggested one.
    pub base_id: Option<String>,
    pub settings: Option<TrainingSettings>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StartTraining {
    pub plan: PlanTraining,
    /// Although something is missing for it to be worth while.
    pub although_not_ready: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunArgument {
    pub run_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PromoteRun {
    pub run_id: String,
    /// Although it did not win.
    pub although_no_win: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    pub use_case_id: String,
    pub scope: Scope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrainedFormat {
    /// The adapter alone, as llama.cpp reads it.
    AdapterGguf,
    /// For transformers and PEFT.
    Peft,
    /// One model file with the adapter worked in, in 16 bits.
    MergedF16,
    MergedQ8,
    MergedQ4,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportTrained {
    pub run_id: String,
    pub format: TrainedFormat,
    /// A folder that exists.
    pub folder: String,
}

pub async fn training_overview(_: &App, _: NoArguments) -> Result<TrainingOverview, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn plan_training(_: &App, _: PlanTraining) -> Result<TrainingPlan, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn start_training(_: &App, _: StartTraining) -> Result<TrainingRun, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn open_run(_: &App, _: RunArgument) -> Result<TrainingRun, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn watch_run(_: &App, _: RunArgument, _: Events<RunEvent>) -> Result<(), UiError> {
    Err(invalid("Training is being built."))
}

pub async fn pause_run(_: &App, _: RunArgument) -> Result<RunSummary, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn resume_run(_: &App, _: RunArgument) -> Result<RunSummary, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn cancel_run(_: &App, _: RunArgument) -> Result<RunSummary, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn delete_run(_: &App, _: RunArgument) -> Result<TrainingOverview, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn judge_run(_: &App, _: RunArgument) -> Result<RunSummary, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn promote_run(_: &App, _: PromoteRun) -> Result<TrainingOverview, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn roll_back(_: &App, _: Rollback) -> Result<TrainingOverview, UiError> {
    Err(invalid("Training is being built."))
}

pub async fn export_trained(_: &App, _: ExportTrained) -> Result<Vec<String>, UiError> {
    Err(invalid("Training is being built."))
}
