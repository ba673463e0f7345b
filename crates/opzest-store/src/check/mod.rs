//! Whether the store is in order: SQLite's own checks, the search index against the rows, and the
//! invariants that no constraint can state.

use crate::error::{During, StoreError};
use crate::store::Store;
use rusqlite::{Connection, ErrorCode};

pub(crate) const DOING: &str = "checking the store";

/// Among the settings: a process has died, and the store was not checked since.
pub(crate) const DUE: &str = "store.check_due";

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Empty if the store is sound; at most some hundred.
    pub problems: Vec<CheckProblem>,
}

impl CheckReport {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong with the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckProblem {
    /// In SQLite's words.
    #[error("the file is damaged: {0}")]
    Structure(String),
    #[error("{rows} rows of {table} refer to rows that do not exist")]
    Dangling { table: String, rows: u64 },
    #[error("{0}")]
    Positions(String),
    #[error("{0}")]
    Dataset(String),
    #[error("the search index of the {of} is not that of the rows")]
    SearchIndex { of: &'static str },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The pages and rows, without comparing the indexes with them.
    Quick,
    Full,
}

impl Store {
    /// Everything that is wrong with the store. Reads the whole file; beside an open store,
    /// [`crate::Upkeep::full_check`] does the same.
    pub fn check(&mut self) -> Result<CheckReport, StoreError> {
        let mut report = structure(&self.connection, Depth::Full)?;
        search_indexes(&self.connection, &mut report)?;
        Ok(report)
    }
}

/// What reading alone can tell.
pub(crate) fn structure(connection: &Connection, depth: Depth) -> Result<CheckReport, StoreError> {
    let mut report = CheckReport::default();
    let pragma = match depth {
        Depth::Quick => "quick_check",
        Depth::Full => "integrity_check",
    };
    let read = connection.pragma_query(None, pragma, |row| {
        let text: String = row.get(0)?;
        if text != "ok" {
            report.problems.push(CheckProblem::Structure(text));
        }
        Ok(())
    });
    unless_damaged(read, &mut report)?;
    if depth == Depth::Full {
        // What follows would trip over the damage.
        if report.is_sound() {
            dangling(connection, &mut report)?;
            positions(connection, &mut report)?;
            dataset(connection, &mut report)?;
        }
    }
    Ok(report)
}

/// Damage that stops the check is what it found.
fn unless_damaged(
    result: rusqlite::Result<()>,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    match result {
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ) =>
        {
            report
                .problems
                .push(CheckProblem::Structure(error.to_string()));
            Ok(())
        }
        result => result.during(DOING),
    }
}

fn dangling(connection: &Connection, report: &mut CheckReport) -> Result<(), StoreError> {
    let mut tables = std::collections::BTreeMap::<String, u64>::new();
    let read = connection.pragma_query(None, "foreign_key_check", |row| {
        *tables.entry(row.get("table")?).or_default() += 1;
        Ok(())
    });
    unless_damaged(read, report)?;
    let problems = tables
        .into_iter()
        .map(|(table, rows)| CheckProblem::Dangling { table, rows });
    report.problems.extend(problems);
    Ok(())
}

fn positions(connection: &Connection, report: &mut CheckReport) -> Result<(), StoreError> {
    for problem in problems(connection, include_str!("positions.sql"))? {
        report.problems.push(CheckProblem::Positions(problem));
    }
    Ok(())
}

/// Sessions and what came of them.
fn dataset(connection: &Connection, report: &mut CheckReport) -> Result<(), StoreError> {
    for problem in problems(connection, include_str!("dataset.sql"))? {
        report.problems.push(CheckProblem::Dataset(problem));
    }
    Ok(())
}

/// At most some hundred, like SQLite's own.
const MOST_PROBLEMS: usize = 100;

fn problems(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql).during(DOING)?;
    let rows = statement
        .query_map([], |row| row.get("problem"))
        .during(DOING)?;
    let rows = rows.take(MOST_PROBLEMS);
    rows.collect::<rusqlite::Result<_>>().during(DOING)
}

/// Compares the indexes with the texts. FTS5 does that only for a writer, and blocks the others meanwhile.
pub(crate) fn search_indexes(
    connection: &Connection,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    for (of, sql) in [
        ("messages", include_str!("message_search.sql")),
        ("titles", include_str!("conversation_search.sql")),
        ("sessions", include_str!("session_search.sql")),
        ("examples", include_str!("example_search.sql")),
    ] {
        match connection.execute(sql, []) {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                report.problems.push(CheckProblem::SearchIndex { of });
            }
            Err(error) => return Err(error).during(DOING),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{DataFolderLock, Store, StoreOptions};

    #[test]
    fn what_no_constraint_can_state_of_training_is_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = DataFolderLock::acquire(folder.path()).expect("free");
        let mut store = Store::open(lock, &StoreOptions::default()).expect("opens");
        let use_case = store.default_use_case().expect("there");
        let run = "018bcfe5-6800-7000-8000-000000000011";
        let sql = format!(
            "INSERT INTO training_run (id, use_case_id, scope, base_model_id, name, status, created_at, updated_at,
                                       plan, data)
             VALUES ('{run}', '{use_case}', 'private', 'base', '', 'running', 1, 1, '{{}}', '{{}}');
             INSERT INTO training_metric (run_id, number, metric) VALUES ('{run}', 0, '1'), ('{run}', 2, '1');
             INSERT INTO promotion (use_case_id, scope, model_id, forced, before_seq, at)
             VALUES ('{use_case}', 'private', 'a', 0, NULL, 1), ('{use_case}', 'communal', 'b', 0, 1, 2);"
        );
        store.connection.execute_batch(&sql).expect("written");
        let report = store.check().expect("checks");
        let found: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                format!("the training run {run} has 2 measurements up to number 2"),
                "promotion 2 goes back to another use case or scope".to_owned(),
            ]
        );
    }
}
