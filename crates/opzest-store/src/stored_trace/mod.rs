//! The rows of traces: the token log-probabilities of generations, compressed, with what their models read.
//!
//! Not here: the compressed form itself. Callers compress before they write, so that no transaction waits
//! for it.

use crate::column::{signed, to_json};
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::ModelName;
use opzest_core::ids::{GenerationId, SessionId};
use opzest_core::workflow::Agent;
use rusqlite::{Connection, named_params};

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
