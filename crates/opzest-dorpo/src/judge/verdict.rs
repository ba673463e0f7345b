//! The rule of [`crate::judge`].

use super::input::{General, HeldOut, JudgeError, check};
use super::metrics::{Metric, MetricKind, Unit, metric};
use serde::{Deserialize, Serialize};

/// Fewer sessions never make a Win: of models that do not differ, one in 2^4 is better in all of four.
pub const LEAST_GROUPS: usize = 5;
/// By how much perplexity on general text may grow.
pub const MOST_FORGETTING: f64 = 1.03;
/// By how much the share of well-formed outputs may be lower, where that may be chance.
pub const VALIDITY_SLACK: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Win,
    Loss,
    NotEnoughEvidence,
}

/// Why the verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The accepted answers are more probable under the new model.
    MoreProbable,
    /// They are less probable.
    LessProbable,
    /// They may be either.
    NoClearDifference,
    /// There are fewer than [`LEAST_GROUPS`] sessions.
    FewGroups,
    /// General text: more than [`MOST_FORGETTING`].
    Forgets,
    /// More of the new model's outputs are malformed.
    BreaksFormat,
    /// More of them were malformed, which may be chance.
    MayBreakFormat,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    /// At least one.
    pub reasons: Vec<Reason>,
    /// Of the likelihoods.
    pub unit: Unit,
    /// Those that some example has, in the order of [`MetricKind::ALL`].
    pub metrics: Vec<Metric>,
    /// Perplexity of general text under the new model, divided by that under the current one.
    pub forgetting: f64,
}

impl Judgement {
    pub fn metric(&self, kind: MetricKind) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.kind == kind)
    }
}

/// Compares the new model with the one in use. The same inputs and seed give the same judgement, in any order of the
/// examples.
pub fn judge(examples: &[HeldOut], general: &General, seed: u64) -> Result<Judgement, JudgeError> {
    check(examples, general)?;
    let unit = Unit::of(examples);
    let metrics: Vec<_> = MetricKind::ALL
        .into_iter()
        .filter_map(|kind| metric(kind, unit, examples, seed))
        .collect();
    let forgetting = forgetting(general);
    let mut judgement = Judgement {
        verdict: Verdict::NotEnoughEvidence,
        reasons: Vec::new(),
        unit,
        metrics,
        forgetting,
    };
    (judgement.verdict, judgement.reasons) = decide(&judgement);
    Ok(judgement)
}

/// Per token of the current model, whatever the candidate's tokens are: for one tokenizer exactly the ratio of
/// perplexities, for two the one that stands for the same loss per byte.
fn forgetting(general: &General) -> f64 {
    let General { current, candidate } = general;
    ((current.log_prob - candidate.log_prob) / f64::from(current.tokens)).exp()
}

fn decide(judgement: &Judgement) -> (Verdict, Vec<Reason>) {
    let mut reasons = Vec::new();
    let mut lost = false;
    if judgement.forgetting > MOST_FORGETTING {
        reasons.push(Reason::Forgets);
        lost = true;
    }
    let validity = judgement.metric(MetricKind::Validity);
    let validity = validity.map(|metric| metric.improvement);
    if validity.is_some_and(|improvement| improvement.high < 0.0) {
        reasons.push(Reason::BreaksFormat);
        lost = true;
    }
    let doubtful = validity.is_some_and(|improvement| improvement.estimate < -VALIDITY_SLACK);
    if doubtful && !reasons.contains(&Reason::BreaksFormat) {
        reasons.push(Reason::MayBreakFormat);
    }
    let nll = judgement.metric(MetricKind::ChosenNll);
    let (improvement, groups) = nll.map_or((None, 0), |nll| (Some(nll.improvement), nll.groups));
    let better = improvement.is_some_and(|improvement| improvement.low > 0.0);
    let worse = improvement.is_some_and(|improvement| improvement.high < 0.0);
    reasons.push(match (better, worse) {
        (true, _) => Reason::MoreProbable,
        (_, true) => Reason::LessProbable,
        _ => Reason::NoClearDifference,
    });
    let enough = groups >= LEAST_GROUPS;
    if !enough {
        reasons.push(Reason::FewGroups);
    }
    let verdict = match () {
        () if lost || (worse && enough) => Verdict::Loss,
        () if better && enough && !doubtful => Verdict::Win,
        () => Verdict::NotEnoughEvidence,
    };
    (verdict, reasons)
}
