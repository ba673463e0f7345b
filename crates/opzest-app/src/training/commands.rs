//! What a user can do with training runs.

use super::driver::Wish;
use super::{bases, disk, evaluating, export, held_out, labelling, plan, run_folder, view};
use crate::app::{App, now_ms};
use crate::dataset::dataset_stats;
use crate::dto::{
    self, ErrorCode, LabelEvent, LabelReport, ModelInUse, RunEvent, RunSummary, TrainingOverview,
    TrainingPlan, TrainingRun, TrainingSettings, TrainingVerdict, UiError, UseCaseTraining,
};
use crate::error::{error, invalid};
use crate::events::Events;
use crate::info::NoArguments;
use crate::teachers::forget_model;
use opzest_core::conversation::Scope;
use opzest_core::ids::TrainingRunId;
use opzest_core::training::{self as core, Promotion, RunStatus};
use opzest_store::NewRun;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;
use tokio::sync::broadcast::error::RecvError;
use ts_rs::TS;

/// What to train: all but the use case has a default.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlanTraining {
    pub use_case_id: String,
    pub scope: dto::Scope,
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
    pub scope: dto::Scope,
}

/// Which rows a model of this computer is to read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LabelRows {
    pub use_case_id: String,
    pub scope: dto::Scope,
    pub model_id: String,
    /// Also those that another model has read afterwards.
    #[serde(default)]
    pub again: bool,
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

/// What there is to train on and with, and what was trained.
pub async fn training_overview(app: &App, _: NoArguments) -> Result<TrainingOverview, UiError> {
    let stats = dataset_stats(app, NoArguments {}).await?;
    let mut use_cases = Vec::with_capacity(stats.len());
    for stats in stats {
        use_cases.push(UseCaseTraining {
            in_use: in_use(app, &stats.use_case_id).await?,
            use_case_id: stats.use_case_id,
            name: stats.use_case,
            readiness: stats.readiness,
        });
    }
    let runs = app.store(|store| store.runs(None)).await?;
    let mut summaries = Vec::with_capacity(runs.len());
    for run in &runs {
        summaries.push(view::summary(app, run).await?);
    }
    Ok(TrainingOverview {
        use_cases,
        bases: bases::all(app).await?,
        runs: summaries,
    })
}

async fn in_use(app: &App, use_case: &str) -> Result<Vec<ModelInUse>, UiError> {
    let id = plan::use_case(app, use_case).await?.id;
    let mut in_use = Vec::new();
    for scope in [Scope::Private, Scope::Communal] {
        let current = app
            .store(move |store| {
                let mut entries = store.promotions(id)?;
                entries.retain(|entry| entry.scope == scope);
                let Some(model) = store.model_in_use(id, scope)? else {
                    return Ok(None);
                };
                let named = store.model(&model)?.details.name;
                let before = store.in_use_before(id, scope)?;
                let before = before.and_then(|before| before.model);
                let before = before.map(|before| store.model(&before)).transpose()?;
                let entry = entries.into_iter().next();
                Ok(Some((model, named, entry, before)))
            })
            .await?;
        let Some((model, name, entry, before)) = current else {
            continue;
        };
        in_use.push(ModelInUse {
            scope: scope.into(),
            model_id: model.to_string(),
            name,
            run_id: entry
                .as_ref()
                .and_then(|entry| Some(entry.run?.to_string())),
            promoted_at: entry.map_or(0.0, |entry| entry.at as f64),
            before: before.map(|before| before.details.name),
        });
    }
    Ok(in_use)
}

/// Has a model of this computer read the accepted texts that have no teacher's probabilities, and keeps what it says of them
/// as soft labels.
pub async fn label_rows(
    app: &App,
    asked: LabelRows,
    events: Events<LabelEvent>,
) -> Result<LabelReport, UiError> {
    labelling::label(app, asked, events).await
}

/// Looks at the rows and measures; nothing is begun.
pub async fn plan_training(app: &App, asked: PlanTraining) -> Result<TrainingPlan, UiError> {
    Ok(plan::plan(app, &asked).await?.view)
}

