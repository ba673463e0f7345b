//! Backups are made beside an open store, are whole, rotate, and never harm it.

use crate::support::{Folder, POLICY, files};
use opzest_store::{
    BackupKind, BackupOutcome, BackupPolicy, SCHEMA_VERSION, StoreError, StoreKey, StoreOptions,
    verify_backup,
};
use rusqlite::Connection;
use std::cell::Cell;
use std::fs;

const DAY: u64 = 24 * 60 * 60 * 1000;

fn filled(folder: &Folder, turns: u32) -> opzest_store::Store {
    let mut store = folder.open();
    for number in 0..turns {
        let text = format!("{number} {}", "some text ".repeat(200));
        folder.turn(&mut store, folder.new_conversation(), &text, &text);
    }
    store
}

#[test]
fn a_backup_is_one_whole_file() {
    let folder = Folder::new();
    let store = filled(&folder, 3);
    let backup = folder.back_up(&store);
    assert_eq!(folder.backups(), std::slice::from_ref(&backup));
    assert_eq!(backup.kind, BackupKind::Automatic);
    assert_eq!(
        backup.bytes,
        fs::metadata(&backup.path).expect("there").len()
    );
    let contents = verify_backup(&backup, &StoreOptions::default()).expect("sound");
    assert_eq!(
        (
            contents.schema_version,
            contents.conversations,
            contents.messages
        ),
        (SCHEMA_VERSION, 3, 6)
    );
    let names: Vec<_> = files(&folder.backup_folder());
    assert_eq!(names.len(), 1, "nothing beside it, also after reading it");
    // Bytes 18 and 19 say whether a database needs a log; 1: it does not.
    assert_eq!(&names[0].1[18..20], &[1, 1]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&backup.path) & 0o777, 0o600);
        assert_eq!(mode(&folder.backup_folder()) & 0o777, 0o700);
    }
}

/// The store goes on writing between the steps: the backup is of the moment when it began.
#[test]
fn writers_go_on_meanwhile() {
    let folder = Folder::new();
    let store = filled(&folder, 300);
    let upkeep = store.upkeep().expect("a writer");
    let steps = Cell::new(0);
    let store = std::cell::RefCell::new(store);
    let go_on = || {
        steps.set(steps.get() + 1);
        let text = format!("written in step {}", steps.get());
        let place = folder.new_conversation();
        folder.turn(&mut store.borrow_mut(), place, &text, &text);
        true
    };
    let made = upkeep.back_up(folder.now(), &POLICY, &go_on).expect("made");
    let BackupOutcome::Made(backup) = made else {
        panic!("nobody stopped it");
    };
    assert!(steps.get() > 1, "{} steps", steps.get());
    let contents = verify_backup(&backup, &StoreOptions::default()).expect("sound");
    assert_eq!(contents.conversations, 300);
    let total = store.borrow().conversations(None, 1).expect("lists").total;
    assert_eq!(total, 300 + steps.get());
}

#[test]
fn a_stopped_backup_leaves_nothing() {
    let folder = Folder::new();
    let store = filled(&folder, 300);
    let upkeep = store.upkeep().expect("a writer");
    let asked = Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        asked.get() < 2
    };
    let made = upkeep.back_up(folder.now(), &POLICY, &go_on);
    assert_eq!(made.expect("stops"), BackupOutcome::Stopped);
    assert_eq!(files(&folder.backup_folder()), []);
}

#[test]
fn what_a_crash_left_is_no_backup_and_goes() {
    let folder = Folder::new();
    let store = filled(&folder, 1);
    let backup = folder.back_up(&store);
    let unfinished = folder
        .backup_folder()
        .join(format!("{}.unfinished", backup.name));
    fs::rename(&backup.path, &unfinished).expect("renamed");
    assert_eq!(folder.backups(), []);
    folder.back_up(&store);
    assert!(!unfinished.exists());
}

#[test]
fn backups_rotate() {
    let folder = Folder::new();
    let store = filled(&folder, 1);
    let upkeep = store.upkeep().expect("a writer");
    let policy = BackupPolicy {
        latest: 2,
        daily: 3,
        weekly: 0,
        ..POLICY
    };
    let start = 1_795_456_789_012;
    for half_day in 0..12 {
        let now = start + half_day * DAY / 2;
        upkeep.back_up(now, &policy, &|| true).expect("made");
    }
    let ages: Vec<_> = folder
        .backups()
        .iter()
        .map(|backup| (start + 11 * DAY / 2 - backup.made_at_ms) / (DAY / 2))
        .collect();
    // In half days; the first backup was made at 18 o'clock.
    assert_eq!(ages, [0, 1, 3]);
}

