//! The logs of sessions, event by event. Append-only; only the erasing of deleted text rewrites an event
//! (`deletion/`).

use crate::column::{signed, to_json, unsigned};
use crate::error::{Failure, StoreError};
use opzest_core::ids::SessionId;
use opzest_core::session::Event;
use rusqlite::{Connection, named_params};

pub(crate) fn append(
    connection: &Connection,
    session: SessionId,
    number: u64,
    event: &Event,
    now: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("append.sql"))?
        .execute(named_params! {
            ":session_id": session.to_string(),
            ":number": signed(number),
            ":event": to_json(event),
            ":now": signed(now),
        })?;
    Ok(())
}

/// In the order in which they happened.
pub(crate) fn of_session(
    connection: &Connection,
    session: SessionId,
) -> Result<Vec<Event>, Failure> {
    let mut statement = connection.prepare_cached(include_str!("of_session.sql"))?;
    let mut rows = statement.query(named_params! { ":session_id": session.to_string() })?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let number = unsigned(row, "number")?;
        if number != events.len() as u64 {
            return Err(StoreError::MissingEvent {
                id: session.to_string(),
                number: events.len() as u64,
            }
            .into());
        }
        let text: String = row.get("event")?;
        let event = serde_json::from_str(&text).map_err(|source| {
            let id = session.to_string();
            StoreError::DamagedEvent { id, number, source }
        })?;
        events.push(event);
    }
    Ok(events)
}

/// Only to take deleted text out of it.
pub(crate) fn rewrite(
    connection: &Connection,
    session: SessionId,
    number: u64,
    event: &Event,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("rewrite.sql"))?
        .execute(named_params! {
            ":session_id": session.to_string(),
            ":number": signed(number),
            ":event": to_json(event),
        })?;
    Ok(())
}
