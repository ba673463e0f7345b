//! A trained model as files for other programs.

use super::run_folder;
use crate::app::App;
use crate::dto::{ErrorCode, UiError};
use crate::error::{error, sentence};
use crate::models::registered;
use crate::training::TrainedFormat;
use opzest_core::training::TrainingRun;
use opzest_dorpo::child::JobFolder;
use opzest_dorpo::export::{Adapter, ExportError, Merge, Precision, read_gguf, write_peft};
use opzest_dorpo::model::{BaseModel, ModelError};
use opzest_llm::local::{QuantisedType, quantise};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Job(#[from] opzest_dorpo::child::JobError),
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("{} could not be written: {source}", .path.display())]
    Copy {
        path: PathBuf,
        source: std::io::Error,
    },
}

pub(super) async fn export(
    app: &App,
    run: &TrainingRun,
    format: TrainedFormat,
    to: &Path,
) -> Result<Vec<String>, UiError> {
    let Some(model) = &run.model else {
        return Err(error(
            ErrorCode::Training,
            "This run has no model to export.",
            "Only a finished run whose adapter passed the check against llama.cpp has one.",
        ));
    };
    let model = registered(app, model).await?;
    let base = registered(app, &run.base).await?;
    let (folder, to) = (run_folder(app, run.id), to.to_owned());
    let (name, base) = (model.id.to_string(), PathBuf::from(base.details.location));
    let written = tokio::task::spawn_blocking(move || write(&folder, &base, format, &to, &name));
    let path = written
        .await
        .map_err(|failed| crate::app::panicked(&failed))?
        .map_err(|problem| failed(&problem))?;
    let path = match format {
        TrainedFormat::MergedQ8 => quantised(app, &path, QuantisedType::Q8_0).await?,
        TrainedFormat::MergedQ4 => quantised(app, &path, QuantisedType::Q4KM).await?,
        _ => path,
    };
    Ok(vec![path.to_string_lossy().into_owned()])
}

fn failed(problem: &Problem) -> UiError {
    error(
        ErrorCode::Training,
        sentence(&problem.to_string()),
        "Nothing half-written is left; choose another folder, or free some space.",
    )
}

fn write(
    folder: &JobFolder,
    base: &Path,
    format: TrainedFormat,
    to: &Path,
    name: &str,
) -> Result<PathBuf, Problem> {
    let target = match format {
        TrainedFormat::AdapterGguf => to.join(format!("{name}-adapter.gguf")),
        TrainedFormat::Peft => to.join(format!("{name}-peft")),
        TrainedFormat::MergedF16 => to.join(format!("{name}-F16.gguf")),
        // Only on the way to what is asked for.
        TrainedFormat::MergedQ8 | TrainedFormat::MergedQ4 => {
            to.join(format!(".{name}-merged.gguf"))
        }
    };
    if target.exists() {
        return Err(Problem::Exists(target));
    }
    if format == TrainedFormat::AdapterGguf {
        let copied = std::fs::copy(folder.adapter(), &target);
        copied.map_err(|source| Problem::Copy {
            path: target.clone(),
            source,
        })?;
        return Ok(target);
    }
    let job = folder.read()?;
    let config = BaseModel::read(base)?.config;
    let lora = read_gguf(&folder.adapter(), &config)?;
    let adapter = Adapter::new(&config, &lora);
    match format {
        TrainedFormat::Peft => {
            write_peft(&adapter, &job.lineage, &target)?;
        }
        _ => {
            let merge = Merge::plan(base, &adapter, &job.lineage, Precision::F16)?;
            merge.write(&target, &mut |_| ControlFlow::Continue(()))?;
        }
    }
    Ok(target)
}

async fn quantised(app: &App, merged: &Path, to: QuantisedType) -> Result<PathBuf, UiError> {
    let ending = match to {
        QuantisedType::Q8_0 => "Q8_0",
        _ => "Q4_K_M",
    };
    let name = merged
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let name = name.trim_start_matches('.').replace("merged", ending);
    let target = merged.with_file_name(name);
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let done = match target.exists() {
        true => Err(failed(&Problem::Exists(target.clone()))),
        false => quantise(app.worker(), merged, &target, to, threads)
            .await
            .map_err(UiError::from),
    };
    if let Err(source) = std::fs::remove_file(merged) {
        tracing::warn!(%source, "a merged model that was only needed on the way is left");
    }
    done.map(|_| target)
}
