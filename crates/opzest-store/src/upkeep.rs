//! What keeps a store well: backups, checks, erasing. It runs beside the open store, on connections of its
//! own, so that the store is never locked for longer than a few milliseconds.
//!
//! Not here: threads and clocks; the app decides when what is due.

use crate::backup::{
    self, BackupFile, BackupKind, BackupOutcome, BackupPolicy, DOING, DiskSpace, Pace, backups,
};
use crate::check::{self, CheckReport, Depth};
use crate::disk::{DiskUse, disk_use};
use crate::erase::{self, Erasure};
use crate::error::{During, StoreError};
use crate::lock::DataFolderLock;
use crate::open::{StoreOptions, pragma_number, reader, second_writer};
use crate::restore::set_aside;
use crate::store::STORE_FILE;
use crate::{conversation, example, session, setting};
use rusqlite::{Connection, ErrorCode};
use std::fs;
use std::path::{Path, PathBuf};

/// The upkeep of one data folder. Clones do one thing at a time among them; each keeps the folder locked.
#[derive(Debug, Clone)]
pub struct Upkeep {
    lock: DataFolderLock,
    options: StoreOptions,
}

impl Upkeep {
    /// With the lock and the options that the store was opened with.
    pub(crate) fn new(lock: DataFolderLock, options: StoreOptions) -> Self {
        Self { lock, options }
    }

    fn folder(&self) -> &Path {
        self.lock.folder()
    }

    fn file(&self) -> PathBuf {
        self.folder().join(STORE_FILE)
    }

