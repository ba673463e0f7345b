//! Full-text search over messages and conversation titles. The index itself is kept in step by triggers
//! (migration/0003_search.sql); nothing here writes.

pub(crate) mod form;
mod query;
mod snippet;

use crate::column::parsed;
use form::{MATCH_END, MATCH_START};
use opzest_core::conversation::HitPart;
use opzest_core::ids::ConversationId;
use rusqlite::{Connection, OptionalExtension, named_params};

pub(crate) use query::{match_expression, match_expression_from};
pub(crate) use snippet::parts;

/// Around a match in what FTS5's `snippet` is to give.
pub(crate) const MARKS: (char, char) = (MATCH_START, MATCH_END);

/// Where a search found a conversation.
pub(crate) struct Found {
    pub(crate) conversation: ConversationId,
    place: Place,
}

/// A row of one of the two indexes.
enum Place {
    Message(i64),
    Title(i64),
}

/// Every conversation with a hit in a message that is shown, or in its title; newest first.
pub(crate) fn find(connection: &Connection, expression: &str) -> rusqlite::Result<Vec<Found>> {
    let mut statement = connection.prepare_cached(include_str!("find.sql"))?;
    let found = statement.query_map(named_params! { ":expression": expression }, |row| {
        let message: Option<i64> = row.get("message_seq")?;
        let place = match message {
            Some(seq) => Place::Message(seq),
            None => Place::Title(row.get("conversation_seq")?),
        };
        Ok(Found {
            conversation: parsed(row, "id")?,
            place,
        })
    })?;
    found.collect()
}

/// The text around a hit.
pub(crate) fn hit(
    connection: &Connection,
    expression: &str,
    found: &Found,
) -> rusqlite::Result<Vec<HitPart>> {
    let (sql, seq) = match found.place {
        Place::Message(seq) => (include_str!("snippet_of_message.sql"), seq),
        Place::Title(seq) => (include_str!("snippet_of_title.sql"), seq),
    };
    snippet_at(connection, sql, expression, seq)
}

/// What a query of one `snippet` gives for the row `seq` of its index.
pub(crate) fn snippet_at(
    connection: &Connection,
    sql: &str,
    expression: &str,
    seq: i64,
) -> rusqlite::Result<Vec<HitPart>> {
    let snippet: Option<String> = connection
        .prepare_cached(sql)?
        .query_row(
            named_params! {
                ":expression": expression,
                ":seq": seq,
                ":start": MATCH_START.to_string(),
                ":end": MATCH_END.to_string(),
            },
            |row| row.get("snippet"),
        )
        .optional()?;
    Ok(snippet
        .map(|snippet| snippet::parts(&snippet))
        .unwrap_or_default())
}
