//! Deleted text is in no file any more.

use crate::support::{Folder, POLICY, files};
use opzest_store::{
    BackupPolicy, DataFolderLock, DiskUse, Erasure, InConversation, StoreError, StoreKey,
    StoreOptions, restore, verify_backup,
};
use std::fs;

/// Starts with letters that no other word here has, so that the index keeps it whole.
const SECRET: &str = "qzxjwvsecretword";

#[test]
fn a_deleted_conversation_is_in_no_file() {
    let folder = Folder::new();
    let mut store = folder.open();
    let kept = folder.turn(
        &mut store,
        folder.new_conversation(),
        "Keep me",
        "kept answer",
    );
    let text = format!("{SECRET} {}", "and more ".repeat(2_000));
    let doomed = folder.turn(&mut store, folder.new_conversation(), SECRET, &text);
    let id = doomed.conversation.id;
    let variant = folder.regenerate(&mut store, id).expect("begins");
    for length in [10, 1_000, 10_000] {
        store
            .write_answer(variant.answer.id, &text[..length])
            .expect("writes");
    }
    folder
        .finish(&mut store, variant.answer.id, &text)
        .expect("ends");
    store
        .rename_conversation(id, &format!("All about {SECRET}"))
        .expect("renames");
    assert!(folder.holds(SECRET));

    store.delete_conversation(id).expect("deletes");
    assert!(store.needs_erasing().expect("reads"));
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!store.needs_erasing().expect("reads"));
    assert!(!folder.holds(SECRET), "while the store is open");
    assert_eq!(
        store
            .conversations(Some(SECRET), 5)
            .expect("searches")
            .total,
        0
    );
    assert!(matches!(
        store.conversation(id),
        Err(StoreError::NotFound { .. })
    ));
    let opened = store.conversation(kept.conversation.id).expect("opens");
    assert_eq!(opened.messages[1].text, "kept answer");
    drop(store);
    assert!(!folder.holds(SECRET), "after it is closed");
    assert!(folder.holds("kept answer"));
}

#[test]
fn a_deletion_while_the_answer_streams_is_as_good() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(&mut store, folder.new_conversation(), SECRET)
        .expect("begins");
    store.write_answer(begun.answer.id, SECRET).expect("writes");
    store
        .delete_conversation(begun.conversation.id)
        .expect("deletes");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
    // The next tokens come too late.
    let late = store
        .write_answer(begun.answer.id, SECRET)
        .expect_err("it is gone");
    assert!(matches!(late, StoreError::NotFound { .. }), "{late}");
    assert!(!folder.holds(SECRET));
}

/// Many texts of many sizes, so that pages are split, joined and moved before they are deleted: what a
/// page held before its rows moved must go, too. Without wiped pages, this finds copies.
#[test]
fn rows_that_moved_leave_no_copies() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut random = 12345_u64;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (random >> 33) % below
    };
    let mut alive = Vec::new();
    for number in 0..120 {
        let secret = format!("zq{number:04}x{SECRET}");
        let text = |size| format!("{secret} ").repeat(size as usize + 1);
        let question = text(next(30));
        let answer = text(if next(5) == 0 { next(1000) } else { next(60) });
        let place = folder.new_conversation();
        let id = folder
            .turn(&mut store, place, &question, &answer)
            .conversation
            .id;
        let place = InConversation::Existing(id);
        folder.turn(&mut store, place, &text(next(10)), &text(next(40)));
        alive.push((id, secret));
        if next(3) == 0 {
            let (id, secret) = alive.swap_remove(next(alive.len() as u64) as usize);
            store.delete_conversation(id).expect("deletes");
            assert_eq!(folder.erase(&store), Erasure::Complete);
            assert!(!folder.holds(&secret), "{secret} after {number}");
        }
    }
}

#[test]
fn a_reader_in_the_way_leaves_the_erasure_pending() {
    let folder = Folder::new();
    let mut store = folder.open();
    let doomed = folder
        .turn(&mut store, folder.new_conversation(), SECRET, "x")
        .conversation
        .id;
    let reader = rusqlite::Connection::open(folder.file()).expect("opens");
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM message")
        .expect("reads");

    store.delete_conversation(doomed).expect("deletes");
    assert_eq!(folder.erase(&store), Erasure::Pending);
    assert_eq!(store.conversations(None, 5).expect("lists").total, 0);
    assert_eq!(folder.erase(&store), Erasure::Pending);
    assert!(folder.holds(SECRET), "that is what pending means");
    reader.execute_batch("COMMIT").expect("ends");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
}

