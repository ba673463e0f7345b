//! Deleting so that the text is gone from the disk, not only from the tables.
//!
//! SQLite's `secure_delete` overwrites a deleted row where it lies, but not the copies that page splits
//! and merges have left of it in the unused parts of other pages (a test finds them). And the write-ahead log
//! and the backups hold it, too. So a deletion is two things:
//!
//! - **one transaction** that deletes the rows and marks the store: its pages and its backups may still hold
//!   deleted text. This is all that the user waits for.
//! - **an erasure**, later and beside the open store ([`crate::Upkeep::erase`]): it wipes the unused parts
//!   of the pages, empties the log, makes a fresh backup, checks it, and deletes every copy that was made before.
//!   Each mark goes when its part is done, so what a crash interrupts is done again.
//!
//! Which copies are older is not left to the clock: the store names the deletions that it has seen by a
//! chained checksum, a backup carries that of its time, and one with another is not clean. This is also right
//! after an older backup was restored.

pub(crate) mod pages;
mod slack;

use crate::error::{During, Failure, StoreError};
use crate::store::Store;
use crate::{conversation, setting};
use opzest_core::ids::ConversationId;
use rusqlite::Connection;
use std::time::Duration;

pub(crate) const DOING: &str = "erasing deleted text";

/// Among the settings: the deletions that this store has seen, as a chained checksum.
const DELETIONS: &str = "store.deletions";
/// The mark that deleted text may still be in the pages or the log; the value is that of [`DELETIONS`].
pub(crate) const IN_PAGES: &str = "store.unerased_deletion";
/// The mark that it may still be in backups.
pub(crate) const IN_BACKUPS: &str = "store.unerased_backups";

/// How long emptying the log waits for readers: it can be done later.
const PATIENCE: Duration = Duration::from_millis(250);

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// Deleted text is in no file of the store and in no backup any more.
    Complete,
    /// The text is deleted, but somebody was reading, deleted more meanwhile, or stopped the erasure: it is
    /// to be done again.
    Pending,
}

impl Store {
    /// Deletes a conversation with all its messages, in every variant. Its text is out of the files
    /// after the next [`crate::Upkeep::erase`].
    pub fn delete_conversation(&mut self, id: ConversationId) -> Result<(), StoreError> {
        self.write("deleting the conversation", |transaction| {
            if conversation::delete(transaction, id)? == 0 {
                return Err(StoreError::not_found("conversation", id).into());
            }
            mark_deletion(transaction, &id.to_string())
        })
    }

    /// Whether deleted text may still be in the files.
    pub fn needs_erasing(&self) -> Result<bool, StoreError> {
        let mark = |key| setting::read(&self.connection, key).during(DOING);
        Ok(mark(IN_PAGES)?.is_some() || mark(IN_BACKUPS)?.is_some())
    }
}

/// Belongs into the transaction of every deletion of text. `what` tells this deletion from others.
pub(crate) fn mark_deletion(connection: &Connection, what: &str) -> Result<(), Failure> {
    let before = deletions(connection)?;
    let sum = crc32fast::hash(format!("{before} {what}").as_bytes());
    let chained = format!("\"{sum:08x}\"");
    for key in [DELETIONS, IN_PAGES, IN_BACKUPS] {
        setting::write(connection, key, &chained)?;
    }
    Ok(())
}

/// The name of all deletions that a store has seen; empty if none.
pub(crate) fn deletions(connection: &Connection) -> rusqlite::Result<String> {
    Ok(setting::read(connection, DELETIONS)?.unwrap_or_default())
}

/// Whether a copy has seen just these deletions, and was wiped after them.
pub(crate) fn has_only(connection: &Connection, wanted: &str) -> Result<bool, StoreError> {
    let is_wiped = setting::read(connection, IN_PAGES).during(DOING)?.is_none();
    Ok(is_wiped && deletions(connection).during(DOING)? == wanted)
}

