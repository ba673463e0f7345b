//! Plans, runs and what came of them, as text.

use crate::host::now_ms;
use crate::plain::line;
use crate::screen::{
    ACCENT, QUIET, STRONG, WARNING, ago, columns, counted, file_size, print_facts, remark, shorten,
};
use opzest_app::dto::{
    ComparisonView, MetricKind, MetricView, RunResult, RunStatus, RunSummary, Scope,
    TrainingOverview, TrainingPlan, TrainingRun, TrainingVerdict,
};
use std::io::Write;

pub fn plan(plan: &TrainingPlan) -> anyhow::Result<()> {
    let settings = &plan.settings;
    print_facts(&[
        ("base model", line(&plan.base)),
        (
            "to learn from",
            format!(
                "{} with {} of {}",
                counted(plan.examples.into(), "example"),
                counted(plan.pairs.into(), "rejected answer"),
                counted(plan.sessions.into(), "session"),
            ),
        ),
        (
            "to judge by",
            counted(plan.held_out.into(), "held-out example"),
        ),
        (
            "teachers' probabilities",
            format!("for {:.0} % of the tokens", 100.0 * plan.soft_share),
        ),
        (
            "settings",
            format!(
                "{} epochs, batch {}, rank {}, learning rate {}, lambda {}, {}",
                settings.epochs,
                settings.batch,
                settings.rank,
                settings.learning_rate,
                settings.lambda,
                counted(settings.threads.into(), "thread"),
            ),
        ),
        (
            "time",
            format!("about {} for {} steps", duration(plan.seconds), plan.steps),
        ),
        ("memory", format!("up to {}", file_size(plan.memory_bytes))),
        ("disk", file_size(plan.disk_bytes)),
    ])?;
    for omitted in &plan.omitted {
        remark(format_args!(
            "{} of the rows: {}",
            omitted.count,
            line(&omitted.reason)
        ));
    }
    for missing in &plan.missing {
        remark(line(missing));
    }
    if let Some(problem) = &plan.problem {
        let (message, hint) = (line(&problem.message), line(&problem.hint));
        writeln!(anstream::stdout(), "{WARNING}{message}{WARNING:#} {hint}")?;
    }
    Ok(())
}

/// "2 h 5 min", "3 min", "12 s".
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

pub fn held_out(metric: &MetricView) -> String {
    let accuracy = metric.preference_accuracy.map_or(String::new(), |share| {
        format!(", prefers accepted work in {:.0} %", 100.0 * share)
    });
    let when = match metric.epoch {
        0 => "Before training".to_owned(),
        epoch => format!("After epoch {epoch}"),
    };
    format!(
        "{when}: held-out work surprises by {:.3} nats per token{accuracy}",
        metric.chosen_nll
    )
}

fn status(run: &RunSummary) -> String {
    match run.status {
        RunStatus::Preparing => "preparing".into(),
        RunStatus::Running => format!("at step {} of {}", run.step, run.steps),
        RunStatus::Paused => format!("paused at step {} of {}", run.step, run.steps),
        RunStatus::Judging => "being judged".into(),
        RunStatus::Failed => "failed".into(),
        RunStatus::Cancelled => "cancelled".into(),
        RunStatus::Finished => match (run.promoted, run.verdict) {
            (true, _) => "in use".into(),
            (false, Some(TrainingVerdict::Win)) => "better".into(),
            (false, Some(TrainingVerdict::Loss)) => "worse".into(),
            (false, _) => "not enough evidence".into(),
        },
    }
}

