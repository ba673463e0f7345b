//! How fast this computer works off a job's examples: a few real steps, before anything is promised.

use std::time::Instant;

use super::conditions::peak_memory;
use super::training::{TaskError, engine};
use super::{FromTrainer, JobFolder};
use crate::example::Example;
use crate::train::{AdamW, Counts, Dorpo, Objective, StepSize, TrainError, tokens};

/// Where in the examples' order of length the samples lie.
const QUANTILES: [f64; 3] = [0.9, 0.3, 0.6];

/// Seconds per token of a step, as a mean over examples of different lengths; a first step warms up and is not counted.
pub(super) fn measure(folder: &JobFolder) -> Result<FromTrainer, TaskError> {
    let job = folder.read()?;
    let (mut train, _) = folder.read_examples()?;
    train.sort_by_key(tokens);
    let Some(last) = train.len().checked_sub(1) else {
        return Err(TrainError::NoExamples.into());
    };
    let (_, mut engine) = engine(&job)?;
    let objective = Dorpo(job.loss);
    let mut optimiser = AdamW::new(engine.gradients().len());
    let mut step = |example: &Example| -> Result<f64, TaskError> {
        let begun = Instant::now();
        let examples = std::slice::from_ref(example);
        let batch = Counts::of(examples);
        let prompts = objective.reads_prompts();
        engine.loss_and_gradients(examples, prompts, |scores| {
            match objective.loss(examples, scores, batch) {
                Ok((_, gradients)) => ((), gradients),
                Err(_) => ((), scores.to_vec()),
            }
        })?;
        // So small that the steps change nothing that would change their time.
        let size = StepSize {
            learning_rate: 1e-9,
            weight_decay: 0.0,
            clip: job.settings.clip,
        };
        engine.update(|values, gradients| optimiser.step(values, gradients, size));
        Ok(begun.elapsed().as_secs_f64())
    };
    let at = |share: f64| &train[(share * last as f64).round() as usize];
    step(at(QUANTILES[0]))?;
    let (mut seconds, mut count) = (0.0, 0);
    for share in QUANTILES {
        seconds += step(at(share))?;
        count += tokens(at(share));
    }
    Ok(FromTrainer::Measured {
        seconds_per_token: seconds / count.max(1) as f64,
        memory_bytes: peak_memory(),
    })
}
