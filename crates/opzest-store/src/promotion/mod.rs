//! Which models use cases have worked with. Rows are only added; each knows the one that going back from it leads to.

use crate::column::{parsed, parsed_optional, signed, unsigned};
use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, UseCaseId};
use opzest_core::training::Promotion;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A row as it is kept.
pub(crate) struct Kept {
    pub(crate) seq: i64,
    pub(crate) promotion: Promotion,
    /// `None`: before it, none was in use.
    pub(crate) before: Option<i64>,
}

pub(crate) fn insert(
    connection: &Connection,
    new: &Promotion,
    before: Option<i64>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":use_case_id": new.use_case.to_string(),
            ":scope": new.scope.as_str(),
            ":model_id": new.model.as_ref().map(ModelId::as_str),
            ":run_id": new.run.map(|id| id.to_string()),
            ":forced": new.forced,
            ":before_seq": before,
            ":at": signed(new.at),
        })?;
    Ok(())
}

/// The last one of a use case and scope.
pub(crate) fn current(
    connection: &Connection,
    use_case: UseCaseId,
    scope: Scope,
) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached(concat!(
            include_str!("whole.sql"),
            include_str!("current.sql")
        ))?
        .query_row(
            named_params! { ":use_case_id": use_case.to_string(), ":scope": scope.as_str() },
            from_row,
        )
        .optional()
}

pub(crate) fn one(connection: &Connection, seq: i64) -> rusqlite::Result<Kept> {
    connection
        .prepare_cached(concat!(include_str!("whole.sql"), "WHERE seq = :seq"))?
        .query_row(named_params! { ":seq": seq }, from_row)
}

/// In both scopes, last first.
pub(crate) fn of_use_case(
    connection: &Connection,
    use_case: UseCaseId,
) -> rusqlite::Result<Vec<Promotion>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("whole.sql"),
        "WHERE use_case_id = :use_case_id ORDER BY seq DESC"
    ))?;
    let rows = statement.query_map(
        named_params! { ":use_case_id": use_case.to_string() },
        |row| Ok(from_row(row)?.promotion),
    )?;
    rows.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        seq: row.get("seq")?,
        promotion: Promotion {
            use_case: parsed(row, "use_case_id")?,
            scope: parsed(row, "scope")?,
            model: parsed_optional(row, "model_id")?,
            run: parsed_optional(row, "run_id")?,
            forced: row.get("forced")?,
            at: unsigned(row, "at")?,
        },
        before: row.get("before_seq")?,
    })
}
