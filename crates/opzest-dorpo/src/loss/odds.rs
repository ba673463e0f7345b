//! The odds ratio of ORPO (arXiv 2403.07691) from mean log-probabilities.

use super::logspace::{MASS_FLOOR, log_sigmoid, log1mexp};

/// One pair's odds-ratio loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OddsRatio {
    /// -log sigmoid(margin), in nats.
    pub(super) loss: f64,
    /// log odds(chosen) - log odds(rejected).
    pub(super) margin: f64,
    /// Derivatives of the loss with respect to the two means.
    pub(super) by_chosen: f64,
    pub(super) by_rejected: f64,
}

/// Of length-normalised log-probabilities: means over the tokens of each answer.
///
/// A mean above -[`MASS_FLOOR`] counts as that, where its odds are still finite. The gradient there is the one at the
/// bound, not 0: else a rejected answer that the student is certain of could never be unlearned.
pub(super) fn odds_ratio(chosen: f64, rejected: f64) -> OddsRatio {
    let (chosen, rejected) = (chosen.min(-MASS_FLOOR), rejected.min(-MASS_FLOOR));
    let (chosen_rest, rejected_rest) = (log1mexp(chosen), log1mexp(rejected));
    let margin = (chosen - chosen_rest) - (rejected - rejected_rest);
    // d log odds / d mean = 1 / (1 - P), times sigmoid(-margin): in logs, because one can be huge and the other tiny.
    let wrong = log_sigmoid(-margin);
    OddsRatio {
        loss: -log_sigmoid(margin),
        margin,
        by_chosen: -(wrong - chosen_rest).exp(),
        by_rejected: (wrong - rejected_rest).exp(),
    }
}
