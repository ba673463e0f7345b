//! The rows of traces: the token log-probabilities of generations, compressed, with what their models read.
//!
//! Not here: the compressed form itself. Callers compress before they write, so that no transaction waits
//! for it.

use crate::column::{json, parsed, parsed_optional, signed, to_json, unsigned};
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::ModelName;
use opzest_core::ids::{GenerationId, SessionId};
use opzest_core::workflow::Agent;
use rusqlite::{Connection, OptionalExtension, named_params};

/// A trace to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewTrace<'a> {
    pub generation: GenerationId,
    pub agent: Agent,
    pub model: &'a ModelName,
    /// The server's address; `None`: the model ran on this computer.
    pub server: Option<&'a str>,
    /// What names the tokens of the model; `None`: not known.
    pub tokenizer: Option<&'a str>,
    /// Candidates asked for a token.
    pub k: u32,
    /// How many tokens it has.
    pub tokens: u32,
    /// What the model really read.
    pub messages: &'a [ChatMessage],
    /// The compressed trace.
    pub data: &'a [u8],
}

/// What the model of a trace really read.
pub(crate) struct Read {
    pub(crate) generation: GenerationId,
    pub(crate) messages: Vec<ChatMessage>,
}

/// Of all traces of a session.
pub(crate) fn read_by(connection: &Connection, session: SessionId) -> rusqlite::Result<Vec<Read>> {
    let mut statement = connection.prepare_cached(include_str!("read_by.sql"))?;
    let rows = statement.query_map(
        named_params! { ":session_id": session.to_string() },
        |row| {
            Ok(Read {
                generation: parsed(row, "generation_id")?,
                messages: json(row, "messages")?,
            })
        },
    )?;
    rows.collect()
}

pub(crate) fn delete(connection: &Connection, generation: GenerationId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":generation_id": generation.to_string() })?;
    Ok(())
}

/// A trace as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTrace {
    pub generation: GenerationId,
    pub session: Option<SessionId>,
    pub agent: Agent,
    pub model: ModelName,
    /// `None`: the model ran on this computer.
    pub server: Option<String>,
    /// `None`: not known.
    pub tokenizer: Option<String>,
    pub k: u32,
    pub tokens: u32,
    /// What the model really read.
    pub messages: Vec<ChatMessage>,
    /// The compressed trace: [`crate::decode_trace`] reads it.
    pub data: Vec<u8>,
    /// Of messages and data.
    pub bytes: u64,
    /// Unix milliseconds.
    pub created_at: u64,
}

pub(crate) fn one(
    connection: &Connection,
    generation: GenerationId,
) -> rusqlite::Result<Option<StoredTrace>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(
            named_params! { ":generation_id": generation.to_string() },
            |row| {
                Ok(StoredTrace {
                    generation,
                    session: parsed_optional(row, "session_id")?,
                    agent: parsed(row, "agent")?,
                    model: ModelName {
                        id: parsed(row, "model_id")?,
                        name: row.get("model_name")?,
                    },
                    server: row.get("server")?,
                    tokenizer: row.get("tokenizer")?,
                    k: row.get("k")?,
                    tokens: row.get("tokens")?,
                    messages: json(row, "messages")?,
                    data: row.get("data")?,
                    bytes: unsigned(row, "bytes")?,
                    created_at: unsigned(row, "created_at")?,
                })
            },
        )
        .optional()
}

/// Of all traces.
pub(crate) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("bytes.sql"))?
        .query_row([], |row| unsigned(row, "bytes"))
}

/// Deletes the trace of a generation that no row uses any more.
pub(crate) fn delete_if_unused(
    connection: &Connection,
    generation: GenerationId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete_if_unused.sql"))?
        .execute(named_params! { ":generation_id": generation.to_string() })?;
    Ok(())
}

pub(crate) fn insert(
    connection: &Connection,
    session: Option<SessionId>,
    new: &NewTrace<'_>,
    now: u64,
) -> rusqlite::Result<()> {
    let messages = to_json(new.messages);
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":generation_id": new.generation.to_string(),
            ":session_id": session.map(|id| id.to_string()),
            ":agent": new.agent.as_str(),
            ":model_id": new.model.id.as_str(),
            ":model_name": new.model.name,
            ":server": new.server,
            ":tokenizer": new.tokenizer,
            ":k": new.k,
            ":tokens": new.tokens,
            ":bytes": signed((messages.len() + new.data.len()) as u64),
            ":now": signed(now),
            ":messages": messages,
            ":data": new.data,
        })?;
    Ok(())
}
