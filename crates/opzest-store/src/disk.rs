//! How much of the disk the data folder takes, and how much more it may.

use crate::backup::{DiskSpace, backups};
use crate::error::{During, StoreError};
use crate::open::pragma_number;
use crate::restore::set_aside;
use crate::store::{STORE_FILE, Store, log_of};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

const DOING: &str = "measuring the data folder";

/// Bytes that the store and what belongs to it take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskUse {
    /// The database file.
    pub database: u64,
    /// Of it: free for what is stored next. Deleting makes the file reusable, not smaller.
    pub reusable: u64,
    /// The write-ahead log.
    pub log: u64,
    /// All backups.
    pub backups: u64,
    /// Damaged stores that a restore has set aside.
    pub set_aside: u64,
    /// The disk they are on.
    pub disk: DiskSpace,
}

impl DiskUse {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.database + self.log + self.backups + self.set_aside
    }
}

/// How much of the disk the store may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskCap {
    /// The database and its log, without backups.
    pub most_bytes: u64,
    /// What must stay free on the disk.
    pub leave_free: u64,
}

impl DiskCap {
    /// How many bytes may still be added. At 0 only what is small and indispensable is stored: text, and no
    /// traces.
    pub fn room(&self, used: &DiskUse) -> u64 {
        let store = (used.database + used.log).saturating_sub(used.reusable);
        let by_cap = self.most_bytes.saturating_sub(store);
        let by_disk = (used.disk.available + used.reusable).saturating_sub(self.leave_free);
        by_cap.min(by_disk)
    }
}

impl Store {
    /// How much of the disk the data folder takes.
    pub fn disk_use(&self) -> Result<DiskUse, StoreError> {
        let file = self.connection.path().map(Path::new);
        let folder = file.and_then(Path::parent);
        let folder = folder.expect("a store is a file in a folder");
        disk_use(folder, &self.connection)
    }
}

pub(crate) fn disk_use(folder: &Path, connection: &Connection) -> Result<DiskUse, StoreError> {
    let number = |pragma| pragma_number(connection, pragma).during(DOING);
    let database = folder.join(STORE_FILE);
    Ok(DiskUse {
        reusable: number("freelist_count")? * number("page_size")?,
        log: bytes(&log_of(&database)),
        database: bytes(&database),
        backups: backups(folder)?.iter().map(|backup| backup.bytes).sum(),
        set_aside: set_aside(folder)?.iter().map(|path| bytes(path)).sum(),
        disk: DiskSpace::of(folder)?,
    })
}

/// Of a file that may be gone.
fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_and_the_disk_both_limit() {
        let used = DiskUse {
            database: 100,
            reusable: 20,
            log: 10,
            backups: 1000,
            set_aside: 0,
            disk: DiskSpace {
                total: 10_000,
                available: 500,
            },
        };
        let room = |most_bytes, leave_free| {
            let cap = DiskCap {
                most_bytes,
                leave_free,
            };
            cap.room(&used)
        };
        assert_eq!(room(200, 0), 110);
        assert_eq!(room(90, 0), 0);
        assert_eq!(room(10_000, 100), 420);
        assert_eq!(room(10_000, 1000), 0);
        assert_eq!(used.total(), 1110);
    }
}
