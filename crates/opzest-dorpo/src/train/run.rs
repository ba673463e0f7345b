//! The loop: steps, evaluations, checkpoints.

use std::{ops::ControlFlow, path::Path};

use sha2::{Digest, Sha256};

use super::{
    Checkpoint, CheckpointError, Counts, Figures, Objective, Progress, TrainSettings,
    checkpoint::Identity,
    learning_rate,
    optimiser::{AdamW, StepSize},
};
use crate::{
    engine::{Engine, EngineError, TokenScores},
    example::Example,
    lora::SplitMix,
    loss::LossError,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Step {
        step: usize,
        steps: usize,
        epoch: usize,
        figures: Figures,
        /// Length of the gradient before clipping.
        gradient: f64,
        learning_rate: f32,
        tokens: usize,
    },
    /// The held-out examples, before the first epoch (0) and after each; no figures without such examples.
    Evaluated {
        epoch: usize,
        step: usize,
        figures: Option<Figures>,
        /// These are the best weights so far.
        better: bool,
    },
}

/// Whether the run goes on; `Break` writes a checkpoint and leaves.
pub type Control = ControlFlow<()>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    Paused,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("there are no examples to train on")]
    NoExamples,
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Loss(#[from] LossError),
    #[error(
        "step {step} gave a gradient that is no number; lower the learning rate or look for a damaged example"
    )]
    Diverged { step: usize },
}

pub struct Run<'a> {
    pub engine: Engine,
    objective: &'a dyn Objective,
    examples: &'a [Example],
    held_out: &'a [Example],
    optimiser: AdamW,
    best: Vec<f32>,
    pub progress: Progress,
    identity: Identity,
}

impl<'a> Run<'a> {
    /// `base` names the base model's content, e.g. its file's SHA-256.
    ///
    /// # Errors
    /// There are no examples.
    pub fn new(
        engine: Engine,
        objective: &'a dyn Objective,
        (examples, held_out): (&'a [Example], &'a [Example]),
        settings: TrainSettings,
        base: &str,
    ) -> Result<Self, TrainError> {
        if examples.is_empty() {
            return Err(TrainError::NoExamples);
        }
        let identity = Identity {
            settings,
            options: engine.options().clone(),
            lora: engine.lora().config.clone(),
            data: data_hash(&[examples, held_out]),
            base: base.to_owned(),
        };
        let best = engine.lora().values.clone();
        let optimiser = AdamW::new(best.len());
        Ok(Self {
            engine,
            objective,
            examples,
            held_out,
            optimiser,
            best,
            progress: Progress::default(),
            identity,
        })
    }

