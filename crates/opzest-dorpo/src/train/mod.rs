//! A training run: examples in shuffled order, AdamW, early stopping on held-out examples, and checkpoints from which a
//! killed run goes on to the very same weights. Writes nothing but its checkpoint.

mod checkpoint;
mod estimate;
mod objective;
mod optimiser;
mod run;
mod schedule;
mod settings;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError, Progress};
pub use estimate::{BatchSize, memory};
pub(crate) use objective::paired;
pub use objective::{Counts, Dorpo, Figures, Objective};
pub use optimiser::{AdamW, StepSize};
pub use run::{Control, Event, Outcome, Run, TrainError, data_hash, epoch_order, tokens};
pub use schedule::learning_rate;
pub use settings::{TrainSettings, Usual};
