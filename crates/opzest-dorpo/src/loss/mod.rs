//! DORPO's loss of one example, with gradients with respect to the student's log-probabilities:
//!
//! ~~~text
//! L_KL(y+)  = mean over y+ of KL(teacher || student) where the position has a soft label, else of -log p_S(y_t)
//! log P(y)  = mean over y of log p_S(y_t)
//! L_OR      = -log sigmoid(log odds(y+) - log odds(y-)),   odds = P / (1 - P)
//! L_DORPO   = mean over examples of L_KL + lambda * mean over pairs of L_OR
//! ~~~
//!
//! Fallbacks need no setting: without `rejected` there is no pair, without soft labels the first term is the hard-label
//! negative log-likelihood (with `rejected`, that is exactly ORPO), and partly aligned answers mix the two by position.
//!
//! Pure functions: no model, no vocabulary, no threads. Sums are in f64, in the order of the positions.

mod kl;
pub mod logspace;
mod odds;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use logspace::LOG_PROB_FLOOR;
use serde::{Deserialize, Serialize};

/// Rounding that a log-probability may show above 0.
const ROUNDING: f32 = 1e-2;

/// Which tokens the first term is a mean of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstTerm {
    /// The answer's alone: a prompt is not to be learned.
    #[default]
    Answer,
    /// The prompt's (from its second token on) and the answer's, as in TRL's ORPO; for comparing with it. The weight of
    /// an example is then its share of the batch's tokens: see [`Weights::by_tokens`].
    PromptAndAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossSettings {
    /// Weight of the odds-ratio term; 0 leaves it out, but it is still reported.
    pub lambda: f64,
    pub first_term: FirstTerm,
}

impl Default for LossSettings {
    /// ORPO's own weight (arXiv 2403.07691, section 6.1).
    fn default() -> Self {
        Self {
            lambda: 0.1,
            first_term: FirstTerm::Answer,
        }
    }
}

/// What one example counts in a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the first term.
    pub example: f64,
    /// Of each pair's odds-ratio term, before lambda.
    pub pair: f64,
}

impl Weights {
    /// Means over the batch's examples and over its pairs.
    pub fn mean(examples: usize, pairs: usize) -> Self {
        Self {
            example: 1.0 / examples.max(1) as f64,
            pair: 1.0 / pairs.max(1) as f64,
        }
    }

    /// As TRL: the first term is a mean over all tokens of the batch. `tokens` of this example and of all `batch_tokens`, each
    /// counted as in [`FirstTerm::PromptAndAnswer`].
    pub fn by_tokens(tokens: usize, batch_tokens: usize, pairs: usize) -> Self {
        Self {
            example: tokens as f64 / batch_tokens.max(1) as f64,
            ..Self::mean(1, pairs)
        }
    }
}

/// Log-probabilities at a position with a soft label, of the same k tokens. Shapes `[k]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftScores<'a> {
    pub teacher: &'a [f32],
    pub student: &'a [f32],
}

/// What the student gives the tokens of one example: natural log-probabilities.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores<'a> {
    /// Of the prompt's tokens from the second on, only for [`FirstTerm::PromptAndAnswer`]; else empty. Shape `[prompt - 1]`.
    pub prompt: &'a [f32],
    /// Of the chosen answer's own tokens. Shape `[answer]`, not empty.
    pub chosen: &'a [f32],
    /// Shape `[answer]`, or empty: no position has a soft label.
    pub soft: Vec<Option<SoftScores<'a>>>,
    /// Of each rejected answer's own tokens. Shapes `[answer]`, not empty.
    pub rejected: Vec<&'a [f32]>,
}

/// Derivatives of [`LossParts::total`], in the shapes of [`Scores`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gradients {
    pub prompt: Vec<f32>,
    pub chosen: Vec<f32>,
    /// With respect to the student's; empty where the position has no soft label.
    pub soft: Vec<Vec<f32>>,
    pub rejected: Vec<Vec<f32>>,
}

/// One rejected answer against the chosen one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairParts {
    /// Mean log-probability of the rejected answer's tokens.
    pub rejected_logp: f64,
    /// -log sigmoid(margin).
    pub odds: f64,
    /// log odds(chosen) - log odds(rejected). Positive: the student prefers the chosen answer.
    pub margin: f64,
}

