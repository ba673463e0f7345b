//! What has been gathered for each use case. Whether that is enough is judged elsewhere.

use crate::column::unsigned;
use opzest_core::dataset::UseCase;
use rusqlite::Connection;

/// Counts of one use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseCaseStats {
    pub use_case: UseCase,
    pub sessions: u32,
    /// All rows of the dataset, pending ones included.
    pub rows: u32,
    /// With something chosen; all counts below are of these.
    pub complete: u32,
    /// With something rejected as well.
    pub paired: u32,
    /// With the trace of what was chosen.
    pub traced: u32,
    pub held_out: u32,
    pub communal: u32,
    /// Sessions, or groups of imports, that are trained on.
    pub train_groups: u32,
    /// Those that new models are judged by.
    pub held_out_groups: u32,
    /// Of the texts of all rows.
    pub bytes: u64,
    /// Of all traces of its sessions.
    pub traced_tokens: u64,
    pub trace_bytes: u64,
}

impl UseCaseStats {
    /// Rows that nothing is chosen for yet.
    pub fn pending(&self) -> u32 {
        self.rows - self.complete
    }

    /// Complete rows with nothing rejected.
    pub fn chosen_only(&self) -> u32 {
        self.complete - self.paired
    }
}

/// In the order of [`super::all`].
pub(crate) fn stats(connection: &Connection) -> rusqlite::Result<Vec<UseCaseStats>> {
    let mut statement = connection.prepare_cached(include_str!("stats.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(UseCaseStats {
            use_case: super::from_row(row)?,
            sessions: row.get("sessions")?,
            rows: row.get("rows")?,
            complete: row.get("complete")?,
            paired: row.get("paired")?,
            traced: row.get("traced")?,
            held_out: row.get("held_out")?,
            communal: row.get("communal")?,
            train_groups: row.get("train_groups")?,
            held_out_groups: row.get("held_out_groups")?,
            bytes: unsigned(row, "bytes")?,
            traced_tokens: unsigned(row, "traced_tokens")?,
            trace_bytes: unsigned(row, "trace_bytes")?,
        })
    })?;
    rows.collect()
}
