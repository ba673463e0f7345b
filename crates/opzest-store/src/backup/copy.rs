//! Copying a store that is in use, with SQLite's backup interface, and making files safe on the disk.

use super::DOING;
use crate::error::{During, StoreError};
use crate::open::{StoreOptions, copy_target};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// How a copy goes about it.
pub(crate) struct Pace<'a> {
    /// Copied in one go.
    pages: i32,
    /// Between two of them, so that others get the disk and the processor.
    pause: Duration,
    /// Asked between two of them: false stops.
    go_on: &'a dyn Fn() -> bool,
}

impl<'a> Pace<'a> {
    /// Nobody waits for it, and others work meanwhile.
    pub(crate) fn in_background(go_on: &'a dyn Fn() -> bool) -> Self {
        Self {
            pages: 256,
            pause: Duration::from_millis(2),
            go_on,
        }
    }

    /// Somebody waits for it.
    pub(crate) fn without_pause() -> Pace<'static> {
        Pace {
            pages: 4096,
            pause: Duration::ZERO,
            go_on: &|| true,
        }
    }
}

/// Copies what `source` sees now, whatever is written meanwhile; false if it was stopped. The copy is on
/// the disk when this returns, one file without a log.
pub(super) fn copy_store(
    source: &Connection,
    to: &Path,
    options: &StoreOptions,
    pace: &Pace<'_>,
) -> Result<bool, StoreError> {
    // Within a read transaction the source stays as it is: without, each write would start the copy anew.
    let snapshot = source.unchecked_transaction().during(DOING)?;
    snapshot
        .query_row(include_str!("begin_reading.sql"), [], |_| Ok(()))
        .during(DOING)?;
    let mut target = copy_target(to, options)?;
    let finished = copy_pages(&snapshot, &mut target, pace)?;
    if finished {
        // The copy is marked as having a log, as the source has; a backup is one file.
        target
            .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
            .during(DOING)?;
    }
    target
        .close()
        .map_err(|(_, source)| StoreError::from_sqlite(DOING, source))?;
    if finished {
        sync_file(to)?;
    }
    Ok(finished)
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    pace: &Pace<'_>,
) -> Result<bool, StoreError> {
    let backup = Backup::new(source, target).during(DOING)?;
    loop {
        if !(pace.go_on)() {
            return Ok(false);
        }
        match backup.step(pace.pages).during(DOING)? {
            StepResult::Done => return Ok(true),
            StepResult::More => {}
            StepResult::Busy | StepResult::Locked => return Err(StoreError::Busy { doing: DOING }),
            // The library may add more.
            _ => return Err(StoreError::Busy { doing: DOING }),
        }
        std::thread::sleep(pace.pause);
    }
}

/// Copies a file that nobody writes; it is on the disk when this returns.
pub(crate) fn copy_file(doing: &'static str, from: &Path, to: &Path) -> Result<(), StoreError> {
    // With the same permissions: only this user may read it.
    fs::copy(from, to).map_err(|source| StoreError::from_io(doing, to, source))?;
    sync_file(to)
}

fn sync_file(path: &Path) -> Result<(), StoreError> {
    let synced = File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.sync_all());
    synced.map_err(|source| StoreError::from_io(DOING, path, source))
}

/// Renamed and removed files are so after a power cut, too. Windows does that itself.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StoreError::from_io(DOING, path, source))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