pub fn list(overview: &TrainingOverview) -> anyhow::Result<()> {
    if overview.runs.is_empty() {
        remark(
            "Nothing has been trained yet. `opzest dataset stats` tells what is missing, `opzest train USE_CASE` trains.",
        );
    }
    let now = now_ms();
    let row = |(index, run): (usize, &RunSummary)| {
        [
            (index + 1).to_string(),
            shorten(&line(&run.name), 30),
            shorten(&line(&run.base), 24),
            status(run),
            ago(run.created_at, now),
        ]
    };
    let rows: Vec<_> = overview.runs.iter().enumerate().map(row).collect();
    let mut out = anstream::stdout();
    for [number, name, base, status, when] in columns(&rows) {
        writeln!(
            out,
            "{number}  {ACCENT}{name}{ACCENT:#}  {base}  {status}  {QUIET}{}{QUIET:#}",
            when.trim_end()
        )?;
    }
    Ok(())
}

pub fn run(run: &TrainingRun) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    let summary = &run.summary;
    writeln!(
        out,
        "{STRONG}{}{STRONG:#}  {}  {QUIET}{} of work{QUIET:#}",
        line(&summary.name),
        status(summary),
        duration(summary.active_seconds)
    )?;
    plan(&run.plan)?;
    for metric in run
        .metrics
        .iter()
        .filter(|metric| metric.kind == MetricKind::HeldOut)
    {
        remark(held_out(metric));
    }
    outcome(run)
}

pub fn outcome(run: &TrainingRun) -> anyhow::Result<()> {
    match &run.result {
        Some(result) => show_result(result),
        None => Ok(()),
    }
}

fn show_result(result: &RunResult) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    for sample in &result.samples {
        writeln!(out, "\n{STRONG}{}{STRONG:#}", line(&sample.title))?;
        for (who, text) in [
            ("before", &sample.before),
            ("after", &sample.after),
            ("accepted", &sample.accepted),
        ] {
            writeln!(
                out,
                "  {who:<9}{QUIET}{}{QUIET:#}",
                shorten(&line(text), 66)
            )?;
        }
    }
    writeln!(out)?;
    let rows: Vec<_> = result.comparisons.iter().map(comparison).collect();
    for [name, before, after, interval] in columns(&rows) {
        writeln!(
            out,
            "{name}  {before}  {after}  {QUIET}{}{QUIET:#}",
            interval.trim_end()
        )?;
    }
    let verdict = match result.verdict {
        TrainingVerdict::Win => "Win.",
        TrainingVerdict::Loss => "Loss.",
        TrainingVerdict::NotEnoughEvidence => "Not enough evidence.",
    };
    writeln!(out, "\n{STRONG}{verdict}{STRONG:#} {}", line(&result.words))?;
    remark(line(&result.parity.words));
    Ok(())
}

fn comparison(view: &ComparisonView) -> [String; 4] {
    let number = |value: f64| match view.unit == "%" {
        true => format!("{value:.0} %"),
        false => format!("{value:.3}"),
    };
    let interval = match (view.low, view.high) {
        (Some(low), Some(high)) => format!("change {} to {}", number(low), number(high)),
        _ => String::new(),
    };
    let unit = match view.unit == "%" {
        true => String::new(),
        false => format!(" ({})", view.unit),
    };
    [
        format!("{}{unit}", view.name),
        number(view.before),
        format!("→ {}", number(view.after)),
        interval,
    ]
}

pub fn in_use(overview: &TrainingOverview) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    for use_case in &overview.use_cases {
        for model in &use_case.in_use {
            let scope = match model.scope {
                Scope::Private => "",
                Scope::Communal => " (communal)",
            };
            let before = model.before.as_ref().map_or(String::new(), |before| {
                format!(", before it {}", line(before))
            });
            writeln!(
                out,
                "{}{scope}: {ACCENT}{}{ACCENT:#}{before}",
                line(&use_case.name),
                line(&model.name)
            )?;
        }
    }
    if overview
        .use_cases
        .iter()
        .all(|use_case| use_case.in_use.is_empty())
    {
        remark("No trained model is in use.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_short() {
        let told: Vec<_> = [0.4, 89.0, 100.0, 5_399.0, 7_500.0]
            .map(super::duration)
            .to_vec();
        assert_eq!(told, ["0 s", "89 s", "2 min", "90 min", "2 h 5 min"]);
    }
}
