//! The rows of messages. What a user-visible write does with them is in `turn.rs` and `edit.rs`.

use crate::column::{parsed, parsed_optional, signed, unsigned, unsigned_optional};
use opzest_core::chat::Role;
use opzest_core::conversation::{AnswerError, AnswerStats, Message, MessageStatus, ModelName};
use opzest_core::ids::{ConversationId, MessageId, ModelId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::HashMap;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) conversation: ConversationId,
    pub(crate) position: u32,
    pub(crate) variant: u32,
    pub(crate) role: Role,
    pub(crate) status: MessageStatus,
}

pub(crate) struct New<'a> {
    pub(crate) id: MessageId,
    pub(crate) conversation: ConversationId,
    pub(crate) position: u32,
    pub(crate) variant: u32,
    pub(crate) role: Role,
    pub(crate) text: &'a str,
    pub(crate) model: Option<&'a ModelName>,
    pub(crate) now: u64,
}

/// Inserts a message, selected; an answer is to be streamed, anything else is complete.
pub(crate) fn insert(connection: &Connection, new: &New<'_>) -> rusqlite::Result<()> {
    let (status, finished_at) = match new.role {
        Role::Assistant => (MessageStatus::Streaming, None),
        Role::User | Role::System => (MessageStatus::Complete, Some(signed(new.now))),
    };
    connection
        .prepare_cached(include_str!("insert.sql"))?
        .execute(named_params! {
            ":id": new.id.to_string(),
            ":conversation_id": new.conversation.to_string(),
            ":position": new.position,
            ":variant": new.variant,
            ":role": new.role.as_str(),
            ":text": new.text,
            ":status": status.as_str(),
            ":model_id": new.model.map(|model| model.id.as_str()),
            ":model_name": new.model.map(|model| model.name.as_str()),
            ":created_at": signed(new.now),
            ":finished_at": finished_at,
        })?;
    Ok(())
}

pub(crate) fn place(connection: &Connection, id: MessageId) -> rusqlite::Result<Option<Place>> {
    connection
        .prepare_cached(include_str!("place.sql"))?
        .query_row(named_params! { ":id": id.to_string() }, place_from_row)
        .optional()
}

/// The place of the last message: the newest variant at the highest position.
pub(crate) fn last_place(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Option<Place>> {
    connection
        .prepare_cached(include_str!("last_place.sql"))?
        .query_row(
            named_params! { ":conversation_id": conversation.to_string() },
            place_from_row,
        )
        .optional()
}

/// Is an answer being written in this conversation?
pub(crate) fn is_streaming(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("is_streaming.sql"))?
        .query_row(
            named_params! { ":conversation_id": conversation.to_string() },
            |row| row.get("is_streaming"),
        )
}

pub(crate) fn deselect(
    connection: &Connection,
    conversation: ConversationId,
    position: u32,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("deselect.sql"))?
        .execute(named_params! {
            ":conversation_id": conversation.to_string(),
            ":position": position,
        })?;
    Ok(())
}

pub(crate) fn select(connection: &Connection, id: MessageId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("select.sql"))?
        .execute(named_params! { ":id": id.to_string() })?;
    Ok(())
}

/// How many rows were changed: 0 if the message is gone or no longer streaming.
pub(crate) fn write_text(
    connection: &Connection,
    id: MessageId,
    text: &str,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("write_text.sql"))?
        .execute(named_params! { ":id": id.to_string(), ":text": text })
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerEnd<'a> {
    /// Anything but `Streaming`.
    pub status: MessageStatus,
    /// All that was written.
    pub text: &'a str,
    pub stats: Option<AnswerStats>,
    pub error: Option<AnswerError>,
    /// Why the model stopped, in its own word.
    pub finish: Option<&'a str>,
}

