//! Deleting so that the text is gone from the disk, not only from the tables.
//!
//! SQLite's `secure_delete` overwrites a deleted row where it lies, but not the copies that page splits
//! and merges have left of it in the unused parts of other pages (a test finds them). So a deletion
//! also rebuilds the file (VACUUM) and empties the write-ahead log. A mark, written in the deletion's
//! own transaction, makes the next start do that if this process does not come to it.

use crate::error::{During, StoreError};
use crate::open::BUSY_TIMEOUT;
use crate::store::Store;
use crate::{conversation, setting};
use opzest_core::ids::ConversationId;
use std::time::Duration;

/// The mark, among the settings: deleted text may still be in the files.
pub(crate) const MARK: &str = "store.unerased_deletion";

/// How long an erasure waits for readers: it can be finished later, and someone watches.
const PATIENCE: Duration = Duration::from_millis(250);

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// The text is in no file of the store any more.
    Complete,
    /// The text is deleted, but another process was reading the store, or the disk is full: traces are
    /// left in its files until [`Store::finish_erasing`] succeeds or the store is next opened.
    Pending,
}

impl Store {
    /// Deletes a conversation with all its messages, in every variant. Rebuilds the file, which takes
    /// about as long as copying it.
    pub fn delete_conversation(&mut self, id: ConversationId) -> Result<Erasure, StoreError> {
        self.delete_rows(id)?;
        Ok(self.finish_erasing())
    }

    fn delete_rows(&mut self, id: ConversationId) -> Result<(), StoreError> {
        self.write("deleting the conversation", |transaction| {
            if conversation::delete(transaction, id)? == 0 {
                return Err(StoreError::not_found("conversation", id).into());
            }
            setting::write(transaction, MARK, "true")?;
            Ok(())
        })
    }

    /// Removes what deletions that were left [`Erasure::Pending`] have left in the files.
    pub fn finish_erasing(&mut self) -> Erasure {
        match self.erase() {
            Ok(erasure) => erasure,
            Err(error) => {
                tracing::warn!(%error, "traces of deleted text are left in the store's files");
                Erasure::Pending
            }
        }
    }

    fn erase(&mut self) -> Result<Erasure, StoreError> {
        const DOING: &str = "erasing deleted text";
        let is_marked = setting::read(&self.connection, MARK)
            .during(DOING)?
            .is_some();
        if is_marked {
            self.connection.execute_batch("VACUUM").during(DOING)?;
        }
        if !self.empty_log()? {
            return Ok(Erasure::Pending);
        }
        if is_marked {
            setting::delete(&self.connection, MARK).during(DOING)?;
        }
        Ok(Erasure::Complete)
    }

    /// Copies the write-ahead log into the database and empties it; false if a reader stands in the way.
    fn empty_log(&self) -> Result<bool, StoreError> {
        const DOING: &str = "emptying the write-ahead log";
        self.connection.busy_timeout(PATIENCE).during(DOING)?;
        let busy = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, bool>("busy")
            })
            .during(DOING);
        self.connection.busy_timeout(BUSY_TIMEOUT).during(DOING)?;
        Ok(!busy?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{DataFolderLock, Erasure, InConversation, NewTurn, Store, StoreOptions};
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
        assert_eq!(
            store.delete_conversation(doomed).expect("deletes"),
            Erasure::Complete
        );
        assert_eq!(words(&store), ["common", "kept"]);
    }

    /// The process dies between the deletion and the rebuilding of the file.
    #[test]
    fn the_next_start_finishes_an_erasure() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = open(&folder);
        let doomed = ask(&mut store, 1, "doomed");
        store.delete_rows(doomed).expect("deletes");
        assert_eq!(
            store.setting::<bool>(super::MARK).expect("reads"),
            Some(true)
        );
        drop(store);
        let store = open(&folder);
        assert_eq!(store.setting::<bool>(super::MARK).expect("reads"), None);
    }
}
