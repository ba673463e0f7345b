//! Whose file it is, which version it has, with which key it opens.

use crate::support::{Folder, contains, files};
use opzest_store::{KeyProblem, SCHEMA_VERSION, Store, StoreError, StoreKey, StoreOptions};
use rusqlite::Connection;
use std::fs;

fn keyed(passphrase: &str) -> StoreOptions {
    StoreOptions {
        key: Some(StoreKey::new(passphrase)),
        ..StoreOptions::default()
    }
}

/// Both ways of opening fail, with this error, and leave every file as it was.
fn refused(folder: &Folder, options: &StoreOptions) -> StoreError {
    // The lock file is ours to write.
    let database = |folder: &Folder| -> Vec<_> {
        let mut files = files(&folder.path);
        files.retain(|(path, _)| !path.ends_with(opzest_store::LOCK_FILE));
        files
    };
    let before = database(folder);
    let error = folder.try_open(options).expect_err("refused");
    let reader = Store::open_read_only(&folder.path, options).expect_err("refused");
    assert_eq!(error.to_string(), reader.to_string());
    assert!(database(folder) == before, "a refused file was touched");
    error
}

#[test]
fn a_newer_store_is_refused_and_not_touched() {
    let folder = Folder::new();
    folder.open();
    let newer = Connection::open(folder.file()).expect("opens");
    newer
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .expect("set");
    drop(newer);
    let error = refused(&folder, &StoreOptions::default());
    assert!(matches!(error, StoreError::TooNew { found, .. } if found == SCHEMA_VERSION + 1));
}

/// The version is still in the write-ahead log of a newer OpZest that crashed.
#[test]
fn a_newer_store_with_an_unfinished_log_is_not_touched() {
    let folder = Folder::new();
    folder.open();
    let newer = Connection::open(folder.file()).expect("opens");
    newer
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .expect("set");
    let crashed = Folder::new();
    for (path, bytes) in files(&folder.path) {
        // As after a crash: SQLite makes the shared memory anew.
        if !path.to_string_lossy().ends_with("-shm") {
            let name = path.file_name().expect("a name");
            fs::write(crashed.path.join(name), bytes).expect("copied");
        }
    }
    let before = files(&crashed.path);
    let error = crashed
        .try_open(&StoreOptions::default())
        .expect_err("refused");
    assert!(matches!(error, StoreError::TooNew { .. }), "{error}");
    for (path, bytes) in before {
        let is_data = !path.ends_with(opzest_store::LOCK_FILE);
        assert!(
            !is_data || fs::read(&path).expect("still there") == bytes,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_not_touched() {
    let folder = Folder::new();
    let other = Connection::open(folder.file()).expect("opens");
    other
        .execute_batch("CREATE TABLE song (title TEXT)")
        .expect("made");
    drop(other);
    let error = refused(&folder, &StoreOptions::default());
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");

    let other = Connection::open(folder.file()).expect("opens");
    other
        .execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 1")
        .expect("set");
    drop(other);
    let error = refused(&folder, &StoreOptions::default());
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");
}

#[test]
fn what_is_no_database_is_damaged() {
    let folder = Folder::new();
    fs::write(folder.file(), "no database, ".repeat(1_000)).expect("written");
    let error = refused(&folder, &StoreOptions::default());
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_damaged_page_is_told_as_damage() {
    let folder = Folder::new();
    let mut store = folder.open();
    for number in 0..50 {
        let text = format!("{number} {}", "text ".repeat(500));
        folder.turn(&mut store, folder.new_conversation(), &text, &text);
    }
    drop(store);
    let mut bytes = fs::read(folder.file()).expect("read");
    // Everything but the first page, which holds the schema.
    bytes[4096..].fill(0x5a);
    fs::write(folder.file(), bytes).expect("written");
    let error = folder
        .try_open(&StoreOptions::default())
        .and_then(|store| store.conversations(None, 100))
        .expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn an_empty_file_becomes_a_store() {
    let folder = Folder::new();
    fs::write(folder.file(), "").expect("written");
    folder.open();
    // So does a database without anything in it: the first process died before its first migration.
    let folder = Folder::new();
    let empty = Connection::open(folder.file()).expect("opens");
    empty
        .execute_batch("PRAGMA journal_mode = WAL")
        .expect("set");
    drop(empty);
    assert!(fs::metadata(folder.file()).expect("there").len() > 0);
    folder.open();
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    for suffix in ["", "-wal", "-shm"] {
        let path = format!("{}{suffix}", folder.file().display());
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}

#[test]
fn a_reader_writes_nothing_and_follows_the_writer() {
    let folder = Folder::new();
    let missing = Store::open_read_only(&folder.path, &StoreOptions::default());
    assert!(
        matches!(missing, Err(StoreError::Io { .. })),
        "a reader makes no store"
    );
    let mut writer = folder.open();
    let mut reader = folder.read_only();
    folder.turn(&mut writer, folder.new_conversation(), "Hello", "Hi");
    assert_eq!(
        reader
            .conversations(Some("hello"), 5)
            .expect("searches")
            .total,
        1
    );
    let error = reader.set_setting("theme", &"dark").expect_err("a reader");
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "saving the settings failed: the store can only be read"
    );
}

#[test]
fn a_reader_does_not_migrate() {
    let folder = Folder::new();
    folder.open();
    let older = Connection::open(folder.file()).expect("opens");
    older
        .pragma_update(None, "user_version", SCHEMA_VERSION - 1)
        .expect("set");
    drop(older);
    let error = Store::open_read_only(&folder.path, &StoreOptions::default()).expect_err("old");
    assert!(matches!(error, StoreError::TooOld { found, .. } if found == SCHEMA_VERSION - 1));
}

#[test]
fn a_keyed_store_opens_with_its_key_only() {
    let folder = Folder::new();
    let key = keyed("correct horse 'battery\" staple");
    let mut store = folder.try_open(&key).expect("made with a key");
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "My secret plan",
        "Noted",
    );
    for (path, bytes) in files(&folder.path) {
        assert!(
            !contains(&bytes, b"secret plan"),
            "readable in {}",
            path.display()
        );
    }
    drop(store);

    let error = refused(&folder, &keyed("wrong"));
    assert!(
        matches!(
            error,
            StoreError::WrongKey {
                problem: KeyProblem::Wrong,
                ..
            }
        ),
        "{error}"
    );
    let error = refused(&folder, &StoreOptions::default());
    assert!(error.to_string().contains("encrypted"), "{error}");

    let store = folder.try_open(&key).expect("its key");
    assert_eq!(
        store
            .conversations(Some("secret"), 5)
            .expect("searches")
            .total,
        1
    );
    let reader = Store::open_read_only(&folder.path, &key).expect("its key");
    assert_eq!(reader.conversations(None, 5).expect("lists").total, 1);
    assert_eq!(
        format!("{key:?}"),
        "StoreOptions { key: Some(StoreKey(…)), now_ms: 0 }"
    );
}

#[test]
fn a_plain_store_needs_no_key_and_takes_none() {
    let folder = Folder::new();
    folder.open();
    folder.open();
    let error = refused(&folder, &keyed("any"));
    let not_encrypted = KeyProblem::NotEncrypted;
    assert!(matches!(error, StoreError::WrongKey { problem, .. } if problem == not_encrypted));
}
