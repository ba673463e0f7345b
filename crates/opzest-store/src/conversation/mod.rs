//! The rows of conversations. What a user-visible write does with them is in `turn.rs` and `edit.rs`.

use crate::column::{parsed, parsed_optional, signed, unsigned};
use opzest_core::conversation::{ConversationSummary, Scope};
use opzest_core::ids::{ConversationId, ModelId, UseCaseId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub(crate) struct New<'a> {
    pub(crate) id: ConversationId,
    pub(crate) use_case: UseCaseId,
    pub(crate) title: &'a str,
    pub(crate) scope: Scope,
    pub(crate) now: u64,
}

pub(crate) fn insert(connection: &Connection, new: &New<'_>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":id": new.id.to_string(),
            ":use_case_id": new.use_case.to_string(),
            ":title": new.title,
            ":scope": new.scope.as_str(),
            ":now": signed(new.now),
        })?;
    Ok(())
}

pub(crate) fn summary(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<ConversationSummary>> {
    connection
        .prepare_cached(include_str!("summary.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, from_row)
        .optional()
}

/// Newest first.
pub(crate) fn list(
    connection: &Connection,
    limit: u32,
) -> rusqlite::Result<Vec<ConversationSummary>> {
    let mut statement = connection.prepare_cached(include_str!("list.sql"))?;
    let rows = statement.query_map(named_params! { ":limit": limit }, from_row)?;
    rows.collect()
}

pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(include_str!("count.sql"))?
        .query_row([], |row| row.get("total"))
}

/// A turn took place: the conversation becomes the newest, and `model` its model.
pub(crate) fn touch(
    connection: &Connection,
    id: ConversationId,
    model: Option<&ModelId>,
    now: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("touch.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":model_id": model.map(ModelId::as_str),
            ":now": signed(now),
        })?;
    Ok(())
}

/// How many rows were changed: 0 or 1.
pub(crate) fn rename(
    connection: &Connection,
    id: ConversationId,
    title: &str,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("rename.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":title": title })
}

/// With all its messages. How many rows were deleted: 0 or 1.
pub(crate) fn delete(connection: &Connection, id: ConversationId) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":id": id.to_string() })
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ConversationSummary> {
    Ok(ConversationSummary {
        id: parsed(row, "id")?,
        use_case: parsed(row, "use_case_id")?,
        title: row.get("title")?,
        title_is_users: row.get("title_is_users")?,
        scope: parsed(row, "scope")?,
        model: parsed_optional(row, "model_id")?,
        created_at: unsigned(row, "created_at")?,
        updated_at: unsigned(row, "updated_at")?,
        message_count: row.get("message_count")?,
        hit: None,
    })
}
