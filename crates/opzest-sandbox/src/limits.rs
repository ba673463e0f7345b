//! How much a program may use before it is ended.

use std::time::Duration;

/// Everything is counted for the whole run unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Processor time of each process; whole seconds, at least one.
    pub cpu: Duration,
    /// Time that passes on the clock.
    pub wall: Duration,
    /// Memory of all processes together; no single one can reserve more, either.
    pub memory_bytes: u64,
    /// Processes and threads alive at once.
    pub processes: u32,
    /// Size of each file.
    pub file_bytes: u64,
    /// Size of all files in the program's folder; the folder for temporary files and the one for shared
    /// memory have the same limit again.
    pub folder_bytes: u64,
    /// Number of files in each of these folders.
    pub files: u64,
    /// What the program prints, on both streams together.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MB: u64 = 1024 * 1024;
        Self {
            cpu: Duration::from_secs(10),
            wall: Duration::from_secs(10),
            memory_bytes: 512 * MB,
            processes: 32,
            file_bytes: 16 * MB,
            folder_bytes: 64 * MB,
            files: 10_000,
            output_bytes: 256 * 1024,
        }
    }
}
