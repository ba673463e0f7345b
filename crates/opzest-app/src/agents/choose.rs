//! Choosing among a few meanings of a text, with probabilities from the model's own logits.
//!
//! A model that scores given texts is not asked what a text means: it is asked how probable it finds the
//! text in the mouth of somebody who means this, for each meaning (a noisy channel, arXiv 2108.04106).
//! A small model that cannot answer a question about a sentence still knows how people speak; on the
//! embedded one this is right nearly twice as often as its answers, calibrated or not
//! (docs/experiments.md).
//!
//! A model on a server is asked directly, for a letter and a short reason. The probabilities are those
//! of its first token's candidates, where it gives log-probabilities; otherwise nothing is known about
//! them, and they are set so low that the user is asked.

use super::call::{Ask, Call, Reply};
use super::error::AgentError;
use super::live::{Live, Turn};
use opzest_core::chat::ChatMessage;
use opzest_llm::{LlmError, ScoreRequest, TokenTrace};

/// The probability of an answer about whose probability nothing is known.
pub const UNKNOWN_CONFIDENCE: f32 = 0.5;

/// Log-probabilities of whole texts are far apart even when the model is wrong: they are divided by this
/// before they become probabilities. Fitted on tests/data/feedback.tsv (docs/experiments.md).
const TEMPERATURE: f32 = 2.5;

/// Candidates of the first token to look at.
const CANDIDATES: u32 = 20;

/// Room for a letter and a reason.
const MOST_TOKENS: u32 = 80;

/// Least probability of all letters together: below, the model was about to say something else.
const LEAST_MASS: f32 = 0.3;

/// The letters of the options, in order.
pub(super) const LETTERS: &[char] = &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L'];

/// A text whose meaning is one of some options.
pub(super) struct Choice<'a> {
    pub(super) text: &'a str,
    /// For each option: after which messages somebody who means it would write the text.
    pub(super) speakers: Vec<Vec<ChatMessage>>,
    /// Asks for the letter of an option.
    pub(super) question: Vec<ChatMessage>,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    /// For each option, in order; they sum to 1.
    pub(super) probabilities: Vec<f32>,
    /// In one line, if the model gave one.
    pub(super) reason: String,
}

impl Choice<'_> {
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Chosen, AgentError> {
        match call.caller.model.capabilities().score {
            true => self.hear(call).await,
            false => self.question(call).await,
        }
    }

    async fn hear(&self, call: &Call<'_>) -> Result<Chosen, AgentError> {
        let mut scores = Vec::with_capacity(self.speakers.len());
        for messages in &self.speakers {
            let request = ScoreRequest {
                messages: messages.clone(),
                answer: self.text.to_owned(),
                answer_tokens: None,
                end_of_turn: true,
                top_k: 1,
                adapters: call.caller.adapters.clone(),
            };
            let scored = call.caller.model.score(request, call.cancel.clone()).await;
            let traces = scored.map_err(|error| match error {
                LlmError::Cancelled => AgentError::Cancelled,
                other => AgentError::Model(other),
            })?;
            let score: f32 = traces.iter().map(|trace| trace.token.logprob).sum();
            scores.push(score / TEMPERATURE);
        }
        Ok(Chosen {
            probabilities: softmax(&scores),
            reason: String::new(),
        })
    }

    async fn question(&self, call: &Call<'_>) -> Result<Chosen, AgentError> {
        let ask = Ask {
            messages: self.question.clone(),
            temperature: 0.0,
            max_tokens: MOST_TOKENS,
            constraint: None,
            trace_top_k: Some(CANDIDATES),
        };
        let reply = call.speak(&ask, Live::new(Turn::None)).await?;
        let count = self.speakers.len();
        let probabilities = reply
            .trace
            .as_deref()
            .and_then(|trace| from_candidates(trace, count))
            .unwrap_or_else(|| from_letter(&reply, count));
        Ok(Chosen {
            probabilities,
            reason: reason(&reply.raw, count),
        })
    }
}

/// The probabilities of the letters as the answer's first visible token.
fn from_candidates(trace: &[TokenTrace], count: usize) -> Option<Vec<f32>> {
    let first = trace
        .iter()
        .find(|token| letter_text(&token.token.bytes).is_some())?;
    let mut masses = vec![0.0; count];
    for candidate in &first.top {
        let Some(text) = letter_text(&candidate.bytes) else {
            continue;
        };
        if let Some(place) = place_of(&text, count) {
            masses[place] += candidate.logprob.exp();
        }
    }
    let sum: f32 = masses.iter().sum();
    (sum >= LEAST_MASS).then(|| masses.iter().map(|mass| mass / sum).collect())
}

/// A token's visible text; `None` if there is none.
fn letter_text(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    (!text.is_empty()).then_some(text)
}

fn place_of(text: &str, count: usize) -> Option<usize> {
    let letters = &LETTERS[..count.min(LETTERS.len())];
    letters.iter().position(|letter| {
        let mut chars = text.chars();
        chars.next() == Some(*letter) && chars.next().is_none()
    })
}

/// The letter that was written, with a probability that makes the app ask the user.
fn from_letter(reply: &Reply, count: usize) -> Vec<f32> {
    let words = reply.raw.split(|c: char| !c.is_alphanumeric());
    match words.take(40).find_map(|word| place_of(word, count)) {
        None => vec![1.0 / count as f32; count],
        Some(_) if count == 1 => vec![1.0],
        Some(place) => {
            let others = (1.0 - UNKNOWN_CONFIDENCE) / (count - 1) as f32;
            let mut probabilities = vec![others; count];
            probabilities[place] = UNKNOWN_CONFIDENCE;
            probabilities
        }
    }
}

/// What stands after the letter, in one line.
fn reason(raw: &str, count: usize) -> String {
    let text = raw.trim();
    let after = text
        .char_indices()
        .find(|(_, c)| !c.is_alphanumeric())
        .filter(|(at, _)| place_of(&text[..*at], count).is_some())
        .map_or(text, |(at, _)| &text[at..]);
    let line = after
        .lines()
        .map(|line| line.trim_matches(|c: char| !c.is_alphanumeric() && c != '.'))
        .find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    if place_of(line, count).is_some() {
        return String::new();
    }
    super::tolerant::clipped(line, 200)
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<_> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
