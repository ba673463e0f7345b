//! The rows of the dataset. Which rows there are is decided elsewhere: by sessions (`recording.rs`), by
//! imports, and by the user.

mod filter;
mod list;
mod row;
mod write;

use crate::column::{parsed, signed, to_json};
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{Scope, title_from};
use opzest_core::dataset::{Split, StoredExample};
use opzest_core::ids::{ExampleId, SessionId, UseCaseId};
use rusqlite::{Connection, OptionalExtension, named_params};

pub use filter::ExampleFilter;
pub use list::{ExampleCursor, ExampleOrder, Total};

pub(crate) use list::{count, for_each, page};
pub(crate) use write::{add, prompt_group, replace};

/// A row with its texts.
pub(crate) fn one(
    connection: &Connection,
    id: ExampleId,
) -> rusqlite::Result<Option<StoredExample>> {
    connection
        .prepare_cached(concat!(include_str!("whole.sql"), "WHERE example.id = :id"))?
        .query_row(named_params! { ":id": id.to_string() }, row::whole)
        .optional()
}

/// Prepares the search index for the deletion of rows. Changes nothing that can be found.
pub(crate) fn merge_search(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(include_str!("merge_search.sql"))
}

/// Deletes rows with their texts; those that are not there do not matter.
pub(crate) fn delete(
    connection: &Connection,
    ids: impl IntoIterator<Item = ExampleId>,
) -> rusqlite::Result<()> {
    let ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":ids": to_json(&ids) })?;
    Ok(())
}

/// Has the user deleted this row?
pub(crate) fn is_deleted(connection: &Connection, id: ExampleId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_deleted.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, |row| {
            row.get("is_deleted")
        })
}

/// Of all rows of a group.
pub(crate) fn set_split_of_group(
    connection: &Connection,
    group: &str,
    split: Split,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("set_split_of_group.sql"))?
        .execute(named_params! { ":split_group": group, ":split": split.as_str() })?;
    Ok(())
}

/// `None`: no row is in this group.
pub(crate) fn split_of_group(
    connection: &Connection,
    group: &str,
) -> rusqlite::Result<Option<Split>> {
    connection
        .prepare_cached(include_str!("split_of_group.sql"))?
        .query_row(named_params! { ":split_group": group }, |row| {
            parsed(row, "split")
        })
        .optional()
}

pub(crate) fn set_scope(
    connection: &Connection,
    id: ExampleId,
    scope: Scope,
    now: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("set_scope.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":scope": scope.as_str(),
            ":now": signed(now),
        })?;
    Ok(())
}

/// Is there a row that says the same?
pub(crate) fn is_known(connection: &Connection, row: &StoredExample) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_known.sql"))?
        .query_row(
            named_params! { ":content_hash": write::content_hash_of(row) },
            |row| row.get("is_known"),
        )
}

/// Of all rows of a session.
pub(crate) fn set_use_case_of_session(
    connection: &Connection,
    session: SessionId,
    use_case: UseCaseId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("set_use_case_of_session.sql"))?
        .execute(named_params! {
            ":session_id": session.to_string(),
            ":use_case_id": use_case.to_string(),
        })?;
    Ok(())
}

/// So that its session does not make it again.
pub(crate) fn remember_deleted(
    connection: &Connection,
    id: ExampleId,
    session: SessionId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("remember_deleted.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":session_id": session.to_string() })?;
    Ok(())
}

/// All rows of a session, whole.
pub(crate) fn of_session(
    connection: &Connection,
    session: SessionId,
) -> rusqlite::Result<Vec<StoredExample>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("whole.sql"),
        "WHERE session_id = :session_id ORDER BY example.seq"
    ))?;
    let rows = statement.query_map(
        named_params! { ":session_id": session.to_string() },
        row::whole,
    )?;
    rows.collect()
}

/// The first words of what was asked.
pub(crate) fn title_of(prompt: &[ChatMessage]) -> String {
    let asked = prompt
        .iter()
        .rfind(|message| message.role == Role::User)
        .or(prompt.last());
    asked
        .map(|message| title_from(&message.content))
        .unwrap_or_default()
}

pub(crate) fn is_any(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_any.sql"))?
        .query_row([], |row| row.get("is_any"))
}
