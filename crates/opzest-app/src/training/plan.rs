//! What would be trained and what it costs, by the real rows and a few real steps; nothing has started then.

use super::process::TrainerProcess;
use super::rows::{Gathered, HeldOutWork, Wanted, gather};
use super::settings::{self, engine_options, lora_config, loss_settings, train_settings};
use super::tokenizer::RuntimeTokenizer;
use super::{PlanTraining, bases, waiting};
use crate::app::App;
use crate::dataset::readiness;
use crate::dto::{ErrorCode, OmittedRows, TrainingPlan, TrainingSettings, UiError};
use crate::error::{error, invalid, sentence};
use crate::settings::settings as app_settings;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{Split, UseCase};
use opzest_core::ids::UseCaseId;
use opzest_core::model::RegisteredModel;
use opzest_core::training::RunRow;
use opzest_dorpo::child::{Conditions, FromTrainer, Job, JobFolder, Task, Texts};
use opzest_dorpo::data::{Prepared, Report};
use opzest_dorpo::export::{Lineage, file_sha256};
use opzest_dorpo::train::{data_hash, tokens};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that a run begins with.
pub(super) struct Planned {
    pub(super) view: TrainingPlan,
    pub(super) use_case: UseCase,
    pub(super) scope: Scope,
    pub(super) base: RegisteredModel,
    pub(super) job: Job,
    pub(super) prepared: Prepared,
    pub(super) rows: Vec<RunRow>,
    pub(super) held_out: Vec<HeldOutWork>,
    pub(super) texts: Texts,
}

pub(super) async fn plan(app: &App, asked: &PlanTraining) -> Result<Planned, UiError> {
    let use_case = use_case(app, &asked.use_case_id).await?;
    let scope: Scope = asked.scope.into();
    let base = bases::chosen(app, asked.base_id.as_deref()).await?;
    let mut chosen = asked.settings.clone();
    if let Some(chosen) = &chosen {
        settings::check(chosen)?;
    }
    let max_tokens = chosen
        .as_ref()
        .map_or(settings::MAX_TOKENS, |it| it.max_tokens);
    let wanted = Wanted {
        use_case: use_case.id,
        scope,
        max_tokens: max_tokens as usize,
        soft_labels: chosen.as_ref().is_none_or(|it| it.soft_labels),
    };
    let model = waiting::local(app, Path::new(&base.details.location)).await?;
    let tokenizer = RuntimeTokenizer::new(model, &base.id).await?;
    let Gathered {
        prepared,
        rows,
        held_out,
        texts,
    } = gather(app, wanted, tokenizer).await?;
    let threads = app_settings(app).await?.threads;
    let settings = chosen
        .take()
        .unwrap_or_else(|| settings::usual(prepared.train.len(), threads));
    let job = job(&use_case, &base, &settings, &prepared).await?;
    let mut view = view(&use_case, scope, &base, settings, &prepared);
    match prepared.train.is_empty() {
        true => view.problem = Some(no_rows()),
        false => cost(app, &job, &prepared, &mut view).await?,
    }
    Ok(Planned {
        view,
        use_case,
        scope,
        base,
        job,
        prepared,
        rows,
        held_out,
        texts,
    })
}

fn no_rows() -> UiError {
    error(
        ErrorCode::Training,
        "There is nothing to train on yet.",
        "Accept results in the Workshop, or import rows in the dataset; held-out rows are not trained on.",
    )
}

pub(super) async fn use_case(app: &App, id: &str) -> Result<UseCase, UiError> {
    let id: UseCaseId = id
        .parse()
        .map_err(|_| invalid(format!("`{id}` names no use case.")))?;
    let all = app.store(|store| store.use_cases()).await?;
    all.into_iter().find(|one| one.id == id).ok_or_else(|| {
        error(
            ErrorCode::NotFound,
            "The use case is not there.",
            "It may have been deleted.",
        )
    })
}

