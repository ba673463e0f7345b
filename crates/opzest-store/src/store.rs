//! The store: one database file, and the reads and writes that the app makes of it.

use crate::error::{During, Failure, StoreError};
use crate::lock::{DataFolderLock, OpenMark};
use crate::open::{self, StoreOptions};
use crate::upkeep::Upkeep;
use crate::{backup, check, conversation, message, model, restore, search, setting, use_case};
use opzest_core::conversation::{Conversation, ConversationSummary};
use opzest_core::ids::{ConversationId, MessageId, ModelId, UseCaseId};
use opzest_core::model::RegisteredModel;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// The database file's name in the data folder.
pub const STORE_FILE: &str = "opzest.db";

/// An open store. It blocks, and serves one thread at a time: the app keeps it behind a lock, away from
/// its event loop.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    interrupted: Vec<MessageId>,
    check_due: bool,
    options: StoreOptions,
    // After the connection: the folder is free once the file is closed.
    open: Option<OpenMark>,
}

/// Conversations, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationPage {
    pub items: Vec<ConversationSummary>,
    /// How many there are in all.
    pub total: u32,
}

impl Store {
    /// Opens the store of a data folder for writing, creates or migrates it, and clears up what a
    /// process that died has left. The store keeps the lock until it is closed.
    ///
    /// An existing store is backed up before it is brought up to date; if that fails, it stays as it is.
    pub fn open(lock: DataFolderLock, options: &StoreOptions) -> Result<Self, StoreError> {
        let open = lock.open_store()?;
        let folder = lock.folder();
        restore::finish(folder)?;
        let path = folder.join(STORE_FILE);
        let was_killed = log_of(&path).exists();
        let connection = open::writer(&path, options, |connection| {
            backup::before_migration(connection, folder, options)
        })?;
        let mut store = Self {
            connection,
            interrupted: Vec::new(),
            check_due: false,
            options: options.clone(),
            open: Some(open),
        };
        store.interrupted = store.recover_interrupted()?;
        store.check_due = store.note_check(was_killed)?;
        Ok(store)
    }

    /// Opens the store of a data folder that another process may be writing. Every write fails with
    /// [`StoreError::ReadOnly`].
    pub fn open_read_only(folder: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        let connection = open::reader(&folder.join(STORE_FILE), options)?;
        Ok(Self {
            connection,
            interrupted: Vec::new(),
            check_due: false,
            options: options.clone(),
            open: None,
        })
    }

    /// The answers that were still being written when the last process died.
    pub fn interrupted_at_open(&self) -> &[MessageId] {
        &self.interrupted
    }

    /// What keeps this store well, for another thread. A store that is only read has none.
    pub fn upkeep(&self) -> Option<Upkeep> {
        let lock = self.open.as_ref()?.lock();
        Some(Upkeep::new(lock.clone(), self.options.clone()))
    }

    /// Whether a process has died since the store was last found sound: then [`Upkeep::quick_check`] is due.
    ///
    /// The mark of a crash is the write-ahead log: the last connection that is closed takes it along, so one
    /// that is there at the start was left by a crash (or by a reader that outlived the writer).
    pub fn needs_check(&self) -> bool {
        self.check_due
    }

    /// Remembers a crash until a check has found the store sound.
    fn note_check(&mut self, was_killed: bool) -> Result<bool, StoreError> {
        if was_killed {
            // On a full disk the store opens all the same.
            if let Err(error) = self.set_setting(check::DUE, &true) {
                tracing::warn!(%error, "that the store is to be checked could not be noted");
            }
            return Ok(true);
        }
        Ok(self.setting::<bool>(check::DUE)?.is_some())
    }

    fn recover_interrupted(&mut self) -> Result<Vec<MessageId>, StoreError> {
        self.write("recovering interrupted answers", |transaction| {
            Ok(message::interrupt_streaming(transaction)?)
        })
    }

    /// The use case of conversations that belong to no other.
    pub fn default_use_case(&self) -> Result<UseCaseId, StoreError> {
        use_case::default(&self.connection).during("reading the use cases")
    }

    /// The newest conversations, or those in which a search finds all words of `query`, the last of
    /// which may be only begun. Any text is a valid query; an empty one is no search.
    pub fn conversations(
        &self,
        query: Option<&str>,
        limit: u32,
    ) -> Result<ConversationPage, StoreError> {
        match query.and_then(search::match_expression) {
            None => self.read("listing the conversations", |connection| {
                Ok(ConversationPage {
                    items: conversation::list(connection, limit)?,
                    total: conversation::count(connection)?,
                })
            }),
            Some(expression) => self.read("searching the conversations", |connection| {
                let found = search::find(connection, &expression)?;
                let mut items = Vec::new();
                for place in found.iter().take(limit as usize) {
                    let mut summary = required_summary(connection, place.conversation)?;
                    summary.hit = Some(search::hit(connection, &expression, place)?);
                    items.push(summary);
                }
                Ok(ConversationPage {
                    items,
                    total: u32::try_from(found.len()).unwrap_or(u32::MAX),
                })
            }),
        }
    }

    /// A conversation with the selected message at each position.
    pub fn conversation(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        self.read("opening the conversation", |connection| {
            whole_conversation(connection, id)
        })
    }

    /// The registered models, in the order in which they were added.
    pub fn models(&self) -> Result<Vec<RegisteredModel>, StoreError> {
        model::all(&self.connection).during("listing the models")
    }

    pub fn model(&self, id: &ModelId) -> Result<RegisteredModel, StoreError> {
        model::one(&self.connection, id)
            .during("reading the model")?
            .ok_or_else(|| StoreError::not_found("model", id))
    }

    /// A setting, if it was ever written.
    pub fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let json = setting::read(&self.connection, key).during("reading the settings")?;
        json.map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|source| StoreError::Setting {
                key: key.to_owned(),
                action: "read",
                source,
            })
    }

    /// Several statements that see the same state, whatever another process writes meanwhile.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let transaction = self.connection.unchecked_transaction().during(doing)?;
        query(&transaction).map_err(|failure| failure.during(doing))
    }

    /// One user-visible write: all of it, or nothing.
    pub(crate) fn write<T>(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        self.write_unless(doing, |transaction| change(transaction).map(Ok))
    }

    /// The same, undone also where the caller's own part fails.
    pub(crate) fn write_unless<T, E: From<StoreError>>(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<Result<T, E>, Failure>,
    ) -> Result<T, E> {
        // Immediate: it waits for its turn here, and never fails halfway because it cannot write.
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .during(doing)?;
        let changed = change(&transaction).map_err(|failure| failure.during(doing))??;
        transaction.commit().during(doing)?;
        Ok(changed)
    }
}

/// The write-ahead log of a database file.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The file that SQLite keeps beside a database under this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(crate) fn required_summary(
    connection: &Connection,
    id: ConversationId,
) -> Result<ConversationSummary, Failure> {
    let summary = conversation::summary(connection, id)?;
    Ok(summary.ok_or_else(|| StoreError::not_found("conversation", id))?)
}

pub(crate) fn whole_conversation(
    connection: &Connection,
    id: ConversationId,
) -> Result<Conversation, Failure> {
    Ok(Conversation {
        summary: required_summary(connection, id)?,
        messages: message::of_conversation(connection, id)?,
    })
}
