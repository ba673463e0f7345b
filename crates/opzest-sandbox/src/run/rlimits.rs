//! The limits that the kernel puts on each process.

use crate::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use std::io;

const OPEN_FILES: u64 = 256;

/// Programs leave the processor to the app where both want it.
const NICENESS: i32 = 5;

/// The limits of one run, ready to be set between fork and exec, where nothing may allocate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessLimits([(Resource, u64, u64); 6]);

impl ProcessLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        let cpu = limits.cpu.as_secs().max(1);
        Self([
            // The first ends the program with a signal of its own, the second whatever it does.
            (Resource::Cpu, cpu, cpu + 1),
            (Resource::Data, limits.memory_bytes, limits.memory_bytes),
            // Shared mappings do not count as data. Address space may be reserved without being used, and
            // threads do so generously.
            (
                Resource::As,
                limits.memory_bytes * 4,
                limits.memory_bytes * 4,
            ),
            (Resource::Fsize, limits.file_bytes, limits.file_bytes),
            (Resource::Nofile, OPEN_FILES, OPEN_FILES),
            (Resource::Core, 0, 0),
        ])
    }

    /// For the process that calls it. Safe between fork and exec.
    pub(crate) fn set(&self) -> io::Result<()> {
        // A courtesy, not a limit.
        let _ = nice(NICENESS);
        for &(resource, soft, hard) in &self.0 {
            lower(resource, soft, hard)?;
        }
        Ok(())
    }
}

/// Limits can only be lowered, so one that is lower already stays.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit {
        current: Some(soft.min(most)),
        maximum: Some(hard.min(most)),
    };
    Ok(setrlimit(resource, new)?)
}

/// How many processes a program may have where `in_use` of them are there already.
pub(crate) fn process_limit(limits: &Limits, in_use: u64) -> u64 {
    let most = getrlimit(Resource::Nproc).maximum.unwrap_or(u64::MAX);
    (u64::from(limits.processes) + in_use).min(most)
}
