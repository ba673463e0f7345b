//! What is in a backup, and whether it can be relied on.

use super::BackupFile;
use crate::check;
use crate::column::unsigned;
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
    /// What was not kept yet when it was made counts as none.
    pub sessions: u64,
    /// Complete ones.
    pub examples: u64,
}

/// The first version with sessions.
const SESSIONS_SINCE: u32 = 4;

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
    let mut contents = connection
        .query_row(include_str!("contents.sql"), [], |row| {
            Ok(BackupContents {
                schema_version,
                conversations: unsigned(row, "conversations")?,
                messages: unsigned(row, "messages")?,
                sessions: 0,
                examples: 0,
            })
        })
        .during(DOING)?;
    if schema_version >= SESSIONS_SINCE {
        (contents.sessions, contents.examples) = connection
            .query_row(include_str!("contents_sessions.sql"), [], |row| {
                Ok((unsigned(row, "sessions")?, unsigned(row, "examples")?))
            })
            .during(DOING)?;
    }
    Ok(contents)
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
