//! Which backups there are.

use super::name::BackupName;
use super::{BACKUP_FOLDER, BackupKind};
use crate::error::StoreError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A backup, as its file tells without being opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFile {
    /// The file's name, by which it is restored.
    pub name: String,
    pub path: PathBuf,
    pub kind: BackupKind,
    /// Unix milliseconds.
    pub made_at_ms: u64,
    pub bytes: u64,
}

/// The backups of a data folder, newest first. Needs no lock and no readable store.
pub fn backups(folder: &Path) -> Result<Vec<BackupFile>, StoreError> {
    const DOING: &str = "listing the backups";
    let path = folder.join(BACKUP_FOLDER);
    let failed = |source| StoreError::from_io(DOING, &path, source);
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Some(name) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            found.push(describe(name, entry.path())?);
        }
    }
    found.sort_by(|a, b| (b.made_at_ms, &b.name).cmp(&(a.made_at_ms, &a.name)));
    Ok(found)
}

pub(super) fn describe(name: BackupName, path: PathBuf) -> Result<BackupFile, StoreError> {
    let bytes = fs::metadata(&path)
        .map_err(|source| StoreError::from_io("looking at a backup", &path, source))?
        .len();
    Ok(BackupFile {
        name: name.file_name(),
        path,
        kind: name.kind,
        made_at_ms: name.made_at_ms,
        bytes,
    })
}
