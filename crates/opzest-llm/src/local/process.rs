//! Starts the worker process and carries frames to and from it.

use crate::error::LlmError;
use crate::local::protocol::{self, FromWorker, Hello, MAX_FRAME, Task};
use crate::local::worker::WORKER_ARGUMENT;
use futures::{SinkExt, StreamExt};
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

/// How a worker is started: a program, with what must stand before the worker's own argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl WorkerCommand {
    /// This program, started again. Its `main` must call [`crate::local::run_if_worker`] first.
    pub fn this_program() -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?))
    }

    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
        }
    }

    /// The program for another purpose than llama.cpp's worker, which its first argument names. In a process group of its
    /// own: Ctrl-C in a terminal is for the app. Killed when the handle is dropped.
    pub fn with(&self, argument: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .arg(argument)
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// The same worker, started through another program (`prlimit`, `nice` ...).
    pub fn through(self, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let mut all: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        all.push(self.program.into());
        all.extend(self.arguments);
        Self {
            program: program.into(),
            arguments: all,
        }
    }
}

pub type Sender = FramedWrite<ChildStdin, LengthDelimitedCodec>;
pub type Receiver = FramedRead<ChildStdout, LengthDelimitedCodec>;

/// A running worker. Dropping it kills the process.
pub struct WorkerProcess {
    pub child: Child,
    pub sender: Sender,
    pub receiver: Receiver,
}

impl WorkerProcess {
    /// Starts a worker, gives it its task, and checks that it speaks our protocol.
    pub async fn start(command: &WorkerCommand, task: Task) -> Result<Self, LlmError> {
        let failed = |reason: String| LlmError::WorkerStart { reason };
        let mut child = command
            .with(WORKER_ARGUMENT)
            // OpenMP's threads wait for each other hundreds of times per token. Sleeping at once (the
            // "passive" policy) costs two thirds of the speed; spinning for long starves everything
            // else when the cores are busy. Some ten microseconds of spinning, then sleep.
            .env("GOMP_SPINCOUNT", "10000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", command.program.display())))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("its pipes are missing".into()));
        };
        tokio::spawn(log_errors(stderr));
        let mut process = Self {
            child,
            sender: FramedWrite::new(stdin, codec()),
            receiver: FramedRead::new(stdout, codec()),
        };
        // A worker that dies at once is reported by the missing answer, not by the broken pipe.
        let hello = Hello {
            version: protocol::VERSION.to_owned(),
            task,
        };
        let _ = send(&mut process.sender, &hello).await;
        match process.receive().await? {
            FromWorker::Hello { version } if version == protocol::VERSION => Ok(process),
            FromWorker::Hello { version } => Err(failed(format!(
                "the program on disk is another version ({version}); restart OpZest"
            ))),
            _ => Err(failed("it did not introduce itself; restart OpZest".into())),
        }
    }

    /// The next frame. An error if the worker is gone.
    pub async fn receive(&mut self) -> Result<FromWorker, LlmError> {
        match self.receiver.next().await {
            Some(Ok(bytes)) => protocol::decode(&bytes).map_err(|error| LlmError::WorkerStart {
                reason: format!("it sent nonsense ({error})"),
            }),
            Some(Err(_)) | None => Err(died(&mut self.child).await),
        }
    }

    /// Waits for the result of a task that has no requests.
    pub async fn result(&mut self) -> Result<FromWorker, LlmError> {
        match self.receive().await? {
            FromWorker::TaskFailed(error) => Err(error),
            other => Ok(other),
        }
    }
}

/// Sends one frame; `InvalidInput` if it is too large, and nothing was sent.
pub async fn send(sender: &mut Sender, message: &impl Serialize) -> std::io::Result<()> {
    let frame = bytes::Bytes::from(protocol::encode(message)?);
    if frame.len() > MAX_FRAME {
        let reason = "it is larger than the worker accepts";
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            reason,
        ));
    }
    sender.send(frame).await
}

/// How the worker's end is told to the user.
pub async fn died(child: &mut Child) -> LlmError {
    let how = match child.wait().await {
        Ok(status) => describe(status),
        Err(error) => error.to_string(),
    };
    LlmError::WorkerDied { how }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(9) => "it was killed; if nobody did that, the computer ran out of memory".to_owned(),
        Some(6) => "it gave up (SIGABRT); the log has llama.cpp's reason".to_owned(),
        Some(4) => "it used an instruction that this processor does not have (SIGILL); \
                    OpZest must be built on this computer"
            .to_owned(),
        Some(11 | 7) => "it crashed; the model file may be damaged".to_owned(),
        Some(signal) => format!("signal {signal}"),
        None => format!("exit code {}", status.code().unwrap_or(-1)),
    }
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .little_endian()
        .max_frame_length(MAX_FRAME)
        .new_codec()
}

/// The worker's log, line by line, into ours.
async fn log_errors(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        tracing::warn!(target: "opzest_llm::worker", "{}", String::from_utf8_lossy(&line));
    }
}

/// Turns a relative path into one that means the same to the worker.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
