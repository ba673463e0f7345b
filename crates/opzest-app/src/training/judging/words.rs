//! A judgement in words and figures for the user.

use crate::dto::{ComparisonView, TrainingVerdict};
use opzest_dorpo::judge::{Judgement, MetricKind, Reason, Unit, Verdict};

pub(super) fn verdict(verdict: Verdict) -> TrainingVerdict {
    match verdict {
        Verdict::Win => TrainingVerdict::Win,
        Verdict::Loss => TrainingVerdict::Loss,
        Verdict::NotEnoughEvidence => TrainingVerdict::NotEnoughEvidence,
    }
}

pub(super) fn words(judgement: &Judgement) -> String {
    let of = |reason: &Reason| match reason {
        Reason::MoreProbable => {
            "Your accepted work is more probable under the new model, beyond doubt."
        }
        Reason::LessProbable => {
            "Your accepted work is less probable under the new model, beyond doubt."
        }
        Reason::NoClearDifference => {
            "The new model may be better or worse; the held-out work does not tell."
        }
        Reason::FewGroups => "There is held-out work of too few sessions to tell.",
        Reason::Forgets => "The new model has forgotten too much of ordinary language.",
        Reason::BreaksFormat => "The new model breaks the format of the work more often.",
        Reason::MayBreakFormat => {
            "The new model broke the format of the work more often, which may be chance."
        }
    };
    judgement
        .reasons
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join(" ")
}

pub(super) fn comparisons(judgement: &Judgement) -> Vec<ComparisonView> {
    let per = match judgement.unit {
        Unit::Token => "nats per token",
        Unit::Byte => "nats per byte",
    };
    let mut views: Vec<_> = judgement
        .metrics
        .iter()
        .map(|metric| {
            let (name, unit, factor, lower_is_better) = match metric.kind {
                MetricKind::ChosenNll => ("Surprise at accepted work", per, 1.0, true),
                MetricKind::PreferenceAccuracy => {
                    ("Prefers accepted over rejected work", "%", 100.0, false)
                }
                MetricKind::PreferenceMargin => ("By how much it prefers it", per, 1.0, false),
                MetricKind::Kl => ("Distance from the teachers", "nats per token", 1.0, true),
                MetricKind::Validity => ("Well-formed new answers", "%", 100.0, false),
            };
            // The judgement's intervals are of improvements; these are of after - before.
            let sign = if lower_is_better { -factor } else { factor };
            let ends = [
                sign * metric.improvement.low,
                sign * metric.improvement.high,
            ];
            let told = metric.groups > 1;
            ComparisonView {
                name: name.into(),
                unit: unit.into(),
                before: factor * metric.current,
                after: factor * metric.candidate,
                low: told.then(|| ends[0].min(ends[1])),
                high: told.then(|| ends[0].max(ends[1])),
                lower_is_better,
            }
        })
        .collect();
    views.push(ComparisonView {
        name: "Surprise at ordinary text".into(),
        unit: "times what it was".into(),
        before: 1.0,
        after: judgement.forgetting,
        low: None,
        high: None,
        lower_is_better: true,
    });
    views
}
