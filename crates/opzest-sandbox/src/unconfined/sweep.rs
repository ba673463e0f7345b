//! Finds the processes that a program without a sandbox has left behind: those that still have the variable
//! that it was started with. One that changes its environment and its group gets away; only a sandbox can
//! prevent that.

use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(super) const VARIABLE: &str = "OPZEST_RUN";

/// Between two looks new processes may have been started by those that were ended.
const MOST_LOOKS: usize = 50;

/// What marks the processes of one run.
pub(super) struct Marker(String);

impl Marker {
    /// The name of the run's folder is not used twice.
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.display().to_string())
    }

    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// Does nothing where there is no /proc.
    pub(super) fn kill_all(&self) {
        let entry = format!("{VARIABLE}={}", self.0);
        for _ in 0..MOST_LOOKS {
            let found: Vec<Pid> = processes()
                .filter(|pid| has(*pid, entry.as_bytes()))
                .collect();
            if found.is_empty() {
                return;
            }
            for pid in found {
                // It may have ended already.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = Path::new("/proc")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
}

/// A process that has just been killed has no environment any more.
fn has(pid: Pid, entry: &[u8]) -> bool {
    std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()))
        .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == entry))
}

/// Of whoever will run the program: the kernel counts all of them against one limit.
pub(super) fn threads_of_user() -> u64 {
    let user = if geteuid().is_root() {
        super::NOBODY
    } else {
        geteuid().as_raw()
    };
    processes()
        .map(|pid| Path::new("/proc").join(pid.as_raw_nonzero().to_string()))
        .filter(|folder| folder.metadata().is_ok_and(|data| data.uid() == user))
        .map(|folder| {
            folder
                .join("task")
                .read_dir()
                .map_or(1, |tasks| tasks.count() as u64)
        })
        .sum()
}
