//! The rows of the dataset. Which rows there are is decided elsewhere: by sessions (`recording.rs`), by
//! imports, and by the user.

mod row;
mod write;

use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::title_from;
use opzest_core::dataset::{Split, StoredExample};
use opzest_core::ids::{ExampleId, SessionId, UseCaseId};
use rusqlite::{Connection, OptionalExtension, named_params};

pub(crate) use write::put;

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

/// How many rows were deleted: 0 or 1.
pub(crate) fn delete(connection: &Connection, id: ExampleId) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":id": id.to_string() })
}

/// Has the user deleted this row?
pub(crate) fn is_deleted(connection: &Connection, id: ExampleId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_deleted.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, |row| {
            row.get("is_deleted")
        })
}

/// Of all rows of a session.
pub(crate) fn set_split_of_session(
    connection: &Connection,
    session: SessionId,
    split: Split,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("set_split_of_session.sql"))?
        .execute(named_params! { ":session_id": session.to_string(), ":split": split.as_str() })?;
    Ok(())
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
