//! Our view into a running sandbox: its folders and its processes, through descriptors that stay valid
//! after the last process is gone.

use super::bubblewrap;
use super::launch::NOBODY;
use crate::Limits;
use crate::run::report::Used;
use crate::run::rlimits::process_limit;
use crate::run::supervise::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Dir, Mode, OFlags, fstatvfs, open, openat};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, geteuid, pidfd_open, pidfd_send_signal, prlimit,
};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use tokio::process::Child;

/// How often memory and files are looked at. Between two looks a program can use more than its limit, by what
/// it can fill in this time.
const LOOK: Duration = Duration::from_millis(50);
/// Programs are short, so the first looks come sooner.
const FIRST_LOOK: Duration = Duration::from_millis(10);
/// The kernel needs some milliseconds for this; a machine may be very busy.
const DEATH: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

pub(super) struct Inside {
    first_process: OwnedFd,
    processes: OwnedFd,
    /// The program's own folder comes first.
    folders: [OwnedFd; 3],
    /// Written by the watch, read when it is over.
    used: Mutex<Used>,
}

impl Inside {
    /// `first_process` as seen from outside; it must be waiting at the gate.
    pub(super) fn open(first_process: Pid, limits: &Limits) -> io::Result<Self> {
        limit_processes(first_process, limits)?;
        let root = format!("/proc/{}/root", first_process.as_raw_nonzero());
        let folder = |path: &str| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            open(format!("{root}{path}"), flags, Mode::empty())
        };
        Ok(Self {
            first_process: pidfd_open(first_process, PidfdFlags::empty())?,
            processes: folder("/proc")?,
            folders: [folder(super::FOLDER)?, folder("/tmp")?, folder("/dev/shm")?],
            used: Mutex::default(),
        })
    }

    pub(super) fn folder(&self) -> &OwnedFd {
        &self.folders[0]
    }

    pub(super) fn used(&self) -> Used {
        *self.used.lock().expect("nobody panics with the lock")
    }

    /// Resolves when the program uses more than it may of what the kernel does not limit by itself.
    pub(super) async fn watch(&self, limits: &Limits) -> Stop {
        let mut pause = FIRST_LOOK;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK);
            if self.look(limits.memory_bytes) > limits.memory_bytes {
                return Stop::Memory;
            }
            if self
                .folders
                .iter()
                .any(|folder| is_overfull(folder, limits))
            {
                return Stop::Written;
            }
        }
    }

    /// The memory that all processes use together, in bytes.
    fn look(&self, limit: u64) -> u64 {
        let names = self.names();
        let mut bytes = names.iter().map(|name| self.resident(name)).sum::<u64>();
        // What processes share is counted more than once above; counting it right takes longer.
        if bytes > limit {
            bytes = names.iter().map(|name| self.proportional(name)).sum();
        }
        let cpu = names.iter().map(|name| self.cpu(name)).max();
        let mut used = self.used.lock().expect("nobody panics with the lock");
        if bytes > 0 {
            used.peak_memory_bytes = used.peak_memory_bytes.max(Some(bytes));
        }
        used.cpu = used.cpu.max(cpu.unwrap_or_default());
        bytes
    }

    /// The processes, by their numbers inside.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = Dir::read_from(&self.processes) else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned))
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            .collect()
    }

    /// Empty when the process is gone.
    fn read(&self, process: &str, file: &str) -> String {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let mut text = Vec::new();
        // A process may end at any time.
        let _ = openat(
            &self.processes,
            format!("{process}/{file}"),
            flags,
            Mode::empty(),
        )
        .map(File::from)
        .map(|mut file| file.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    }

    fn resident(&self, process: &str) -> u64 {
        let pages = self.read(process, "statm");
        let pages = pages
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * rustix::param::page_size() as u64
    }

    fn proportional(&self, process: &str) -> u64 {
        let text = self.read(process, "smaps_rollup");
        let kilobytes = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        match kilobytes.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok()) {
            Some(kilobytes) => kilobytes * 1024,
            // Not readable here, or just gone.
            None => self.resident(process),
        }
    }

    fn cpu(&self, process: &str) -> Duration {
        let text = self.read(process, "stat");
        // The name before it may hold anything, spaces and brackets, too.
        let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }

    /// Ends every process of the sandbox and waits until the last one is gone.
    pub(super) fn kill(&self, bubblewrap: &mut Child) {
        // With the first process the kernel ends all others. Both may have ended already.
        let _ = pidfd_send_signal(&self.first_process, Signal::KILL);
        let _ = bubblewrap.start_kill();
        if !self.wait_until_gone() {
            tracing::error!("a sandbox did not end within {} s", DEATH.tv_sec);
        }
    }

    /// Waits on this thread, which is the run's own.
    fn wait_until_gone(&self) -> bool {
        loop {
            let mut gone = [PollFd::new(&self.first_process, PollFlags::IN)];
            match poll(&mut gone, Some(&DEATH)) {
                Ok(ready) => return ready > 0,
                // That a child has ended comes as a signal, which ends the waiting.
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

/// The gate limits itself and so the program, but not the first process, which the program could take over.
fn limit_processes(first_process: Pid, limits: &Limits) -> io::Result<()> {
    let most = Some(process_limit(limits, bubblewrap::FIRST_PROCESS));
    let limit = move || {
        let most = Rlimit {
            current: most,
            maximum: most,
        };
        prlimit(Some(first_process), Resource::Nproc, most)?;
        Ok(())
    };
    if !geteuid().is_root() {
        return limit();
    }
    // In containers, root may have no right to limit others; their own user has.
    let mut own_user = std::process::Command::new("true");
    own_user
        .uid(NOBODY)
        .gid(NOBODY)
        .env_clear()
        .stdin(Stdio::null());
    // SAFETY: it makes one system call, without allocation and locks.
    unsafe { own_user.pre_exec(limit) };
    own_user.status()?;
    Ok(())
}

/// An old bubblewrap cannot limit a file system in memory, and none can limit how many files are on it.
fn is_overfull(folder: &OwnedFd, limits: &Limits) -> bool {
    fstatvfs(folder).is_ok_and(|stat| {
        let files = stat.f_files.saturating_sub(stat.f_ffree);
        let bytes = stat.f_blocks.saturating_sub(stat.f_bfree) * stat.f_frsize;
        files > limits.files || bytes > limits.folder_bytes
    })
}
