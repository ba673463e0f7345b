//! What came of a run.

use super::supervise::{Ended, Stop};
use super::traceback;
use crate::Limits;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

/// Which clock ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Wall,
    Cpu,
}

/// How a program ended that ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Code(i32),
    /// The number of the signal. In the sandbox, a program that exits with 128 + n looks the same.
    Signal(i32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// The program ended with code 0.
    Passed,
    Failed(Ending),
    /// Python could not even read the script, or a file that it imports.
    SyntaxError {
        /// Relative to the artifact.
        file: String,
        line: u32,
        message: String,
    },
    TimedOut(Clock),
    OutOfMemory,
    /// It made more or larger files than it may. Mostly the program gets an error before and fails of it.
    TooMuchWritten,
    TooMuchOutput,
    Cancelled,
}

/// A file that the program wrote or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Relative to the artifact; as the program chose it, so never to be used as a path without checking.
    pub name: String,
    pub bytes: u64,
    pub content: Written,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Text(String),
    /// The beginning of a long text.
    Beginning(String),
    Binary,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    pub outcome: RunOutcome,
    /// Not valid UTF-8 is replaced; ends with a note if it was cut.
    pub stdout: String,
    pub stderr: String,
    pub wall: Duration,
    /// About the most memory that all processes had at once; `None` if the run was too short to see.
    pub peak_memory_bytes: Option<u64>,
    pub written: Vec<WrittenFile>,
    /// Files, links and folders in the program's folder that are not in `written`: too many or unreadable.
    pub left_out: usize,
    pub confined: bool,
    limits: Limits,
}

/// What the program was seen to use while it ran.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Most processor time of one process.
    pub(crate) cpu: Duration,
}

impl RunReport {
    /// `folder` is where the program saw its files; it is cut out of what it printed about itself.
    pub(crate) fn new(
        ended: Ended,
        used: Used,
        limits: &Limits,
        folder: &str,
        (written, left_out): (Vec<WrittenFile>, usize),
        confined: bool,
    ) -> Self {
        let note = |over: bool| {
            if over {
                "\n[cut: the program printed too much]"
            } else {
                ""
            }
        };
        let over = ended.output.over;
        let stderr =
            String::from_utf8_lossy(&ended.output.stderr).replace(&format!("{folder}/"), "");
        let outcome = outcome(&ended, used, limits, &stderr);
        Self {
            outcome,
            stdout: String::from_utf8_lossy(&ended.output.stdout).into_owned() + note(over),
            stderr: stderr + note(over),
            wall: ended.wall,
            peak_memory_bytes: used.peak_memory_bytes,
            written,
            left_out,
            confined,
            limits: limits.clone(),
        }
    }

    pub fn passed(&self) -> bool {
        self.outcome == RunOutcome::Passed
    }

    /// What the lead needs to know about a failed run, in at most about 2,000 characters: what happened,
    /// the end of the traceback, else the end of what was printed. `None` if there was no failure.
    pub fn error_text(&self) -> Option<String> {
        let what = match &self.outcome {
            RunOutcome::Passed | RunOutcome::Cancelled => return None,
            RunOutcome::Failed(ending) => format!("The program {ending}."),
            RunOutcome::SyntaxError { file, line, .. } => {
                format!("Python cannot read {file}, line {line}.")
            }
            RunOutcome::TimedOut(Clock::Wall) => format!(
                "The program had not ended after {} s. It may wait for something or loop without end.",
                self.limits.wall.as_secs_f32()
            ),
            RunOutcome::TimedOut(Clock::Cpu) => format!(
                "The program computed for {} s without ending. It may loop without end.",
                self.limits.cpu.as_secs()
            ),
            RunOutcome::OutOfMemory => format!(
                "The program needed more than {} MB of memory.",
                self.limits.memory_bytes / (1024 * 1024)
            ),
            RunOutcome::TooMuchWritten => format!(
                "The program wrote more than {} files or {} MB.",
                self.limits.files,
                self.limits.folder_bytes / (1024 * 1024)
            ),
            RunOutcome::TooMuchOutput => format!(
                "The program printed more than {} KB. It may print in an endless loop.",
                self.limits.output_bytes / 1024
            ),
        };
        Some(traceback::error_text(&what, &self.stderr, &self.stdout))
    }
}

fn outcome(ended: &Ended, used: Used, limits: &Limits, stderr: &str) -> RunOutcome {
    match ended.stop {
        Stop::Wall => RunOutcome::TimedOut(Clock::Wall),
        Stop::Memory => RunOutcome::OutOfMemory,
        Stop::Written => RunOutcome::TooMuchWritten,
        Stop::Output => RunOutcome::TooMuchOutput,
        Stop::Cancelled => RunOutcome::Cancelled,
        Stop::Exited => exited(ending(ended), used, limits, stderr),
    }
}

fn ending(ended: &Ended) -> Ending {
    let Some(status) = ended.status else {
        return Ending::Signal(libc::SIGKILL);
    };
    match (status.code(), status.signal()) {
        // bubblewrap and shells report the signal of their child so.
        (Some(code @ 129..=192), _) => Ending::Signal(code - 128),
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or(libc::SIGKILL)),
    }
}

fn exited(ending: Ending, used: Used, limits: &Limits, stderr: &str) -> RunOutcome {
    match ending {
        Ending::Code(0) => RunOutcome::Passed,
        Ending::Signal(libc::SIGXCPU) => RunOutcome::TimedOut(Clock::Cpu),
        // It ignored the first signal and got the one that nobody can ignore.
        Ending::Signal(libc::SIGKILL) if used.cpu >= limits.cpu => RunOutcome::TimedOut(Clock::Cpu),
        Ending::Code(_) | Ending::Signal(_) => {
            if traceback::ran_out_of_memory(stderr) {
                return RunOutcome::OutOfMemory;
            }
            traceback::syntax_error(stderr).unwrap_or(RunOutcome::Failed(ending))
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "ended with exit code {code}"),
            Self::Signal(libc::SIGSEGV) => f.write_str(
                "crashed (signal 11, invalid memory access); a recursion may be too deep",
            ),
            Self::Signal(libc::SIGABRT) => f.write_str("aborted (signal 6)"),
            Self::Signal(libc::SIGKILL) => f.write_str("was killed (signal 9)"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
        }
    }
}
