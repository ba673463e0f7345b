//! `opzest train` and what follows: runs, promotion, rollback, export.

mod show;

use crate::args::{
    EvalArguments, ExportModelArguments, Output, PromoteArguments, RollbackArguments, RunsCommand,
    TrainArguments,
};
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{Progress, counted, print_json, remark};
use opzest_app::Events;
use opzest_app::calls::*;
use opzest_app::dto::{
    LabelEvent, MetricKind, RunEvent, RunStatus, RunSummary, Scope, TrainingOverview, TrainingRun,
    TrainingSettings,
};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use tokio::signal::ctrl_c;

/// Stopped with Ctrl-C.
const INTERRUPTED: u8 = 130;

pub fn train(host: &Host, arguments: TrainArguments) -> anyhow::Result<ExitCode> {
    let plan = PlanTraining {
        use_case_id: crate::dataset::known_use_case(host, &arguments.use_case)?,
        scope: scope(arguments.communal),
        base_id: arguments.base.clone(),
        settings: None,
    };
    remark("Reading your rows and measuring some steps ...");
    let usual = host.wait(plan_training(&host.app, plan.clone()))?;
    let plan = PlanTraining {
        settings: Some(chosen(&arguments, usual.settings.clone())),
        ..plan
    };
    if arguments.plan {
        let view = match plan.settings.as_ref() == Some(&usual.settings) {
            true => usual,
            false => host.wait(plan_training(&host.app, plan))?,
        };
        return match arguments.output.json {
            true => print_json(&view),
            false => show::plan(&view),
        }
        .map(|()| ExitCode::SUCCESS);
    }
    let start = StartTraining {
        plan,
        although_not_ready: arguments.anyway,
    };
    let run = host
        .wait(start_training(&host.app, start))
        .map_err(|mut problem| {
            if problem.hint.starts_with("Train all the same") {
                problem.hint = "Add --anyway to train all the same.".into();
            }
            problem
        })?;
    if !arguments.output.json {
        show::plan(&run.plan)?;
    }
    follow(host, &run.summary, arguments.output)
}

pub fn scope(communal: bool) -> Scope {
    match communal {
        true => Scope::Communal,
        false => Scope::Private,
    }
}

fn chosen(arguments: &TrainArguments, usual: TrainingSettings) -> TrainingSettings {
    TrainingSettings {
        epochs: arguments.epochs.unwrap_or(usual.epochs),
        batch: arguments.batch.unwrap_or(usual.batch),
        rank: arguments.rank.unwrap_or(usual.rank),
        learning_rate: arguments.learning_rate.unwrap_or(usual.learning_rate),
        lambda: arguments.lambda.unwrap_or(usual.lambda),
        seed: arguments.seed.unwrap_or(usual.seed),
        threads: arguments.threads.unwrap_or(usual.threads),
        max_tokens: arguments.longest.unwrap_or(usual.max_tokens),
        soft_labels: !arguments.hard_labels,
        card: arguments.card,
    }
}

/// Shows how a run goes on until it is not at work any more; Ctrl-C pauses it.
fn follow(host: &Host, run: &RunSummary, output: Output) -> anyhow::Result<ExitCode> {
    let argument = RunArgument {
        run_id: run.id.clone(),
    };
    let progress = Arc::new(Mutex::new((Progress::default(), None::<RunSummary>)));
    let shown = Arc::clone(&progress);
    let events = Events::new(Arc::new(move |event| {
        let (Ok(event), Ok(mut shown)) = (serde_json::from_value(event), shown.lock()) else {
            return;
        };
        show_event(event, &mut shown);
    }));
    let interrupted = host.wait(async {
        let mut watching = Box::pin(watch_run(&host.app, argument.clone(), events));
        tokio::select! {
            watched = &mut watching => watched.map(|()| false),
            _ = ctrl_c() => {
                let paused = pause_run(&host.app, argument.clone()).await;
                watching.await?;
                paused.map(|_| true)
            }
        }
    })?;
    if let Ok(mut shown) = progress.lock() {
        shown.0.clear();
    }
    let run = host.wait(open_run(&host.app, argument))?;
    match output.json {
        true => print_json(&run)?,
        false => show::outcome(&run)?,
    }
    match (interrupted, run.summary.status) {
        (true, _) => {
            let name = line(&run.summary.name);
            remark(format_args!(
                "Paused. `opzest runs resume \"{name}\"` goes on where it was."
            ));
            Ok(ExitCode::from(INTERRUPTED))
        }
        (false, RunStatus::Finished) => Ok(ExitCode::SUCCESS),
        (false, _) => Err(match run.problem {
            Some(problem) => problem.into(),
            None => mistake(
                "The run has not finished.",
                format!(
                    "`opzest runs show \"{}\"` tells more.",
                    line(&run.summary.name)
                ),
            )
            .into(),
        }),
    }
}

fn show_event(event: RunEvent, (progress, last): &mut (Progress, Option<RunSummary>)) {
    match event {
        RunEvent::Summary { summary } => {
            if let Some(waiting) = &summary.waiting {
                progress.show(line(waiting));
            }
            *last = Some(summary);
        }
        RunEvent::Metric { metric } => {
            let steps = last.as_ref().map_or(0, |summary| summary.steps);
            let left = last.as_ref().and_then(|summary| summary.seconds_left);
            let left = left.map_or(String::new(), |left| {
                format!(", about {} left", show::duration(left))
            });
            match metric.kind {
                MetricKind::Step => progress.show(format_args!(
                    "Step {} of {steps}: loss {:.3}{left}",
                    metric.step, metric.loss
                )),
                MetricKind::HeldOut => {
                    progress.clear();
                    remark(show::held_out(&metric));
                }
            }
        }
        RunEvent::Doing { words } => progress.show(format_args!("{} ...", line(&words))),
        RunEvent::Changed => {}
    }
}