pub async fn start_training(app: &App, start: StartTraining) -> Result<TrainingRun, UiError> {
    app.training().refuse_second().await?;
    let planned = plan::plan(app, &start.plan).await?;
    if let Some(problem) = planned.view.problem {
        return Err(problem);
    }
    if !planned.view.missing.is_empty() && !start.although_not_ready {
        return Err(error(
            ErrorCode::Training,
            format!(
                "There is not enough to train on yet: {}",
                planned.view.missing.join(" ")
            ),
            "Train all the same if you want to see what comes of it.",
        ));
    }
    let id = TrainingRunId::new(now_ms(), rand::random());
    let folder = run_folder(app, id);
    super::folder(app)?;
    let examples = (planned.prepared.train, planned.prepared.held_out);
    let (job, texts, held_out) = (planned.job, planned.texts, planned.held_out);
    let lineage = json!(job.lineage);
    let written = tokio::task::spawn_blocking(move || {
        folder
            .create(&job, examples, &texts)
            .map_err(|source| disk(&source))?;
        held_out::write(&folder, &held_out)
    });
    written
        .await
        .map_err(|failed| crate::app::panicked(&failed))??;
    let name = name(app, &planned.use_case.name).await?;
    let (use_case, scope, base) = (planned.use_case.id, planned.scope, planned.base.id);
    let (view, rows) = (json!(planned.view), planned.rows);
    let created = app
        .store(move |store| {
            let new = NewRun {
                id,
                use_case,
                scope,
                base: &base,
                name: &name,
                plan: &view,
                data: &lineage,
            };
            store.create_run(&new, &rows, now_ms())
        })
        .await;
    let run = created.inspect_err(|_| {
        let folder = run_folder(app, id);
        if let Err(source) = std::fs::remove_dir_all(folder.path()) {
            tracing::warn!(%source, "the files of a run that was not begun are left until the next start");
        }
    })?;
    app.training().begin(app, run).await?;
    let run = app.store(move |store| store.run(id)).await?;
    view::whole(app, &run).await
}

/// "Letters 3": the use case with the number of its run.
async fn name(app: &App, use_case: &str) -> Result<String, UiError> {
    let runs = app.store(|store| store.runs(None)).await?;
    let taken = |name: &str| runs.iter().any(|run| run.name == name);
    let mut number = 1;
    loop {
        let name = format!("{use_case} {number}");
        if !taken(&name) {
            return Ok(name);
        }
        number += 1;
    }
}

async fn run(app: &App, id: &str) -> Result<core::TrainingRun, UiError> {
    let id: TrainingRunId = id
        .parse()
        .map_err(|_| invalid(format!("`{id}` names no training run.")))?;
    app.store(move |store| store.run(id)).await
}

pub async fn open_run(app: &App, argument: RunArgument) -> Result<TrainingRun, UiError> {
    view::whole(app, &run(app, &argument.run_id).await?).await
}

