//! Pauses, kills and restarts: the run goes on, and ends in the bits of one that nobody disturbed.

use super::{asked, import, named, open, program, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn plan(use_case: &str) -> StartTraining {
    StartTraining {
        plan: asked(use_case),
        although_not_ready: true,
    }
}

fn trainer_of(parent: u32) -> Option<Pid> {
    let is_trainer = |pid: &i32| -> Option<bool> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let of: u32 = stat
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()?;
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        Some(of == parent && command.contains("--opzest-trainer"))
    };
    std::fs::read_dir("/proc")
        .expect("Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .find(|pid| is_trainer(pid) == Some(true))
        .map(Pid::from_raw)
}

async fn at_step(app: &App, run: &TrainingRun, step: u32) -> TrainingRun {
    until(app, run, |run| {
        assert!(run.problem.is_none(), "{:?}", run.problem);
        run.metrics.last().is_some_and(|last| last.step >= step)
    })
    .await
}

/// What it has trained, as soon as it has; judging is for other tests.
async fn adapter(app: &App, run: &TrainingRun) -> Vec<u8> {
    let run = until(app, run, |run| {
        assert!(run.problem.is_none(), "{:?}", run.problem);
        run.summary.status == RunStatus::Judging
    })
    .await;
    let folder = app.data_folder().join("training").join(&run.summary.id);
    let adapter = std::fs::read(folder.join("adapter.gguf")).expect("it is trained");
    let cancelled = cancel_run(app, named(&run)).await.expect("cancelled");
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    adapter
}

/// `opzest train` in the same data folder, killed while it is at work.
fn killed_program(folder: &Path, use_case: &str) {
    let data = folder.join("data");
    let mut program = Command::new(program())
        .args(["--data".as_ref(), data.as_os_str()])
        .args([
            "train", use_case, "--anyway", "--epochs", "2", "--batch", "4", "--rank", "4",
        ])
        .args([
            "--learning-rate",
            "2e-3",
            "--seed",
            "1",
            "--threads",
            "1",
            "--longest",
            "256",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let end = Instant::now() + Duration::from_secs(120);
    let checkpoint = || {
        let runs = std::fs::read_dir(data.join("training")).ok()?;
        let mut runs = runs.flatten().map(|run| run.path().join("checkpoint"));
        runs.find(|file| file.exists())
    };
    while checkpoint().is_none() {
        assert!(Instant::now() < end, "it trains nothing");
        assert!(program.try_wait().expect("asked").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    program.kill().expect("killed");
    program.wait().expect("gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_interrupts_a_run_it_ends_in_the_same_adapter() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let use_case = import(&app, folder.path(), 24).await;
    let whole = start_training(&app, plan(&use_case)).await.expect("begins");
    let busy = start_training(&app, plan(&use_case)).await;
    assert_eq!(busy.expect_err("one at a time").code, ErrorCode::Busy);
    let expected = adapter(&app, &whole).await;

    // A pause, and the app is closed and opened again.
    let run = start_training(&app, plan(&use_case)).await.expect("begins");
    at_step(&app, &run, 2).await;
    let paused = pause_run(&app, named(&run)).await.expect("pauses");
    assert_eq!(paused.status, RunStatus::Paused);
    assert!(paused.step >= 2 && paused.step < paused.steps, "{paused:?}");
    app.shut_down().await;
    app.close();
    let app = open(folder.path());
    let again = resume_run(&app, named(&run)).await.expect("goes on");
    assert_eq!(again.status, RunStatus::Running);

    // The trainer is killed: told, and resumed.
    at_step(&app, &run, paused.step + 1).await;
    let trainer = trainer_of(std::process::id()).expect("it is at work");
    kill(trainer, Signal::SIGKILL).expect("killed");
    let killed = until(&app, &run, |run| run.summary.status == RunStatus::Paused).await;
    let problem = killed.problem.clone().expect("it says so");
    assert!(problem.message.contains("killed"), "{problem}");
    assert!(problem.hint.contains("Resume"), "{problem}");
    resume_run(&app, named(&run)).await.expect("goes on");
    assert_eq!(adapter(&app, &run).await, expected);
    let late = resume_run(&app, named(&run)).await;
    assert!(late.expect_err("it is over").message.contains("cancelled"));
    app.shut_down().await;
    app.close();

    // The whole program is killed: the next start finds the run paused.
    let name = "Assistant";
    killed_program(folder.path(), name);
    let app = open(folder.path());
    let overview = training_overview(&app, NoArguments {}).await.expect("read");
    let found = &overview.runs[0];
    assert_eq!(found.status, RunStatus::Paused, "{found:?}");
    let argument = RunArgument {
        run_id: found.id.clone(),
    };
    let run = open_run(&app, argument.clone()).await.expect("opened");
    resume_run(&app, argument).await.expect("goes on");
    assert_eq!(adapter(&app, &run).await, expected);
    app.shut_down().await;
}
