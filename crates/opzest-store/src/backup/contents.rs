//! What is in a backup, and whether it can be relied on.

use super::BackupFile;
use crate::check;
use crate::erase;
use crate::error::{During, StoreError};
use crate::open::{StoreOptions, resting};
use std::path::Path;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupContents {
    pub schema_version: u32,
    pub conversations: u64,
    pub messages: u64,
}

/// Reads a backup from beginning to end: [`StoreError::Damaged`] if it cannot be relied on.
pub fn verify_backup(
    backup: &BackupFile,
    options: &StoreOptions,
) -> Result<BackupContents, StoreError> {
    verify(&backup.path, options)
}

pub(super) fn verify(path: &Path, options: &StoreOptions) -> Result<BackupContents, StoreError> {
    const DOING: &str = "checking a backup";
    let (connection, schema_version) = resting(path, options)?;
    if schema_version == 0 {
        return Err(StoreError::Damaged {
            doing: DOING,
            details: "it is empty".to_owned(),
        });
    }
    let report = check::structure(&connection, check::Depth::Quick)?;
    if let Some(problem) = report.problems.first() {
        return Err(StoreError::Damaged {
            doing: DOING,
            details: problem.to_string(),
        });
    }
    connection
        .query_row(include_str!("contents.sql"), [], |row| {
            Ok(BackupContents {
                schema_version,
                conversations: crate::column::unsigned(row, "conversations")?,
                messages: crate::column::unsigned(row, "messages")?,
            })
        })
        .during(DOING)
}

/// Whether a copy of the store holds nothing that the store has deleted: it was made after the same
/// deletions, and after their text was wiped. One that cannot be read counts as holding it.
pub(crate) fn is_clean(path: &Path, options: &StoreOptions, deletions: &str) -> bool {
    let read = || -> Result<bool, StoreError> {
        let (connection, _) = resting(path, options)?;
        erase::has_only(&connection, deletions)
    };
    read().unwrap_or(false)
}
