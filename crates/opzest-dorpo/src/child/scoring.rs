//! How probable held-out work and general text are, with an adapter and without: what a judgement is made of.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::golden::example;
use super::training::{TaskError, base};
use super::{FromTrainer, JobFolder};
use crate::engine::{Engine, Precision, TokenScores};
use crate::example::Example;
use crate::export::read_gguf;
use crate::judge::Kl;
use crate::lora::LoraWeights;
use crate::loss::{LossSettings, Weights, dorpo};
use crate::train::{TrainError, paired};

/// Natural log-probabilities, summed over an answer's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredExample {
    pub chosen: f64,
    pub rejected: Vec<f64>,
    /// From the teacher, where it has left its distributions.
    pub kl: Option<Kl>,
}

/// What one model makes of everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredSet {
    /// In the order of the job's held-out examples.
    pub held_out: Vec<ScoredExample>,
    /// In the order of the job's general texts.
    pub general: Vec<f64>,
}

pub(super) fn score(folder: &JobFolder, adapter: Option<&Path>) -> Result<FromTrainer, TaskError> {
    let mut job = folder.read()?;
    // Small differences decide.
    job.options.precision = Precision::F32;
    let (_, held_out) = folder.read_examples()?;
    let general = folder.read_texts()?.general;
    let model = base(&job)?;
    let lora = match adapter {
        Some(path) => read_gguf(path, &model.config)?,
        None => LoraWeights::zeros(&model.config, job.lora),
    };
    let mut engine = Engine::new(&model, lora, job.options)?;
    drop(model);
    let mut scored = ScoredSet {
        held_out: Vec::with_capacity(held_out.len()),
        general: Vec::with_capacity(general.len()),
    };
    for example in held_out {
        let scores = one(&mut engine, &example)?;
        scored.held_out.push(ScoredExample {
            chosen: sum(&scores.chosen),
            rejected: scores.rejected.iter().map(|answer| sum(answer)).collect(),
            kl: divergence(&example, &scores)?,
        });
    }
    for text in general {
        let scores = one(&mut engine, &example(text))?;
        scored.general.push(sum(&scores.chosen));
    }
    Ok(FromTrainer::Scored(scored))
}

fn one(engine: &mut Engine, example: &Example) -> Result<TokenScores, TaskError> {
    let scores = engine.log_probs(std::slice::from_ref(example), false)?;
    Ok(scores.into_iter().next().unwrap_or_default())
}

fn sum(log_probs: &[f32]) -> f64 {
    log_probs.iter().map(|log_prob| f64::from(*log_prob)).sum()
}

fn divergence(example: &Example, scores: &TokenScores) -> Result<Option<Kl>, TaskError> {
    let weights = Weights::mean(1, 1);
    let scores = paired(example, scores);
    let (parts, _) = dorpo(&scores, &LossSettings::default(), weights).map_err(TrainError::from)?;
    let positions = u32::try_from(parts.soft_positions).unwrap_or(u32::MAX);
    Ok((positions > 0).then_some(Kl {
        sum: parts.kl * parts.positions as f64,
        positions,
    }))
}
