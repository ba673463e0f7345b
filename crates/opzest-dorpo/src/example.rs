//! What training works on: tokenised pairs. Making them from the store's rows is [`crate::data`]'s part.

use serde::{Deserialize, Serialize};

/// A teacher's distribution for one position: the most likely tokens, in the student's vocabulary. What their
/// probabilities leave to 1 is the tail, one bucket of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftLabel {
    /// Student's token ids, each at most once. Shape `[k]`.
    pub tokens: Vec<u32>,
    /// Natural log-probabilities before temperature and truncation. Shape `[k]`; their exponentials sum to at most 1.
    pub log_probs: Vec<f32>,
}

/// An answer to learn from: the whole raw output of a worker, with its end of turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Shape `[answer]`, not empty.
    pub tokens: Vec<u32>,
    /// Shape `[answer]` or empty: the teacher's distribution of each position; none means the hard label.
    pub soft: Vec<Option<SoftLabel>>,
}

/// One distinct (prompt, chosen) with its rejected answers. The KL counts once for it, however many rows share it;
/// every rejected answer is one odds-ratio term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// What the split is made by, e.g. the session's id.
    pub group: String,
    /// The rendered prompt, with what the template puts before the answer. Shape `[prompt]`, not empty.
    pub prompt: Vec<u32>,
    pub chosen: Answer,
    /// Tokens of each rejected answer; may be empty.
    pub rejected: Vec<Vec<u32>>,
}
