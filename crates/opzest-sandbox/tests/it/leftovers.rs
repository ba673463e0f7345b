//! No process outlives its run, however the run ends.

use crate::support::{patient, sandbox, script};
use crate::world::{World, processes_with, wait_for_processes};
use opzest_sandbox::{Clock, RunOutcome, RunRequest};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A process that has left its parent, its session and its streams.
const DAEMON: &str = "import os, sys, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        for fd in range(3): os.close(fd)\n        while True: time.sleep(1000)\n    os._exit(0)\nos.wait()\n";

#[tokio::test]
async fn daemons_end_with_the_program() {
    let mut world = World::new();
    let report = world.run(&format!("{DAEMON}print('done')"), &[]).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "done\n")
    );
}

#[tokio::test]
async fn daemons_end_with_the_clock() {
    let mut world = World::new();
    let mut request = patient();
    request.limits.wall = Duration::from_secs(2);
    let report = world
        .run_with(&format!("{DAEMON}time.sleep(1000)"), request)
        .await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Wall));
}

#[tokio::test]
async fn a_process_that_keeps_the_output_open_does_not_hold_up_the_run() {
    let mut world = World::new();
    let text =
        "import os, time\nif os.fork() == 0:\n    while True: time.sleep(1000)\nprint('done')";
    let report = world.run(text, &[]).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "done\n")
    );
    assert!(report.wall < Duration::from_secs(50));
}

fn endless(marker: &str) -> (String, RunRequest) {
    let request = RunRequest {
        arguments: vec![marker.to_owned()],
        ..patient()
    };
    (format!("{DAEMON}while True: time.sleep(1000)"), request)
}

#[tokio::test]
async fn cancelling_ends_all() {
    let mut world = World::new();
    let marker = world.marker.clone();
    let (text, request) = endless(&marker);
    let cancel = CancellationToken::new();
    let running = sandbox().await;
    let token = cancel.clone();
    let run =
        tokio::spawn(async move { running.run_python(&script(&text), &request, token).await });
    wait_until_it_runs(&marker).await;
    cancel.cancel();
    let report = run.await.expect("no panic").expect("it started");
    assert_eq!(report.outcome, RunOutcome::Cancelled);
    world.is_as_before();
}

#[tokio::test]
async fn dropping_the_future_ends_all() {
    let mut world = World::new();
    let marker = world.marker.clone();
    let (text, request) = endless(&marker);
    let running = sandbox().await;
    let run = tokio::spawn(async move {
        running
            .run_python(&script(&text), &request, CancellationToken::new())
            .await
    });
    wait_until_it_runs(&marker).await;
    run.abort();
    let marker = world.marker.clone();
    tokio::task::spawn_blocking(move || wait_for_processes(&marker, 0))
        .await
        .expect("they end");
    world.is_as_before();
}

/// bubblewrap with its first process, the program, its daemon.
async fn wait_until_it_runs(marker: &str) {
    let marker = marker.to_owned();
    tokio::task::spawn_blocking(move || wait_for_processes(&marker, 4))
        .await
        .expect("it starts");
}

const MARKER: &str = "OPZEST_TEST_MARKER";

/// An app that runs a program; on its own, a program that ends at once.
#[tokio::test]
async fn an_app_with_a_run() {
    let marker = std::env::var(MARKER).ok();
    let (text, request) = endless(marker.as_deref().unwrap_or("nobody looks for this"));
    let text = if marker.is_some() {
        text
    } else {
        "print('done')".into()
    };
    let report = sandbox()
        .await
        .run_python(&script(&text), &request, CancellationToken::new())
        .await;
    assert_eq!(report.expect("starts").stdout, "done\n");
}

#[test]
fn a_killed_app_takes_its_runs_along() {
    let mut world = World::new();
    let mut app = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "leftovers::an_app_with_a_run"])
        .env(MARKER, &world.marker)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    wait_for_processes(&world.marker, 4);
    app.kill().expect("it runs");
    app.wait().expect("it ends");
    wait_for_processes(&world.marker, 0);
    assert_eq!(processes_with(&world.marker), [""; 0]);
    world.is_as_before();
}
