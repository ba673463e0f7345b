//! Starts bubblewrap and brings it to the gate, where everything is set up and nothing has run.

use super::inside::Inside;
use super::{Parts, bubblewrap};
use crate::SandboxError;
use crate::run::python;
use crate::run::request::RunRequest;
use crate::run::rlimits::ProcessLimits;
use crate::run::supervise::with_pipes;
use command_fds::{CommandFdExt, FdMapping};
use opzest_core::artifact::{Artifact, ArtifactFile};
use rustix::process::{Pid, geteuid};
use serde::Deserialize;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

/// Setting up takes some milliseconds; a machine may be very busy.
const SETUP: Duration = Duration::from_secs(60);

/// `nobody`, by its number on every distribution. As root, the number of processes would not be limited.
pub(crate) const NOBODY: u32 = 65534;

pub(super) struct Launched {
    pub(super) child: Child,
    pub(super) inside: Inside,
    pub(super) gate: Gate,
}

/// The program waits behind it, and ends if it is dropped.
pub(super) struct Gate(PipeWriter);

impl Gate {
    pub(super) fn open(mut self) -> Result<(), SandboxError> {
        self.0
            .write_all(b"\n")
            .map_err(|error| SandboxError::Setup {
                reason: format!("the program could not be let go ({error})"),
            })
    }
}

/// The part of bubblewrap's information that is needed.
#[derive(Deserialize)]
struct Info {
    #[serde(rename = "child-pid")]
    first_process: i32,
}

/// Our ends of the pipes to the gate and to bubblewrap.
struct Pipes {
    ready: PipeReader,
    info: PipeReader,
    gate: Gate,
}

pub(super) async fn launch(
    parts: &Parts,
    artifact: &Artifact,
    main: &ArtifactFile,
    request: &RunRequest,
) -> Result<Launched, SandboxError> {
    let (mut child, pipes) = start(parts, artifact, main, request)?;
    let first_process = tokio::select! {
        setup = wait_until_ready(pipes.ready, pipes.info) => setup,
        () = tokio::time::sleep(SETUP) => Err(io::ErrorKind::TimedOut.into()),
    };
    let inside = first_process.and_then(|process| Inside::open(process, &request.limits));
    match inside {
        Ok(inside) => Ok(Launched {
            child,
            inside,
            gate: pipes.gate,
        }),
        Err(error) => Err(SandboxError::Setup {
            reason: reason(&mut child, error).await,
        }),
    }
}

fn start(
    parts: &Parts,
    artifact: &Artifact,
    main: &ArtifactFile,
    request: &RunRequest,
) -> Result<(Child, Pipes), SandboxError> {
    let failed = |source| SandboxError::Start {
        program: parts.bubblewrap.display().to_string(),
        source,
    };
    let mut made = bubblewrap::arguments(parts, artifact, main, request)?;
    let (ready, ready_inside) = io::pipe().map_err(failed)?;
    let (info, info_inside) = io::pipe().map_err(failed)?;
    let (go_inside, go) = io::pipe().map_err(failed)?;
    let mut map = |child_fd, parent_fd: OwnedFd| {
        made.files.push(FdMapping {
            parent_fd,
            child_fd,
        })
    };
    map(bubblewrap::READY, ready_inside.into());
    map(bubblewrap::GO, go_inside.into());
    map(bubblewrap::INFO, info_inside.into());

    let mut command = Command::new(&parts.bubblewrap);
    with_pipes(&mut command)
        .args(made.arguments)
        .env_clear()
        .envs(python::environment(super::FOLDER, "/tmp"));
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let limits = ProcessLimits::new(&request.limits);
    // SAFETY: it makes plain system calls, without allocation and locks.
    unsafe {
        command.pre_exec(move || {
            close_on_exec()?;
            limits.set()
        })
    };
    command
        .fd_mappings(made.files)
        .expect("every number is given once");
    let child = command.spawn().map_err(failed)?;
    let gate = Gate(go);
    Ok((child, Pipes { ready, info, gate }))
}

/// Whatever a library of the app left open stays out of the sandbox.
fn close_on_exec() -> io::Result<()> {
    // SAFETY: it changes flags of descriptors in the process that is about to become bubblewrap.
    match unsafe {
        libc::close_range(
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC as libc::c_int,
        )
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

async fn wait_until_ready(ready: PipeReader, info: PipeReader) -> io::Result<Pid> {
    let mut ready = Receiver::from_owned_fd(ready.into())?;
    ready.read_u8().await?;
    // Everybody who could write into it has closed it by now.
    let mut text = Vec::new();
    Receiver::from_owned_fd(info.into())?
        .read_to_end(&mut text)
        .await?;
    let info: Info = serde_json::from_slice(&text)?;
    Pid::from_raw(info.first_process).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What bubblewrap says about its failure, else the error that was noticed here.
async fn reason(child: &mut Child, error: io::Error) -> String {
    // It may have ended already.
    let _ = child.start_kill();
    let mut text = Vec::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = tokio::time::timeout(SETUP, stderr.read_to_end(&mut text)).await;
    }
    let text = String::from_utf8_lossy(&text);
    match text.trim() {
        "" => format!("bubblewrap did not get ready ({error})"),
        text => crate::run::traceback::shortened(text, 500),
    }
}
