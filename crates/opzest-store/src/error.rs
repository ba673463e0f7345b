//! What can go wrong with the store. The text says what happened to what; the app adds what to do.

use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, TrainingRunId};
use opzest_core::training::RunStatus;
use rusqlite::ErrorCode;
use std::io;
use std::path::PathBuf;

/// Every failure of the store. `doing` is what was being done, as in "saving the answer".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{doing} failed: the disk is full")]
    DiskFull { doing: &'static str },
    #[error("{} was written by a newer OpZest (version {found} of the store; this one knows up to {supported})", path.display())]
    TooNew {
        path: PathBuf,
        found: u32,
        supported: u32,
    },
    /// Only for readers: a writer migrates.
    #[error("{} is still in an older form (version {found} of the store, {needed} is needed); it is brought up to date when OpZest opens it for writing", path.display())]
    TooOld {
        path: PathBuf,
        found: u32,
        needed: u32,
    },
    #[error("{} is a database of another program", path.display())]
    NotOurs { path: PathBuf },
    #[error("{doing} failed: the store is damaged ({details})")]
    Damaged {
        doing: &'static str,
        details: String,
    },
    #[error("{doing} failed: the store can only be read")]
    ReadOnly { doing: &'static str },
    #[error("a backup takes {needed} bytes, and {room} are free for it")]
    NoRoomForBackup { needed: u64, room: u64 },
    #[error("{} cannot be opened: {problem}", path.display())]
    WrongKey { path: PathBuf, problem: KeyProblem },
    #[error("the data folder {} is in use by another OpZest{}", folder.display(), process(pid))]
    InUse { folder: PathBuf, pid: Option<u32> },
    #[error("there is no {what} {id}")]
    NotFound { what: &'static str, id: String },
    #[error("an answer is already being written in this conversation")]
    StillAnswering,
    #[error("the answer {id} is already finished")]
    NotStreaming { id: String },
    /// Somebody else has written to the session, or a write was lost.
    #[error("the session {id} has {found} events, and its next one was said to be number {given}")]
    OutOfStep { id: String, found: u64, given: u64 },
    #[error("event {number} of session {id} cannot be read: {source}")]
    DamagedEvent {
        id: String,
        number: u64,
        source: serde_json::Error,
    },
    #[error("event {number} of session {id} is missing: the store is damaged")]
    MissingEvent { id: String, number: u64 },
    #[error("event {number} of session {id} does not fit the ones before it: {ignored}")]
    UnfitEvent {
        id: String,
        number: u64,
        ignored: opzest_core::session::Ignored,
    },
    #[error("there is already a {what} called `{name}`")]
    NameTaken { what: &'static str, name: String },
    #[error("the model {id} cannot be removed: {by}")]
    ModelNeeded { id: ModelId, by: ModelNeed },
    #[error("the training run {id} is already over ({status})")]
    RunIsOver {
        id: TrainingRunId,
        status: RunStatus,
    },
    #[error(
        "there is nothing to go back to: the use case `{use_case}` has worked with no other model ({scope})"
    )]
    NothingBefore { use_case: String, scope: Scope },
    #[error("{doing} failed: another process is using the store")]
    Busy { doing: &'static str },
    #[error("the store refused the setting {pragma} = {wanted}: it stays {found}")]
    Unsafe {
        pragma: &'static str,
        wanted: &'static str,
        found: String,
    },
    #[error("the setting `{key}` cannot be {action}: {source}")]
    Setting {
        key: String,
        action: &'static str,
        source: serde_json::Error,
    },
    #[error("{doing} failed for {}: {source}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{doing} failed: {source}")]
    Sqlite {
        doing: &'static str,
        source: rusqlite::Error,
    },
}

/// Why a key and a store do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("this is not its key")]
    Wrong,
    #[error("it is not encrypted, and a key was given")]
    NotEncrypted,
}

/// What a model is needed for; with the name of what needs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelNeed {
    #[error("the model `{0}` was trained on top of it")]
    Base(String),
    #[error("the training run `{0}` works on it")]
    Run(String),
    #[error("the use case `{0}` works with it")]
    UseCase(String),
}

fn process(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

impl StoreError {
    /// Sorts an SQLite error by what it means for the user.
    pub(crate) fn from_sqlite(doing: &'static str, source: rusqlite::Error) -> Self {
        let Some(code) = source.sqlite_error() else {
            return match source {
                rusqlite::Error::FromSqlConversionFailure(_, _, error) => Self::Damaged {
                    doing,
                    details: format!("a value cannot be read: {error}"),
                },
                _ => Self::Sqlite { doing, source },
            };
        };
        match code.code {
            ErrorCode::DiskFull => Self::DiskFull { doing },
            // The shared-memory file of the write-ahead log could not grow.
            ErrorCode::SystemIoFailure
                if code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE =>
            {
                Self::DiskFull { doing }
            }
            ErrorCode::DatabaseCorrupt => Self::Damaged {
                doing,
                details: source.to_string(),
            },
            ErrorCode::NotADatabase => Self::Damaged {
                doing,
                details: "it is not a database, or it is encrypted and was opened without its key"
                    .to_owned(),
            },
            ErrorCode::ReadOnly => Self::ReadOnly { doing },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { doing },
            _ => Self::Sqlite { doing, source },
        }
    }

    pub(crate) fn from_io(
        doing: &'static str,
        path: impl Into<PathBuf>,
        source: io::Error,
    ) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { doing },
            _ => Self::Io {
                doing,
                path: path.into(),
                source,
            },
        }
    }

    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }
}

/// What goes wrong inside one operation; the operation's name is added where it is run, once.
pub(crate) enum Failure {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl Failure {
    pub(crate) fn during(self, doing: &'static str) -> StoreError {
        match self {
            Self::Sqlite(source) => StoreError::from_sqlite(doing, source),
            Self::Store(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Names the operation that an SQLite error belongs to.
pub(crate) trait During<T> {
    fn during(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::from_sqlite(doing, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn meaning(code: i32) -> StoreError {
        let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        StoreError::from_sqlite("saving the answer", source)
    }

    #[test]
    fn sqlite_codes_become_what_they_mean() {
        assert!(matches!(
            meaning(ffi::SQLITE_FULL),
            StoreError::DiskFull { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_IOERR_SHMSIZE),
            StoreError::DiskFull { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_CORRUPT_VTAB),
            StoreError::Damaged { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_NOTADB),
            StoreError::Damaged { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_READONLY_DBMOVED),
            StoreError::ReadOnly { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_BUSY_SNAPSHOT),
            StoreError::Busy { .. }
        ));
        assert!(matches!(
            meaning(ffi::SQLITE_IOERR_READ),
            StoreError::Sqlite { .. }
        ));
    }

    #[test]
    fn messages_name_the_operation_and_the_holder() {
        assert_eq!(
            meaning(ffi::SQLITE_FULL).to_string(),
            "saving the answer failed: the disk is full"
        );
        let in_use = |pid| {
            StoreError::InUse {
                folder: "/data".into(),
                pid,
            }
            .to_string()
        };
        assert_eq!(
            in_use(Some(7)),
            "the data folder /data is in use by another OpZest (process 7)"
        );
        assert_eq!(
            in_use(None),
            "the data folder /data is in use by another OpZest"
        );
    }
}
