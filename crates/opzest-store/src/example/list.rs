//! Pages of the dataset, for lists that may be very long: by row number, never by counting rows off.

use super::filter::{Conditions, ExampleFilter, expression};
use super::row;
use crate::search;
use opzest_core::conversation::HitPart;
use opzest_core::dataset::{ExampleSummary, StoredExample};
use rusqlite::{Connection, named_params};

/// In which order rows are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExampleOrder {
    /// Last made first.
    #[default]
    Newest,
    Oldest,
}

impl ExampleOrder {
    fn direction(self) -> &'static str {
        match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        }
    }
}

/// The place in a list behind a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExampleCursor(i64);

impl std::fmt::Display for ExampleCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for ExampleCursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub count: u32,
    /// A search stops counting after ten thousand texts: there may be more.
    pub is_exact: bool,
}

impl Total {
    pub(crate) fn exact(count: usize) -> Self {
        Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            is_exact: true,
        }
    }
}

/// How many found texts are counted; who finds more needs more words.
const MOST_COUNTED: u32 = 10_000;

/// The rows behind `after`, and the place behind the last of them if there are more.
pub(crate) fn page(
    connection: &Connection,
    filter: &ExampleFilter<'_>,
    order: ExampleOrder,
    after: Option<ExampleCursor>,
    limit: u32,
) -> rusqlite::Result<(Vec<ExampleSummary>, Option<ExampleCursor>)> {
    let mut items = match expression(filter) {
        None => listed(connection, filter, order, after, limit.saturating_add(1))?,
        Some(expression) => {
            let hits = find(connection, filter, &expression, order, after, limit + 1)?;
            let summaries = hits.into_iter().map(|(seq, hit)| {
                let mut item = one_listed(connection, seq)?;
                item.1.hit = Some(hit);
                Ok(item)
            });
            summaries.collect::<rusqlite::Result<Vec<_>>>()?
        }
    };
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more);
    let next = next.map(|(seq, _)| ExampleCursor(*seq));
    Ok((items.into_iter().map(|(_, item)| item).collect(), next))
}

fn listed(
    connection: &Connection,
    filter: &ExampleFilter<'_>,
    order: ExampleOrder,
    after: Option<ExampleCursor>,
    limit: u32,
) -> rusqlite::Result<Vec<(i64, ExampleSummary)>> {
    let mut conditions = Conditions::of(filter);
    if let Some(ExampleCursor(seq)) = after {
        let behind = match order {
            ExampleOrder::Newest => "seq < :after",
            ExampleOrder::Oldest => "seq > :after",
        };
        conditions.and(behind, ":after", seq);
    }
    conditions.give(":limit", limit);
    let sql = format!(
        "{} FROM example{} ORDER BY seq {} LIMIT :limit",
        include_str!("list.sql"),
        conditions.clause(),
        order.direction(),
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(&*conditions.parameters(), from_row)?;
    rows.collect()
}

fn one_listed(connection: &Connection, seq: i64) -> rusqlite::Result<(i64, ExampleSummary)> {
    connection
        .prepare_cached(concat!(
            include_str!("list.sql"),
            " FROM example WHERE seq = :seq"
        ))?
        .query_row(named_params! { ":seq": seq }, from_row)
}

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, ExampleSummary)> {
    let words: String = row.get("words")?;
    Ok((row.get("seq")?, row::summary(row, &words)?))
}

/// Rows with a hit in one of their texts. The index gives the texts in order, and those of one row stand
/// together, so this reads no further than it must.
fn find(
    connection: &Connection,
    filter: &ExampleFilter<'_>,
    expression: &str,
    order: ExampleOrder,
    after: Option<ExampleCursor>,
    limit: u32,
) -> rusqlite::Result<Vec<(i64, Vec<HitPart>)>> {
    let mut conditions = Conditions::of(filter);
    let behind = match (after, order) {
        (None, _) => "",
        (Some(_), ExampleOrder::Newest) => " AND rowid < :after",
        (Some(_), ExampleOrder::Oldest) => " AND rowid > :after",
    };
    let sql = format!(
        "{}{behind}{} ORDER BY rowid {}",
        include_str!("found.sql"),
        conditions.clause_of_search("rowid / 4"),
        order.direction(),
    );
    if let Some(ExampleCursor(seq)) = after {
        let last = match order {
            ExampleOrder::Newest => seq * 4,
            ExampleOrder::Oldest => seq * 4 + 3,
        };
        conditions.give(":after", last);
    }
    conditions.give(":expression", expression.to_owned());
    let (start, end) = search::MARKS;
    conditions.give(":start", start.to_string());
    conditions.give(":end", end.to_string());

    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&*conditions.parameters())?;
    let mut found: Vec<(i64, Vec<HitPart>)> = Vec::new();
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let seq = row.get::<_, i64>("text_seq")? / 4;
        if found.last().is_none_or(|(last, _)| *last != seq) {
            let snippet: String = row.get("snippet")?;
            found.push((seq, search::parts(&snippet)));
        }
    }
    Ok(found)
}

pub(crate) fn count(
    connection: &Connection,
    filter: &ExampleFilter<'_>,
    order: ExampleOrder,
) -> rusqlite::Result<Total> {
    let mut conditions = Conditions::of(filter);
    let Some(expression) = expression(filter) else {
        let sql = format!(
            "SELECT count(*) AS total FROM example{}",
            conditions.clause()
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let count = statement.query_row(&*conditions.parameters(), |row| row.get("total"))?;
        return Ok(Total {
            count,
            is_exact: true,
        });
    };
    let sql = format!(
        "{}{}",
        include_str!("count_found.sql").replace("/*direction*/", order.direction()),
        conditions
            .clause_of_search("found.seq")
            .replacen(" AND", " WHERE", 1),
    );
    conditions.give(":expression", expression);
    conditions.give(":most", MOST_COUNTED + 1);
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row(&*conditions.parameters(), |row| {
        Ok(Total {
            count: row.get("total")?,
            is_exact: row.get::<_, u32>("texts")? <= MOST_COUNTED,
        })
    })
}

/// Every row with its texts, oldest first, one at a time, until `each` fails.
pub(crate) fn for_each<E>(
    connection: &Connection,
    filter: &ExampleFilter<'_>,
    mut each: impl FnMut(StoredExample) -> Result<(), E>,
) -> rusqlite::Result<Result<u64, E>> {
    let mut conditions = Conditions::of(filter);
    if let Some(expression) = expression(filter) {
        let condition = "example.seq IN (SELECT rowid / 4 FROM example_search
                                         WHERE example_search MATCH :expression)";
        conditions.and(condition, ":expression", expression);
    }
    let sql = format!(
        "{}{} ORDER BY example.seq",
        include_str!("whole.sql"),
        conditions.clause(),
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&*conditions.parameters())?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        if let Err(error) = each(row::whole(row)?) {
            return Ok(Err(error));
        }
        count += 1;
    }
    Ok(Ok(count))
}
