//! What a run minimises, and the figures that come of it.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::{
    engine::TokenScores,
    example::Example,
    loss::{FirstTerm, LossError, LossParts, LossSettings, Scores, SoftScores, Weights, dorpo},
};

/// A loss over log-probabilities.
pub trait Objective: Sync {
    /// The figures of some of a batch's examples and the loss's gradients, shaped as `scores`. Means are over the whole
    /// batch, whose sizes `batch` gives, so that the parts' losses add up to the batch's.
    ///
    /// # Errors
    /// The log-probabilities are none: the run has diverged, or a soft label is damaged.
    fn loss(
        &self,
        examples: &[Example],
        scores: &[TokenScores],
        batch: Counts,
    ) -> Result<(Figures, Vec<TokenScores>), LossError>;

    /// Whether it reads the prompts' log-probabilities.
    fn reads_prompts(&self) -> bool {
        false
    }
}

/// Sizes of a whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub examples: usize,
    /// Rejected answers.
    pub pairs: usize,
    /// Prompts from their second token on, and chosen answers.
    pub tokens: usize,
}

impl Counts {
    pub fn of(examples: &[Example]) -> Self {
        Self {
            examples: examples.len(),
            pairs: examples.iter().map(|example| example.rejected.len()).sum(),
            tokens: examples.iter().map(first_term_tokens).sum(),
        }
    }
}

fn first_term_tokens(example: &Example) -> usize {
    example.prompt.len().saturating_sub(1) + example.chosen.tokens.len()
}

/// Sums over examples and pairs, in nats; the functions give their means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What is minimised, weighted already.
    pub loss: f64,
    pub examples: usize,
    /// Of each example its mean negative log-probability of the chosen answer's tokens.
    pub chosen_nll_sum: f64,
    /// Examples with soft labels, and of each of these its mean divergence over the positions that have one.
    pub soft_examples: usize,
    pub kl_sum: f64,
    pub pairs: usize,
    /// -log sigmoid(margin), and log odds(chosen) - log odds(rejected).
    pub odds_sum: f64,
    pub margin_sum: f64,
    /// Pairs with a positive margin; none either way counts half.
    pub preferred: f64,
}

impl Figures {
    pub fn chosen_nll(&self) -> f64 {
        self.chosen_nll_sum / self.examples.max(1) as f64
    }

    pub fn kl(&self) -> Option<f64> {
        mean(self.kl_sum, self.soft_examples)
    }

    pub fn odds(&self) -> Option<f64> {
        mean(self.odds_sum, self.pairs)
    }

    pub fn margin(&self) -> Option<f64> {
        mean(self.margin_sum, self.pairs)
    }

    /// From 0 to 1.
    pub fn preference_accuracy(&self) -> Option<f64> {
        mean(self.preferred, self.pairs)
    }

    fn of(parts: &LossParts) -> Self {
        let soft = parts.soft_positions;
        let sum = |of: fn(&crate::loss::PairParts) -> f64| parts.pairs.iter().map(of).sum();
        Self {
            loss: parts.total,
            examples: 1,
            chosen_nll_sum: -parts.chosen_logp,
            soft_examples: usize::from(soft > 0),
            kl_sum: parts.kl * parts.positions as f64 / soft.max(1) as f64,
            pairs: parts.pairs.len(),
            odds_sum: sum(|pair| pair.odds),
            margin_sum: sum(|pair| pair.margin),
            preferred: sum(|pair| match pair.margin {
                margin if margin > 0.0 => 1.0,
                margin if margin < 0.0 => 0.0,
                _ => 0.5,
            }),
        }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.examples += other.examples;
        self.chosen_nll_sum += other.chosen_nll_sum;
        self.soft_examples += other.soft_examples;
        self.kl_sum += other.kl_sum;
        self.pairs += other.pairs;
        self.odds_sum += other.odds_sum;
        self.margin_sum += other.margin_sum;
        self.preferred += other.preferred;
    }
}

fn mean(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// DORPO ([`crate::loss`]) as what a run minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dorpo(pub LossSettings);

impl Dorpo {
    fn weights(&self, example: &Example, batch: Counts) -> Weights {
        match self.0.first_term {
            FirstTerm::Answer => Weights::mean(batch.examples, batch.pairs),
            FirstTerm::PromptAndAnswer => {
                Weights::by_tokens(first_term_tokens(example), batch.tokens, batch.pairs)
            }
        }
    }
}

impl Objective for Dorpo {
    fn loss(
        &self,
        examples: &[Example],
        scores: &[TokenScores],
        batch: Counts,
    ) -> Result<(Figures, Vec<TokenScores>), LossError> {
        let mut figures = Figures::default();
        let mut gradients = Vec::with_capacity(scores.len());
        for (example, scores) in examples.iter().zip(scores) {
            let weights = self.weights(example, batch);
            let (parts, gradient) = dorpo(&paired(example, scores), &self.0, weights)?;
            figures += Figures::of(&parts);
            gradients.push(TokenScores {
                prompt: gradient.prompt,
                chosen: gradient.chosen,
                soft: gradient.soft,
                rejected: gradient.rejected,
            });
        }
        Ok((figures, gradients))
    }

    fn reads_prompts(&self) -> bool {
        self.0.first_term == FirstTerm::PromptAndAnswer
    }
}

/// The student's log-probabilities beside the teacher's.
pub(crate) fn paired<'a>(example: &'a Example, scores: &'a TokenScores) -> Scores<'a> {
    let soft = example.chosen.soft.iter().zip(&scores.soft);
    let soft = soft.map(|(label, student)| {
        label.as_ref().map(|label| SoftScores {
            teacher: &label.log_probs,
            student,
        })
    });
    Scores {
        prompt: &scores.prompt,
        chosen: &scores.chosen,
        soft: soft.collect(),
        rejected: scores.rejected.iter().map(Vec::as_slice).collect(),
    }
}