/// How many rows were changed: 0 if the message is gone or no longer streaming.
pub(crate) fn finish(
    connection: &Connection,
    id: MessageId,
    end: &AnswerEnd<'_>,
    now: u64,
) -> rusqlite::Result<usize> {
    let stats = end.stats.as_ref();
    let error = end.error.as_ref();
    connection
        .prepare_cached(include_str!("finish.sql"))?
        .execute(named_params! {
            ":id": id.to_string(),
            ":text": end.text,
            ":status": end.status.as_str(),
            ":prompt_tokens": stats.map(|stats| stats.prompt_tokens),
            ":cached_tokens": stats.map(|stats| stats.cached_tokens),
            ":answer_tokens": stats.map(|stats| stats.answer_tokens),
            ":reading_ms": stats.map(|stats| stats.reading_ms),
            // SQLite stores NaN as NULL.
            ":tokens_per_second": stats.map(|stats| finite(stats.tokens_per_second)),
            ":context_used": stats.map(|stats| stats.context_used),
            ":context_size": stats.map(|stats| stats.context_size),
            ":error_code": error.map(|error| error.code.as_str()),
            ":error_message": error.map(|error| error.message.as_str()),
            ":error_hint": error.map(|error| error.hint.as_str()),
            ":finish": end.finish,
            ":finished_at": signed(now),
        })
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// What a process that died has left streaming becomes interrupted.
pub(crate) fn interrupt_streaming(connection: &Connection) -> rusqlite::Result<Vec<MessageId>> {
    let mut statement = connection.prepare_cached(include_str!("interrupt_streaming.sql"))?;
    let rows = statement.query_map([], |row| parsed(row, "id"))?;
    rows.collect()
}

/// The selected message at each position, in order.
pub(crate) fn of_conversation(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Vec<Message>> {
    let parameters = named_params! { ":conversation_id": conversation.to_string() };

    let mut variants: HashMap<u32, Vec<MessageId>> = HashMap::new();
    let mut statement = connection.prepare_cached(include_str!("variants.sql"))?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        variants
            .entry(row.get("position")?)
            .or_default()
            .push(parsed(row, "id")?);
    }

    let mut statement = connection.prepare_cached(include_str!("of_conversation.sql"))?;
    let messages = statement.query_map(parameters, |row| {
        let variants = variants.remove(&row.get("position")?).unwrap_or_default();
        from_row(row, variants)
    })?;
    messages.collect()
}

/// One message with the variants of its position.
pub(crate) fn one(connection: &Connection, id: MessageId) -> rusqlite::Result<Option<Message>> {
    let parameters = named_params! { ":id": id.to_string() };
    let mut statement = connection.prepare_cached(include_str!("variants_beside.sql"))?;
    let variants = statement
        .query_map(parameters, |row| parsed(row, "id"))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(parameters, |row| from_row(row, variants))
        .optional()
}

fn place_from_row(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        conversation: parsed(row, "conversation_id")?,
        position: row.get("position")?,
        variant: row.get("variant")?,
        role: parsed(row, "role")?,
        status: parsed(row, "status")?,
    })
}

fn from_row(row: &Row<'_>, variants: Vec<MessageId>) -> rusqlite::Result<Message> {
    let model = match parsed_optional::<ModelId>(row, "model_id")? {
        Some(id) => Some(ModelName {
            id,
            name: row.get("model_name")?,
        }),
        None => None,
    };
    let stats = match row.get::<_, Option<u32>>("prompt_tokens")? {
        Some(prompt_tokens) => Some(AnswerStats {
            prompt_tokens,
            cached_tokens: row.get("cached_tokens")?,
            answer_tokens: row.get("answer_tokens")?,
            reading_ms: row.get("reading_ms")?,
            tokens_per_second: row.get("tokens_per_second")?,
            context_used: row.get("context_used")?,
            context_size: row.get("context_size")?,
        }),
        None => None,
    };
    let error = match row.get::<_, Option<String>>("error_code")? {
        Some(code) => Some(AnswerError {
            code,
            message: row.get("error_message")?,
            hint: row.get("error_hint")?,
        }),
        None => None,
    };
    Ok(Message {
        id: parsed(row, "id")?,
        role: parsed(row, "role")?,
        text: row.get("text")?,
        status: parsed(row, "status")?,
        created_at: unsigned(row, "created_at")?,
        finished_at: unsigned_optional(row, "finished_at")?,
        model,
        stats,
        error,
        finish: row.get("finish")?,
        variants,
    })
}
