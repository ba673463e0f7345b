//! What was measured during a run, in order.

use crate::column::{json, to_json, unsigned};
use opzest_core::ids::TrainingRunId;
use rusqlite::{Connection, named_params};
use serde_json::Value;

/// Behind those that are there.
pub(crate) fn append(
    connection: &Connection,
    run: TrainingRunId,
    metric: &Value,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("append.sql"))?
        .execute(named_params! { ":run_id": run.to_string(), ":metric": to_json(metric) })?;
    Ok(())
}

pub(crate) fn count(connection: &Connection, run: TrainingRunId) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("count.sql"))?
        .query_row(named_params! { ":run_id": run.to_string() }, |row| {
            unsigned(row, "metrics")
        })
}

pub(crate) fn of_run(connection: &Connection, run: TrainingRunId) -> rusqlite::Result<Vec<Value>> {
    let mut statement = connection.prepare_cached(include_str!("of_run.sql"))?;
    let rows = statement.query_map(named_params! { ":run_id": run.to_string() }, |row| {
        json(row, "metric")
    })?;
    rows.collect()
}
