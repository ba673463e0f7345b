//! The rows of training runs. What they are to do and how far they are is JSON of those who train.

use crate::column::{json, parsed, parsed_optional, signed, to_json, unsigned};
use opzest_core::conversation::Scope;
use opzest_core::ids::{ExampleId, ModelId, TrainingRunId, UseCaseId};
use opzest_core::training::{RunStatus, TrainingRun};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::Value;

/// A training run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    pub id: TrainingRunId,
    pub use_case: UseCaseId,
    pub scope: Scope,
    /// A registered model.
    pub base: &'a ModelId,
    pub name: &'a str,
    pub plan: &'a Value,
    pub data: &'a Value,
}

/// What changes in a run; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunChange<'a> {
    /// With a new status goes the problem of the one before, unless there is a new one.
    pub status: Option<RunStatus>,
    pub progress: Option<&'a Value>,
    pub result: Option<&'a Value>,
    pub problem: Option<&'a str>,
    pub model: Option<&'a ModelId>,
    /// All of it so far.
    pub active_ms: Option<u64>,
}

/// In preparation.
pub(crate) fn insert(connection: &Connection, new: &NewRun<'_>, now: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":id": new.id.to_string(),
            ":use_case_id": new.use_case.to_string(),
            ":scope": new.scope.as_str(),
            ":base_model_id": new.base.as_str(),
            ":name": new.name,
            ":status": RunStatus::Preparing.as_str(),
            ":now": signed(now),
            ":plan": to_json(new.plan),
            ":data": to_json(new.data),
        })?;
    Ok(())
}

pub(crate) fn change(
    connection: &Connection,
    id: TrainingRunId,
    change: &RunChange<'_>,
    now: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("change.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":status": change.status.map(RunStatus::as_str),
            ":progress": change.progress.map(to_json),
            ":result": change.result.map(to_json),
            ":problem": change.problem,
            ":model_id": change.model.map(ModelId::as_str),
            ":active_ms": change.active_ms.map(signed),
            ":now": signed(now),
        })?;
    Ok(())
}

/// With its metrics and the list of its rows.
pub(crate) fn delete(connection: &Connection, id: TrainingRunId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":id": id.to_string() })?;
    Ok(())
}

pub(crate) fn one(
    connection: &Connection,
    id: TrainingRunId,
) -> rusqlite::Result<Option<TrainingRun>> {
    connection
        .prepare_cached(concat!(include_str!("whole.sql"), "WHERE id = :id"))?
        .query_row(named_params! { ":id": id.to_string() }, from_row)
        .optional()
}

/// Newest first; `None` means all.
pub(crate) fn list(
    connection: &Connection,
    use_case: Option<UseCaseId>,
) -> rusqlite::Result<Vec<TrainingRun>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("whole.sql"),
        "WHERE :use_case_id IS NULL OR use_case_id = :use_case_id ORDER BY seq DESC"
    ))?;
    let use_case = use_case.map(|id| id.to_string());
    let rows = statement.query_map(named_params! { ":use_case_id": use_case }, from_row)?;
    rows.collect()
}

/// Those that are not over and use one of these rows, newest first.
pub(crate) fn unfinished_with_any(
    connection: &Connection,
    examples: &[ExampleId],
) -> rusqlite::Result<Vec<TrainingRun>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("whole.sql"),
        include_str!("with_any.sql")
    ))?;
    let rows = statement.query_map(named_params! { ":examples": to_json(examples) }, from_row)?;
    rows.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TrainingRun> {
    Ok(TrainingRun {
        id: parsed(row, "id")?,
        use_case: parsed(row, "use_case_id")?,
        scope: parsed(row, "scope")?,
        base: parsed(row, "base_model_id")?,
        name: row.get("name")?,
        status: parsed(row, "status")?,
        created_at: unsigned(row, "created_at")?,
        updated_at: unsigned(row, "updated_at")?,
        active_ms: unsigned(row, "active_ms")?,
        plan: json(row, "plan")?,
        data: json(row, "data")?,
        progress: json(row, "progress")?,
        result: json(row, "result")?,
        problem: row.get("problem")?,
        model: parsed_optional(row, "model_id")?,
    })
}
