//! The sandbox: bubblewrap with namespaces of its own for everything, a system that cannot be written, three
//! small file systems in memory, a filter of system calls, and limits.
//!
//! The program waits behind a gate (`launch`) until the folders that it will use are open on our side
//! (`inside`): that is how memory and files are watched from outside, and how its files are collected after
//! every process is gone, whatever it did to itself. No helper of ours runs beside the program.

mod bubblewrap;
mod detect;
mod inside;
mod interpreter;
mod launch;
mod seccomp;

use crate::run::report::RunReport;
use crate::run::request::RunRequest;
use crate::run::supervise::supervise;
use crate::run::{files, on_own_thread};
use crate::{Availability, SandboxError, Tools};
use interpreter::Interpreter;
use opzest_core::artifact::Artifact;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Where the program sees its files.
const FOLDER: &str = "/work";

/// Runs scripts isolated. Cheap to clone; made by [`Sandbox::detect`] alone, which has tried it.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    bubblewrap: PathBuf,
    /// Whether this bubblewrap can limit its file systems (0.7 and newer); else only the watch does.
    limits_folders: bool,
    python: Interpreter,
    python_version: String,
}

impl Sandbox {
    /// Looks for the tools and really runs a small program isolated. Takes about 0.1 s; the caller may keep
    /// the answer.
    pub async fn detect() -> Availability {
        Self::detect_with(&Tools::find()).await
    }

    /// The same with given tools.
    pub async fn detect_with(tools: &Tools) -> Availability {
        detect::detect(tools).await
    }

    /// As Python itself says it, for example "3.11.2".
    pub fn python_version(&self) -> &str {
        &self.0.python_version
    }

    /// Runs a script of the artifact and waits until every process of it is gone. Cancelling, or dropping
    /// the future, ends the program. What the program does wrong is in the report, never an error.
    pub async fn run_python(
        &self,
        artifact: &Artifact,
        request: &RunRequest,
        cancel: CancellationToken,
    ) -> Result<RunReport, SandboxError> {
        let (parts, artifact, request) = (self.0.clone(), artifact.clone(), request.clone());
        on_own_thread(&cancel, move |cancel| async move {
            run(&parts, &artifact, &request, &cancel).await
        })
        .await
    }
}

async fn run(
    parts: &Parts,
    artifact: &Artifact,
    request: &RunRequest,
    cancel: &CancellationToken,
) -> Result<RunReport, SandboxError> {
    let main = request.check(artifact)?;
    let launched = launch::launch(parts, artifact, main, request).await?;
    let inside = launched.inside;
    launched.gate.open()?;
    let ended = supervise(
        launched.child,
        request.stdin.clone(),
        &request.limits,
        inside.watch(&request.limits),
        cancel,
        |child| inside.kill(child),
    )
    .await;
    let written = files::collect(inside.folder(), artifact);
    Ok(RunReport::new(
        ended,
        inside.used(),
        &request.limits,
        FOLDER,
        written,
        true,
    ))
}
