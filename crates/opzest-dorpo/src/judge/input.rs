//! What both models were measured by.

use serde::{Deserialize, Serialize};

/// A text's probability under a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Sum of the tokens' log-probabilities, in nats; at most 0.
    pub log_prob: f64,
    /// Tokens of the text in the model's own vocabulary.
    pub tokens: u32,
    /// Bytes of the text as UTF-8; the same for both models.
    pub bytes: u32,
}

/// KL divergence from the teacher's stored distributions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kl {
    /// Sum over positions, in nats.
    pub sum: f64,
    /// Positions with a distribution.
    pub positions: u32,
}

/// One held-out example as one model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub chosen: Scored,
    /// In the same order for both models; may be empty.
    pub rejected: Vec<Scored>,
    /// Where there is a trace.
    pub kl: Option<Kl>,
    /// For each fresh generation, whether the workflow's own check accepted its format; may be empty.
    pub valid: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// What the split is made by, e.g. the session's id.
    pub group: String,
    /// The model in use.
    pub current: Measured,
    /// The new one.
    pub candidate: Measured,
}

/// The bundled text that measures forgetting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct General {
    pub current: Scored,
    pub candidate: Scored,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum JudgeError {
    #[error(
        "there are no held-out examples; accept results in at least two sessions, then train again"
    )]
    NoExamples,
    #[error("the held-out example {example} (of 0 to {last}) cannot be judged: {reason}")]
    Example {
        example: usize,
        last: usize,
        reason: &'static str,
    },
    #[error("the general text cannot be judged: {0}")]
    General(&'static str),
}

pub(super) fn check(examples: &[HeldOut], general: &General) -> Result<(), JudgeError> {
    if examples.is_empty() {
        return Err(JudgeError::NoExamples);
    }
    pair(&general.current, &general.candidate).map_err(JudgeError::General)?;
    for (
        example,
        HeldOut {
            current, candidate, ..
        },
    ) in examples.iter().enumerate()
    {
        both(current, candidate).map_err(|reason| JudgeError::Example {
            example,
            last: examples.len() - 1,
            reason,
        })?;
    }
    Ok(())
}

fn both(current: &Measured, candidate: &Measured) -> Result<(), &'static str> {
    pair(&current.chosen, &candidate.chosen)?;
    if current.rejected.len() != candidate.rejected.len() {
        return Err("the models were given different rejected answers");
    }
    for (current, candidate) in current.rejected.iter().zip(&candidate.rejected) {
        pair(current, candidate)?;
    }
    if current.kl.is_some() != candidate.kl.is_some() {
        return Err("only one of the models was compared with the trace");
    }
    let sound = |kl: Kl| kl.positions > 0 && kl.sum.is_finite();
    if ![current.kl, candidate.kl].into_iter().flatten().all(sound) {
        return Err("a KL divergence is not a finite number");
    }
    if current.valid.is_empty() != candidate.valid.is_empty() {
        return Err("only one of the models generated anew");
    }
    Ok(())
}

fn pair(current: &Scored, candidate: &Scored) -> Result<(), &'static str> {
    for scored in [current, candidate] {
        if !scored.log_prob.is_finite() || scored.log_prob > 0.0 {
            return Err("a log-probability is not a finite number up to 0");
        }
        if scored.tokens == 0 || scored.bytes == 0 {
            return Err("a text is empty");
        }
    }
    match current.bytes == candidate.bytes {
        true => Ok(()),
        false => Err("the models were given different texts"),
    }
}
