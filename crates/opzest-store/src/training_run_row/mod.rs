//! Which rows of the dataset a run uses, by id: no text is kept here, and deleting a row leaves its id.

use crate::column::{parsed, to_json};
use opzest_core::ids::{ExampleId, ModelId, TrainingRunId};
use opzest_core::training::RunRow;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::Serialize;

pub(crate) fn insert(
    connection: &Connection,
    run: TrainingRunId,
    row: &RunRow,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":run_id": run.to_string(),
            ":example_id": row.example.to_string(),
            ":split": row.split.as_str(),
        })?;
    Ok(())
}

/// In the order of their ids.
pub(crate) fn of_run(connection: &Connection, run: TrainingRunId) -> rusqlite::Result<Vec<RunRow>> {
    let mut statement = connection.prepare_cached(include_str!("of_run.sql"))?;
    let rows = statement.query_map(named_params! { ":run_id": run.to_string() }, |row| {
        Ok(RunRow {
            example: parsed(row, "example_id")?,
            split: parsed(row, "split")?,
        })
    })?;
    rows.collect()
}

/// One of these that is not in the dataset, if there is any.
pub(crate) fn missing(
    connection: &Connection,
    examples: &[ExampleId],
) -> rusqlite::Result<Option<ExampleId>> {
    connection
        .prepare_cached(include_str!("missing.sql"))?
        .query_row(named_params! { ":examples": to_json(examples) }, |row| {
            parsed(row, "id")
        })
        .optional()
}

/// The models that were trained on one of these, whether the rows are still there or not. Ids, or their text.
pub(crate) fn learned_by(
    connection: &Connection,
    examples: &[impl Serialize],
) -> rusqlite::Result<Vec<ModelId>> {
    let mut statement = connection.prepare_cached(include_str!("learned_by.sql"))?;
    let rows = statement.query_map(named_params! { ":examples": to_json(examples) }, |row| {
        parsed(row, "model_id")
    })?;
    rows.collect()
}