async fn job(
    use_case: &UseCase,
    base: &RegisteredModel,
    settings: &TrainingSettings,
    prepared: &Prepared,
) -> Result<Job, UiError> {
    let path = Path::new(&base.details.location).to_owned();
    let hashed = path.clone();
    let base_sha256 = tokio::task::spawn_blocking(move || file_sha256(&hashed))
        .await
        .map_err(|failed| invalid(failed.to_string()))?
        .map_err(|source| {
            let hint = "Put the base model's file back, or choose another one.";
            error(ErrorCode::ModelMissing, sentence(&source.to_string()), hint)
        })?;
    let train = train_settings(settings, prepared.train.len());
    Ok(Job {
        base: path,
        base_sha256: base_sha256.clone(),
        loss: loss_settings(settings),
        lora: lora_config(settings),
        options: engine_options(settings),
        lineage: Lineage {
            name: use_case.name.clone(),
            base: base.details.name.clone(),
            base_sha256,
            base_licence: base.details.metadata.licence.clone(),
            rows: prepared.train.len() as u64,
            rows_sha256: data_hash(&[&prepared.train]),
            settings: serde_json::to_value(settings).unwrap_or_default(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        settings: train,
    })
}

fn view(
    use_case: &UseCase,
    scope: Scope,
    base: &RegisteredModel,
    settings: TrainingSettings,
    prepared: &Prepared,
) -> TrainingPlan {
    let counts = prepared.counts();
    let all = || prepared.train.iter().chain(&prepared.held_out);
    let batches = prepared
        .train
        .len()
        .div_ceil(settings.batch.max(1) as usize);
    TrainingPlan {
        use_case_id: use_case.id.to_string(),
        use_case: use_case.name.clone(),
        scope: scope.into(),
        base_id: base.id.to_string(),
        base: base.details.name.clone(),
        rows: count(prepared.report.rows),
        examples: count(prepared.train.len()),
        held_out: count(prepared.held_out.len()),
        pairs: count(prepared.report.pairs(Split::Train)),
        sessions: count(counts.groups),
        tokens: prepared.train.iter().map(tokens).sum::<usize>() as f64,
        longest_tokens: count(all().map(tokens).max().unwrap_or_default()),
        soft_share: prepared.report.alignment(Split::Train).share(),
        omitted: omitted(&prepared.report),
        missing: readiness(counts).missing,
        steps: settings.epochs * count(batches),
        settings,
        seconds: 0.0,
        memory_bytes: 0.0,
        free_memory_bytes: Conditions::default()
            .free_memory()
            .map(|bytes| bytes as f64),
        disk_bytes: 0.0,
        problem: None,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// By reason, the most frequent first.
fn omitted(report: &Report) -> Vec<OmittedRows> {
    let mut reasons: BTreeMap<String, OmittedRows> = BTreeMap::new();
    for omission in &report.omissions {
        let reason = sentence(&omission.reason.to_string());
        let entry = reasons.entry(reason.clone()).or_insert(OmittedRows {
            count: 0,
            reason,
            example_id: omission.row.clone(),
        });
        entry.count += 1;
    }
    let mut omitted: Vec<_> = reasons.into_values().collect();
    omitted.sort_by_key(|rows| std::cmp::Reverse(rows.count));
    omitted
}

/// Time and memory, measured by the trainer on some of the rows, and the disk that the run needs.
async fn cost(
    app: &App,
    job: &Job,
    prepared: &Prepared,
    view: &mut TrainingPlan,
) -> Result<(), UiError> {
    let Measured {
        seconds_per_token,
        seconds_per_held_out_token,
        seconds_to_begin,
        seconds_per_checkpoint,
        memory_bytes,
        parameters,
    } = measure(app, job, prepared).await?;
    let epochs = f64::from(view.settings.epochs);
    let held_out: usize = prepared.held_out.iter().map(tokens).sum();
    let checkpoints = view.steps as usize / job.settings.checkpoint_every.max(1);
    view.seconds = seconds_to_begin
        + checkpoints as f64 * seconds_per_checkpoint
        + view.tokens * epochs * seconds_per_token
        + held_out as f64 * (epochs + 1.0) * seconds_per_held_out_token;
    view.memory_bytes = memory_bytes as f64;
    // Values, two moments, the best so far: in the checkpoint, and again while that is replaced; then the adapter.
    let adapter = parameters as f64 * 4.0;
    view.disk_bytes = adapter * (2.0 * 4.0 + 1.0);
    if let Some(free) = view.free_memory_bytes
        && free < view.memory_bytes
    {
        let mega = |bytes: f64| (bytes / 1e6).round();
        view.problem = Some(error(
            ErrorCode::OutOfMemory,
            format!(
                "Training needs {} MB of memory, and {} MB are free.",
                mega(view.memory_bytes),
                mega(free)
            ),
            "Close other programs, choose a smaller base model, or a shorter longest row.",
        ));
    }
    Ok(())
}

/// What some real steps have shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) seconds_per_token: f64,
    seconds_per_held_out_token: f64,
    seconds_to_begin: f64,
    seconds_per_checkpoint: f64,
    memory_bytes: u64,
    parameters: u64,
}

/// Asked for the same again, as when a plan is begun, it remembers.
async fn measure(app: &App, job: &Job, prepared: &Prepared) -> Result<Measured, UiError> {
    let what = serde_json::to_string(&(job, data_hash(&[&prepared.train, &prepared.held_out])))
        .map_err(|source| invalid(source.to_string()))?;
    if let Some(measured) = app.training().measured(&what) {
        return Ok(measured);
    }
    let folder = tempfile::Builder::new()
        .prefix(super::MEASURING)
        .tempdir_in(super::folder(app)?)
        .map_err(|source| super::disk(&source))?;
    let examples = (prepared.train.clone(), prepared.held_out.clone());
    JobFolder::new(folder.path())
        .create(job, examples, &Texts::default())
        .map_err(|source| super::disk(&source))?;
    let task = Task::Measure {
        folder: folder.path().to_owned(),
    };
    let answer = TrainerProcess::only(app.worker(), &task).await?;
    let FromTrainer::Measured {
        seconds_per_token,
        seconds_per_held_out_token,
        seconds_to_begin,
        seconds_per_checkpoint,
        memory_bytes,
        parameters,
    } = answer
    else {
        return Err(error(
            ErrorCode::Internal,
            "The trainer answered out of turn.",
            "",
        ));
    };
    let measured = Measured {
        seconds_per_token,
        seconds_per_held_out_token,
        seconds_to_begin,
        seconds_per_checkpoint,
        memory_bytes,
        parameters,
    };
    app.training().remember(what, measured);
    Ok(measured)
}
