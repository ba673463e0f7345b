//! Deleted text is in no file any more.

use crate::support::Folder;
use opzest_store::{Erasure, InConversation, StoreError};

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

    assert_eq!(
        store.delete_conversation(id).expect("deletes"),
        Erasure::Complete
    );
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
    assert_eq!(
        store
            .delete_conversation(begun.conversation.id)
            .expect("deletes"),
        Erasure::Complete
    );
    assert!(!folder.holds(SECRET));
    // The next tokens come too late.
    let late = store
        .write_answer(begun.answer.id, SECRET)
        .expect_err("it is gone");
    assert!(matches!(late, StoreError::NotFound { .. }), "{late}");
    assert!(!folder.holds(SECRET));
}

/// Many texts of many sizes, so that pages are split, joined and moved before they are deleted: what a
/// page held before its rows moved must go, too. Without the rebuilt file, this finds copies.
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
            assert_eq!(
                store.delete_conversation(id).expect("deletes"),
                Erasure::Complete
            );
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

    assert_eq!(
        store.delete_conversation(doomed).expect("deletes"),
        Erasure::Pending
    );
    assert_eq!(store.conversations(None, 5).expect("lists").total, 0);
    assert_eq!(store.finish_erasing(), Erasure::Pending);
    assert!(folder.holds(SECRET), "that is what pending means");
    reader.execute_batch("COMMIT").expect("ends");
    assert_eq!(store.finish_erasing(), Erasure::Complete);
    assert!(!folder.holds(SECRET));
}
