//! Backups: whole copies of the store in the folder `backups` beside it, made while it is in use.
//!
//! A copy is written aside, checked, and only then gets its name, so that whatever bears a backup's name can
//! be restored. Not here: when one is due (the app has the clock), and restoring (restore.rs).

mod contents;
mod copy;
mod list;
mod name;
mod rotation;
mod space;

pub use contents::{BackupContents, verify_backup};
pub use list::{BackupFile, backups};
pub use name::BackupKind;
pub use rotation::BackupPolicy;
pub use space::DiskSpace;

pub(crate) use contents::is_clean;
pub(crate) use copy::{Pace, copy_file, sync_folder};
pub(crate) use name::time_text;
pub(crate) use rotation::surplus;

use crate::error::StoreError;
use crate::open::StoreOptions;
use copy::copy_store;
use name::BackupName;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the backups in the data folder.
pub const BACKUP_FOLDER: &str = "backups";

pub(crate) const DOING: &str = "making a backup";
/// Of a file that is being written and is no backup yet.
const UNFINISHED: &str = "unfinished";

/// How making a backup ended, when nothing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupOutcome {
    Made(BackupFile),
    /// It was told to stop, and left nothing.
    Stopped,
}

/// Copies what `source` sees, checks the copy, and gives it its name.
pub(crate) fn make(
    source: &Connection,
    folder: &Path,
    options: &StoreOptions,
    kind: BackupKind,
    made_at_ms: u64,
    pace: &Pace<'_>,
) -> Result<BackupOutcome, StoreError> {
    let backups = folder_for_backups(folder)?;
    let name = BackupName { kind, made_at_ms };
    let path = backups.join(name.file_name());
    let unfinished = backups.join(format!("{}.{UNFINISHED}", name.file_name()));
    let made = copy_store(source, &unfinished, options, pace)
        .and_then(|copied| match copied {
            true => contents::verify(&unfinished, options).map(|_| true),
            false => Ok(false),
        })
        .and_then(|copied| {
            if copied {
                fs::rename(&unfinished, &path)
                    .map_err(|source| StoreError::from_io(DOING, &path, source))?;
                sync_folder(&backups)?;
            }
            Ok(copied)
        });
    if !matches!(made, Ok(true)) {
        remove_unfinished(folder);
    }
    if !made? {
        return Ok(BackupOutcome::Stopped);
    }
    tracing::info!(?kind, "backup made");
    Ok(BackupOutcome::Made(list::describe(name, path)?))
}

/// Copies what `source` sees for a moment, for what would disturb the store; `None` if the copying was stopped.
pub(crate) fn with_copy<T>(
    source: &Connection,
    folder: &Path,
    options: &StoreOptions,
    pace: &Pace<'_>,
    look: impl FnOnce(&Path) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let path = folder_for_backups(folder)?.join(format!("copy.{UNFINISHED}"));
    let looked = match copy_store(source, &path, options, pace) {
        Ok(true) => look(&path).map(Some),
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    remove_unfinished(folder);
    looked
}

/// Before a store is brought up to date: to the state before it, one can go back.
pub(crate) fn before_migration(
    source: &Connection,
    folder: &Path,
    options: &StoreOptions,
) -> Result<(), StoreError> {
    let kind = BackupKind::BeforeSchema(crate::SCHEMA_VERSION);
    let pace = Pace::without_pause();
    make(source, folder, options, kind, options.now_ms, &pace).map(drop)
}

fn folder_for_backups(folder: &Path) -> Result<PathBuf, StoreError> {
    let path = folder.join(BACKUP_FOLDER);
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(&path) {
        Err(source) if !path.is_dir() => Err(StoreError::from_io(DOING, &path, source)),
        _ => Ok(path),
    }
}

/// What a process that died while making a backup has left.
pub(crate) fn remove_unfinished(folder: &Path) {
    let entries = fs::read_dir(folder.join(BACKUP_FOLDER))
        .into_iter()
        .flatten();
    for entry in entries.filter_map(Result::ok) {
        let unfinished = format!(".{UNFINISHED}");
        if entry.file_name().to_string_lossy().contains(&unfinished)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::warn!(%error, "an unfinished backup could not be removed");
        }
    }
}