    /// Reads every page and looks whether it makes sense; nobody waits for it. `None` if `go_on` stopped it.
    pub fn quick_check(
        &self,
        go_on: impl Fn() -> bool + Send + 'static,
    ) -> Result<Option<CheckReport>, StoreError> {
        const OPERATIONS: i32 = 10_000;
        let _one = self.lock.begin_upkeep();
        let connection = reader(&self.file(), &self.options)?;
        connection
            .progress_handler(OPERATIONS, Some(move || !go_on()))
            .during(check::DOING)?;
        let report = match check::structure(&connection, Depth::Quick) {
            Err(StoreError::Sqlite { source, .. })
                if source.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                return Ok(None);
            }
            report => report?,
        };
        if report.is_sound() {
            let writer = second_writer(&self.file(), &self.options)?;
            setting::delete(&writer, check::DUE).during(check::DOING)?;
        }
        Ok(Some(report))
    }

    /// Everything that can be checked. Comparing the search indexes with the texts would block writers, so
    /// that is done on a copy, for which there must be room. `None` if `go_on` stopped the copying.
    pub fn full_check(&self, go_on: &dyn Fn() -> bool) -> Result<Option<CheckReport>, StoreError> {
        let _one = self.lock.begin_upkeep();
        let source = reader(&self.file(), &self.options)?;
        let mut report = check::structure(&source, Depth::Full)?;
        if !report.is_sound() {
            return Ok(Some(report));
        }
        self.ensure_room(store_bytes(&source)?, &BackupPolicy::WHOLE_DISK)?;
        let pace = Pace::in_background(go_on);
        let checked = backup::with_copy(&source, self.folder(), &self.options, &pace, |copy| {
            let copy = second_writer(copy, &self.options)?;
            check::search_indexes(&copy, &mut report)
        })?;
        Ok(checked.map(|()| report))
    }

    /// Makes a backup, and then deletes those that the policy does not keep. `go_on` is asked every few
    /// milliseconds; a backup that is stopped, or fails, leaves everything as it was.
    pub fn back_up(
        &self,
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<BackupOutcome, StoreError> {
        let _one = self.lock.begin_upkeep();
        self.make_backup(now_ms, policy, go_on)
    }

    /// Whether there is something to back up, and no automatic backup of the last `every_ms`.
    pub fn is_backup_due(&self, now_ms: u64, every_ms: u64) -> Result<bool, StoreError> {
        // One from the future was made while the clock was wrong.
        let newest = backups(self.folder())?
            .into_iter()
            .find(|backup| backup.kind == BackupKind::Automatic && backup.made_at_ms <= now_ms);
        if newest.is_some_and(|newest| newest.made_at_ms.saturating_add(every_ms) > now_ms) {
            return Ok(false);
        }
        let store = reader(&self.file(), &self.options)?;
        Ok(conversation::count(&store).during(DOING)? > 0
            || session::is_any(&store).during(DOING)?
            || example::is_any(&store).during(DOING)?)
    }

    fn make_backup(
        &self,
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<BackupOutcome, StoreError> {
        backup::remove_unfinished(self.folder());
        let source = reader(&self.file(), &self.options)?;
        self.ensure_room(store_bytes(&source)?, policy)?;
        let (kind, pace) = (BackupKind::Automatic, Pace::in_background(go_on));
        let made = backup::make(&source, self.folder(), &self.options, kind, now_ms, &pace)?;
        if let BackupOutcome::Made(_) = &made {
            self.rotate(now_ms, policy)?;
        }
        Ok(made)
    }

    fn ensure_room(&self, needed: u64, policy: &BackupPolicy) -> Result<(), StoreError> {
        let disk = DiskSpace::of(self.folder())?;
        let free = disk.available.saturating_sub(policy.leave_free);
        let room = policy.allowed(disk).min(free);
        if needed > room {
            return Err(StoreError::NoRoomForBackup { needed, room });
        }
        Ok(())
    }

    fn rotate(&self, now_ms: u64, policy: &BackupPolicy) -> Result<(), StoreError> {
        let allowed = policy.allowed(DiskSpace::of(self.folder())?);
        let all = backups(self.folder())?;
        for surplus in backup::surplus(&all, now_ms, policy, allowed) {
            remove(DOING, &surplus.path)?;
        }
        Ok(())
    }

    /// Takes deleted text out of the store's pages, its log and its backups. Does nothing if nothing was
    /// deleted. Backups that hold deleted text are deleted once a fresh one is made and checked; copies of
    /// damaged stores that a restore has set aside go as well.
    pub fn erase(
        &self,
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Erasure, StoreError> {
        let _one = self.lock.begin_upkeep();
        match self.erase_all(now_ms, policy, go_on) {
            // Somebody writes without a pause.
            Err(StoreError::Busy { .. }) => Ok(Erasure::Pending),
            erased => erased,
        }
    }

    fn erase_all(
        &self,
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Erasure, StoreError> {
        let mut connection = second_writer(&self.file(), &self.options)?;
        if erase::erase_pages(&mut connection, go_on)? == Erasure::Pending {
            return Ok(Erasure::Pending);
        }
        let Some(mark) = setting::read(&connection, erase::IN_BACKUPS).during(erase::DOING)? else {
            return Ok(Erasure::Complete);
        };
        match self.replace_backups(&mark, now_ms, policy, go_on)? {
            Erasure::Complete => erase::clear(&connection, erase::IN_BACKUPS, &mark),
            Erasure::Pending => Ok(Erasure::Pending),
        }
    }

    /// Leaves only backups that have seen these deletions.
    fn replace_backups(
        &self,
        deletions: &str,
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Erasure, StoreError> {
        backup::remove_unfinished(self.folder());
        let holding = self.not_clean(deletions)?;
        if !holding.is_empty() {
            match self.replacement(&holding, now_ms, policy, go_on)? {
                // A deletion came between: it has marked the store again.
                BackupOutcome::Made(fresh)
                    if !backup::is_clean(&fresh.path, &self.options, deletions) =>
                {
                    return Ok(Erasure::Pending);
                }
                BackupOutcome::Made(_) => {}
                BackupOutcome::Stopped => return Ok(Erasure::Pending),
            }
        }
        // Again: the rotation has deleted some.
        for backup in self.not_clean(deletions)? {
            remove(erase::DOING, &backup.path)?;
        }
        for path in set_aside(self.folder())? {
            remove(erase::DOING, &path)?;
        }
        if self.folder().join(backup::BACKUP_FOLDER).is_dir() {
            backup::sync_folder(&self.folder().join(backup::BACKUP_FOLDER))?;
        }
        backup::sync_folder(self.folder())?;
        Ok(Erasure::Complete)
    }

    fn not_clean(&self, deletions: &str) -> Result<Vec<BackupFile>, StoreError> {
        let mut all = backups(self.folder())?;
        all.retain(|backup| !backup::is_clean(&backup.path, &self.options, deletions));
        Ok(all)
    }

    /// A fresh backup. Where there is no room for it beside the old ones, all but the newest of those go
    /// first: they hold deleted text and must go in any case.
    fn replacement(
        &self,
        holding: &[BackupFile],
        now_ms: u64,
        policy: &BackupPolicy,
        go_on: &dyn Fn() -> bool,
    ) -> Result<BackupOutcome, StoreError> {
        match self.make_backup(now_ms, policy, go_on) {
            Err(StoreError::NoRoomForBackup { .. } | StoreError::DiskFull { .. })
                if holding.len() > 1 =>
            {
                for backup in &holding[1..] {
                    remove(erase::DOING, &backup.path)?;
                }
                self.make_backup(now_ms, policy, go_on)
            }
            made => made,
        }
    }

    /// How much of the disk the data folder takes.
    pub fn disk_use(&self) -> Result<DiskUse, StoreError> {
        disk_use(self.folder(), &reader(&self.file(), &self.options)?)
    }
}

fn store_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let number = |pragma| pragma_number(connection, pragma).during(DOING);
    Ok(number("page_count")? * number("page_size")?)
}

fn remove(doing: &'static str, path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::from_io(doing, path, error))
        }
        _ => Ok(()),
    }
}
