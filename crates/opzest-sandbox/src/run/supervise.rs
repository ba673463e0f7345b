//! Watches a program that runs, and ends it when it must end.

use super::capture::{Capture, Captured};
use crate::Limits;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Why a program runs no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Exited,
    Wall,
    Memory,
    Written,
    Output,
    Cancelled,
}

pub(crate) struct Ended {
    pub(crate) stop: Stop,
    /// Of the process that was started; `None` if even that is unknown.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) output: Captured,
    pub(crate) wall: Duration,
}

pub(crate) fn with_pipes(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
}

/// Feeds and watches `child` until it ends or something ends it. `watch` resolves when it has used up
/// something; `kill` ends every process of the run and is called in every case.
pub(crate) async fn supervise(
    mut child: Child,
    stdin: String,
    limits: &Limits,
    watch: impl Future<Output = Stop>,
    cancel: &CancellationToken,
    kill: impl FnOnce(&mut Child),
) -> Ended {
    let started = Instant::now();
    let capture = Capture::start(
        child.stdout.take().expect("stdout is a pipe"),
        child.stderr.take().expect("stderr is a pipe"),
        limits.output_bytes,
    );
    let mut into = child.stdin.take().expect("stdin is a pipe");
    let feeding = tokio::spawn(async move {
        // A program need not read what it is given.
        let _ = into.write_all(stdin.as_bytes()).await;
    });
    let mut stop = tokio::select! {
        biased;
        () = cancel.cancelled() => Stop::Cancelled,
        () = capture.passed() => Stop::Output,
        _ = child.wait() => Stop::Exited,
        stop = watch => stop,
        () = tokio::time::sleep(limits.wall) => Stop::Wall,
    };
    let wall = started.elapsed();
    kill(&mut child);
    let status = child.wait().await.ok();
    feeding.abort();
    let output = capture.finish().await;
    if stop == Stop::Exited && output.over {
        stop = Stop::Output;
    }
    Ended {
        stop,
        status,
        output,
        wall,
    }
}
