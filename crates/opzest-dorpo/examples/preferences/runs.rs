//! Training runs with different settings, judged on the same held-out rows.

use std::path::Path;

use anyhow::{Context, bail};
use opzest_dorpo::child::{FromTrainer, JobFolder, Task, Texts};
use opzest_dorpo::engine::EngineOptions;
use opzest_dorpo::example::Example;
use opzest_dorpo::loss::LossSettings;
use opzest_dorpo::train::{Figures, TrainSettings, tokens};

use crate::evaluate::{Evaluator, Scores};
use crate::rows::Rows;
use crate::table;
use crate::trainer::{ask, job, threads};

/// Rows that every run is judged by, and that stop it early: those of the app serve both ends, too.
const HELD_OUT: usize = 100;

/// One run. `key=value` by commas; what is missing is the default.
#[derive(Clone)]
pub struct Spec {
    /// Runs with the same label are averaged where labels are compared.
    pub label: String,
    pub rows: usize,
    /// Takes the rows' soft labels, if they have any.
    pub soft: bool,
    pub lambda: f64,
    pub settings: TrainSettings,
}

impl Spec {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut spec = Self {
            label: String::new(),
            rows: 30,
            soft: false,
            lambda: LossSettings::default().lambda,
            settings: TrainSettings::default(),
        };
        for part in text.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key {
                "label" => spec.label = value.to_owned(),
                "rows" => spec.rows = value.parse()?,
                "soft" => spec.soft = true,
                "lambda" => spec.lambda = value.parse()?,
                "rate" => spec.settings.learning_rate = value.parse()?,
                "epochs" => spec.settings.epochs = value.parse()?,
                "batch" => spec.settings.batch = value.parse()?,
                "seed" => spec.settings.seed = value.parse()?,
                "patience" => spec.settings.patience = value.parse()?,
                _ => bail!("`{key}` in `{text}` is no setting of a run"),
            }
        }
        Ok(spec)
    }
}

/// An estimate and what came.
#[derive(Clone, Copy)]
pub struct Promise {
    pub estimated: f64,
    pub happened: f64,
}

pub struct Outcome {
    pub spec: Spec,
    /// Before the first epoch and after each.
    pub epochs: Vec<Figures>,
    /// Whose weights are kept.
    pub best: usize,
    pub scores: Scores,
    pub seconds: Promise,
    pub bytes: Promise,
}

/// # Errors
/// The rows or the model cannot be read, or a run fails.
pub fn run(model: &Path, path: &Path, specs: &[&str]) -> anyhow::Result<()> {
    let specs: Vec<Spec> = specs
        .iter()
        .map(|text| Spec::parse(text))
        .collect::<anyhow::Result<_>>()?;
    let mut rows = Rows::read(path)?;
    rows.held_out.truncate(HELD_OUT);
    let options = EngineOptions::fastest(threads());
    let mut evaluator = Evaluator::new(model, &rows.held_out, &rows.general, options)?;
    let base = evaluator.scores(None)?;
    table::head(&base);
    let mut outcomes = Vec::new();
    for spec in specs {
        let folder = tempfile::tempdir()?;
        let folder = JobFolder::new(folder.path().join("run"));
        let outcome = one(model, &rows, &folder, &mut evaluator, spec)?;
        table::row(&outcome, &base);
        outcomes.push(outcome);
    }
    table::comparisons(&outcomes, &base, &rows.held_out);
    Ok(())
}

fn one(
    model: &Path,
    rows: &Rows,
    folder: &JobFolder,
    evaluator: &mut Evaluator,
    spec: Spec,
) -> anyhow::Result<Outcome> {
    if rows.train.len() < spec.rows {
        bail!("there are {} rows, not {}", rows.train.len(), spec.rows);
    }
    let mut train: Vec<Example> = rows.train[..spec.rows].to_vec();
    if !spec.soft {
        train
            .iter_mut()
            .for_each(|example| example.chosen.soft.clear());
    }
    let loss = LossSettings {
        lambda: spec.lambda,
        ..LossSettings::default()
    };
    let job = job(model, spec.settings.clone(), loss)?;
    let sizes = [&train, &rows.held_out].map(|set| set.iter().map(tokens).sum::<usize>() as f64);
    folder.create(&job, (train, rows.held_out.clone()), &Texts::default())?;
    let path = folder.path().to_owned();
    let measured = ask(&Task::Measure {
        folder: path.clone(),
    })?;
    let Some(FromTrainer::Measured {
        seconds_per_token,
        seconds_per_held_out_token,
        memory_bytes,
        ..
    }) = measured.first()
    else {
        bail!("the trainer measured nothing");
    };
    let (mut epochs, mut best, mut seconds, mut bytes) = (Vec::new(), 0, 0.0, 0);
    for said in ask(&Task::Train { folder: path })? {
        match said {
            FromTrainer::Step {
                seconds: took,
                memory_bytes,
                ..
            } => {
                seconds += took;
                bytes = bytes.max(memory_bytes.unwrap_or_default());
            }
            FromTrainer::HeldOut {
                epoch,
                figures,
                better,
                seconds: took,
                ..
            } => {
                seconds += took;
                epochs.push(figures.context("there are held-out rows")?);
                best = if better { epoch } else { best };
            }
            _ => {}
        }
    }
    let done = epochs.len() as f64;
    let estimated =
        sizes[0] * (done - 1.0) * seconds_per_token + sizes[1] * done * seconds_per_held_out_token;
    Ok(Outcome {
        spec,
        epochs,
        best,
        scores: evaluator.scores(Some(&folder.adapter()))?,
        seconds: Promise {
            estimated,
            happened: seconds,
        },
        bytes: Promise {
            estimated: *memory_bytes as f64,
            happened: bytes as f64,
        },
    })
}
