//! Settings: a JSON value for a key. What the keys mean is the app's business.

use rusqlite::{Connection, OptionalExtension, named_params};

pub(crate) fn read(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(include_str!("read.sql"))?
        .query_row(named_params! { ":key": key }, |row| row.get("value"))
        .optional()
}

/// How many rows were changed: 0 if the value was already there.
pub(crate) fn write(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("write.sql"))?
        .execute(named_params! { ":key": key, ":value": value })
}

pub(crate) fn delete(connection: &Connection, key: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":key": key })?;
    Ok(())
}

/// Removes a setting if it has this value; tells whether it had.
pub(crate) fn delete_value(
    connection: &Connection,
    key: &str,
    value: &str,
) -> rusqlite::Result<bool> {
    let deleted = connection
        .prepare_cached(include_str!("delete_value.sql"))?
        .execute(named_params! { ":key": key, ":value": value })?;
    Ok(deleted > 0)
}
