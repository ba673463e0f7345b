//! A crash after each step of a restore, and what the next opening makes of it.

use super::*;
use crate::{BACKUP_FOLDER, BackupOutcome, BackupPolicy, DataFolderLock, Store, backups};

const POLICY: BackupPolicy = BackupPolicy {
    latest: 3,
    daily: 7,
    weekly: 4,
    before_schema: 2,
    most_bytes: u64::MAX,
    share_of_disk: 1.0,
    leave_free: 0,
};

fn open(folder: &Path) -> Store {
    let lock = DataFolderLock::acquire(folder).expect("free");
    Store::open(lock, &StoreOptions::default()).expect("opens")
}

fn state(store: &Store) -> String {
    store.setting("state").expect("reads").expect("written")
}

/// A data folder whose store is in the state "later", with changes in its log only, and a backup in the
/// state "earlier".
fn crashed_store() -> tempfile::TempDir {
    let original = tempfile::tempdir().expect("a folder");
    let mut store = open(original.path());
    store.set_setting("state", &"earlier").expect("writes");
    let upkeep = store.upkeep().expect("a writer");
    let made = upkeep.back_up(1_000, &POLICY, &|| true).expect("made");
    assert!(matches!(made, BackupOutcome::Made(_)));
    store.set_setting("state", &"later").expect("writes");

    // Copied while it is open, as a crash would leave it.
    let crashed = tempfile::tempdir().expect("a folder");
    fs::create_dir(crashed.path().join(BACKUP_FOLDER)).expect("made");
    for folder in ["", BACKUP_FOLDER] {
        for entry in fs::read_dir(original.path().join(folder)).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.file_name().expect("a name");
                fs::copy(&path, crashed.path().join(folder).join(name)).expect("copied");
            }
        }
    }
    assert!(log_of(&crashed.path().join(STORE_FILE)).exists());
    crashed
}

#[test]
fn a_crash_after_any_step_is_finished_by_the_next_opening() {
    let steps = [
        Step::LogSetAside,
        Step::SharedMemoryRemoved,
        Step::StoreSetAside,
        Step::InPlace,
    ];
    for last in steps {
        let folder = crashed_store();
        let path = folder.path();
        let backup = backups(path).expect("lists").remove(0);
        prepare(path, &backup.path, "now").expect("copied");
        carry_out(path, &mut |step| step != last).expect("until the crash");
        let store = open(path);
        assert_eq!(state(&store), "earlier", "after {last:?}");
        assert!(named(path, RESTORING).expect("lists").is_empty());
        drop(store);

        // What was there before is whole: file and log.
        let before = tempfile::tempdir().expect("a folder");
        for aside in set_aside(path).expect("lists") {
            let name = aside.file_name().expect("a name").to_string_lossy();
            let name = name.replace("damaged-now.db", STORE_FILE);
            fs::copy(&aside, before.path().join(name)).expect("copied");
        }
        assert_eq!(state(&open(before.path())), "later", "after {last:?}");
    }
}

#[test]
fn a_crash_before_the_copy_is_complete_changes_nothing() {
    let folder = crashed_store();
    let path = folder.path();
    let half = path.join(format!("{COPYING}now.db"));
    fs::write(&half, "half a copy").expect("written");
    let store = open(path);
    assert_eq!(state(&store), "later");
    assert!(!half.exists());
    assert!(set_aside(path).expect("lists").is_empty());
}

#[test]
fn a_missing_store_is_restored_as_well() {
    let folder = crashed_store();
    let path = folder.path();
    fs::remove_file(path.join(STORE_FILE)).expect("removed");
    fs::remove_file(log_of(&path.join(STORE_FILE))).expect("removed");
    let backup = backups(path).expect("lists").remove(0);
    let lock = DataFolderLock::acquire(path).expect("free");
    let restored = restore(&lock, &backup, &StoreOptions::default(), 2_000).expect("restored");
    assert_eq!(restored.set_aside, None);
    drop(lock);
    assert_eq!(state(&open(path)), "earlier");
}
