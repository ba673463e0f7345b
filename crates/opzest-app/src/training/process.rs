//! The trainer's process as the app sees it: started for one task, heard line by line, killed when dropped.

use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use opzest_dorpo::child::{FromTrainer, TRAINER_ARGUMENT, Task, ToTrainer};
use opzest_llm::local::WorkerCommand;
use serde::Serialize;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// What it may say in one line; the golden answers' log-probabilities are the longest.
pub(super) struct TrainerProcess {
    child: Child,
    /// Its end ends the process.
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl TrainerProcess {
    pub(super) async fn start(command: &WorkerCommand, task: &Task) -> Result<Self, UiError> {
        let mut child = command
            .with(TRAINER_ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| not_started(&source.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(not_started("its pipes are missing"));
        };
        tokio::spawn(async move {
            let mut lines = BufReader::new(errors).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::warn!("trainer: {line}");
            }
        });
        let mut process = Self {
            child,
            input,
            output: BufReader::new(output).lines(),
        };
        process.send(task).await;
        Ok(process)
    }

    /// Asks for a checkpoint after the step under way, and the end.
    pub(super) async fn pause(&mut self) {
        self.send(&ToTrainer::Pause).await;
    }

    /// A process that is gone is noticed by its missing answer.
    async fn send(&mut self, message: &impl Serialize) {
        let mut line = serde_json::to_vec(message).unwrap_or_default();
        line.push(b'\n');
        let _ = self.input.write_all(&line).await;
    }

    /// The next thing that it tells. Nothing is lost when this is dropped half-way.
    pub(super) async fn next(&mut self) -> Result<FromTrainer, UiError> {
        match self.output.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).map_err(|source| {
                tracing::error!(%source, "the trainer said something that is no message");
                not_started("it answered in another language; restart OpZest")
            }),
            Ok(None) | Err(_) => Err(self.died().await),
        }
    }

    /// What a task that has one answer answers.
    pub(super) async fn only(command: &WorkerCommand, task: &Task) -> Result<FromTrainer, UiError> {
        let mut process = Self::start(command, task).await?;
        match process.next().await? {
            FromTrainer::Failed { reason } => Err(failed(&reason)),
            answer => Ok(answer),
        }
    }

    async fn died(&mut self) -> UiError {
        let status = self.child.wait().await;
        let how = match status {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit code {code}"),
                (None, Some(9)) => "killed; perhaps the memory was full".to_owned(),
                (None, Some(signal)) => format!("signal {signal}"),
                (None, None) => "for an unknown reason".to_owned(),
            },
            Err(source) => source.to_string(),
        };
        error(
            ErrorCode::WorkerDied,
            format!("The training process ended ({how})."),
            "Nothing that it had saved is lost: resume the run.",
        )
    }
}

/// What the trainer itself tells as its reason, as a sentence.
pub(super) fn failed(reason: &str) -> UiError {
    error(
        ErrorCode::Training,
        crate::error::sentence(reason),
        "What was trained until the last checkpoint is kept.",
    )
}

fn not_started(reason: &str) -> UiError {
    error(
        ErrorCode::WorkerDied,
        format!("The training process could not be started: {reason}."),
        "Try again; if it stays, restart OpZest.",
    )
}
