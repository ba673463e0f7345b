//! How fast this computer works off a job's examples: a few real steps, before anything is promised.

use std::time::Instant;

use super::training::{TaskError, engine};
use super::{FromTrainer, Job, JobFolder};
use crate::engine::Engine;
use crate::example::Example;
use crate::model::BaseModel;
use crate::train::{
    AdamW, BatchSize, Counts, Dorpo, Objective, StepSize, TrainError, memory, tokens,
};

/// Where in the examples' order of length the samples lie.
const QUANTILES: [f64; 3] = [0.9, 0.3, 0.6];

/// A first step warms up and is not counted.
pub(super) fn measure(folder: &JobFolder) -> Result<FromTrainer, TaskError> {
    let job = folder.read()?;
    let (mut train, _) = folder.read_examples()?;
    train.sort_by_key(tokens);
    let Some(last) = train.len().checked_sub(1) else {
        return Err(TrainError::NoExamples.into());
    };
    let (model, mut engine) = engine(&job)?;
    let memory_bytes = most_memory(&job, &model, &train);
    drop(model);
    let objective = Dorpo(job.loss);
    let mut optimiser = AdamW::new(engine.gradients().len());
    let at = |share: f64| &train[(share * last as f64).round() as usize];
    step(
        &job,
        &objective,
        &mut engine,
        &mut optimiser,
        at(QUANTILES[0]),
    )?;
    let (mut stepping, mut looking, mut count) = (0.0, 0.0, 0);
    for share in QUANTILES {
        let example = at(share);
        let begun = Instant::now();
        step(&job, &objective, &mut engine, &mut optimiser, example)?;
        stepping += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        engine.log_probs(std::slice::from_ref(example), objective.reads_prompts())?;
        looking += begun.elapsed().as_secs_f64();
        count += tokens(example);
    }
    Ok(FromTrainer::Measured {
        seconds_per_token: stepping / count.max(1) as f64,
        seconds_per_held_out_token: looking / count.max(1) as f64,
        memory_bytes,
        parameters: engine.gradients().len() as u64,
    })
}

fn step(
    job: &Job,
    objective: &Dorpo,
    engine: &mut Engine,
    optimiser: &mut AdamW,
    example: &Example,
) -> Result<(), TaskError> {
    let examples = std::slice::from_ref(example);
    let batch = Counts::of(examples);
    engine.loss_and_gradients(
        examples,
        objective.reads_prompts(),
        |scores| match objective.loss(examples, scores, batch) {
            Ok((_, gradients)) => ((), gradients),
            Err(_) => ((), scores.to_vec()),
        },
    )?;
    // So small that the steps change nothing that would change their time.
    let size = StepSize {
        learning_rate: 1e-9,
        weight_decay: 0.0,
        clip: job.settings.clip,
    };
    engine.update(|values, gradients| optimiser.step(values, gradients, size));
    Ok(())
}

/// Of the largest part of a batch that can come; `examples` by their length.
fn most_memory(job: &Job, model: &BaseModel, examples: &[Example]) -> u64 {
    let settings = &job.settings;
    let longest = examples.iter().rev().take(settings.batch.max(1));
    let (mut part, mut answers) = (0, 0);
    for example in longest {
        if part > 0 && part + tokens(example) > settings.tokens_at_a_time {
            break;
        }
        part += tokens(example);
        answers += tokens(example) - example.prompt.len();
    }
    let batch = BatchSize {
        tokens: part,
        answers,
    };
    let file = std::fs::metadata(&job.base).map_or(0, |file| file.len());
    let file = usize::try_from(file).unwrap_or(usize::MAX);
    let tied = model.output.is_none();
    memory(&model.config, tied, file, &job.lora, &job.options, batch) as u64
}