#[test]
fn backups_made_before_a_deletion_are_replaced() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(&mut store, folder.new_conversation(), "Keep me", "kept");
    folder.back_up(&store);
    let doomed = folder.turn(&mut store, folder.new_conversation(), SECRET, "x");
    let holding = folder.back_up(&store);
    store
        .delete_conversation(doomed.conversation.id)
        .expect("deletes");
    let between = folder.back_up(&store);
    assert!(folder.holds(SECRET));
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
    let left = folder.backups();
    assert_eq!(left.len(), 1, "the fresh one");
    assert!(left[0].made_at_ms > between.made_at_ms.max(holding.made_at_ms));
    let contents = verify_backup(&left[0], &StoreOptions::default()).expect("sound");
    assert_eq!(contents.conversations, 1);

    // Clean ones stay.
    let second = folder.turn(&mut store, folder.new_conversation(), SECRET, "x");
    store
        .delete_conversation(second.conversation.id)
        .expect("deletes");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    let clean = folder.back_up(&store);
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(folder.backups().contains(&clean));
}

/// While a fresh backup cannot be made, the newest old one stays, and so does the mark.
#[test]
fn the_last_backup_is_not_deleted_for_nothing() {
    let folder = Folder::new();
    let mut store = folder.open();
    let doomed = folder.turn(&mut store, folder.new_conversation(), SECRET, "x");
    folder.back_up(&store);
    let newest = folder.back_up(&store);
    store
        .delete_conversation(doomed.conversation.id)
        .expect("deletes");
    let upkeep = store.upkeep().expect("a writer");
    let no_room = BackupPolicy {
        most_bytes: 0,
        ..POLICY
    };
    let error = upkeep
        .erase(folder.now(), &no_room, &|| true)
        .expect_err("no room");
    assert!(
        matches!(error, StoreError::NoRoomForBackup { .. }),
        "{error}"
    );
    assert_eq!(folder.backups(), [newest]);
    assert!(store.needs_erasing().expect("reads"));
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
}

/// A restored store has seen other deletions than the backups of the way that it left.
#[test]
fn a_deletion_after_a_restore_reaches_the_backups_of_both_ways() {
    let folder = Folder::new();
    let mut store = folder.open();
    let doomed = folder.turn(&mut store, folder.new_conversation(), SECRET, "x");
    let other = folder.turn(&mut store, folder.new_conversation(), "Other", "x");
    let first = folder.back_up(&store);
    store
        .delete_conversation(other.conversation.id)
        .expect("deletes");
    let (keep, name) = (fs::read(&first.path).expect("read"), first.path.clone());
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert_eq!(folder.backups().len(), 1, "it still holds the secret");
    drop(store);
    fs::write(name, keep).expect("a copy from elsewhere");

    let lock = DataFolderLock::acquire(&folder.path).expect("free");
    restore(&lock, &first, &StoreOptions::default(), folder.now()).expect("restored");
    drop(lock);
    assert_eq!(folder.backups().len(), 2, "a restore deletes nothing");
    let mut store = folder.open();
    store
        .delete_conversation(doomed.conversation.id)
        .expect("deletes");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET), "also not in what was set aside");
    assert_eq!(folder.backups().len(), 1);
}

#[test]
fn an_erasure_that_is_stopped_is_done_again() {
    let folder = Folder::new();
    let mut store = folder.open();
    let doomed = folder.turn(&mut store, folder.new_conversation(), SECRET, "x");
    store
        .delete_conversation(doomed.conversation.id)
        .expect("deletes");
    let upkeep = store.upkeep().expect("a writer");
    let stopped = upkeep.erase(folder.now(), &POLICY, &|| false);
    assert_eq!(stopped.expect("stops"), Erasure::Pending);
    drop((store, upkeep));
    let store = folder.open();
    assert!(
        store
            .needs_erasing()
            .expect("the mark outlives the process")
    );
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
}

/// A keyed store's pages end with bytes that are not SQLite's.
#[test]
fn a_keyed_store_is_erased_as_well() {
    let folder = Folder::new();
    let options = StoreOptions {
        key: Some(StoreKey::new("a passphrase")),
        ..StoreOptions::default()
    };
    let mut store = folder.try_open(&options).expect("opens");
    let mut ids = Vec::new();
    for number in 0..40 {
        let text = format!("{number} ").repeat(number * 20 + 1);
        let turn = folder.turn(&mut store, folder.new_conversation(), &text, &text);
        ids.push(turn.conversation.id);
    }
    folder.back_up(&store);
    for id in ids.iter().step_by(2) {
        store.delete_conversation(*id).expect("deletes");
    }
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(store.check().expect("checks").is_sound());
    drop(store);
    let store = folder.try_open(&options).expect("opens");
    assert_eq!(store.conversations(None, 99).expect("lists").total, 20);
    assert_eq!(folder.backups().len(), 1);
}