/// The loss of one example and what it is made of, in nats. Only `total` is weighted.
#[derive(Debug, Clone, PartialEq)]
pub struct LossParts {
    /// `weights.example * (kl + nll) + lambda * weights.pair * (sum of the pairs' odds)`.
    pub total: f64,
    /// The share of the soft positions in the first term: their sum over the number of all its positions.
    pub kl: f64,
    /// The share of the hard positions in the first term, likewise.
    pub nll: f64,
    /// Positions with a soft label.
    pub soft_positions: usize,
    /// Positions of the first term.
    pub positions: usize,
    /// Mean log-probability of the chosen answer's tokens.
    pub chosen_logp: f64,
    pub pairs: Vec<PairParts>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LossError {
    #[error("the {0} has no tokens, so there is nothing to learn from it")]
    Empty(&'static str),
    #[error("{found} {what} were given for {expected}")]
    Shape {
        what: &'static str,
        found: usize,
        expected: usize,
    },
    /// Of the student: the run has diverged. Of the teacher: the trace should have been refused.
    #[error("a log-probability of the {of} is {value}; it must be a number and at most 0")]
    NotALogProbability { of: &'static str, value: f32 },
}

/// The loss of one example.
///
/// A student's log-probability of -inf counts as [`LOG_PROB_FLOOR`], with a gradient as if it were not bounded. For any
/// finite input, everything that is returned is finite.
///
/// # Errors
/// Empty answers, shapes that do not fit together, NaN, infinity, and log-probabilities above 0 by more than rounding.
pub fn dorpo(
    scores: &Scores<'_>,
    settings: &LossSettings,
    weights: Weights,
) -> Result<(LossParts, Gradients), LossError> {
    check(scores, settings.first_term)?;
    let answer = scores.chosen.len();
    let positions = scores.prompt.len() + answer;
    let share = 1.0 / positions as f64;
    let by_token = weights.example * share;

    let mut gradients = Gradients {
        prompt: vec![-by_token as f32; scores.prompt.len()],
        soft: vec![Vec::new(); scores.soft.len()],
        ..Gradients::default()
    };
    let mut chosen_gradient = vec![0.0f64; answer];
    let (mut kl, mut nll) = (0.0, -sum(scores.prompt));
    for (at, &token) in scores.chosen.iter().enumerate() {
        match scores.soft.get(at).copied().flatten() {
            Some(SoftScores { teacher, student }) => {
                let gradient = &mut gradients.soft[at];
                gradient.resize(student.len(), 0.0);
                kl += kl::tail_bucket_kl(teacher, student, by_token, gradient);
            }
            None => {
                nll -= floored(token);
                chosen_gradient[at] = -by_token;
            }
        }
    }

    let chosen_logp = sum(scores.chosen) / answer as f64;
    let weight = settings.lambda * weights.pair;
    let mut pairs = Vec::with_capacity(scores.rejected.len());
    let mut by_chosen = 0.0;
    for rejected in &scores.rejected {
        let rejected_logp = sum(rejected) / rejected.len() as f64;
        let ratio = odds::odds_ratio(chosen_logp, rejected_logp);
        by_chosen += weight * ratio.by_chosen;
        let by_token = weight * ratio.by_rejected / rejected.len() as f64;
        gradients
            .rejected
            .push(vec![by_token as f32; rejected.len()]);
        pairs.push(PairParts {
            rejected_logp,
            odds: ratio.loss,
            margin: ratio.margin,
        });
    }
    let of_odds = by_chosen / answer as f64;
    gradients.chosen = chosen_gradient
        .into_iter()
        .map(|of_nll| (of_nll + of_odds) as f32)
        .collect();

    let (kl, nll) = (kl * share, nll * share);
    let odds: f64 = pairs.iter().map(|pair| pair.odds).sum();
    let parts = LossParts {
        total: weights.example * (kl + nll) + weight * odds,
        kl,
        nll,
        soft_positions: scores.soft.iter().flatten().count(),
        positions,
        chosen_logp,
        pairs,
    };
    Ok((parts, gradients))
}

fn floored(log_prob: f32) -> f64 {
    match log_prob == f32::NEG_INFINITY {
        true => LOG_PROB_FLOOR,
        false => f64::from(log_prob),
    }
}

fn sum(log_probs: &[f32]) -> f64 {
    log_probs.iter().map(|&value| floored(value)).sum()
}

fn check(scores: &Scores<'_>, first_term: FirstTerm) -> Result<(), LossError> {
    if scores.chosen.is_empty() {
        return Err(LossError::Empty("chosen answer"));
    }
    if scores.rejected.iter().any(|answer| answer.is_empty()) {
        return Err(LossError::Empty("rejected answer"));
    }
    if first_term == FirstTerm::Answer && !scores.prompt.is_empty() {
        return Err(LossError::Shape {
            what: "log-probabilities of the prompt",
            found: scores.prompt.len(),
            expected: 0,
        });
    }
    if !scores.soft.is_empty() && scores.soft.len() != scores.chosen.len() {
        return Err(LossError::Shape {
            what: "soft labels",
            found: scores.soft.len(),
            expected: scores.chosen.len(),
        });
    }
    for soft in scores.soft.iter().flatten() {
        if soft.teacher.len() != soft.student.len() {
            return Err(LossError::Shape {
                what: "log-probabilities of the student",
                found: soft.student.len(),
                expected: soft.teacher.len(),
            });
        }
        each("teacher", soft.teacher)?;
        each("student", soft.student)?;
    }
    each("student", scores.prompt)?;
    each("student", scores.chosen)?;
    scores
        .rejected
        .iter()
        .try_for_each(|answer| each("student", answer))
}

fn each(of: &'static str, log_probs: &[f32]) -> Result<(), LossError> {
    let is_none = |value: &&f32| value.is_nan() || **value > ROUNDING;
    match log_probs.iter().find(is_none) {
        Some(&value) => Err(LossError::NotALogProbability { of, value }),
        None => Ok(()),
    }
}
