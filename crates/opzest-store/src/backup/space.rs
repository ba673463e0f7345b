//! The disk that a folder is on.

use crate::error::StoreError;
use std::path::Path;

/// Bytes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    pub total: u64,
    /// What this user may still write.
    pub available: u64,
}

impl DiskSpace {
    pub fn of(folder: &Path) -> Result<Self, StoreError> {
        let stats = fs4::statvfs(folder)
            .map_err(|source| StoreError::from_io("looking at the disk", folder, source))?;
        Ok(Self {
            total: stats.total_space(),
            available: stats.available_space(),
        })
    }
}