/// Verdicts and answers are recorded while pages are wiped; nothing fails, nothing is lost.
#[test]
fn others_write_while_it_erases() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut doomed = Vec::new();
    for number in 0..150 {
        let text = format!("{SECRET} {number} ").repeat(number % 40 + 1);
        let turn = folder.turn(&mut store, folder.new_conversation(), &text, &text);
        doomed.push(turn.conversation.id);
    }
    let kept = doomed.split_off(120);
    for id in doomed {
        store.delete_conversation(id).expect("deletes");
    }
    let upkeep = store.upkeep().expect("a writer");
    let now = folder.now();
    let erasing = std::thread::spawn(move || upkeep.erase(now, &POLICY, &|| true));
    let mut written = 0;
    while !erasing.is_finished() || written == 0 {
        folder.turn(&mut store, folder.new_conversation(), "Meanwhile", "Yes");
        written += 1;
    }
    erasing.join().expect("no panic").expect("erases");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    for id in kept {
        store.delete_conversation(id).expect("deletes");
    }
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(SECRET));
    assert_eq!(store.conversations(None, 9).expect("lists").total, written);
    assert!(store.check().expect("checks").is_sound());
}

#[test]
fn disk_use_counts_every_file() {
    let folder = Folder::new();
    let mut store = folder.open();
    let text = "text ".repeat(20_000);
    let turn = folder.turn(&mut store, folder.new_conversation(), &text, &text);
    folder.back_up(&store);
    let before = store.disk_use().expect("measures");
    let size = |path: &std::path::Path| fs::metadata(path).expect("there").len();
    assert_eq!(before.database, size(&folder.file()));
    assert_eq!(before.backups, folder.backups()[0].bytes);
    assert!(before.log > 100_000, "{before:?}");
    assert_eq!((before.reusable, before.set_aside), (0, 0));
    assert!(before.disk.available <= before.disk.total);
    store
        .delete_conversation(turn.conversation.id)
        .expect("deletes");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    let after = store.disk_use().expect("measures");
    assert!(after.reusable > 100_000, "{after:?}");
    let beside = store.upkeep().expect("a writer").disk_use();
    let beside = beside.expect("measures");
    // What is free on the disk is not the store's alone.
    assert_eq!(beside.disk.total, after.disk.total);
    let disk = after.disk;
    assert_eq!(DiskUse { disk, ..beside }, after);
}

/// The files as a crash would leave them, at every step of an erasure.
#[test]
fn a_crash_during_an_erasure_leaves_a_sound_store_that_is_erased_later() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut doomed = Vec::new();
    for number in 0..60 {
        let text = format!("{SECRET} {number} ").repeat(number * 10 + 1);
        let turn = folder.turn(&mut store, folder.new_conversation(), &text, &text);
        doomed.push(turn.conversation.id);
    }
    let kept = folder.turn(&mut store, folder.new_conversation(), "Keep me", "kept");
    folder.back_up(&store);
    for id in doomed {
        store.delete_conversation(id).expect("deletes");
    }
    let crashes = std::cell::RefCell::new(Vec::new());
    let crash = || {
        let copy = Folder::new();
        fs::create_dir(copy.backup_folder()).expect("made");
        for (from, to) in [
            (&folder.path, &copy.path),
            (&folder.backup_folder(), &copy.backup_folder()),
        ] {
            for (path, bytes) in files(from) {
                if !path.to_string_lossy().ends_with("-shm") {
                    fs::write(to.join(path.file_name().expect("a name")), bytes).expect("copied");
                }
            }
        }
        crashes.borrow_mut().push(copy);
        true
    };
    let upkeep = store.upkeep().expect("a writer");
    let erasure = upkeep.erase(folder.now(), &POLICY, &crash);
    assert_eq!(erasure.expect("erases"), Erasure::Complete);

    let crashes = crashes.into_inner();
    assert!(crashes.len() > 2, "{} moments", crashes.len());
    for crashed in crashes {
        let mut store = crashed.open();
        assert!(store.check().expect("checks").is_sound());
        assert_eq!(store.conversations(None, 9).expect("lists").total, 1);
        let opened = store.conversation(kept.conversation.id).expect("kept");
        assert_eq!(opened.messages[1].text, "kept");
        assert!(store.needs_erasing().expect("reads"));
        assert_eq!(crashed.erase(&store), Erasure::Complete);
        assert!(!crashed.holds(SECRET));
        assert_eq!(crashed.backups().len(), 1);
    }
}
