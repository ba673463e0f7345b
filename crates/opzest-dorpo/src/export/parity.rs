//! Do the trainer and the runtime mean the same adapter? Decided from log-probabilities of golden answers, before an adapter
//! is offered. It catches what a file can get wrong without an error: rows of q or k in another order, another scale,
//! matrices that were left out.
//!
//! With a base in F32 the log-probabilities themselves are compared. With a quantised base the two compute differently (the
//! runtime also rounds activations to 8 bits), so the adapter's *effect* is compared: log-probabilities with it minus
//! without it. A single projection's share of the whole effect may be as small as that rounding, so the caller measures
//! [`Part`]s: the whole adapter, and adapters that have only one target, with a larger alpha where that is needed to see them.

use serde::{Deserialize, Serialize};

/// Greatest difference on a base in F32, in nats.
pub const F32_TOLERANCE: f64 = 0.01;
/// On a quantised base: how far the effects may be apart, as a share of the trainer's (root mean squares over tokens).
/// Measured on a Q4_1 file, with effects of 0.6 nats and more: at most 0.17 for the right adapter; 0.47 for the whole adapter
/// with the rows of q and k in the wrong order, 1.1 for q or k alone; 0.9 for a doubled scale; 1 for a zeroed B
/// (docs/experiments.md).
pub const EFFECT_TOLERANCE: f64 = 0.3;
/// Root mean square of the smallest effect, in nats, that can be told from the rounding of a quantised base, which is 0.1.
pub const LEAST_EFFECT: f64 = 0.5;

/// How the base's weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    F32,
    Quantised,
}

/// Log-probabilities of the tokens of all golden answers, one after the other, in nats. Both have the shape `[tokens]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogProbs {
    pub without_adapter: Vec<f32>,
    pub with_adapter: Vec<f32>,
}

/// The same golden answers, computed by both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The whole adapter, or one of its targets.
    pub name: String,
    pub trainer: LogProbs,
    pub runtime: LogProbs,
}

/// How far apart they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartParity {
    pub name: String,
    /// Root mean square of the trainer's effect, in nats.
    pub effect: f64,
    /// F32: the greatest difference of log-probabilities, in nats. Quantised: the root mean square of the effects'
    /// difference, as a share of `effect`.
    pub distance: f64,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Same,
    /// The runtime computes something else: the adapter must not be offered.
    Different,
    /// The effect is below [`LEAST_EFFECT`] on a quantised base: measure with a larger alpha.
    TooSmallToTell,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parity {
    pub parts: Vec<PartParity>,
}

impl Parity {
    /// Every part is the same: only then is the adapter offered.
    pub fn passed(&self) -> bool {
        self.parts.iter().all(|part| part.outcome == Outcome::Same)
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ParityError {
    #[error("there is nothing to compare the trainer and the runtime by")]
    Nothing,
    #[error(
        "the golden answers of `{0}` have different numbers of tokens in the trainer and in the runtime"
    )]
    Lengths(String),
    #[error("the log-probabilities of `{0}` are not finite numbers")]
    NotFinite(String),
}

/// Compares trainer and runtime part by part.
pub fn parity(base: Base, parts: &[Part]) -> Result<Parity, ParityError> {
    if parts.is_empty() {
        return Err(ParityError::Nothing);
    }
    let parts = parts.iter().map(|part| compare(base, part));
    let parts = parts.collect::<Result<_, _>>()?;
    Ok(Parity { parts })
}

fn compare(base: Base, part: &Part) -> Result<PartParity, ParityError> {
    let sides = [
        &part.trainer.without_adapter,
        &part.trainer.with_adapter,
        &part.runtime.without_adapter,
        &part.runtime.with_adapter,
    ];
    let length = sides[0].len();
    if length == 0 {
        return Err(ParityError::Nothing);
    }
    if sides.iter().any(|side| side.len() != length) {
        return Err(ParityError::Lengths(part.name.clone()));
    }
    if !sides.into_iter().flatten().all(|value| value.is_finite()) {
        return Err(ParityError::NotFinite(part.name.clone()));
    }
    let minus = |a: &[f32], b: &[f32]| -> Vec<f64> {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) - f64::from(*b))
            .collect()
    };
    let trainer = minus(&part.trainer.with_adapter, &part.trainer.without_adapter);
    let runtime = minus(&part.runtime.with_adapter, &part.runtime.without_adapter);
    let effect = root_mean_square(trainer.iter().copied());
    let (distance, outcome) = match base {
        Base::F32 => {
            let without = minus(&part.runtime.without_adapter, &part.trainer.without_adapter);
            let with = minus(&part.runtime.with_adapter, &part.trainer.with_adapter);
            let greatest = without
                .into_iter()
                .chain(with)
                .fold(0.0, |greatest: f64, difference| {
                    greatest.max(difference.abs())
                });
            (greatest, same(greatest <= F32_TOLERANCE))
        }
        Base::Quantised => {
            let apart = trainer
                .iter()
                .zip(&runtime)
                .map(|(trainer, runtime)| runtime - trainer);
            let distance = root_mean_square(apart) / effect.max(f64::MIN_POSITIVE);
            let outcome = match effect >= LEAST_EFFECT {
                true => same(distance <= EFFECT_TOLERANCE),
                false => Outcome::TooSmallToTell,
            };
            (distance, outcome)
        }
    };
    Ok(PartParity {
        name: part.name.clone(),
        effect,
        distance,
        outcome,
    })
}

/// Root mean square of what an adapter changes, in nats. Both have the shape `[tokens]`.
pub fn effect(without_adapter: &[f32], with_adapter: &[f32]) -> f64 {
    let pairs = with_adapter.iter().zip(without_adapter);
    let changes: Vec<f64> = pairs
        .map(|(with, without)| f64::from(*with) - f64::from(*without))
        .collect();
    root_mean_square(changes.into_iter())
}

fn same(same: bool) -> Outcome {
    match same {
        true => Outcome::Same,
        false => Outcome::Different,
    }
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    (values.map(|value| value * value).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests;
