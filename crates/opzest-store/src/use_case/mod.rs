//! Use cases: the kinds of work that the user has named. Every store has "Assistant"; each workflow gets
//! one of its own when it is first used.

mod stats;

use crate::column::{parsed, parsed_optional, signed};
use opzest_core::dataset::UseCase;
use opzest_core::ids::UseCaseId;
use opzest_core::session::UsedWorkflow;
use opzest_core::workflow::WorkflowId;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub use stats::UseCaseStats;

pub(crate) use stats::stats;

/// The use case of what nobody has put into another one.
pub(crate) fn default(connection: &Connection) -> rusqlite::Result<UseCaseId> {
    connection
        .prepare_cached(include_str!("default.sql"))?
        .query_row([], |row| parsed(row, "id"))
}

/// The default one first, the others by name.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<UseCase>> {
    let mut statement = connection.prepare_cached(include_str!("all.sql"))?;
    let rows = statement.query_map([], from_row)?;
    rows.collect()
}

pub(crate) fn one(connection: &Connection, id: UseCaseId) -> rusqlite::Result<Option<UseCase>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, from_row)
        .optional()
}

/// The one with this name, in capital or small letters.
pub(crate) fn named(connection: &Connection, name: &str) -> rusqlite::Result<Option<UseCaseId>> {
    connection
        .prepare_cached(include_str!("named.sql"))?
        .query_row(named_params! { ":name": name }, |row| parsed(row, "id"))
        .optional()
}

pub(crate) fn insert(
    connection: &Connection,
    id: UseCaseId,
    name: &str,
    workflow: Option<&WorkflowId>,
    now: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":name": name,
            ":workflow_id": workflow.map(WorkflowId::as_str),
            ":now": signed(now),
        })?;
    Ok(())
}

/// How many rows were changed: 0 or 1.
pub(crate) fn rename(
    connection: &Connection,
    id: UseCaseId,
    name: &str,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("rename.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":name": name })
}

/// The use case of a workflow's sessions; made with the id `spare` and the workflow's name, or that name with
/// a number, if there is none.
pub(crate) fn of_workflow(
    connection: &Connection,
    workflow: &UsedWorkflow,
    spare: UseCaseId,
    now: u64,
) -> rusqlite::Result<UseCaseId> {
    let known = connection
        .prepare_cached(include_str!("of_workflow.sql"))?
        .query_row(
            named_params! { ":workflow_id": workflow.id.as_str() },
            |row| parsed(row, "id"),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let mut name = workflow.name.clone();
    for number in 2u32.. {
        if named(connection, &name)?.is_none() {
            break;
        }
        name = format!("{} {number}", workflow.name);
    }
    insert(connection, spare, &name, Some(&workflow.id), now)?;
    Ok(spare)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<UseCase> {
    Ok(UseCase {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        is_default: row.get("is_default")?,
        workflow: parsed_optional(row, "workflow_id")?,
    })
}