/// Tells how a run goes on, until it stops being at work.
pub async fn watch_run(
    app: &App,
    argument: RunArgument,
    events: Events<RunEvent>,
) -> Result<(), UiError> {
    let found = run(app, &argument.run_id).await?;
    let receiver = app.training().watch(found.id);
    let summary = view::summary(app, &found).await?;
    events.send(&RunEvent::Summary { summary });
    let Some(mut receiver) = receiver else {
        return Ok(());
    };
    loop {
        match receiver.recv().await {
            Ok(event) => events.send(&event),
            Err(RecvError::Lagged(_)) => events.send(&RunEvent::Changed),
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

pub async fn pause_run(app: &App, argument: RunArgument) -> Result<RunSummary, UiError> {
    let found = run(app, &argument.run_id).await?;
    if !app.training().wish(found.id, Wish::Pause).await {
        return Err(not_at_work());
    }
    view::summary(app, &run(app, &argument.run_id).await?).await
}

fn not_at_work() -> UiError {
    error(ErrorCode::InvalidInput, "This run is not at work.", "")
}

/// Goes on where the last checkpoint is; judges anew where training was done.
pub async fn resume_run(app: &App, argument: RunArgument) -> Result<RunSummary, UiError> {
    let found = run(app, &argument.run_id).await?;
    if found.status != RunStatus::Paused {
        return Err(error(
            ErrorCode::InvalidInput,
            format!(
                "This run is {}; only a paused one can be resumed.",
                found.status
            ),
            "",
        ));
    }
    app.training().begin(app, found).await?;
    view::summary(app, &run(app, &argument.run_id).await?).await
}

pub async fn cancel_run(app: &App, argument: RunArgument) -> Result<RunSummary, UiError> {
    let found = run(app, &argument.run_id).await?;
    if !app.training().wish(found.id, Wish::Cancel).await {
        match found.status.is_over() {
            true => return Err(not_at_work()),
            false => view::cancel(app, found.id).await.map(drop)?,
        }
    }
    view::summary(app, &run(app, &argument.run_id).await?).await
}

/// Deletes a run, the model that came of it, and its files.
pub async fn delete_run(app: &App, argument: RunArgument) -> Result<TrainingOverview, UiError> {
    let found = run(app, &argument.run_id).await?;
    if app.training().is_at_work(found.id) {
        return Err(error(
            ErrorCode::Busy,
            "This run is at work.",
            "Cancel it first.",
        ));
    }
    let deleted = app.store(move |store| store.delete_run(found.id)).await?;
    if let Some(model) = &deleted.model {
        forget_model(app, &model.id).await?;
    }
    let folder = run_folder(app, found.id);
    match std::fs::remove_dir_all(folder.path()) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(disk(&source)),
        _ => training_overview(app, NoArguments {}).await,
    }
}

/// Judges a finished run once more: against what is in use now, on the work that is held out now and that it has not learned.
/// Returns when that is done.
pub async fn judge_run(app: &App, argument: RunArgument) -> Result<TrainingRun, UiError> {
    let found = run(app, &argument.run_id).await?;
    let judged = evaluating::evaluate(app, found).await?;
    view::whole(app, &judged).await
}

/// From now on, this run's model does the work of its use case.
pub async fn promote_run(app: &App, promote: PromoteRun) -> Result<TrainingOverview, UiError> {
    let found = run(app, &promote.run_id).await?;
    let Some(model) = found.model.clone() else {
        return Err(error(
            ErrorCode::Training,
            "This run has no model that could be promoted.",
            "Only a finished run whose adapter passed the check against llama.cpp has one.",
        ));
    };
    let result = view::result(&found);
    if let Some(parity) = result.as_ref().map(|result| &result.parity)
        && !parity.passed
    {
        return Err(error(
            ErrorCode::Training,
            parity.words.clone(),
            "Train anew.",
        ));
    }
    let won = result.is_some_and(|result| result.verdict == TrainingVerdict::Win);
    if !won && !promote.although_no_win {
        return Err(error(
            ErrorCode::Training,
            "This model has not been shown to be better than what is in use.",
            "Promote it all the same if you want it.",
        ));
    }
    let promotion = Promotion {
        use_case: found.use_case,
        scope: found.scope,
        model: Some(model),
        run: Some(found.id),
        forced: !won,
        at: now_ms(),
    };
    app.store(move |store| store.promote(&promotion)).await?;
    training_overview(app, NoArguments {}).await
}

/// Puts back what was in use before.
pub async fn roll_back(app: &App, rollback: Rollback) -> Result<TrainingOverview, UiError> {
    let use_case = plan::use_case(app, &rollback.use_case_id).await?.id;
    let scope: Scope = rollback.scope.into();
    app.store(move |store| store.rollback(use_case, scope, now_ms()))
        .await?;
    training_overview(app, NoArguments {}).await
}

/// Writes a trained model for other programs; gives the files' paths.
pub async fn export_trained(app: &App, export: ExportTrained) -> Result<Vec<String>, UiError> {
    let found = run(app, &export.run_id).await?;
    export::export(app, &found, export.format, Path::new(&export.folder)).await
}
