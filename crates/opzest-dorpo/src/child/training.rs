//! The training task.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::conditions::{Conditions, Strain, peak_memory};
use super::{FromTrainer, Job, JobError, JobFolder, tell};
use crate::engine::{Engine, EngineError};
use crate::export::{self, ExportError, file_sha256};
use crate::lora::LoraWeights;
use crate::model::{BaseModel, ModelError};
use crate::train::{Checkpoint, CheckpointError, Dorpo, Event, Outcome, Run, TrainError};

/// How often the battery and the memory are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub(super) enum TaskError {
    #[error(transparent)]
    Job(#[from] JobError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// The base model, if it is the one that the job names.
pub(super) fn base(job: &Job) -> Result<BaseModel, TaskError> {
    if file_sha256(&job.base)? != job.base_sha256 {
        return Err(JobError::OtherBase(job.base.clone()).into());
    }
    Ok(BaseModel::read(&job.base)?)
}

/// The base model, and the engine with a new adapter.
pub(super) fn engine(job: &Job) -> Result<(BaseModel, Engine), TaskError> {
    let model = base(job)?;
    let lora = LoraWeights::initial(&model.config, job.lora.clone(), job.settings.seed);
    let engine = Engine::new(&model, lora, job.options.clone())?;
    Ok((model, engine))
}

pub(super) fn train(folder: &JobFolder, pause: &AtomicBool) -> Result<FromTrainer, TaskError> {
    let job = folder.read()?;
    let (train, held_out) = folder.read_examples()?;
    let (model, engine) = engine(&job)?;
    let config = model.config.clone();
    // The engine has what it needs of it.
    drop(model);
    let objective = Dorpo(job.loss);
    let examples = (train.as_slice(), held_out.as_slice());
    let settings = job.settings.clone();
    let mut run = Run::new(engine, &objective, examples, settings, &job.base_sha256)?;
    let checkpoint = folder.checkpoint();
    if checkpoint.exists() {
        run.resume(Checkpoint::read(&checkpoint)?)?;
    }
    tell(&FromTrainer::Ready {
        step: run.progress.step,
        steps: run.steps(),
    });

    let conditions = Conditions::default();
    let (mut last, mut looked, mut strain) = (Instant::now(), None::<Instant>, None::<Strain>);
    let outcome = run.run(&checkpoint, |_, event| {
        tell(&told(event, last.elapsed()));
        last = Instant::now();
        if looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            looked = Some(last);
            strain = conditions.strain();
        }
        match pause.load(Ordering::Relaxed) || strain.is_some() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    if outcome == Outcome::Paused {
        return Ok(FromTrainer::Paused { strain });
    }
    let mut best = run.engine.lora().clone();
    best.values.copy_from_slice(run.best());
    let adapter = export::Adapter::new(&config, &best);
    let precision = export::Precision::F32;
    let written = export::write_gguf(&adapter, &job.lineage, precision, &folder.adapter())?;
    Ok(FromTrainer::Trained {
        bytes: written.bytes,
        sha256: written.sha256,
    })
}

fn told(event: &Event, took: Duration) -> FromTrainer {
    let seconds = took.as_secs_f64();
    match event {
        Event::Step {
            step,
            epoch,
            figures,
            gradient,
            learning_rate,
            tokens,
            ..
        } => FromTrainer::Step {
            step: *step,
            epoch: *epoch,
            figures: *figures,
            gradient: *gradient,
            learning_rate: f64::from(*learning_rate),
            tokens: *tokens,
            seconds,
            memory_bytes: peak_memory(),
        },
        Event::Evaluated {
            epoch,
            step,
            figures,
            better,
        } => FromTrainer::HeldOut {
            step: *step,
            epoch: *epoch,
            figures: *figures,
            better: *better,
            seconds,
        },
    }
}
