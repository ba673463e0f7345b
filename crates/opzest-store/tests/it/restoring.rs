//! Checks that find damage, and going back to a backup.

use crate::support::{Folder, POLICY, files};
use opzest_store::{
    CheckProblem, CheckReport, DataFolderLock, StoreError, StoreOptions, restore, set_aside,
    verify_backup,
};
use rusqlite::Connection;
use std::fs;

fn plain() -> StoreOptions {
    StoreOptions::default()
}

fn damage(folder: &Folder) {
    let mut bytes = fs::read(folder.file()).expect("read");
    bytes[4096..].fill(0x5a);
    fs::write(folder.file(), bytes).expect("written");
}

#[test]
fn a_damaged_store_is_replaced_by_its_backup_and_set_aside() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(&mut store, folder.new_conversation(), "Kept", "Yes");
    let backup = folder.back_up(&store);
    folder.turn(&mut store, folder.new_conversation(), "Later", "Lost");
    drop(store);
    damage(&folder);
    let damaged = fs::read(folder.file()).expect("read");
    let error = folder
        .try_open(&plain())
        .and_then(|store| store.conversations(None, 9))
        .expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");

    let lock = DataFolderLock::acquire(&folder.path).expect("free");
    let restored = restore(&lock, &backup, &plain(), folder.now()).expect("restored");
    assert_eq!(restored.contents.conversations, 1);
    let aside = restored.set_aside.expect("there was one");
    assert_eq!(fs::read(&aside).expect("kept"), damaged);
    drop(lock);
    let mut store = folder.open();
    assert_eq!(
        store.conversations(Some("kept"), 9).expect("lists").total,
        1
    );
    assert_eq!(store.conversations(None, 9).expect("lists").total, 1);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
    folder.turn(&mut store, folder.new_conversation(), "Again", "Yes");
    assert_eq!(folder.backups(), [backup]);
}

#[test]
fn an_open_store_is_not_replaced() {
    let folder = Folder::new();
    let store = folder.open();
    let backup = folder.back_up(&store);
    drop(store);
    let lock = DataFolderLock::acquire(&folder.path).expect("free");
    let store = opzest_store::Store::open(lock.clone(), &plain()).expect("opens");
    let error = restore(&lock, &backup, &plain(), folder.now()).expect_err("open");
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    drop(store);
    restore(&lock, &backup, &plain(), folder.now()).expect("closed");
}

#[test]
fn a_damaged_backup_is_told_and_refused() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(&mut store, folder.new_conversation(), "Kept", "Yes");
    let backup = folder.back_up(&store);
    drop(store);
    let mut bytes = fs::read(&backup.path).expect("read");
    bytes[4096..].fill(0x5a);
    fs::write(&backup.path, bytes).expect("written");
    let error = verify_backup(&backup, &plain()).expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let before = files(&folder.path);
    let lock = DataFolderLock::acquire(&folder.path).expect("free");
    restore(&lock, &backup, &plain(), folder.now()).expect_err("refused");
    let unchanged = |files: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
        let is_store = |(path, _): &(std::path::PathBuf, _)| *path == folder.file();
        files.into_iter().filter(is_store).collect()
    };
    assert!(unchanged(files(&folder.path)) == unchanged(before));
    assert!(set_aside(&folder.path).expect("lists").is_empty());
}

#[test]
fn a_log_at_the_start_means_that_the_last_process_died() {
    let folder = Folder::new();
    let mut store = folder.open();
    assert!(!store.needs_check(), "a new one");
    folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    let died = Folder::new();
    for (path, bytes) in files(&folder.path) {
        if !path.to_string_lossy().ends_with("-shm") {
            fs::write(died.path.join(path.file_name().expect("a name")), bytes).expect("copied");
        }
    }
    drop(store);
    assert!(!folder.open().needs_check());
    assert!(died.open().needs_check());
    let store = died.open();
    assert!(store.needs_check(), "until it was checked");
    let upkeep = store.upkeep().expect("a writer");
    let report = upkeep.quick_check(|| true).expect("checks");
    assert_eq!(report, Some(CheckReport::default()));
    drop((store, upkeep));
    assert!(!died.open().needs_check());
}

#[test]
fn checks_say_what_is_wrong() {
    let folder = Folder::new();
    let mut store = folder.open();
    for number in 0..60 {
        let text = format!("{number} {}", "text ".repeat(500));
        folder.turn(&mut store, folder.new_conversation(), &text, &text);
    }
    let upkeep = store.upkeep().expect("a writer");
    let report = upkeep.full_check(&|| true).expect("checks");
    assert_eq!(report, Some(CheckReport::default()));
    assert_eq!(upkeep.full_check(&|| false).expect("stops"), None);
    assert_eq!(files(&folder.backup_folder()), []);

    let meddler = Connection::open(folder.file()).expect("opens");
    meddler
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER conversation_search_delete; DELETE FROM conversation WHERE seq = 1;
             DROP TRIGGER message_search_delete; DELETE FROM message WHERE seq = 3;",
        )
        .expect("meddles");
    drop(meddler);
    let problems = upkeep
        .full_check(&|| true)
        .expect("checks")
        .expect("whole")
        .problems;
    let is = |wanted: &dyn Fn(&CheckProblem) -> bool| problems.iter().any(wanted);
    assert!(
        is(
            &|problem| matches!(problem, CheckProblem::Dangling { table, rows: 2 } if table == "message")
        ),
        "{problems:?}"
    );
    assert!(
        is(&|problem| matches!(problem, CheckProblem::Positions(_))),
        "{problems:?}"
    );

    drop((store, upkeep));
    damage(&folder);
    let lock = DataFolderLock::acquire(&folder.path).expect("free");
    match opzest_store::Store::open(lock, &plain()) {
        Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{error}"),
        Ok(mut store) => {
            let report = store.check().expect("checks");
            assert!(
                matches!(report.problems[0], CheckProblem::Structure(_)),
                "{report:?}"
            );
        }
    }
}

#[test]
fn the_search_index_is_compared_with_the_texts() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    store
        .upkeep()
        .expect("a writer")
        .back_up(folder.now(), &POLICY, &|| true)
        .expect("made");
    let upkeep = store.upkeep().expect("a writer");
    let meddler = Connection::open(folder.file()).expect("opens");
    meddler
        .execute_batch(
            "DROP TRIGGER message_search_update; UPDATE message SET text = 'other' WHERE seq = 1",
        )
        .expect("meddles");
    drop(meddler);
    let report = upkeep.full_check(&|| true).expect("checks").expect("whole");
    assert_eq!(
        report.problems,
        [CheckProblem::SearchIndex { of: "messages" }]
    );
}

#[test]
fn a_quick_check_can_be_stopped() {
    let folder = Folder::new();
    let mut store = folder.open();
    for number in 0..200 {
        let text = format!("{number} {}", "text ".repeat(500));
        folder.turn(&mut store, folder.new_conversation(), &text, &text);
    }
    let upkeep = store.upkeep().expect("a writer");
    assert_eq!(upkeep.quick_check(|| false).expect("stops"), None);
}
