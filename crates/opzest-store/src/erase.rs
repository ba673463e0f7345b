//! Deleting so that the text is gone from the disk, not only from the tables.

use crate::conversation;
use crate::error::{During, StoreError};
use crate::store::Store;
use opzest_core::ids::ConversationId;

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
    /// Deletes a conversation with all its messages, in every variant.
    pub fn delete_conversation(&mut self, id: ConversationId) -> Result<Erasure, StoreError> {
        self.write("deleting the conversation", |transaction| {
            match conversation::delete(transaction, id)? {
                0 => Err(StoreError::not_found("conversation", id).into()),
                _ => Ok(()),
            }
        })?;
        Ok(self.erase_leftovers())
    }

    /// Tries again to remove the traces of a deletion that was left [`Erasure::Pending`].
    pub fn finish_erasing(&mut self) -> Erasure {
        self.erase_leftovers()
    }

    pub(crate) fn erase_leftovers(&mut self) -> Erasure {
        match self.truncate_log() {
            Ok(true) => Erasure::Complete,
            Ok(false) => Erasure::Pending,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be emptied");
                Erasure::Pending
            }
        }
    }

    /// Copies the write-ahead log into the database and empties it; false if a reader stands in the way.
    fn truncate_log(&self) -> Result<bool, StoreError> {
        let busy: bool = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get("busy"))
            .during("emptying the write-ahead log")?;
        Ok(!busy)
    }
}
