//! Writes of a turn: a question, and its answer while it is written and when it has ended.

use crate::conversation;
use crate::error::{Failure, StoreError};
use crate::message::{self, AnswerEnd, Place};
use crate::store::{Store, required_summary};
use crate::use_case;
use opzest_core::chat::Role;
use opzest_core::conversation::{
    ConversationSummary, Message, MessageStatus, ModelName, Scope, title_from,
};
use opzest_core::ids::{ConversationId, MessageId, UseCaseId};
use rusqlite::Connection;

/// Where a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InConversation {
    Existing(ConversationId),
    /// Makes the conversation; its title is taken from the question.
    New {
        id: ConversationId,
        /// `None`: the default one.
        use_case: Option<UseCaseId>,
        scope: Scope,
    },
}

/// A question, and the place for its answer.
#[derive(Debug, Clone, Copy)]
pub struct NewTurn<'a> {
    pub conversation: InConversation,
    pub question: MessageId,
    pub answer: MessageId,
    pub text: &'a str,
    /// Who will answer.
    pub model: &'a ModelName,
}

/// What is in the store now that an answer can be written.
#[derive(Debug, Clone, PartialEq)]
pub struct BegunTurn {
    pub conversation: ConversationSummary,
    /// Absent when an answer is regenerated.
    pub question: Option<Message>,
    /// Empty and streaming.
    pub answer: Message,
}

/// An answer that has ended, and its conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedAnswer {
    pub conversation: ConversationSummary,
    pub answer: Message,
}

impl Store {
    /// Stores a question and an empty streaming answer, in a new conversation if asked for.
    /// [`StoreError::StillAnswering`] if an answer is being written there.
    pub fn begin_turn(&mut self, turn: &NewTurn<'_>, now_ms: u64) -> Result<BegunTurn, StoreError> {
        self.write("saving the question", |transaction| {
            let conversation = conversation_of(transaction, turn, now_ms)?;
            let last = message::last_place(transaction, conversation)?;
            let position = last.map_or(0, |last| last.position + 1);
            let question = message::New {
                id: turn.question,
                conversation,
                position,
                variant: 0,
                role: Role::User,
                text: turn.text,
                model: None,
                now: now_ms,
            };
            message::insert(transaction, &question)?;
            let answer = (turn.answer, position + 1, 0);
            begin_answer(transaction, conversation, answer, turn.model, now_ms)?;
            Ok(BegunTurn {
                conversation: required_summary(transaction, conversation)?,
                question: Some(required_message(transaction, turn.question)?),
                answer: required_message(transaction, turn.answer)?,
            })
        })
    }

    /// Adds an empty streaming variant of the last answer, and selects it.
    pub fn begin_regeneration(
        &mut self,
        conversation: ConversationId,
        answer: MessageId,
        model: &ModelName,
        now_ms: u64,
    ) -> Result<BegunTurn, StoreError> {
        self.write("saving the new answer", |transaction| {
            required_summary(transaction, conversation)?;
            refuse_while_streaming(transaction, conversation)?;
            let last = message::last_place(transaction, conversation)?
                .filter(|last| last.role == Role::Assistant)
                .ok_or_else(|| StoreError::not_found("answer in conversation", conversation))?;
            message::deselect(transaction, conversation, last.position)?;
            let place = (answer, last.position, last.variant + 1);
            begin_answer(transaction, conversation, place, model, now_ms)?;
            Ok(BegunTurn {
                conversation: required_summary(transaction, conversation)?,
                question: None,
                answer: required_message(transaction, answer)?,
            })
        })
    }

    /// Replaces the text of a streaming answer by all that is written so far. For about once a second:
    /// each is a commit that reaches the disk.
    pub fn write_answer(&mut self, answer: MessageId, text: &str) -> Result<(), StoreError> {
        self.write("saving the answer so far", |transaction| {
            let changed = message::write_text(transaction, answer, text)?;
            required_change(transaction, answer, changed)
        })
    }

    /// Ends a streaming answer.
    pub fn finish_answer(
        &mut self,
        answer: MessageId,
        end: &AnswerEnd<'_>,
        now_ms: u64,
    ) -> Result<FinishedAnswer, StoreError> {
        self.write("saving the answer", |transaction| {
            let changed = message::finish(transaction, answer, end, now_ms)?;
            required_change(transaction, answer, changed)?;
            let place = required_place(transaction, answer)?;
            conversation::touch(transaction, place.conversation, None, now_ms)?;
            Ok(FinishedAnswer {
                conversation: required_summary(transaction, place.conversation)?,
                answer: required_message(transaction, answer)?,
            })
        })
    }
}

/// The conversation that a turn belongs to, made if need be.
fn conversation_of(
    connection: &Connection,
    turn: &NewTurn<'_>,
    now: u64,
) -> Result<ConversationId, Failure> {
    match turn.conversation {
        InConversation::Existing(id) => {
            required_summary(connection, id)?;
            refuse_while_streaming(connection, id)?;
            Ok(id)
        }
        InConversation::New {
            id,
            use_case,
            scope,
        } => {
            let use_case = match use_case {
                Some(use_case) => use_case,
                None => use_case::default(connection)?,
            };
            let title = title_from(turn.text);
            let new = conversation::New {
                id,
                use_case,
                title: &title,
                scope,
                now,
            };
            conversation::insert(connection, &new)?;
            Ok(id)
        }
    }
}

fn begin_answer(
    connection: &Connection,
    conversation: ConversationId,
    (id, position, variant): (MessageId, u32, u32),
    model: &ModelName,
    now: u64,
) -> Result<(), Failure> {
    let answer = message::New {
        id,
        conversation,
        position,
        variant,
        role: Role::Assistant,
        text: "",
        model: Some(model),
        now,
    };
    message::insert(connection, &answer)?;
    conversation::touch(connection, conversation, Some(&model.id), now)?;
    Ok(())
}

fn refuse_while_streaming(
    connection: &Connection,
    conversation: ConversationId,
) -> Result<(), Failure> {
    match message::is_streaming(connection, conversation)? {
        true => Err(StoreError::StillAnswering.into()),
        false => Ok(()),
    }
}

/// A write to a streaming answer that changed nothing: it is gone, or has ended.
fn required_change(
    connection: &Connection,
    answer: MessageId,
    changed: usize,
) -> Result<(), Failure> {
    if changed > 0 {
        return Ok(());
    }
    let place = required_place(connection, answer)?;
    debug_assert_ne!(place.status, MessageStatus::Streaming);
    Err(StoreError::NotStreaming {
        id: answer.to_string(),
    }
    .into())
}

pub(crate) fn required_place(connection: &Connection, id: MessageId) -> Result<Place, Failure> {
    Ok(message::place(connection, id)?.ok_or_else(|| StoreError::not_found("message", id))?)
}

fn required_message(connection: &Connection, id: MessageId) -> Result<Message, Failure> {
    Ok(message::one(connection, id)?.ok_or_else(|| StoreError::not_found("message", id))?)
}
