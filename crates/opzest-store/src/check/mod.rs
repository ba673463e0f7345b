//! Whether the store is in order: SQLite's own checks, the search index against the rows, and the
//! invariants that no constraint can state.

use crate::error::{During, StoreError};
use crate::store::Store;
use rusqlite::ErrorCode;

impl Store {
    /// Everything that is wrong with the store, in words; empty if it is sound. Reads the whole file.
    pub fn check(&mut self) -> Result<Vec<String>, StoreError> {
        const DOING: &str = "checking the store";
        let mut problems = Vec::new();
        self.connection
            .pragma_query(None, "integrity_check", |row| {
                let text: String = row.get(0)?;
                if text != "ok" {
                    problems.push(text);
                }
                Ok(())
            })
            .during(DOING)?;
        self.connection
            .pragma_query(None, "foreign_key_check", |row| {
                let table: String = row.get(0)?;
                problems.push(format!(
                    "a row of {table} refers to a row that does not exist"
                ));
                Ok(())
            })
            .during(DOING)?;
        let mut statement = self
            .connection
            .prepare(include_str!("positions.sql"))
            .during(DOING)?;
        let rows = statement
            .query_map([], |row| row.get("problem"))
            .during(DOING)?;
        for problem in rows {
            problems.push(problem.during(DOING)?);
        }
        for (index, sql) in [
            ("messages", include_str!("message_search.sql")),
            ("titles", include_str!("conversation_search.sql")),
        ] {
            match self.connection.execute(sql, []) {
                Ok(_) => {}
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                    problems.push(format!(
                        "the search index of the {index} is not that of the rows"
                    ));
                }
                Err(error) => return Err(error).during(DOING),
            }
        }
        Ok(problems)
    }
}
