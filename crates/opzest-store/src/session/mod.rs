//! The rows of sessions: what lists show of them. What a session is, its log tells (`session_event`).

use crate::column::{parsed, parsed_optional, signed, unsigned};
use crate::search;
use opzest_core::conversation::{HitPart, Scope};
use opzest_core::dataset::Split;
use opzest_core::ids::{SessionId, UseCaseId};
use opzest_core::session::{Progress, SessionStatus, SessionSummary, UsedWorkflow};
use opzest_core::workflow::ArtifactKind;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub(crate) struct New<'a> {
    pub(crate) id: SessionId,
    pub(crate) use_case: UseCaseId,
    /// The user has chosen it.
    pub(crate) use_case_is_users: bool,
    pub(crate) title: &'a str,
    pub(crate) request: &'a str,
    pub(crate) scope: Scope,
    pub(crate) split: Split,
    pub(crate) progress: &'a Progress,
    pub(crate) now: u64,
}

/// With one event.
pub(crate) fn insert(connection: &Connection, new: &New<'_>) -> rusqlite::Result<()> {
    let workflow = new.progress.workflow.as_ref();
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":id": new.id.to_string(),
            ":use_case_id": new.use_case.to_string(),
            ":use_case_is_users": new.use_case_is_users,
            ":title": new.title,
            ":request": new.request,
            ":scope": new.scope.as_str(),
            ":split": new.split.as_str(),
            ":workflow_id": workflow.map(|workflow| workflow.id.as_str()),
            ":workflow_version": workflow.map(|workflow| workflow.version),
            ":workflow_name": workflow.map(|workflow| workflow.name.as_str()),
            ":artifact_kind": workflow.map(|workflow| workflow.kind.as_str()),
            ":status": new.progress.status.as_str(),
            ":steps": new.progress.steps,
            ":steps_over": new.progress.steps_over,
            ":now": signed(new.now),
        })?;
    Ok(())
}

/// One event more.
pub(crate) fn advance(
    connection: &Connection,
    id: SessionId,
    use_case: UseCaseId,
    progress: &Progress,
    now: u64,
) -> rusqlite::Result<()> {
    let workflow = progress.workflow.as_ref();
    connection
        .prepare_cached(include_str!("advance.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":use_case_id": use_case.to_string(),
            ":workflow_id": workflow.map(|workflow| workflow.id.as_str()),
            ":workflow_version": workflow.map(|workflow| workflow.version),
            ":workflow_name": workflow.map(|workflow| workflow.name.as_str()),
            ":artifact_kind": workflow.map(|workflow| workflow.kind.as_str()),
            ":status": progress.status.as_str(),
            ":steps": progress.steps,
            ":steps_over": progress.steps_over,
            ":now": signed(now),
        })?;
    Ok(())
}

/// A session, and whether the user has chosen its use case.
pub(crate) fn one(
    connection: &Connection,
    id: SessionId,
) -> rusqlite::Result<Option<(SessionSummary, bool)>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, |row| {
            Ok((from_row(row)?, row.get("use_case_is_users")?))
        })
        .optional()
}

/// Which sessions are listed; `None` means all.
pub(crate) struct Filter<'a> {
    pub(crate) use_case: Option<UseCaseId>,
    pub(crate) status: Option<SessionStatus>,
    /// An FTS5 query.
    pub(crate) expression: Option<&'a str>,
}

/// Newest first, from `offset` on.
pub(crate) fn list(
    connection: &Connection,
    filter: &Filter<'_>,
    limit: u32,
    offset: u32,
) -> rusqlite::Result<Vec<SessionSummary>> {
    let mut statement = connection.prepare_cached(include_str!("list.sql"))?;
    let rows = statement.query_map(
        named_params! {
            ":use_case_id": filter.use_case.map(|id| id.to_string()),
            ":status": filter.status.map(SessionStatus::as_str),
            ":expression": filter.expression,
            ":limit": limit,
            ":offset": offset,
        },
        |row| {
            let mut summary = from_row(row)?;
            if let Some(expression) = filter.expression {
                summary.hit = Some(hit(connection, expression, row.get("seq")?)?);
            }
            Ok(summary)
        },
    )?;
    rows.collect()
}

fn hit(connection: &Connection, expression: &str, seq: i64) -> rusqlite::Result<Vec<HitPart>> {
    search::snippet_at(connection, include_str!("snippet.sql"), expression, seq)
}

pub(crate) fn count(connection: &Connection, filter: &Filter<'_>) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(include_str!("count.sql"))?
        .query_row(
            named_params! {
                ":use_case_id": filter.use_case.map(|id| id.to_string()),
                ":status": filter.status.map(SessionStatus::as_str),
                ":expression": filter.expression,
            },
            |row| row.get("total"),
        )
}

/// How many rows were changed: 0 or 1.
pub(crate) fn rename(
    connection: &Connection,
    id: SessionId,
    title: &str,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("rename.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":title": title })
}

/// How many rows were changed: 0 or 1.
pub(crate) fn set_split(
    connection: &Connection,
    id: SessionId,
    split: Split,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("set_split.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":split": split.as_str() })
}

/// How many rows were changed: 0 or 1.
pub(crate) fn set_use_case(
    connection: &Connection,
    id: SessionId,
    use_case: UseCaseId,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("set_use_case.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":use_case_id": use_case.to_string() })
}

/// The ids of all rows of the dataset that it has ever made, as they are written.
pub(crate) fn rows_ever(connection: &Connection, id: SessionId) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(include_str!("rows_ever.sql"))?;
    let rows = statement.query_map(named_params! { ":session_id": id.to_string() }, |row| {
        row.get("id")
    })?;
    rows.collect()
}

/// With all that belongs to it. How many rows were deleted: 0 or 1.
pub(crate) fn delete(connection: &Connection, id: SessionId) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":id": id.to_string() })
}

/// What a session makes; `None` until it has a workflow.
pub(crate) fn artifact_kind(
    connection: &Connection,
    id: SessionId,
) -> rusqlite::Result<Option<ArtifactKind>> {
    connection
        .prepare_cached(include_str!("artifact_kind.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, |row| {
            parsed_optional(row, "artifact_kind")
        })
}

pub(crate) fn is_any(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_any.sql"))?
        .query_row([], |row| row.get("is_any"))
}

/// Whether a use case has rows, or sessions besides this one, to train on.
pub(crate) fn is_training_there(
    connection: &Connection,
    use_case: UseCaseId,
    id: SessionId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_training_there.sql"))?
        .query_row(
            named_params! {
                ":use_case_id": use_case.to_string(),
                ":id": id.to_string(),
                ":train": Split::Train.as_str(),
            },
            |row| row.get("is_training_there"),
        )
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    let workflow = match parsed_optional(row, "workflow_id")? {
        Some(id) => Some(UsedWorkflow {
            id,
            version: row.get("workflow_version")?,
            name: row.get("workflow_name")?,
            kind: parsed(row, "artifact_kind")?,
        }),
        None => None,
    };
    Ok(SessionSummary {
        id: parsed(row, "id")?,
        use_case: parsed(row, "use_case_id")?,
        title: row.get("title")?,
        title_is_users: row.get("title_is_users")?,
        scope: parsed(row, "scope")?,
        split: parsed(row, "split")?,
        workflow,
        status: parsed(row, "status")?,
        steps: row.get("steps")?,
        steps_over: row.get("steps_over")?,
        events: unsigned(row, "events")?,
        examples: row.get("examples")?,
        versions: row.get("versions")?,
        created_at: unsigned(row, "created_at")?,
        updated_at: unsigned(row, "updated_at")?,
        hit: None,
    })
}