pub fn runs(host: &Host, command: RunsCommand) -> anyhow::Result<ExitCode> {
    match command {
        RunsCommand::List(output) => {
            let overview = overview(host)?;
            match output.json {
                true => print_json(&overview.runs)?,
                false => show::list(&overview)?,
            }
        }
        RunsCommand::Show { run, output } => {
            let run = whole(host, &run)?;
            match output.json {
                true => print_json(&run)?,
                false => show::run(&run)?,
            }
        }
        RunsCommand::Resume { run } => {
            let summary = host.wait(resume_run(&host.app, named(host, &run)?))?;
            return follow(host, &summary, Output { json: false });
        }
        RunsCommand::Cancel { run } => {
            let summary = host.wait(cancel_run(&host.app, named(host, &run)?))?;
            remark(format_args!("{} is cancelled.", line(&summary.name)));
        }
        RunsCommand::Delete { run } => {
            let named = named(host, &run)?;
            host.wait(delete_run(&host.app, named))?;
            remark("The run is deleted, and the model that came of it.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `opzest dataset label`.
pub fn label(host: &Host, asked: LabelRows, output: Output) -> anyhow::Result<()> {
    let progress = Arc::new(Mutex::new(Progress::default()));
    let shown = Arc::clone(&progress);
    let events = Events::new(Arc::new(move |event| {
        if let (Ok(LabelEvent::Progress { done, total }), Ok(mut shown)) =
            (serde_json::from_value(event), shown.lock())
        {
            shown.show(format_args!("Reading row {} of {total} ...", done + 1));
        }
    }));
    let report = host.wait(label_rows(&host.app, asked, events))?;
    if let Ok(mut shown) = progress.lock() {
        shown.clear();
    }
    if output.json {
        return print_json(&report);
    }
    let labelled = counted(report.labelled.into(), "row");
    let left_out = match &report.problem {
        _ if report.left_out == 0 => String::new(),
        Some(problem) => format!("; {} left out: {}", report.left_out, line(&problem.message)),
        None => format!(
            "; {} left out: they have changed meanwhile",
            report.left_out
        ),
    };
    remark(format_args!("{labelled} labelled{left_out}"));
    Ok(())
}

pub fn eval(host: &Host, arguments: EvalArguments) -> anyhow::Result<()> {
    let named = named(host, &arguments.run)?;
    remark("Comparing with what is in use, on the work that is held out now ...");
    let run = host.wait(judge_run(&host.app, named))?;
    match arguments.output.json {
        true => print_json(&run),
        false => show::outcome(&run),
    }
}

pub fn promote(host: &Host, arguments: PromoteArguments) -> anyhow::Result<()> {
    let promote = PromoteRun {
        run_id: named(host, &arguments.run)?.run_id,
        although_no_win: arguments.anyway,
    };
    let overview = host
        .wait(promote_run(&host.app, promote))
        .map_err(|mut problem| {
            if problem.hint.starts_with("Promote it all the same") {
                problem.hint = "Add --anyway to promote it all the same.".into();
            }
            problem
        })?;
    show::in_use(&overview)
}

pub fn rollback(host: &Host, arguments: RollbackArguments) -> anyhow::Result<()> {
    let rollback = Rollback {
        use_case_id: crate::dataset::known_use_case(host, &arguments.use_case)?,
        scope: scope(arguments.communal),
    };
    show::in_use(&host.wait(roll_back(&host.app, rollback))?)
}

pub fn export_model(host: &Host, arguments: ExportModelArguments) -> anyhow::Result<()> {
    let folder = std::path::absolute(&arguments.folder)?;
    let export = ExportTrained {
        run_id: named(host, &arguments.run)?.run_id,
        format: arguments.format.into(),
        folder: folder.to_string_lossy().into_owned(),
    };
    for path in host.wait(export_trained(&host.app, export))? {
        println!("{}", line(&path));
    }
    Ok(())
}

fn overview(host: &Host) -> anyhow::Result<TrainingOverview> {
    Ok(host.wait(training_overview(&host.app, NoArguments {}))?)
}

/// By the number in the list, the name or the ID.
fn named(host: &Host, run: &str) -> anyhow::Result<RunArgument> {
    let runs = overview(host)?.runs;
    let by_number = run
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let by_number = by_number.and_then(|index| runs.get(index));
    let same = |summary: &&RunSummary| summary.id == run || summary.name.eq_ignore_ascii_case(run);
    match by_number.or_else(|| runs.iter().find(same)) {
        Some(found) => Ok(RunArgument {
            run_id: found.id.clone(),
        }),
        None => Err(mistake(
            format!("There is no training run `{}`.", line(run)),
            "`opzest runs list` shows all of them.",
        )
        .into()),
    }
}

fn whole(host: &Host, run: &str) -> anyhow::Result<TrainingRun> {
    let named = named(host, run)?;
    Ok(host.wait(open_run(&host.app, named))?)
}
