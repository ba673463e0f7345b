//! What the tests share.

use opzest_core::artifact::{Artifact, FileName};
use opzest_sandbox::{Availability, Limits, RunReport, RunRequest, Sandbox};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub fn name(text: &str) -> FileName {
    text.parse().expect("a file name")
}

pub fn script(text: &str) -> Artifact {
    Artifact::one(name("main.py"), text)
}

pub async fn sandbox() -> Sandbox {
    match Sandbox::detect().await {
        Availability::Ready(sandbox) => sandbox,
        Availability::Missing(missing) => {
            panic!(
                "the tests need a working sandbox: {missing}. {}",
                missing.hint()
            )
        }
    }
}

/// Limits that a busy machine does not reach by being busy.
pub fn patient() -> RunRequest {
    RunRequest {
        limits: Limits {
            wall: Duration::from_secs(60),
            cpu: Duration::from_secs(30),
            ..Limits::default()
        },
        ..RunRequest::default()
    }
}

pub async fn run(text: &str) -> RunReport {
    run_with(text, patient()).await
}

pub async fn run_with(text: &str, request: RunRequest) -> RunReport {
    sandbox()
        .await
        .run_python(&script(text), &request, CancellationToken::new())
        .await
        .expect("the run starts")
}
