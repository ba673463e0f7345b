//! What is reported of both models, and by how much the new one is better.

use super::bootstrap::{Interval, Paired, interval};
use super::input::{HeldOut, Measured, Scored};
use serde::{Deserialize, Serialize};

/// What a likelihood is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    Token,
    Byte,
}

impl Unit {
    /// Tokens, if both models cut every text into equally many; two tokenizers hardly agree on all of them by chance.
    pub(super) fn of(examples: &[HeldOut]) -> Self {
        let texts = |measured: &Measured| -> Vec<u32> {
            let all = std::iter::once(&measured.chosen).chain(&measured.rejected);
            all.map(|scored| scored.tokens).collect()
        };
        let same = |example: &HeldOut| texts(&example.current) == texts(&example.candidate);
        match examples.iter().all(same) {
            true => Self::Token,
            false => Self::Byte,
        }
    }

    /// Mean log-probability.
    fn mean(self, scored: &Scored) -> f64 {
        let units = match self {
            Self::Token => scored.tokens,
            Self::Byte => scored.bytes,
        };
        scored.log_prob / f64::from(units)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MetricKind {
    /// Negative log-likelihood of the accepted answers, in nats per unit: lower is better.
    ChosenNll,
    /// Share of rejected answers whose mean log-probability is below that of the accepted one; ties count half.
    PreferenceAccuracy,
    /// Mean log-probability of the accepted answer minus that of the rejected one, in nats per unit.
    PreferenceMargin,
    /// KL divergence from the teacher's distributions, in nats per position: lower is better.
    Kl,
    /// Share of fresh generations that the workflow's own check accepts.
    Validity,
}

impl MetricKind {
    pub const ALL: [Self; 5] = [
        Self::ChosenNll,
        Self::PreferenceAccuracy,
        Self::PreferenceMargin,
        Self::Kl,
        Self::Validity,
    ];

    /// Whether less of it is better.
    fn lower_is_better(self) -> bool {
        matches!(self, Self::ChosenNll | Self::Kl)
    }

    /// One example's value; none where it has nothing to measure by.
    fn of(self, measured: &Measured, unit: Unit) -> Option<f64> {
        let chosen = unit.mean(&measured.chosen);
        let mean = |values: Vec<f64>| {
            let count = values.len() as f64;
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
        };
        let rejected = || {
            measured
                .rejected
                .iter()
                .map(|scored| chosen - unit.mean(scored))
        };
        match self {
            Self::ChosenNll => Some(-chosen),
            Self::PreferenceMargin => mean(rejected().collect()),
            Self::PreferenceAccuracy => mean(
                rejected()
                    .map(|margin| match margin {
                        margin if margin > 0.0 => 1.0,
                        margin if margin < 0.0 => 0.0,
                        _ => 0.5,
                    })
                    .collect(),
            ),
            Self::Kl => measured.kl.map(|kl| kl.sum / f64::from(kl.positions)),
            Self::Validity => mean(
                measured
                    .valid
                    .iter()
                    .map(|valid| f64::from(*valid))
                    .collect(),
            ),
        }
    }
}

/// A figure of both models: the mean over the examples that have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub kind: MetricKind,
    pub current: f64,
    pub candidate: f64,
    /// By how much the new model is better, with its 95 % interval over groups; negative: worse.
    pub improvement: Interval,
    pub examples: usize,
    pub groups: usize,
}

/// None where no example has it.
pub(super) fn metric(
    kind: MetricKind,
    unit: Unit,
    examples: &[HeldOut],
    seed: u64,
) -> Option<Metric> {
    let paired: Vec<_> = examples
        .iter()
        .filter_map(|example| {
            Some(Paired {
                group: &example.group,
                current: kind.of(&example.current, unit)?,
                candidate: kind.of(&example.candidate, unit)?,
            })
        })
        .collect();
    let sign = if kind.lower_is_better() { -1.0 } else { 1.0 };
    let (means, improvement, groups) = interval(&paired, sign, seed)?;
    Some(Metric {
        kind,
        current: means[0],
        candidate: means[1],
        improvement,
        examples: paired.len(),
        groups,
    })
}
