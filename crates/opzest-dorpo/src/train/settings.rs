//! What a run is made with.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    pub seed: u64,
    /// Most passes over the examples.
    pub epochs: usize,
    /// Examples whose gradients make one step.
    pub batch: usize,
    /// Tokens that are computed at a time; a batch that has more is worked off in parts with the same gradient. Bounds
    /// the memory.
    pub tokens_at_a_time: usize,
    pub learning_rate: f32,
    /// Share of all steps in which the learning rate rises.
    pub warm_up: f32,
    /// The learning rate at the end, as a share of the highest.
    pub final_share: f32,
    pub weight_decay: f32,
    /// Gradients longer than this are shortened to it.
    pub clip: f32,
    /// Epochs without a better held-out loss before the run stops.
    pub patience: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 3,
            batch: 8,
            tokens_at_a_time: 2048,
            learning_rate: 2e-4,
            warm_up: 0.05,
            final_share: 0.1,
            weight_decay: 0.0,
            clip: 1.0,
            patience: 2,
            checkpoint_every: 10,
        }
    }
}

/// How a run is set up where nothing else is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    pub epochs: u32,
    pub batch: u32,
    pub learning_rate: f64,
}

impl Usual {
    /// For so many examples. Measured with 30, 300, 1,200 and 2,944 short rows (docs/experiments.md): after two epochs the
    /// accepted answers become no more likely, with these rates or higher ones; higher ones make general text less likely,
    /// the more so the more steps there are.
    pub fn of(examples: usize) -> Self {
        let (epochs, batch, learning_rate) = match examples {
            0..100 => (2, 4, 5e-4),
            100..1_000 => (2, 8, 2e-4),
            1_000..2_000 => (2, 16, 2e-4),
            _ => (1, 16, 1e-4),
        };
        Self {
            epochs,
            batch,
            learning_rate,
        }
    }
}
