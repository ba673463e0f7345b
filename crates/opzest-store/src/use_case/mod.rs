//! Use cases. So far there is one, "Assistant"; every conversation belongs to it.

use crate::column::parsed;
use opzest_core::ids::UseCaseId;
use rusqlite::Connection;

/// The use case of what nobody has put into another one.
pub(crate) fn default(connection: &Connection) -> rusqlite::Result<UseCaseId> {
    connection
        .prepare_cached(include_str!("default.sql"))?
        .query_row([], |row| parsed(row, "id"))
}
