//! The trainer's side of the parity check: what the trained adapter, and each of its targets alone, does to golden
//! answers. Writes each part as an adapter's file, for the runtime to do the same.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::training::{TaskError, engine};
use super::{FromTrainer, Job, JobFolder};
use crate::engine::{Engine, Precision};
use crate::example::{Answer, Example};
use crate::export::parity::{Base, LEAST_EFFECT, LogProbs, effect};
use crate::export::{self, read_gguf, write_gguf};
use crate::lora::{LoraWeights, Target};
use crate::model::ModelConfig;

/// How much larger than trained a part's effect is made at most, so that it can be seen above a quantised base's rounding.
const MOST_LOUDER: f32 = 256.0;

/// A prompt with an answer, in the base model's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenAnswer {
    pub prompt: Vec<u32>,
    pub answer: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenPart {
    /// "all", or one target.
    pub name: String,
    /// The part as an adapter of its own.
    pub adapter: PathBuf,
    pub trainer: LogProbs,
}

pub(super) fn golden(folder: &JobFolder) -> Result<FromTrainer, TaskError> {
    let mut job = folder.read()?;
    // What is compared is the arithmetic's meaning, not its rounding.
    job.options.precision = Precision::F32;
    let examples: Vec<Example> = folder
        .read_texts()?
        .golden
        .into_iter()
        .map(example)
        .collect();
    let (model, mut engine) = engine(&job)?;
    let base = match model.is_f32() {
        true => Base::F32,
        false => Base::Quantised,
    };
    let config = model.config.clone();
    drop(model);
    let trained = read_gguf(&folder.adapter(), &config)?;
    let mut without = LoraWeights::zeros(&config, trained.config.clone());
    let without_adapter = log_probs(&mut engine, &without, &examples)?;

    let mut parts = Vec::new();
    let whole = ("all".to_owned(), trained.clone());
    let single = trained.config.targets.iter().map(|&target| {
        let name = format!("{target:?}").to_lowercase();
        (name, only(&trained, target))
    });
    for (name, part) in std::iter::once(whole).chain(single.collect::<Vec<_>>()) {
        let mut louder = 1.0;
        let with_adapter = loop {
            scale_b(&part, louder, &mut without);
            let with_adapter = log_probs(&mut engine, &without, &examples)?;
            let seen = base == Base::F32
                || effect(&without_adapter, &with_adapter) >= 1.2 * LEAST_EFFECT
                || louder >= MOST_LOUDER;
            if seen {
                break with_adapter;
            }
            louder *= 2.0;
        };
        let adapter = folder.part(&name);
        write(&job, &config, &without, &adapter)?;
        parts.push(GoldenPart {
            name,
            adapter,
            trainer: LogProbs {
                without_adapter: without_adapter.clone(),
                with_adapter,
            },
        });
    }
    Ok(FromTrainer::Golden { base, parts })
}

pub(super) fn example(golden: GoldenAnswer) -> Example {
    Example {
        group: String::new(),
        prompt: golden.prompt,
        chosen: Answer {
            tokens: golden.answer,
            soft: Vec::new(),
        },
        rejected: Vec::new(),
    }
}

/// Of all golden answers' tokens, one answer after the other.
fn log_probs(
    engine: &mut Engine,
    adapter: &LoraWeights,
    examples: &[Example],
) -> Result<Vec<f32>, TaskError> {
    engine.step().0.copy_from_slice(&adapter.values);
    let scores = engine.log_probs(examples, false)?;
    Ok(scores
        .into_iter()
        .flat_map(|scores| scores.chosen)
        .collect())
}

/// The adapter with one target only.
fn only(trained: &LoraWeights, target: Target) -> LoraWeights {
    let mut part = trained.clone();
    for slice in trained.slices.iter().filter(|slice| slice.target != target) {
        part.values[slice.b.clone()].fill(0.0);
    }
    part
}

/// `to` = `from` with a `factor` times larger effect.
fn scale_b(from: &LoraWeights, factor: f32, to: &mut LoraWeights) {
    to.values.copy_from_slice(&from.values);
    for slice in &from.slices {
        for value in &mut to.values[slice.b.clone()] {
            *value *= factor;
        }
    }
}

fn write(
    job: &Job,
    config: &ModelConfig,
    part: &LoraWeights,
    path: &std::path::Path,
) -> Result<(), TaskError> {
    let adapter = export::Adapter::new(config, part);
    write_gguf(&adapter, &job.lineage, export::Precision::F32, path)?;
    Ok(())
}