#[test]
fn a_backup_is_due_after_a_while_and_only_of_something() {
    let folder = Folder::new();
    let mut store = folder.open();
    let upkeep = store.upkeep().expect("a writer");
    let is_due = |now| upkeep.is_backup_due(now, DAY).expect("looks");
    assert!(!is_due(DAY), "nothing is in it");
    folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    assert!(is_due(DAY));
    let made = folder.back_up(&store).made_at_ms;
    assert!(!is_due(made + DAY - 1));
    assert!(is_due(made + DAY));
    assert!(is_due(made - 1), "the clock was wrong");
}

#[test]
fn a_backup_that_would_take_too_much_is_refused_with_the_figures() {
    let folder = Folder::new();
    let store = filled(&folder, 1);
    let upkeep = store.upkeep().expect("a writer");
    let older = folder.back_up(&store);
    for policy in [
        BackupPolicy {
            most_bytes: 10,
            ..POLICY
        },
        BackupPolicy {
            share_of_disk: 0.0,
            ..POLICY
        },
        BackupPolicy {
            leave_free: u64::MAX,
            ..POLICY
        },
    ] {
        let error = upkeep
            .back_up(folder.now(), &policy, &|| true)
            .expect_err("no room");
        assert!(
            matches!(error, StoreError::NoRoomForBackup { .. }),
            "{error}"
        );
    }
    assert_eq!(folder.backups(), [older]);
}

/// Root may write anywhere, so the folder is one that nobody can write into: a file.
#[test]
fn a_backup_folder_that_cannot_be_used_harms_nothing() {
    let folder = Folder::new();
    let mut store = filled(&folder, 1);
    fs::write(folder.backup_folder(), "in the way").expect("written");
    let upkeep = store.upkeep().expect("a writer");
    let error = upkeep
        .back_up(folder.now(), &POLICY, &|| true)
        .expect_err("in the way");
    assert!(error.to_string().contains("backups"), "{error}");
    folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    assert_eq!(store.conversations(None, 9).expect("lists").total, 2);
    assert!(store.check().expect("checks").is_sound());
}

#[test]
fn a_damaged_store_makes_no_backup() {
    let folder = Folder::new();
    let store = filled(&folder, 100);
    let good = folder.back_up(&store);
    let upkeep = store.upkeep().expect("a writer");
    drop(store);
    let mut bytes = fs::read(folder.file()).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    fs::write(folder.file(), bytes).expect("written");
    let error = upkeep
        .back_up(folder.now(), &POLICY, &|| true)
        .expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(folder.backups(), [good]);
    assert_eq!(files(&folder.backup_folder()).len(), 1);
}

#[test]
fn a_keyed_store_has_keyed_backups() {
    let folder = Folder::new();
    let options = StoreOptions {
        key: Some(StoreKey::new("a passphrase")),
        ..StoreOptions::default()
    };
    let mut store = folder.try_open(&options).expect("opens");
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "My secret plan",
        "Noted",
    );
    let backup = folder.back_up(&store);
    assert!(!folder.holds("secret plan"));
    assert_eq!(
        verify_backup(&backup, &options)
            .expect("sound")
            .conversations,
        1
    );
    verify_backup(&backup, &StoreOptions::default()).expect_err("without the key");
}

#[test]
fn a_store_is_backed_up_before_it_is_brought_up_to_date() {
    let folder = Folder::new();
    let older = Connection::open(folder.file()).expect("opens");
    older
        .execute_batch(concat!(
            include_str!("../../src/migration/0001_conversations.sql"),
            include_str!("../../src/migration/0002_models_and_settings.sql"),
            "PRAGMA application_id = 1332763251; PRAGMA user_version = 2;
             INSERT INTO conversation (id, use_case_id, title, created_at, updated_at)
             SELECT printf('018bcfe5-6800-7000-8000-%012d', value), '00000000-0000-7000-8000-000000000001', 'title', 5, 5
             FROM json_each('[1, 2]');"
        ))
        .expect("as version 2 was");
    drop(older);
    // While no backup can be made, the store stays as it is.
    fs::write(folder.backup_folder(), "in the way").expect("written");
    folder
        .try_open(&StoreOptions::default())
        .expect_err("no backup, no change");
    let version = || -> u32 {
        Connection::open(folder.file())
            .and_then(|it| it.pragma_query_value(None, "user_version", |row| row.get(0)))
            .expect("a version")
    };
    assert_eq!(version(), 2);

    fs::remove_file(folder.backup_folder()).expect("removed");
    let options = StoreOptions {
        now_ms: 1_795_456_789_012,
        ..StoreOptions::default()
    };
    let store = folder.try_open(&options).expect("migrates");
    assert_eq!(store.conversations(None, 9).expect("lists").total, 2);
    let backup = folder.backups().remove(0);
    assert_eq!(backup.kind, BackupKind::BeforeSchema(SCHEMA_VERSION));
    assert_eq!(backup.made_at_ms, options.now_ms);
    let contents = verify_backup(&backup, &options).expect("sound");
    assert_eq!((contents.schema_version, contents.conversations), (2, 2));
    drop(store);
    folder.open();
    assert_eq!(folder.backups().len(), 1, "only once");
}
