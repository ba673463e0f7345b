//! Opening the database file: whose it is, which version it has, and that SQLite does what we ask of it.
//!
//! A file that is not ours, or newer than this program, is refused before anything is written to it.

use crate::error::{During, KeyProblem, StoreError};
use crate::migration::{APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, migrate};
use crate::search::form;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

const DOING: &str = "opening the store";

/// How long a write waits for a reader's process, and the other way round.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A passphrase for an encrypted store (SQLCipher).
#[derive(Clone)]
pub struct StoreKey(String);

impl StoreKey {
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(passphrase.into())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Without a key, the store is a plain file. A store keeps what it was created with.
    pub key: Option<StoreKey>,
    /// Unix milliseconds, for the name of a backup that is made while opening.
    pub now_ms: u64,
}

/// For the one process that writes; creates the file if there is none. `before_migration` is called with an
/// existing store that is about to be brought up to date.
pub(crate) fn writer(
    path: &Path,
    options: &StoreOptions,
    before_migration: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<Connection, StoreError> {
    create_private(path)?;
    check_header(path, options)?;
    let mut connection = connect(path, options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;

    // A refused store stays as it is, byte by byte: closing it must not copy a write-ahead log into it.
    hold_back_checkpoint(&connection, true)?;
    let found = check_version(&connection, path, options)?;
    hold_back_checkpoint(&connection, false)?;

    for &(name, wanted) in WRITER_PRAGMAS {
        require(&connection, name, wanted)?;
    }
    require(&connection, FOREIGN_KEYS, "0")?;
    if found > 0 && found < SCHEMA_VERSION {
        before_migration(&connection)?;
    }
    migrate(&mut connection, MIGRATIONS)?;
    require(&connection, FOREIGN_KEYS, "1")?;
    Ok(connection)
}

/// A second connection of the process that writes, for upkeep beside the open store.
pub(crate) fn second_writer(path: &Path, options: &StoreOptions) -> Result<Connection, StoreError> {
    let connection = connect(path, options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    refuse_older(check_version(&connection, path, options)?, path)?;
    for &(name, wanted) in WRITER_PRAGMAS {
        require(&connection, name, wanted)?;
    }
    require(&connection, FOREIGN_KEYS, "1")?;
    Ok(connection)
}

/// An empty database to copy a store into; safe on the disk only once the caller has made it so.
pub(crate) fn copy_target(path: &Path, options: &StoreOptions) -> Result<Connection, StoreError> {
    create_private(path)?;
    let connection = connect(path, options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    for (name, wanted) in [("journal_mode", "off"), ("synchronous", "0")] {
        require(&connection, name, wanted)?;
    }
    Ok(connection)
}

/// A file that nobody writes, such as a backup, of this version or an earlier one, which is given, too.
/// Makes no files beside it.
pub(crate) fn resting(
    path: &Path,
    options: &StoreOptions,
) -> Result<(Connection, u32), StoreError> {
    check_header(path, options)?;
    let connection = connect(path, options, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found = check_version(&connection, path, options)?;
    for &(name, wanted) in READER_PRAGMAS {
        require(&connection, name, wanted)?;
    }
    Ok((connection, found))
}

/// For any other process; the file must be there, and of this program's version.
pub(crate) fn reader(path: &Path, options: &StoreOptions) -> Result<Connection, StoreError> {
    check_header(path, options)?;
    let connection = connect(path, options, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    refuse_older(check_version(&connection, path, options)?, path)?;
    for &(name, wanted) in READER_PRAGMAS {
        require(&connection, name, wanted)?;
    }
    Ok(connection)
}

fn refuse_older(found: u32, path: &Path) -> Result<(), StoreError> {
    if found < SCHEMA_VERSION {
        return Err(StoreError::TooOld {
            path: path.into(),
            found,
            needed: SCHEMA_VERSION,
        });
    }
    Ok(())
}

/// In this order. Values as SQLite reads them back.
const WRITER_PRAGMAS: &[(&str, &str)] = &[
    // Deleted text is overwritten with zeros, from the first write on.
    ("secure_delete", "1"),
    ("journal_mode", "wal"),
    // FULL: a finished write outlives a power cut.
    ("synchronous", "2"),
    // Sorting never writes text to a temporary file.
    ("temp_store", "2"),
    // A file from elsewhere cannot make SQLite call what is not meant for it.
    ("trusted_schema", "0"),
    CACHE_SIZE,
];
/// Kibibytes, at most: a search of a large dataset reads more than SQLite's usual two megabytes.
const CACHE_SIZE: (&str, &str) = ("cache_size", "-32768");

const READER_PRAGMAS: &[(&str, &str)] = &[
    ("query_only", "1"),
    ("temp_store", "2"),
    ("trusted_schema", "0"),
    CACHE_SIZE,
];
const FOREIGN_KEYS: &str = "foreign_keys";

/// Sets a pragma and reads it back: SQLite ignores what it does not know or cannot do.
fn require(
    connection: &Connection,
    pragma: &'static str,
    wanted: &'static str,
) -> Result<(), StoreError> {
    connection
        .execute_batch(&format!("PRAGMA {pragma} = {wanted}"))
        .during(DOING)?;
    expect(connection, pragma, wanted)
}

fn expect(
    connection: &Connection,
    pragma: &'static str,
    wanted: &'static str,
) -> Result<(), StoreError> {
    let found = connection
        .pragma_query_value(None, pragma, value_text)
        .during(DOING)?;
    if found == wanted {
        Ok(())
    } else {
        Err(StoreError::Unsafe {
            pragma,
            wanted,
            found,
        })
    }
}

fn value_text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    Ok(match row.get_ref(0)? {
        rusqlite::types::ValueRef::Integer(value) => value.to_string(),
        value => value.as_str()?.to_owned(),
    })
}

/// A pragma that is a number. SQLCipher gives some as text.
pub(crate) fn pragma_number(connection: &Connection, pragma: &str) -> rusqlite::Result<u64> {
    let text = connection.pragma_query_value(None, pragma, value_text)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn connect(path: &Path, options: &StoreOptions, mode: OpenFlags) -> Result<Connection, StoreError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).during(DOING)?;
    connection.busy_timeout(BUSY_TIMEOUT).during(DOING)?;
    expect(&connection, "busy_timeout", "5000")?;
    // Before anything is read.
    if let Some(StoreKey(passphrase)) = &options.key {
        connection
            .pragma_update(None, "key", passphrase)
            .during(DOING)?;
    }
    connection.set_prepared_statement_cache_capacity(64);
    form::register(&connection).during(DOING)?;
    Ok(connection)
}

fn hold_back_checkpoint(connection: &Connection, hold: bool) -> Result<(), StoreError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, hold)
        .during(DOING)?;
    Ok(())
}

/// The store's version; 0 for an empty database.
fn check_version(
    connection: &Connection,
    path: &Path,
    options: &StoreOptions,
) -> Result<u32, StoreError> {
    let read = || -> rusqlite::Result<(i32, i32, i64)> {
        let tables = "SELECT count(*) AS tables FROM sqlite_schema";
        Ok((
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
            connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
            connection.query_row(tables, [], |row| row.get("tables"))?,
        ))
    };
    let (application, version, tables) = read().map_err(|error| {
        let code = error.sqlite_error_code();
        match code {
            Some(rusqlite::ErrorCode::NotADatabase) if options.key.is_some() => {
                StoreError::WrongKey {
                    path: path.into(),
                    problem: KeyProblem::Wrong,
                }
            }
            _ => StoreError::from_sqlite(DOING, error),
        }
    })?;
    // A process can die after the file is made and before the first migration.
    let is_new = application == 0 && version == 0 && tables == 0;
    if is_new {
        return Ok(0);
    }
    supported(path, application, version)
}

fn supported(path: &Path, application: i32, version: i32) -> Result<u32, StoreError> {
    if application != APPLICATION_ID {
        return Err(StoreError::NotOurs { path: path.into() });
    }
    match u32::try_from(version) {
        Ok(found) if found <= SCHEMA_VERSION => Ok(found),
        // No version of OpZest writes a negative one.
        Err(_) => Err(StoreError::NotOurs { path: path.into() }),
        Ok(found) => Err(StoreError::TooNew {
            path: path.into(),
            found,
            supported: SCHEMA_VERSION,
        }),
    }
}

/// Looks at the file before SQLite does: opening a database is enough for it to make files beside it.
/// What an encrypted file is, only its key can tell.
fn check_header(path: &Path, options: &StoreOptions) -> Result<(), StoreError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut header = Vec::with_capacity(100);
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(|source| StoreError::from_io(DOING, path, source))?;
    if !header.starts_with(MAGIC) {
        return Ok(());
    }
    if options.key.is_some() {
        return Err(StoreError::WrongKey {
            path: path.into(),
            problem: KeyProblem::NotEncrypted,
        });
    }
    // https://www.sqlite.org/fileformat2.html#the_database_header: both are big-endian.
    let number = |at: usize| {
        header
            .get(at..at + 4)
            .map(|bytes| i32::from_be_bytes(bytes.try_into().expect("four bytes")))
    };
    match (number(68), number(60)) {
        // Cut off, or a new file: SQLite says more.
        (None, _) | (_, None) | (Some(0), Some(0)) => Ok(()),
        (Some(application), Some(version)) => supported(path, application, version).map(drop),
    }
}

/// An empty file that only this user can read; SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::from_io(DOING, path, source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pragma_that_sqlite_does_not_take_is_told() {
        let connection = Connection::open_in_memory().expect("opens");
        let error = require(&connection, "journal_mode", "wal").expect_err("memory has no log");
        assert_eq!(
            error.to_string(),
            "the store refused the setting journal_mode = wal: it stays memory"
        );
        require(&connection, "secure_delete", "1").expect("taken");
    }

    #[test]
    fn an_open_store_is_set_as_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let writer = writer(&path, &StoreOptions::default(), |_| Ok(())).expect("opens");
        for (pragma, value) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("secure_delete", "1"),
            ("busy_timeout", "5000"),
            ("trusted_schema", "0"),
            ("temp_store", "2"),
            ("application_id", "1332763251"),
        ] {
            expect(&writer, pragma, value).expect("as asked");
        }
        let reader = reader(&path, &StoreOptions::default()).expect("opens");
        expect(&reader, "query_only", "1").expect("as asked");
    }
}
