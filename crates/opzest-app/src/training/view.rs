//! Runs as the user sees them, and what the store keeps of them as JSON.

use super::driver::Wish;
use super::{held_out, run_folder, settings};
use crate::app::{App, now_ms};
use crate::dto::{
    ErrorCode, MetricKind, MetricView, RunResult, RunStatus as StatusView, RunSummary,
    TrainingPlan, TrainingRun as RunView, UiError,
};
use crate::error::error;
use opzest_core::ids::{ExampleId, TrainingRunId};
use opzest_core::training::{RunStatus, TrainingRun};
use opzest_dorpo::child::{FromTrainer, Strain};
use opzest_dorpo::train::Figures;
use opzest_store::RunChange;
use serde::{Deserialize, Serialize};

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) step: u32,
    pub(super) steps: u32,
    /// Seconds per step, smoothed over the last steps.
    pub(super) seconds_per_step: Option<f64>,
    pub(super) tokens_per_second: Option<f64>,
}

impl Progress {
    /// The weight of a step against those before it.
    const NEWEST: f64 = 0.1;

    pub(super) fn work(&mut self, tokens: f64, seconds: f64) {
        let smoothed = |before: Option<f64>, now: f64| {
            Some(before.map_or(now, |before| before + Self::NEWEST * (now - before)))
        };
        self.seconds_per_step = smoothed(self.seconds_per_step, seconds);
        self.tokens_per_second = smoothed(self.tokens_per_second, tokens / seconds.max(1e-9));
    }
}

pub(super) fn plan(run: &TrainingRun) -> Option<TrainingPlan> {
    serde_json::from_value(run.plan.clone()).ok()
}

/// The longest row that a run reads, in tokens.
pub(super) fn max_tokens(run: &TrainingRun) -> usize {
    let planned = plan(run).map(|plan| plan.settings.max_tokens);
    planned.unwrap_or(settings::MAX_TOKENS) as usize
}

pub(super) fn result(run: &TrainingRun) -> Option<RunResult> {
    serde_json::from_value(run.result.clone()).ok().flatten()
}

pub(super) async fn summary(app: &App, run: &TrainingRun) -> Result<RunSummary, UiError> {
    let (use_case, scope) = (run.use_case, run.scope);
    let in_use = app
        .store(move |store| store.model_in_use(use_case, scope))
        .await?;
    let plan = plan(run).ok_or_else(damaged)?;
    let progress: Progress = serde_json::from_value(run.progress.clone()).unwrap_or_default();
    let at_work = app.training().is_at_work(run.id);
    let steps = progress.steps.max(plan.steps);
    let left = f64::from(steps.saturating_sub(progress.step));
    let per_step = progress.seconds_per_step;
    let per_step = per_step.unwrap_or(plan.seconds / f64::from(steps.max(1)));
    Ok(RunSummary {
        id: run.id.to_string(),
        name: run.name.clone(),
        use_case_id: plan.use_case_id,
        use_case: plan.use_case,
        scope: plan.scope,
        base: plan.base,
        status: status(run.status),
        created_at: run.created_at as f64,
        step: progress.step,
        steps,
        active_seconds: run.active_ms as f64 / 1e3,
        seconds_left: (at_work && run.status == RunStatus::Running).then_some(left * per_step),
        waiting: app.training().waits(run.id),
        verdict: result(run).map(|result| result.verdict),
        promoted: run.model.is_some() && in_use == run.model,
    })
}

pub(super) async fn whole(app: &App, run: &TrainingRun) -> Result<RunView, UiError> {
    let id = run.id;
    let metrics = app.store(move |store| store.metrics(id)).await?;
    let mut result = result(run);
    if let Some(result) = &mut result {
        result.model_id = run.model.as_ref().map(ToString::to_string);
    }
    Ok(RunView {
        summary: summary(app, run).await?,
        plan: plan(run).ok_or_else(damaged)?,
        metrics: without_repeats(
            metrics
                .into_iter()
                .filter_map(|metric| serde_json::from_value(metric).ok())
                .collect(),
        ),
        result,
        problem: run.problem.as_ref().map(|words| {
            error(
                ErrorCode::Training,
                words.clone(),
                match run.status {
                    RunStatus::Paused => "Resume the run when that is mended.",
                    _ => "",
                },
            )
        }),
    })
}

