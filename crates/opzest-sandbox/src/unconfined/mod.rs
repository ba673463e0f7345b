//! Runs a script without a sandbox, where a computer has none and the user said yes to this very run.
//!
//! The program has the user's own rights: it can read their files and use the network. What still holds:
//! a private folder, an empty environment, the kernel's limits on each process, the clock, the limit on
//! output, and that its processes are ended. Not limited here: the memory of all processes together and the
//! number and total size of files.

mod sweep;

use crate::run::report::{RunReport, Used};
use crate::run::request::RunRequest;
use crate::run::rlimits::{ProcessLimits, process_limit};
use crate::run::supervise::{supervise, with_pipes};
use crate::run::{files, on_own_thread, python};
use crate::{SandboxError, Tools};
use opzest_core::artifact::{Artifact, ArtifactFile};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, geteuid, kill_process_group, setrlimit, setsid,
};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// As root, the program runs as `nobody`, by its number on every distribution: without the rights of root.
const NOBODY: u32 = 65534;

/// The user's yes to one run without a sandbox. Consumed by the run, so each run needs another.
#[derive(Debug)]
#[must_use = "a consent is given for a run"]
pub struct ConsentToRunUnconfined {
    shown: String,
}

impl ConsentToRunUnconfined {
    /// To be made only where the user has just agreed, after reading `shown`.
    pub fn given_after_showing(shown: impl Into<String>) -> Self {
        Self {
            shown: shown.into(),
        }
    }

    /// The text that the user agreed to.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// Runs a script of the artifact with the user's rights. The report says `confined: false`.
pub async fn run_unconfined(
    tools: &Tools,
    artifact: &Artifact,
    request: &RunRequest,
    consent: ConsentToRunUnconfined,
    cancel: CancellationToken,
) -> Result<RunReport, SandboxError> {
    tracing::info!("a script runs without a sandbox, with the user's consent to this run");
    drop(consent);
    let python = tools.python.clone().ok_or_else(|| SandboxError::Start {
        program: "python3".into(),
        source: io::ErrorKind::NotFound.into(),
    })?;
    let (artifact, request) = (artifact.clone(), request.clone());
    on_own_thread(&cancel, move |cancel| async move {
        run(&python, &artifact, &request, &cancel).await
    })
    .await
}

async fn run(
    python: &Path,
    artifact: &Artifact,
    request: &RunRequest,
    cancel: &CancellationToken,
) -> Result<RunReport, SandboxError> {
    let main = request.check(artifact)?;
    let folder = Folder::make(artifact).map_err(SandboxError::Folder)?;
    let marker = sweep::Marker::new(&folder.work);
    let child = command(python, &folder, main, request, &marker)
        .spawn()
        .map_err(|source| SandboxError::Start {
            program: python.display().to_string(),
            source,
        })?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let ended = supervise(
        child,
        request.stdin.clone(),
        &request.limits,
        std::future::pending(),
        cancel,
        |child| kill(child, group, &marker),
    )
    .await;
    let written = folder.open().map_err(SandboxError::Folder)?;
    let written = files::collect(&written, artifact);
    let shown = folder.work.display().to_string();
    Ok(RunReport::new(
        ended,
        Used::default(),
        &request.limits,
        &shown,
        written,
        false,
    ))
}

fn command(
    python: &Path,
    folder: &Folder,
    main: &ArtifactFile,
    request: &RunRequest,
    marker: &sweep::Marker,
) -> Command {
    let text = |path: &Path| path.display().to_string();
    let mut command = Command::new(python);
    with_pipes(&mut command)
        .args(python::OPTIONS)
        .arg(folder.work.join(main.name.as_str()))
        .args(&request.arguments)
        .current_dir(&folder.work)
        .env_clear()
        .envs(python::environment(
            &text(&folder.work),
            &text(&folder.temporary),
        ))
        .env(sweep::VARIABLE, marker.value());
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let limits = ProcessLimits::new(&request.limits);
    // The kernel counts all processes and threads of the user.
    let processes = process_limit(&request.limits, sweep::threads_of_user());
    // SAFETY: it makes plain system calls, without allocation and locks.
    unsafe {
        command.pre_exec(move || {
            // A group of its own, so that it can be ended as one.
            setsid()?;
            limits.set()?;
            let most = Rlimit {
                current: Some(processes),
                maximum: Some(processes),
            };
            Ok(setrlimit(Resource::Nproc, most)?)
        })
    };
    command
}

fn kill(child: &mut Child, group: Option<Pid>, marker: &sweep::Marker) {
    // All of these may have ended already.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    let _ = child.start_kill();
    marker.kill_all();
}

/// A folder of the run's own, deleted with it.
struct Folder {
    work: PathBuf,
    temporary: PathBuf,
    _whole: TempDir,
}

impl Folder {
    fn make(artifact: &Artifact) -> io::Result<Self> {
        let whole = TempDir::with_prefix("opzest-run-")?;
        let path = whole.path().canonicalize()?;
        let (work, temporary) = (path.join("work"), path.join("tmp"));
        for folder in [&work, &temporary] {
            std::fs::create_dir(folder)?;
        }
        for file in artifact.files() {
            let at = work.join(file.name.as_str());
            std::fs::create_dir_all(at.parent().expect("it lies in the folder"))?;
            std::fs::write(at, &file.text)?;
        }
        if geteuid().is_root() {
            give_away(&path)?;
        }
        Ok(Self {
            work,
            temporary,
            _whole: whole,
        })
    }

    fn open(&self) -> io::Result<std::os::fd::OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(open(&self.work, flags, Mode::empty())?)
    }
}

/// Makes everything that we have just put there the program's own.
fn give_away(path: &Path) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY))?;
    if path.is_dir() {
        for entry in path.read_dir()? {
            give_away(&entry?.path())?;
        }
    }
    Ok(())
}