    /// Takes up the run of a checkpoint.
    ///
    /// # Errors
    /// It is a run with other settings, data, base model, threads or instruction set: the weights would differ.
    pub fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), CheckpointError> {
        let (old, new) = (&checkpoint.identity, &self.identity);
        for (same, what) in [
            (old.data == new.data, "other examples"),
            (old.base == new.base, "another base model"),
            (
                old.lora == new.lora && checkpoint.values.len() == self.best.len(),
                "another shape of adapter",
            ),
            (
                old.options == new.options,
                "another precision, instruction set, thread count or memory setting",
            ),
            (old.settings == new.settings, "other training settings"),
        ] {
            if !same {
                return Err(CheckpointError::Other(what.into()));
            }
        }
        let Checkpoint {
            progress,
            values,
            optimiser,
            best,
            ..
        } = checkpoint;
        self.engine.step().0.copy_from_slice(&values);
        self.engine.clear_gradients();
        (self.progress, self.optimiser, self.best) = (progress, optimiser, best);
        Ok(())
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            identity: self.identity.clone(),
            progress: self.progress.clone(),
            values: self.engine.lora().values.clone(),
            optimiser: self.optimiser.clone(),
            best: self.best.clone(),
        }
    }

    /// The weights to use: with the best held-out loss, or the last ones where there are no held-out examples.
    pub fn best(&self) -> &[f32] {
        &self.best
    }

    pub fn steps(&self) -> usize {
        self.identity.settings.epochs
            * self
                .examples
                .len()
                .div_ceil(self.identity.settings.batch.max(1))
    }

    /// Runs to the end, or until `watch` breaks off.
    ///
    /// # Errors
    /// An example does not fit the model, the loss became no number, or a checkpoint cannot be written.
    pub fn run(
        &mut self,
        checkpoint: &Path,
        mut watch: impl FnMut(&Self, &Event) -> Control,
    ) -> Result<Outcome, TrainError> {
        while !self.progress.finished {
            let event = self.next()?;
            let settings = &self.identity.settings;
            let stop = watch(self, &event).is_break();
            let due = self
                .progress
                .step
                .is_multiple_of(settings.checkpoint_every.max(1));
            if stop || due || self.progress.finished || matches!(event, Event::Evaluated { .. }) {
                self.checkpoint().write(checkpoint)?;
            }
            if stop && !self.progress.finished {
                return Ok(Outcome::Paused);
            }
        }
        Ok(Outcome::Finished)
    }

    /// One step, or an evaluation.
    fn next(&mut self) -> Result<Event, TrainError> {
        if !self.progress.begun {
            let figures = self.held_out_figures()?;
            self.progress.begun = true;
            return Ok(Event::Evaluated {
                epoch: 0,
                step: 0,
                figures,
                better: false,
            });
        }
        if self.progress.done >= self.examples.len() {
            return self.end_epoch();
        }
        let (settings, steps) = (self.identity.settings.clone(), self.steps());
        let order = epoch_order(settings.seed, self.progress.epoch, self.examples.len());
        let end = self
            .examples
            .len()
            .min(self.progress.done + settings.batch.max(1));
        let batch: Vec<Example> = order[self.progress.done..end]
            .iter()
            .map(|i| self.examples[*i].clone())
            .collect();
        let counts = Counts::of(&batch);
        let mut figures = Figures::default();
        for part in parts(&batch, settings.tokens_at_a_time) {
            let objective = self.objective;
            figures +=
                self.engine
                    .loss_and_gradients(
                        part,
                        objective.reads_prompts(),
                        |scores| match objective.loss(part, scores, counts) {
                            Ok((figures, gradients)) => (Ok(figures), gradients),
                            Err(error) => (Err(error), zeros(scores)),
                        },
                    )??;
        }
        let rate = learning_rate(&settings, self.progress.step, steps);
        let size = StepSize {
            learning_rate: rate,
            weight_decay: settings.weight_decay,
            clip: settings.clip,
        };
        let optimiser = &mut self.optimiser;
        let gradient = self
            .engine
            .update(|values, gradients| optimiser.step(values, gradients, size));
        if !gradient.is_finite() || !figures.loss.is_finite() {
            return Err(TrainError::Diverged {
                step: self.progress.step,
            });
        }
        self.progress.done = end;
        self.progress.step += 1;
        Ok(Event::Step {
            step: self.progress.step,
            steps,
            epoch: self.progress.epoch + 1,
            figures,
            gradient,
            learning_rate: rate,
            tokens: batch.iter().map(tokens).sum(),
        })
    }

    fn end_epoch(&mut self) -> Result<Event, TrainError> {
        let figures = self.held_out_figures()?;
        let loss = figures.map(|figures| figures.loss);
        let better = match (loss, self.progress.best) {
            (Some(loss), Some(best)) => loss < best,
            _ => true,
        };
        if better {
            self.best.copy_from_slice(&self.engine.lora().values);
            self.progress.best = loss;
            self.progress.epochs_without_better = 0;
        } else {
            self.progress.epochs_without_better += 1;
        }
        self.progress.epoch += 1;
        self.progress.done = 0;
        let settings = &self.identity.settings;
        self.progress.finished = self.progress.epoch >= settings.epochs
            || self.progress.epochs_without_better >= settings.patience.max(1);
        Ok(Event::Evaluated {
            epoch: self.progress.epoch,
            step: self.progress.step,
            figures,
            better,
        })
    }

    fn held_out_figures(&mut self) -> Result<Option<Figures>, TrainError> {
        if self.held_out.is_empty() {
            return Ok(None);
        }
        let counts = Counts::of(self.held_out);
        let mut figures = Figures::default();
        for part in parts(self.held_out, self.identity.settings.tokens_at_a_time) {
            let scores = self
                .engine
                .log_probs(part, self.objective.reads_prompts())?;
            figures += self.objective.loss(part, &scores, counts)?.0;
        }
        Ok(Some(figures))
    }
}

/// An epoch's order (Fisher and Yates), from the seed and the epoch (from 0) alone. Others need it to repeat a run.
pub fn epoch_order(seed: u64, epoch: usize, count: usize) -> Vec<usize> {
    let mut random = SplitMix(SplitMix(seed).next_u64().wrapping_add(epoch as u64));
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}

fn zeros(scores: &[TokenScores]) -> Vec<TokenScores> {
    let mut zeros = scores.to_vec();
    for scores in &mut zeros {
        let answers = scores.soft.iter_mut().chain(&mut scores.rejected).flatten();
        let own = scores.prompt.iter_mut().chain(&mut scores.chosen);
        own.chain(answers).for_each(|score| *score = 0.0);
    }
    zeros
}

/// Tokens that an example costs, its prompt counted once.
pub fn tokens(example: &Example) -> usize {
    example.prompt.len()
        + example.chosen.tokens.len()
        + example.rejected.iter().map(Vec::len).sum::<usize>()
}

/// Neighbouring examples of at most `most` tokens together; one alone may have more.
fn parts(examples: &[Example], most: usize) -> Vec<&[Example]> {
    let mut parts = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (index, example) in examples.iter().enumerate() {
        let count = tokens(example);
        if index > start && sum + count > most {
            parts.push(&examples[start..index]);
            (start, sum) = (index, 0);
        }
        sum += count;
    }
    parts.push(&examples[start..]);
    parts
}

/// SHA-256, in hex, of everything in them.
pub fn data_hash(sets: &[&[Example]]) -> String {
    let mut hash = Sha256::new();
    for set in sets {
        for example in *set {
            hash.update(postcard::to_stdvec(example).expect("examples are plain data"));
            hash.update(b"\n");
        }
        hash.update(b"\n");
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
