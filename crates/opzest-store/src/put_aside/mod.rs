//! What the user has set on rows of the dataset, kept while an undone verdict has taken these away: rows that come
//! again are made anew by their session, which knows nothing of it.

use crate::column::{json_optional, parsed, to_json};
use opzest_core::artifact::Artifact;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleSide, Side};
use opzest_core::ids::{AttemptId, ExampleId, SessionId};
use rusqlite::{Connection, OptionalExtension, named_params};

/// Keeps the scope of a row that goes.
pub(crate) fn put_scope(
    connection: &Connection,
    session: SessionId,
    example: ExampleId,
    scope: Scope,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("put_scope.sql"))?
        .execute(named_params! {
            ":example_id": example.to_string(),
            ":session_id": session.to_string(),
            ":scope": scope.as_str(),
        })?;
    Ok(())
}

/// The scope that was kept for a row, which is then no longer kept.
pub(crate) fn take_scope(
    connection: &Connection,
    example: ExampleId,
) -> rusqlite::Result<Option<Scope>> {
    connection
        .prepare_cached(include_str!("take_scope.sql"))?
        .query_row(
            named_params! { ":example_id": example.to_string() },
            |row| parsed(row, "scope"),
        )
        .optional()
}

/// Keeps the text of a side that goes, if the user has edited it.
pub(crate) fn put_text(
    connection: &Connection,
    session: SessionId,
    example: ExampleId,
    side: Side,
    given: &ExampleSide,
) -> rusqlite::Result<()> {
    let Some(attempt) = given.attempt.filter(|_| given.edited) else {
        return Ok(());
    };
    connection
        .prepare_cached(include_str!("put_text.sql"))?
        .execute(named_params! {
            ":example_id": example.to_string(),
            ":side": side.as_str(),
            ":attempt_id": attempt.to_string(),
            ":session_id": session.to_string(),
            ":text": given.text,
            ":reasoning": given.reasoning,
            ":artifact": given.artifact.as_ref().map(to_json),
        })?;
    Ok(())
}

/// A side that comes, with the text that was kept for it, which is then no longer kept.
pub(crate) fn take_text(
    connection: &Connection,
    example: ExampleId,
    side: Side,
    mut given: ExampleSide,
) -> rusqlite::Result<ExampleSide> {
    let Some(attempt) = given.attempt else {
        return Ok(given);
    };
    let mut statement = connection.prepare_cached(include_str!("take_text.sql"))?;
    let mut rows = statement.query(named_params! {
        ":example_id": example.to_string(),
        ":side": side.as_str(),
        ":attempt_id": attempt.to_string(),
    })?;
    if let Some(row) = rows.next()? {
        given.text = row.get("text")?;
        given.reasoning = row.get("reasoning")?;
        given.artifact = json_optional(row, "artifact")?;
        given.edited = true;
    }
    Ok(given)
}

/// A text that is kept for a side.
pub(crate) struct PutAside {
    pub(crate) seq: i64,
    pub(crate) attempt: AttemptId,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) artifact: Option<Artifact>,
}

pub(crate) fn texts_of_session(
    connection: &Connection,
    session: SessionId,
) -> rusqlite::Result<Vec<PutAside>> {
    let mut statement = connection.prepare_cached(include_str!("of_session.sql"))?;
    let rows = statement.query_map(
        named_params! { ":session_id": session.to_string() },
        |row| {
            Ok(PutAside {
                seq: row.get("seq")?,
                attempt: parsed(row, "attempt_id")?,
                text: row.get("text")?,
                reasoning: row.get("reasoning")?,
                artifact: json_optional(row, "artifact")?,
            })
        },
    )?;
    rows.collect()
}

pub(crate) fn delete_text(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete_text.sql"))?
        .execute(named_params! { ":seq": seq })?;
    Ok(())
}

/// Keeps nothing of a row any more.
pub(crate) fn forget(connection: &Connection, example: ExampleId) -> rusqlite::Result<()> {
    take_scope(connection, example)?;
    connection
        .prepare_cached(include_str!("delete_texts_of_example.sql"))?
        .execute(named_params! { ":example_id": example.to_string() })?;
    Ok(())
}
