//! Going back to a backup, while the store is closed.
//!
//! The backup is checked and copied beside the store first. From the moment when the copy has its name
//! (`restoring-<time>.db`), the rest is always carried out: the next opening finishes what a crash has
//! interrupted. The store that was there is set aside whole, with its log, as `damaged-<time>.db`. Each step
//! is one rename, and none is done twice.

use crate::backup::{BackupContents, BackupFile, copy_file, sync_folder, time_text, verify_backup};
use crate::error::StoreError;
use crate::lock::DataFolderLock;
use crate::open::StoreOptions;
use crate::store::{STORE_FILE, beside, log_of};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DOING: &str = "restoring a backup";

/// What the names of stores that were set aside begin with.
pub const SET_ASIDE: &str = "damaged-";
/// What the name of a copy that is about to become the store begins with.
const RESTORING: &str = "restoring-";
const COPYING: &str = "copying-";

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub contents: BackupContents,
    /// Where the store that was there lies now; `None` if there was none.
    pub set_aside: Option<PathBuf>,
}

/// Puts a backup in the place of the store, which must be closed. A backup that is damaged or newer is refused,
/// and nothing is changed.
pub fn restore(
    lock: &DataFolderLock,
    backup: &BackupFile,
    options: &StoreOptions,
    now_ms: u64,
) -> Result<Restored, StoreError> {
    let contents = verify_backup(backup, options)?;
    let _closed = lock.open_store()?;
    let _one = lock.begin_upkeep();
    let folder = lock.folder();
    finish(folder)?;
    prepare(folder, &backup.path, &time_text(now_ms))?;
    let set_aside = carry_out(folder, &mut |_| true)?;
    Ok(Restored {
        contents,
        set_aside,
    })
}

/// The copy gets its name when it is complete, and with it the restoring is decided.
fn prepare(folder: &Path, backup: &Path, time: &str) -> Result<(), StoreError> {
    let copy = folder.join(format!("{COPYING}{time}.db"));
    if let Err(error) = copy_file(DOING, backup, &copy) {
        remove_file(&copy)?;
        return Err(error);
    }
    rename(&copy, &folder.join(format!("{RESTORING}{time}.db")))?;
    sync_folder(folder)
}

/// Finishes what a crash has interrupted; before the store is opened.
pub(crate) fn finish(folder: &Path) -> Result<(), StoreError> {
    for path in named(folder, COPYING)? {
        remove_file(&path)?;
    }
    carry_out(folder, &mut |_| true).map(drop)
}

/// The steps of which each may be the last one before a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    LogSetAside,
    SharedMemoryRemoved,
    StoreSetAside,
    InPlace,
}

/// Does what is left to do of a decided restore. `go_on` is asked after each step.
fn carry_out(
    folder: &Path,
    go_on: &mut dyn FnMut(Step) -> bool,
) -> Result<Option<PathBuf>, StoreError> {
    let Some(copy) = named(folder, RESTORING)?.pop() else {
        return Ok(None);
    };
    let store = folder.join(STORE_FILE);
    let name = copy.file_name().unwrap_or_default().to_string_lossy();
    let aside = folder.join(name.replacen(RESTORING, SET_ASIDE, 1));
    // The log goes first: beside the restored store it would be taken for that one's.
    rename_if_there(&log_of(&store), &log_of(&aside))?;
    if !go_on(Step::LogSetAside) {
        return Ok(None);
    }
    remove_file(&beside(&store, "-shm"))?;
    if !go_on(Step::SharedMemoryRemoved) {
        return Ok(None);
    }
    rename_if_there(&store, &aside)?;
    sync_folder(folder)?;
    if !go_on(Step::StoreSetAside) {
        return Ok(None);
    }
    rename(&copy, &store)?;
    sync_folder(folder)?;
    go_on(Step::InPlace);
    Ok(aside.exists().then_some(aside))
}

/// Stores that restores have set aside, with their logs.
pub fn set_aside(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    named(folder, SET_ASIDE)
}

fn named(folder: &Path, beginning: &str) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |source| StoreError::from_io("looking through the data folder", folder, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|source| StoreError::from_io(DOING, from, source))
}

fn rename_if_there(from: &Path, to: &Path) -> Result<(), StoreError> {
    unless_missing(from, fs::rename(from, to))
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    unless_missing(path, fs::remove_file(path))
}

fn unless_missing(path: &Path, result: io::Result<()>) -> Result<(), StoreError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::from_io(DOING, path, error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
