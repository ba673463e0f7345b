//! Finds out whether scripts can run isolated here, by running one.

use super::interpreter::Interpreter;
use super::{Parts, Sandbox};
use crate::{Availability, Missing, RunOutcome, RunRequest, SandboxError, Tools};
use opzest_core::artifact::Artifact;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const TRIAL: &str = "import sys; print('opzest', '.'.join(map(str, sys.version_info[:3])))";

pub(super) async fn detect(tools: &Tools) -> Availability {
    match attempt(tools).await {
        Ok(sandbox) => Availability::Ready(sandbox),
        Err(missing) => Availability::Missing(missing),
    }
}

async fn attempt(tools: &Tools) -> Result<Sandbox, Missing> {
    let bubblewrap = present(tools.bubblewrap.as_deref()).ok_or(Missing::Bubblewrap)?;
    let python = present(tools.python.as_deref()).ok_or(Missing::Python)?;
    let mut parts = Parts {
        bubblewrap: bubblewrap.to_path_buf(),
        limits_folders: true,
        python: Interpreter::at(python, &tools.private)?,
        python_version: String::new(),
    };
    let mut version = trial(&parts).await;
    if matches!(version, Err(Missing::BubblewrapTooOld { .. })) {
        parts.limits_folders = false;
        version = trial(&parts).await;
    }
    parts.python_version = version?;
    Ok(Sandbox(Arc::new(parts)))
}

fn present(tool: Option<&Path>) -> Option<&Path> {
    tool.filter(|tool| tool.is_file())
}

/// Python's version, from inside.
async fn trial(parts: &Parts) -> Result<String, Missing> {
    let sandbox = Sandbox(Arc::new(parts.clone()));
    let name = "trial.py".parse().expect("a file name");
    let artifact = Artifact::one(name, TRIAL);
    let report = sandbox
        .run_python(&artifact, &RunRequest::default(), CancellationToken::new())
        .await
        .map_err(because)?;
    match report.stdout.trim().strip_prefix("opzest ") {
        Some(version) if report.outcome == RunOutcome::Passed => Ok(version.to_owned()),
        Some(_) | None => Err(Missing::PythonUnusable {
            reason: report
                .error_text()
                .unwrap_or_else(|| "it does not run a script of one line".into()),
        }),
    }
}

fn because(error: SandboxError) -> Missing {
    let reason = match error {
        SandboxError::Setup { reason } => reason,
        SandboxError::Start { .. }
        | SandboxError::Folder(_)
        | SandboxError::NothingToRun
        | SandboxError::NoSuchFile(_)
        | SandboxError::NamesCollide { .. }
        | SandboxError::TooLarge { .. }
        | SandboxError::Argument(_) => error.to_string(),
    };
    // bubblewrap has no codes for its failures, only these words.
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["nknown option"]) {
        Missing::BubblewrapTooOld { reason }
    } else if says(&[
        "namespace",
        "uid map",
        "gid map",
        "loopback",
        "Can't mount proc",
    ]) {
        Missing::NotAllowed { reason }
    } else {
        Missing::Other { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_bubblewrap_become_reasons() {
        let because = |reason: &str| {
            because(SandboxError::Setup {
                reason: reason.into(),
            })
        };
        for refused in [
            "bwrap: No permissions to create a new namespace, likely because the kernel does not allow non-privileged user namespaces.",
            "bwrap: setting up uid map: Permission denied",
            "bwrap: Creating new namespace failed: No space left on device",
            "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
        ] {
            assert!(
                matches!(because(refused), Missing::NotAllowed { .. }),
                "{refused}"
            );
        }
        assert!(matches!(
            because("bwrap: Unknown option --size"),
            Missing::BubblewrapTooOld { .. }
        ));
        assert!(matches!(
            because("bwrap: Can't find source path"),
            Missing::Other { .. }
        ));
    }
}
