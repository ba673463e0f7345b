//! What the app and the trainer's process say to each other, one JSON value a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{GoldenPart, ScoredSet, Strain};
use crate::export::parity::Base;
use crate::train::Figures;

/// The first line to the process: what it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Train the job in this folder, from its checkpoint if there is one.
    Train { folder: PathBuf },
    /// How fast the job in this folder will be, by a few steps that are thrown away.
    Measure { folder: PathBuf },
    /// How probable the job's held-out examples and general texts are, with an adapter or with the base alone.
    Score {
        folder: PathBuf,
        adapter: Option<PathBuf>,
    },
    /// What the trained adapter does to golden answers, for the parity check.
    Golden { folder: PathBuf },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToTrainer {
    /// Write a checkpoint after this step and end.
    Pause,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromTrainer {
    /// The model is loaded; `step` of `steps` are done already.
    Ready { step: usize, steps: usize },
    Step {
        step: usize,
        epoch: usize,
        figures: Figures,
        /// Length of the gradient before clipping.
        gradient: f64,
        learning_rate: f64,
        tokens: usize,
        seconds: f64,
        /// Of this process, at most so far.
        memory_bytes: Option<u64>,
    },
    /// The held-out examples, before the first epoch (0) and after each.
    HeldOut {
        step: usize,
        epoch: usize,
        figures: Option<Figures>,
        better: bool,
        seconds: f64,
    },
    /// A checkpoint is written; the process ends. With a reason: it stopped by itself.
    Paused { strain: Option<Strain> },
    /// The adapter is written; the process ends.
    Trained { bytes: u64, sha256: String },
    /// Answer to [`Task::Measure`]; the process ends.
    Measured {
        /// Of a training step; a token of a prompt is counted once for all its answers.
        seconds_per_token: f64,
        /// Of an evaluation.
        seconds_per_held_out_token: f64,
        /// Until the first step can begin: the model is read, and its weights are packed.
        seconds_to_begin: f64,
        seconds_per_checkpoint: f64,
        /// At the most, estimated.
        memory_bytes: u64,
        /// Numbers in the adapter.
        parameters: u64,
    },
    /// Answer to [`Task::Score`]; the process ends.
    Scored(ScoredSet),
    /// Answer to [`Task::Golden`]; the process ends.
    Golden { base: Base, parts: Vec<GoldenPart> },
    /// The process ends; the last checkpoint is what it was.
    Failed { reason: String },
}
