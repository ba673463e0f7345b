//! Traces as they are kept: the token distributions of one generation in one compressed value.
//!
//! Not here: where the values are stored, and which model and prompt they belong to.

mod codec;
mod columns;
mod dictionary;
#[cfg(test)]
mod tests;

pub use codec::{LOGPROB_FLOOR, LOGPROB_STEP, decode_trace, encode_trace};

/// Why a trace cannot be compressed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceProblem {
    #[error("a log-probability is positive or not a number")]
    NotALogProbability,
    #[error("the mass outside the candidates is not between 0 and 1")]
    NotAMass,
    #[error("the trace is too long to be kept: more than {limit} {what}")]
    TooLong { what: &'static str, limit: usize },
    #[error("the trace was written by a newer OpZest (form {found})")]
    Newer { found: u8 },
    #[error("the trace is damaged: {0}")]
    Damaged(&'static str),
}
