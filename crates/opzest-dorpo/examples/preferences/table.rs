//! What came of the runs, as Markdown.

use std::collections::BTreeMap;

use opzest_dorpo::example::Example;
use opzest_dorpo::judge::bootstrap::{Paired, interval};

use crate::evaluate::Scores;
use crate::runs::{Outcome, Promise};

pub fn head(base: &Scores) {
    println!(
        "Base: chosen NLL {:.3}, preference accuracy {:.3}, general text {:.3} nats a token\n",
        mean(&base.nll),
        mean(&base.preferred),
        base.general
    );
    println!(
        "| run | rows | rate | lambda | batch | best epoch | chosen NLL | accuracy | general text, perplexity x | \
         NLL (accuracy) after each epoch | seconds / estimate | MiB / estimate |"
    );
    println!("|{}", " --- |".repeat(12));
}

pub fn row(outcome: &Outcome, base: &Scores) {
    let (spec, scores) = (&outcome.spec, &outcome.scores);
    let epochs: Vec<String> = outcome
        .epochs
        .iter()
        .map(|figures| {
            let accuracy = figures.preference_accuracy().unwrap_or_default();
            format!("{:.3} ({accuracy:.2})", figures.chosen_nll())
        })
        .collect();
    let promise = |promise: Promise, unit: f64| {
        format!(
            "{:.0} / {:.0} = {:.2}",
            promise.happened / unit,
            promise.estimated / unit,
            promise.happened / promise.estimated
        )
    };
    println!(
        "| {}, seed {} | {} | {:e} | {} | {} | {} of {} | {:.3} | {:.3} | {:.3} | {} | {} | {} |",
        spec.label,
        spec.settings.seed,
        spec.rows,
        spec.settings.learning_rate,
        spec.lambda,
        spec.settings.batch,
        outcome.best,
        spec.settings.epochs,
        mean(&scores.nll),
        mean(&scores.preferred),
        (scores.general - base.general).exp(),
        epochs.join(", "),
        promise(outcome.seconds, 1.0),
        promise(outcome.bytes, f64::from(1 << 20)),
    );
}

/// Each label against the base and against the first label: differences with their 95 % intervals over groups.
pub fn comparisons(outcomes: &[Outcome], base: &Scores, held_out: &[Example]) {
    let mut labels: BTreeMap<&str, Vec<&Scores>> = BTreeMap::new();
    for outcome in outcomes {
        labels
            .entry(&outcome.spec.label)
            .or_default()
            .push(&outcome.scores);
    }
    let Some(first) = outcomes.first().map(|outcome| outcome.spec.label.as_str()) else {
        return;
    };
    println!("\n| label | runs | against | chosen NLL | accuracy |");
    println!("|{}", " --- |".repeat(5));
    for (label, runs) in &labels {
        let (name, others) = match *label == first {
            true => ("base", vec![base]),
            false => (first, labels[first].clone()),
        };
        let difference = |of: fn(&Scores) -> &Vec<f64>| {
            let (current, candidate) = (average(&others, of), average(runs, of));
            let paired: Vec<_> = held_out
                .iter()
                .zip(current.into_iter().zip(candidate))
                .map(|(row, (current, candidate))| Paired {
                    group: &row.group,
                    current,
                    candidate,
                })
                .collect();
            interval(&paired, 1.0, 0).map_or_else(String::new, |([_, mean], of, groups)| {
                format!(
                    "{mean:.3}: {:+.3} ({:+.3} to {:+.3}, {groups} groups)",
                    of.estimate, of.low, of.high
                )
            })
        };
        println!(
            "| {label} | {} | {name} | {} | {} |",
            runs.len(),
            difference(|scores| &scores.nll),
            difference(|scores| &scores.preferred)
        );
    }
}

/// Of each held-out row, over the runs.
fn average(runs: &[&Scores], of: fn(&Scores) -> &Vec<f64>) -> Vec<f64> {
    let rows = of(runs[0]).len();
    (0..rows)
        .map(|row| runs.iter().map(|scores| of(scores)[row]).sum::<f64>() / runs.len() as f64)
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
