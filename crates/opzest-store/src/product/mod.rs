//! Products: what a session has made, version by version. One a session, so a product goes by the id of its
//! session.

use crate::column::{json, parsed, parsed_optional, signed, to_json, unsigned};
use opzest_core::conversation::Scope;
use opzest_core::ids::{SessionId, UseCaseId};
use opzest_core::session::Version;
use opzest_core::workflow::WorkflowId;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A product as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductSummary {
    pub session: SessionId,
    pub use_case: UseCaseId,
    pub name: String,
    pub scope: Scope,
    pub workflow: Option<WorkflowId>,
    /// Its session is finished.
    pub is_final: bool,
    pub versions: u32,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds of the last version; renaming does not count.
    pub updated_at: u64,
}

/// One state of a product; its number is its place, from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVersion {
    pub version: Version,
    /// Unix milliseconds.
    pub created_at: u64,
}

/// A product with all its versions, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    pub summary: ProductSummary,
    pub versions: Vec<StoredVersion>,
}

pub(crate) fn add_version(
    connection: &Connection,
    session: SessionId,
    name: &str,
    (number, version): (u32, &Version),
    now: u64,
) -> rusqlite::Result<()> {
    let session = session.to_string();
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! { ":session_id": session, ":name": name, ":now": signed(now) })?;
    connection
        .prepare_cached(include_str!("put_version.sql"))?
        .execute(named_params! {
            ":session_id": session,
            ":number": number,
            ":step_id": version.step.to_string(),
            ":attempt_id": version.attempt.to_string(),
            ":by_hand": version.by_hand,
            ":artifact": to_json(&version.artifact),
            ":now": signed(now),
        })?;
    touch(connection, &session, now)
}

/// Takes back this version and all after it.
pub(crate) fn remove_versions(
    connection: &Connection,
    session: SessionId,
    number: u32,
    now: u64,
) -> rusqlite::Result<()> {
    let session = session.to_string();
    connection
        .prepare_cached(include_str!("remove_versions.sql"))?
        .execute(named_params! { ":session_id": session, ":number": number })?;
    touch(connection, &session, now)
}

fn touch(connection: &Connection, session: &str, now: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("touch.sql"))?
        .execute(named_params! { ":session_id": session, ":now": signed(now) })?;
    Ok(())
}

pub(crate) fn set_final(
    connection: &Connection,
    session: SessionId,
    is_final: bool,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("set_final.sql"))?
        .execute(named_params! { ":session_id": session.to_string(), ":final": is_final })?;
    Ok(())
}

/// How many rows were changed: 0 or 1.
pub(crate) fn rename(
    connection: &Connection,
    session: SessionId,
    name: &str,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("rename.sql"))?
        .execute(named_params! { ":session_id": session.to_string(), ":name": name })
}

/// The session was renamed: its product is called like it unless the user has named it.
pub(crate) fn follow_title(
    connection: &Connection,
    session: SessionId,
    title: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("follow_title.sql"))?
        .execute(named_params! { ":session_id": session.to_string(), ":name": title })?;
    Ok(())
}

/// Newest first.
pub(crate) fn list(
    connection: &Connection,
    use_case: Option<UseCaseId>,
    limit: u32,
    offset: u32,
) -> rusqlite::Result<Vec<ProductSummary>> {
    let mut statement = connection.prepare_cached(include_str!("list.sql"))?;
    let rows = statement.query_map(
        named_params! {
            ":use_case_id": use_case.map(|id| id.to_string()),
            ":limit": limit,
            ":offset": offset,
        },
        from_row,
    )?;
    rows.collect()
}

pub(crate) fn count(connection: &Connection, use_case: Option<UseCaseId>) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(include_str!("count.sql"))?
        .query_row(
            named_params! { ":use_case_id": use_case.map(|id| id.to_string()) },
            |row| row.get("total"),
        )
}

pub(crate) fn one(
    connection: &Connection,
    session: SessionId,
) -> rusqlite::Result<Option<ProductSummary>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(
            named_params! { ":session_id": session.to_string() },
            from_row,
        )
        .optional()
}

/// Oldest first.
pub(crate) fn versions(
    connection: &Connection,
    session: SessionId,
) -> rusqlite::Result<Vec<StoredVersion>> {
    let mut statement = connection.prepare_cached(include_str!("versions.sql"))?;
    let rows = statement.query_map(
        named_params! { ":session_id": session.to_string() },
        |row| {
            Ok(StoredVersion {
                version: Version {
                    step: parsed(row, "step_id")?,
                    attempt: parsed(row, "attempt_id")?,
                    artifact: json(row, "artifact")?,
                    by_hand: row.get("by_hand")?,
                },
                created_at: unsigned(row, "created_at")?,
            })
        },
    )?;
    rows.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ProductSummary> {
    Ok(ProductSummary {
        session: parsed(row, "session_id")?,
        use_case: parsed(row, "use_case_id")?,
        name: row.get("name")?,
        scope: parsed(row, "scope")?,
        workflow: parsed_optional(row, "workflow_id")?,
        is_final: row.get("final")?,
        versions: row.get("versions")?,
        created_at: unsigned(row, "created_at")?,
        updated_at: unsigned(row, "updated_at")?,
    })
}
