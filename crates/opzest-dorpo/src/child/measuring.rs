//! How fast this computer works off a job's examples: a few real steps, before anything is promised.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use super::conditions::peak_memory;
use super::training::{TaskError, engine};
use super::{FromTrainer, Job, JobError, JobFolder};
use crate::engine::{Device, Engine};
use crate::example::Example;
use crate::lora::LoraWeights;
use crate::model::BaseModel;
use crate::train::{
    AdamW, BatchSize, Counts, Dorpo, Objective, StepSize, TrainError, memory, tokens,
};

/// Where in the examples' order of length the samples lie.
const QUANTILES: [f64; 3] = [0.9, 0.3, 0.6];
/// A sample is a batch, as in the run: a short example alone would leave most of a panel empty and pay for a whole update.
/// But batches of more tokens than this take longer and tell nothing new.
const TELLING: usize = 512;

/// A first step warms up and is not counted.
pub(super) fn measure(folder: &JobFolder) -> Result<FromTrainer, TaskError> {
    let begun = Instant::now();
    let job = folder.read()?;
    let (mut train, _) = folder.read_examples()?;
    train.sort_by_key(tokens);
    if train.is_empty() {
        return Err(TrainError::NoExamples.into());
    }
    let (model, mut engine) = engine(&job)?;
    let most_memory = most_memory(&job, &model, &train);
    drop(model);
    let seconds_to_begin = begun.elapsed().as_secs_f64();
    let objective = Dorpo(job.loss);
    let mut optimiser = AdamW::new(engine.gradients().len());
    let at = |share: f64| sample(&train, share, job.settings.batch);
    step(
        &job,
        &objective,
        &mut engine,
        &mut optimiser,
        at(QUANTILES[0]),
    )?;
    let (mut stepping, mut looking, mut count) = (0.0, 0.0, 0);
    for share in QUANTILES {
        let examples = at(share);
        let begun = Instant::now();
        step(&job, &objective, &mut engine, &mut optimiser, examples)?;
        stepping += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        engine.log_probs(examples, objective.reads_prompts())?;
        looking += begun.elapsed().as_secs_f64();
        count += examples.iter().map(tokens).sum::<usize>();
    }
    Ok(FromTrainer::Measured {
        seconds_per_token: stepping / count.max(1) as f64,
        seconds_per_held_out_token: looking / count.max(1) as f64,
        seconds_to_begin,
        seconds_per_checkpoint: write_once(folder, engine.gradients().len())?,
        memory_bytes: match job.options.device {
            Device::Processor => most_memory,
            // The activations lie on the card; what this computer has had to hold is the reading of the base.
            Device::Cuda(_) => peak_memory().unwrap_or(most_memory),
        },
        parameters: engine.gradients().len() as u64,
    })
}

/// Seconds to write as much as a checkpoint, synced: values, two moments and the best.
fn write_once(folder: &JobFolder, parameters: usize) -> Result<f64, TaskError> {
    let path = folder.path().join("measured");
    let bytes = vec![0x5a_u8; 4 * 4 * parameters];
    let begun = Instant::now();
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    let took = begun.elapsed().as_secs_f64();
    let written = written.and_then(|()| std::fs::remove_file(&path));
    written.map_err(|source| JobError::Write { path, source })?;
    Ok(took)
}

/// About a batch of examples around the given share of the order of length.
fn sample(examples: &[Example], share: f64, batch: usize) -> &[Example] {
    let at = (share * (examples.len() - 1) as f64).round() as usize;
    let telling = TELLING / tokens(&examples[at]).max(1);
    let count = batch.min(telling).clamp(1, examples.len());
    let start = at.min(examples.len() - count);
    &examples[start..start + count]
}

fn step(
    job: &Job,
    objective: &Dorpo,
    engine: &mut Engine,
    optimiser: &mut AdamW,
    examples: &[Example],
) -> Result<(), TaskError> {
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
    let run = memory(&model.config, tied, file, &job.lora, &job.options, batch);
    // While it is written, a checkpoint is there twice: values, two moments and the best, and the same as bytes.
    let parameters = LoraWeights::zeros(&model.config, job.lora.clone())
        .values
        .len();
    (run + 2 * 4 * 4 * parameters) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::GoldenAnswer;

    /// Prompts and answers of so many tokens together.
    fn examples(lengths: &[usize]) -> Vec<Example> {
        let golden = lengths.iter().map(|length| GoldenAnswer {
            prompt: vec![1],
            answer: vec![1; length - 1],
        });
        golden.map(super::super::golden::example).collect()
    }

    #[test]
    fn a_sample_is_a_batch_of_what_is_there_and_not_much_longer_than_tells() {
        for (lengths, share, batch, expected) in [
            (vec![50; 30], 0.9, 4, vec![50; 4]),
            (vec![50, 60], 0.9, 4, vec![50, 60]),
            (vec![10, 20, 900, 1000], 0.9, 4, vec![1000]),
            (vec![10, 200, 250, 300], 0.3, 8, vec![200, 250]),
            (vec![7], 0.6, 0, vec![7]),
        ] {
            let examples = examples(&lengths);
            let taken: Vec<usize> = sample(&examples, share, batch).iter().map(tokens).collect();
            assert_eq!(taken, expected, "{lengths:?}");
        }
    }
}