/// Takes text that was deleted before out of the pages and the log.
pub(crate) fn erase_pages(
    connection: &mut Connection,
    go_on: &dyn Fn() -> bool,
) -> Result<Erasure, StoreError> {
    let Some(mark) = setting::read(connection, IN_PAGES).during(DOING)? else {
        return Ok(Erasure::Complete);
    };
    if pages::wipe_all(connection, go_on)? == pages::Wiped::Part || !empty_log(connection)? {
        return Ok(Erasure::Pending);
    }
    clear(connection, IN_PAGES, &mark)
}

/// Removes a mark, unless another deletion has renewed it meanwhile.
pub(crate) fn clear(connection: &Connection, key: &str, seen: &str) -> Result<Erasure, StoreError> {
    let cleared = setting::delete_value(connection, key, seen).during(DOING)?;
    Ok(if cleared {
        Erasure::Complete
    } else {
        Erasure::Pending
    })
}

/// Copies the write-ahead log into the database and empties it; false if somebody stands in the way.
fn empty_log(connection: &Connection) -> Result<bool, StoreError> {
    let run = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, bool>("busy"))
            .during(DOING)
    };
    // Most of it is copied while others go on writing.
    run("PRAGMA wal_checkpoint(PASSIVE)")?;
    connection.busy_timeout(PATIENCE).during(DOING)?;
    let busy = run("PRAGMA wal_checkpoint(TRUNCATE)");
    connection
        .busy_timeout(crate::open::BUSY_TIMEOUT)
        .during(DOING)?;
    Ok(!busy?)
}

#[cfg(test)]
mod tests {
    use crate::{DataFolderLock, InConversation, NewTurn, Store, StoreOptions};
    use opzest_core::conversation::{ModelName, Scope};
    use opzest_core::ids::{ConversationId, MessageId};

    fn open(folder: &tempfile::TempDir) -> Store {
        let lock = DataFolderLock::acquire(folder.path()).expect("free");
        Store::open(lock, &StoreOptions::default()).expect("opens")
    }

    fn ask(store: &mut Store, number: u64, text: &str) -> ConversationId {
        let id = ConversationId::new(number, [0; 10]);
        let (question, answer) = (
            MessageId::new(number, [1; 10]),
            MessageId::new(number, [2; 10]),
        );
        let conversation = InConversation::New {
            id,
            use_case: None,
            scope: Scope::Private,
        };
        let model = &ModelName {
            id: "m".parse().expect("a slug"),
            name: "M".into(),
        };
        let turn = NewTurn {
            conversation,
            question,
            answer,
            text,
            model,
        };
        store.begin_turn(&turn, number).expect("begins");
        id
    }

    #[test]
    fn the_index_forgets_deleted_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = open(&folder);
        ask(&mut store, 1, "common kept");
        let doomed = ask(&mut store, 2, "common doomed 漢");
        let words = |store: &Store| -> Vec<String> {
            let sql = "CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, message_search, row)";
            store.connection.execute_batch(sql).expect("a vocabulary");
            let mut statement = store
                .connection
                .prepare("SELECT term FROM temp.words ORDER BY term")
                .expect("a vocabulary");
            let words = statement
                .query_map([], |row| row.get("term"))
                .expect("words");
            let words = words.collect::<Result<_, _>>().expect("words");
            drop(statement);
            store
                .connection
                .execute_batch("DROP TABLE temp.words")
                .expect("dropped");
            words
        };
        assert_eq!(words(&store), ["common", "doomed", "kept", "漢"]);
        store.delete_conversation(doomed).expect("deletes");
        assert_eq!(words(&store), ["common", "kept"]);
    }

    /// Without it, erasing falls back to rebuilding the whole file: slow, and writers are blocked.
    #[test]
    fn sqlite_is_built_with_its_table_of_pages() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(&folder);
        let found: bool = store
            .connection
            .query_row(include_str!("has_pages.sql"), [], |row| row.get("found"))
            .expect("a list");
        assert!(
            found,
            "LIBSQLITE3_FLAGS of .cargo/config.toml did not reach the build"
        );
    }
}
