//! Our side of the comparison with TRL's ORPO: the same rows, order, first adapter, learning rates and form of the loss,
//! in f32.

use std::path::Path;

use anyhow::{Context, bail};
use opzest_dorpo::child::{FromTrainer, JobFolder, Task, Texts};
use opzest_dorpo::engine::Precision;
use opzest_dorpo::export::{Adapter, write_peft};
use opzest_dorpo::lora::LoraWeights;
use opzest_dorpo::loss::{FirstTerm, LossSettings};
use opzest_dorpo::model::BaseModel;
use opzest_dorpo::train::{TrainSettings, epoch_order};

use crate::rows::Rows;
use crate::trainer::{ask, job};

const TRAIN: usize = 160;
const HELD_OUT: usize = 100;

/// Reads `FOLDER/rows.jsonl`; makes `FOLDER/first-adapter/` (PEFT) and `FOLDER/ours.json`.
///
/// # Errors
/// The rows or the model cannot be read, or the training fails.
pub fn run(model: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut rows = Rows::read(&folder.join("rows.jsonl"))?;
    if rows.train.len() < TRAIN || rows.held_out.len() < HELD_OUT {
        bail!("{TRAIN} rows and {HELD_OUT} held out are needed");
    }
    rows.train.truncate(TRAIN);
    rows.held_out.truncate(HELD_OUT);
    let settings = TrainSettings {
        seed: 1,
        epochs: 1,
        batch: 4,
        learning_rate: 5e-4,
        ..TrainSettings::default()
    };
    let loss = LossSettings {
        lambda: 0.1,
        first_term: FirstTerm::PromptAndAnswer,
    };
    let mut job = job(model, settings, loss)?;
    job.options.precision = Precision::F32;
    let settings = &job.settings;

    let config = BaseModel::read(model)?.config;
    let first = LoraWeights::initial(&config, job.lora.clone(), settings.seed);
    let adapter = Adapter::new(&config, &first);
    write_peft(&adapter, &job.lineage, &folder.join("first-adapter"))?;

    let work = tempfile::tempdir()?;
    let work = JobFolder::new(work.path().join("run"));
    let examples = (rows.train, rows.held_out);
    work.create(&job, examples, &Texts::default())?;
    let (mut losses, mut rates, mut figures) = (Vec::new(), Vec::new(), None);
    for said in ask(&Task::Train {
        folder: work.path().to_owned(),
    })? {
        match said {
            FromTrainer::Step {
                figures,
                learning_rate,
                ..
            } => {
                losses.push(figures.loss);
                rates.push(learning_rate);
            }
            FromTrainer::HeldOut { figures: held, .. } => figures = held,
            _ => {}
        }
    }
    let figures = figures.context("the held-out rows were not looked at")?;
    let ours = serde_json::json!({
        "order": epoch_order(settings.seed, 0, TRAIN),
        "held_out": HELD_OUT,
        "batch": settings.batch,
        "rates": rates,
        "lambda": loss.lambda,
        "weight_decay": settings.weight_decay,
        "clip": settings.clip,
        "losses": losses,
        "chosen_nll": figures.chosen_nll(),
        "accuracy": figures.preference_accuracy(),
    });
    std::fs::write(folder.join("ours.json"), ours.to_string())?;
    Ok(())
}
