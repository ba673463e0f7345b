//! A training run: examples in shuffled order, AdamW, early stopping on held-out examples, and checkpoints from which a
//! killed run goes on to the very same weights. It knows no loss ([`Objective`]) and writes nothing but its checkpoint.

mod checkpoint;
mod estimate;
mod optimiser;
mod run;
mod schedule;
mod settings;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError, Progress};
pub use estimate::{BatchSize, memory};
pub use optimiser::{AdamW, StepSize};
pub use run::{Control, Counts, Event, Objective, Outcome, Run, TrainError};
pub use schedule::learning_rate;
pub use settings::TrainSettings;
