//! Is a new adapter better than the model in use? Both are compared on held-out work, by sessions.
//!
//! The rule, in the order of its questions ([`judge`]):
//!
//! 1. **Loss** if the new model forgot: its perplexity on general text is more than 3 % higher ([`MOST_FORGETTING`]); or if
//!    its output breaks the workflow's format more often, beyond doubt (the interval of the difference lies below 0).
//! 2. With at least [`LEAST_GROUPS`] sessions: **Loss** if the accepted answers are less probable under it, beyond doubt;
//!    **Win** if they are more probable, beyond doubt, and the share of well-formed outputs is not more than
//!    [`VALIDITY_SLACK`] lower.
//! 3. **NotEnoughEvidence** otherwise.
//!
//! "Beyond doubt" is a 95 % bootstrap interval over sessions that leaves 0 out ([`bootstrap`]). The accepted answers'
//! negative log-likelihood decides, because every example moves it; preference accuracy (which saturates) and the KL to the
//! teacher (which few rows have) are reported beside it. Likelihoods are per token where both models cut all texts into
//! equally many tokens, else per byte.
//!
//! Swapping the models turns a Win into a Loss, and a Loss into a Win unless it was one of question 1. With models that do
//! not differ (differences symmetric about 0), a Win is falsely given in at most 5 % of the cases: docs/experiments.md.

pub mod bootstrap;
mod input;
mod metrics;
mod verdict;

pub use input::{General, HeldOut, JudgeError, Kl, Measured, Scored};
pub use metrics::{Metric, MetricKind, Unit};
pub use verdict::{
    Judgement, LEAST_GROUPS, MOST_FORGETTING, Reason, VALIDITY_SLACK, Verdict, judge,
};

/// Ordinary English prose whose perplexity shows what a model forgot; assets/texts/README.md says where it is from. Compare
/// models on the same parts of it, e.g. its paragraphs.
pub const GENERAL_TEXT: &str = include_str!("../../../../assets/texts/austen.txt");

#[cfg(test)]
mod simulation;
