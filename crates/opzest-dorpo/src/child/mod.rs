//! The trainer's process: the app's own binary, started again with [`TRAINER_ARGUMENT`], at low priority. It reads a
//! run's folder ([`Job`]), trains, and writes nothing but files in there. It ends when its standard input ends: what it
//! has done since its last checkpoint is done again, to the same bits.
//!
//! It speaks lines of JSON: [`ToTrainer`] on standard input, [`FromTrainer`] on standard output. No socket, no database.

mod conditions;
mod golden;
mod job;
mod measuring;
mod protocol;
mod scoring;
mod training;

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use conditions::{Conditions, Strain};
pub use golden::{GoldenAnswer, GoldenPart};
pub use job::{Job, JobError, JobFolder, Texts};
pub use protocol::{FromTrainer, Task, ToTrainer};
pub use scoring::{ScoredExample, ScoredSet};

/// The first argument of a trainer's process.
pub const TRAINER_ARGUMENT: &str = "--opzest-trainer";

/// How much the process steps back for everything else that runs.
const NICENESS: i32 = 10;

/// Runs the trainer if this process was started as one. Call it first in `main`, before anything opens a window, a file
/// or a thread.
pub fn run_if_trainer() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != TRAINER_ARGUMENT {
        return None;
    }
    Some(run())
}

fn run() -> ExitCode {
    step_back();
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    let task = match input.read_line(&mut line) {
        Ok(_) => serde_json::from_str::<Task>(&line),
        Err(_) => return ExitCode::from(2),
    };
    drop(input);
    let Ok(task) = task else {
        eprintln!("this is OpZest's training process; OpZest starts it by itself");
        return ExitCode::from(2);
    };
    let pause = Arc::new(AtomicBool::new(false));
    listen(Arc::clone(&pause));
    let end = match task {
        Task::Train { folder } => training::train(&JobFolder::new(folder), &pause),
        Task::Measure { folder } => measuring::measure(&JobFolder::new(folder)),
        Task::Score { folder, adapter } => {
            scoring::score(&JobFolder::new(folder), adapter.as_deref())
        }
        Task::Golden { folder } => golden::golden(&JobFolder::new(folder)),
    };
    tell(&end.unwrap_or_else(|error| FromTrainer::Failed {
        reason: error.to_string(),
    }));
    ExitCode::SUCCESS
}

/// Other programs come first; and if memory runs out, the system should end this process, not the user's unsaved work.
fn step_back() {
    #[cfg(unix)]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the trainer's priority is unchanged");
    }
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "900") {
        tracing::debug!(%error, "the trainer's out-of-memory score is unchanged");
    }
}

/// Takes requests while the engine computes. Without a parent there is nothing to train for.
fn listen(pause: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line.map(|line| serde_json::from_str(&line)) {
                Ok(Ok(ToTrainer::Pause)) => pause.store(true, Ordering::Relaxed),
                Ok(Err(error)) => eprintln!("the trainer could not read a request: {error}"),
                Err(_) => break,
            }
        }
        std::process::exit(0);
    });
}

/// A closed pipe means that the app is gone.
fn tell(what: &FromTrainer) {
    let mut out = std::io::stdout().lock();
    let line = serde_json::to_string(what).expect("messages are plain data");
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Removes what is no longer needed of a finished run; a missing file is fine.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
