//! One process at a time writes a data folder.
//!
//! The lock is the operating system's, on a file that stays where it is: it ends with the process that
//! holds it, however that ends, so there is never a stale lock to clear away.

use crate::error::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The lock file's name in the data folder.
pub const LOCK_FILE: &str = "opzest.lock";

/// Held by the one process that may write the folder: the open store and its upkeep have clones. Released
/// when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct DataFolderLock(Arc<Held>);

#[derive(Debug)]
struct Held {
    folder: PathBuf,
    // Holds the lock by being open.
    _file: File,
    store_is_open: AtomicBool,
    /// Upkeep does one thing at a time: an erasure must not delete a backup that is being made.
    upkeep: Mutex<()>,
}

impl DataFolderLock {
    /// Takes the lock of an existing folder, or says at once who holds it.
    pub fn acquire(folder: &Path) -> Result<Self, StoreError> {
        const DOING: &str = "locking the data folder";
        let path = folder.join(LOCK_FILE);
        let io = |source| StoreError::from_io(DOING, &path, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    folder: folder.into(),
                    pid: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // The lock is what counts; the process id only helps to find the other window, so a full disk
        // does not stop the app from starting.
        if let Err(error) = record_holder(&mut file) {
            tracing::warn!(%error, "the process id could not be written to the lock file");
        }
        Ok(Self(Arc::new(Held {
            folder: folder.into(),
            _file: file,
            store_is_open: AtomicBool::new(false),
            upkeep: Mutex::default(),
        })))
    }

    /// The folder that is locked.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Notes that the store is open, until what this gives is dropped. Refused if it is already.
    pub(crate) fn open_store(&self) -> Result<OpenMark, StoreError> {
        if self.0.store_is_open.swap(true, Ordering::AcqRel) {
            return Err(self.in_use_here());
        }
        Ok(OpenMark(self.clone()))
    }

    pub(crate) fn begin_upkeep(&self) -> MutexGuard<'_, ()> {
        // It guards no data, so a panic leaves nothing half done behind it.
        self.0.upkeep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_use_here(&self) -> StoreError {
        StoreError::InUse {
            folder: self.folder().into(),
            pid: Some(std::process::id()),
        }
    }
}

/// The store of a locked folder is open.
#[derive(Debug)]
pub(crate) struct OpenMark(DataFolderLock);

impl OpenMark {
    pub(crate) fn lock(&self) -> &DataFolderLock {
        &self.0
    }
}

impl Drop for OpenMark {
    fn drop(&mut self) {
        self.0.0.store_is_open.store(false, Ordering::Release);
    }
}

fn record_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The process id in the lock file. Windows lets nobody read a locked file: then it is unknown.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
