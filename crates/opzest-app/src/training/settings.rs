//! How a run is set up: what is usual for so many examples, and what may be chosen.

use crate::dto::{TrainingSettings, UiError};
use crate::error::invalid;
use opzest_dorpo::engine::EngineOptions;
use opzest_dorpo::lora::LoraConfig;
use opzest_dorpo::loss::LossSettings;
use opzest_dorpo::train::{TrainSettings, Usual};
use opzest_llm::local::machine::Machine;

/// Longest row, in tokens, unless chosen.
pub(super) const MAX_TOKENS: u32 = 1_024;

/// About so many steps lie between two checkpoints: what a crash costs at most.
const CHECKPOINTS: usize = 40;

pub(super) fn usual(examples: usize, threads: Option<u32>) -> TrainingSettings {
    let usual = Usual::of(examples);
    TrainingSettings {
        rank: 16,
        learning_rate: usual.learning_rate,
        epochs: usual.epochs,
        batch: usual.batch,
        lambda: LossSettings::default().lambda,
        seed: 0,
        threads: threads.unwrap_or_else(|| Machine::detect().physical_cores),
        max_tokens: MAX_TOKENS,
        soft_labels: true,
        card: None,
    }
}

pub(super) fn engine_options(settings: &TrainingSettings) -> EngineOptions {
    let threads = settings.threads as usize;
    match settings.card {
        Some(card) => EngineOptions::cuda(card as usize, threads),
        None => EngineOptions::fastest(threads),
    }
}

pub(super) fn check(settings: &TrainingSettings) -> Result<(), UiError> {
    let between = |name: &str, value: f64, low: f64, high: f64| match value {
        value if (low..=high).contains(&value) => Ok(()),
        _ => Err(invalid(format!(
            "{name} must be between {low} and {high}, not {value}."
        ))),
    };
    between("The rank", settings.rank.into(), 1.0, 256.0)?;
    between("The learning rate", settings.learning_rate, 1e-7, 1e-1)?;
    between("The number of epochs", settings.epochs.into(), 1.0, 100.0)?;
    between("The batch", settings.batch.into(), 1.0, 256.0)?;
    between("Lambda", settings.lambda, 0.0, 10.0)?;
    between("The number of threads", settings.threads.into(), 1.0, 512.0)?;
    between("The longest row", settings.max_tokens.into(), 64.0, 8_192.0)
}

pub(super) fn train_settings(settings: &TrainingSettings, examples: usize) -> TrainSettings {
    let steps = settings.epochs as usize * examples.div_ceil(settings.batch.max(1) as usize);
    TrainSettings {
        seed: settings.seed.into(),
        epochs: settings.epochs as usize,
        batch: settings.batch as usize,
        tokens_at_a_time: 2 * settings.max_tokens as usize,
        learning_rate: settings.learning_rate as f32,
        checkpoint_every: (steps / CHECKPOINTS).clamp(1, 25),
        ..TrainSettings::default()
    }
}

pub(super) fn loss_settings(settings: &TrainingSettings) -> LossSettings {
    LossSettings {
        lambda: settings.lambda,
        ..LossSettings::default()
    }
}

/// Alpha is twice the rank, so that another rank needs no other learning rate.
pub(super) fn lora_config(settings: &TrainingSettings) -> LoraConfig {
    LoraConfig {
        rank: settings.rank as usize,
        alpha: 2.0 * settings.rank as f32,
        ..LoraConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_may_be_chosen() {
        for examples in [0, 1, 30, 300, 3_000] {
            let usual = usual(examples, None);
            check(&usual).expect("it is allowed");
            assert!(train_settings(&usual, examples).checkpoint_every >= 1);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let usual = usual(30, Some(2));
        for wrong in [
            TrainingSettings {
                rank: 0,
                ..usual.clone()
            },
            TrainingSettings {
                learning_rate: f64::NAN,
                ..usual.clone()
            },
            TrainingSettings {
                epochs: 0,
                ..usual.clone()
            },
            TrainingSettings {
                max_tokens: 1 << 20,
                ..usual.clone()
            },
        ] {
            check(&wrong).expect_err("it is refused");
        }
    }
}