/// Steps that were done again after a crash count as they were done last.
fn without_repeats(metrics: Vec<MetricView>) -> Vec<MetricView> {
    let mut kept: Vec<MetricView> = Vec::with_capacity(metrics.len());
    for metric in metrics {
        while kept.last().is_some_and(|last| {
            (last.epoch, last.step, last.kind == MetricKind::HeldOut)
                >= (
                    metric.epoch,
                    metric.step,
                    metric.kind == MetricKind::HeldOut,
                )
        }) {
            kept.pop();
        }
        kept.push(metric);
    }
    kept
}

fn damaged() -> UiError {
    error(
        ErrorCode::StoreDamaged,
        "A training run's plan cannot be read.",
        "Delete the run, and train anew.",
    )
}

fn status(status: RunStatus) -> StatusView {
    match status {
        RunStatus::Preparing => StatusView::Preparing,
        RunStatus::Running => StatusView::Running,
        RunStatus::Paused => StatusView::Paused,
        RunStatus::Judging => StatusView::Judging,
        RunStatus::Finished => StatusView::Finished,
        RunStatus::Failed => StatusView::Failed,
        RunStatus::Cancelled => StatusView::Cancelled,
    }
}

pub(super) fn strain_words(strain: Strain) -> String {
    match strain {
        Strain::Battery { percent } => format!(
            "The battery is at {percent} %. Training goes on when the computer is plugged in."
        ),
        Strain::Memory { free } => format!(
            "Only {} MB of memory are free. Training goes on when there is room again.",
            free / 1_000_000
        ),
    }
}

/// A point of the curves, if that is what it tells.
pub(super) fn metric_of(message: &FromTrainer) -> Option<MetricView> {
    let of = |kind, step: usize, epoch: usize, figures: &Figures| MetricView {
        kind,
        step: step as u32,
        epoch: epoch as u32,
        loss: figures.loss,
        kl: figures.kl(),
        chosen_nll: figures.chosen_nll(),
        odds: figures.odds(),
        margin: figures.margin(),
        preference_accuracy: figures.preference_accuracy(),
        learning_rate: None,
        gradient: None,
        tokens_per_second: None,
        memory_bytes: None,
    };
    match message {
        FromTrainer::Step {
            step,
            epoch,
            figures,
            gradient,
            learning_rate,
            tokens,
            seconds,
            memory_bytes,
        } => Some(MetricView {
            learning_rate: Some(*learning_rate),
            gradient: Some(*gradient),
            tokens_per_second: Some(*tokens as f64 / seconds.max(1e-9)),
            memory_bytes: memory_bytes.map(|bytes| bytes as f64),
            ..of(MetricKind::Step, *step, *epoch, figures)
        }),
        FromTrainer::HeldOut {
            step,
            epoch,
            figures: Some(figures),
            ..
        } => Some(of(MetricKind::HeldOut, *step, *epoch, figures)),
        _ => None,
    }
}

/// Rows are deleted: runs that are not over and use them end, and their files go.
pub(crate) async fn forget_rows(app: &App, rows: Vec<ExampleId>) -> Result<(), UiError> {
    let runs = app.store(move |store| store.runs_with_any(&rows)).await?;
    for run in runs {
        if !app.training().wish(run.id, Wish::Cancel).await {
            cancel(app, run.id).await?;
        }
    }
    Ok(())
}

/// Of a run that is not at work.
pub(super) async fn cancel(app: &App, id: TrainingRunId) -> Result<TrainingRun, UiError> {
    held_out::clear(&run_folder(app, id))?;
    let change = RunChange {
        status: Some(RunStatus::Cancelled),
        ..RunChange::default()
    };
    app.store(move |store| store.change_run(id, &change, now_ms()))
        .await
}
