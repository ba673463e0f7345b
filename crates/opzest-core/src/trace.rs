//! Token log-probabilities of one generation: the teacher's side of distillation.
//!
//! All values are natural logarithms of the model's own distribution: before temperature, truncation,
//! penalties and grammar.

use serde::{Deserialize, Serialize};

/// Candidates per token unless the caller chooses.
pub const DEFAULT_TRACE_K: u32 = 64;

/// One token that the model might have written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The id in the model's vocabulary; remote servers do not tell it.
    pub id: Option<u32>,
    /// The token's bytes: not always whole characters.
    pub bytes: Vec<u8>,
    pub logprob: f32,
}

/// The distribution from which one token was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenTrace {
    /// The token that was written (or given, when scoring).
    pub token: Candidate,
    /// The most probable candidates, best first; `token` is always among them, last if it is not one of
    /// the top k (then there are k + 1).
    pub top: Vec<Candidate>,
    /// Probability mass of everything outside `top`, in [0, 1].
    pub tail: f32,
}

/// One token of an answer, in a trace that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TokenRecord {
    Traced(TokenTrace),
    /// The model gave no distribution here; training uses the hard label.
    Untraced {
        /// What was written, so that the tokens around it keep their places in the text.
        bytes: Vec<u8>,
    },
}
