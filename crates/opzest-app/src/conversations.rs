//! Conversations: asking, regenerating, finding, naming, deleting, exporting.

use crate::answer::{Writing, save_unsaved, write_answer};
use crate::app::{App, new_conversation_id, new_message_id, now_ms};
use crate::dto::{
    AnswerStats, ChatEvent, ChatOutcome, Conversation, ConversationList, ConversationSummary,
    ErrorCode, ExportFormat, ExportedFile, HitPart, Message, MessageStatus, Speaker, UiError,
};
use crate::error::{error, invalid};
use crate::events::Events;
use crate::export::export;
use crate::models::{registered, selected_model};
use crate::unfinished::AnswerGuard;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation as core;
use opzest_core::ids::{ConversationId, InvalidId, MessageId};
use opzest_core::model::RegisteredModel;
use opzest_store::{BegunTurn, InConversation, NewTurn};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use ts_rs::TS;

/// The longest question, in bytes: far more than any context holds.
const LONGEST_QUESTION: usize = 1 << 20;

/// A search reads at most this many conversations.
const LONGEST_LIST: u32 = 1000;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListConversations {
    /// Full text search; `None` or blank lists all.
    pub query: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OpenConversation {
    pub id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RenameConversation {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DeleteConversation {
    pub id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExportConversation {
    pub id: String,
    pub format: ExportFormat,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// `None` makes a new conversation.
    pub conversation_id: Option<String>,
    /// `None`: the selected model.
    pub model_id: Option<String>,
    pub text: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Regenerate {
    pub conversation_id: String,
    /// `None`: the selected model.
    pub model_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SelectVariant {
    pub message_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StopGeneration {
    pub conversation_id: String,
}

/// Conversations, newest first, or those that a search finds.
pub async fn list_conversations(
    app: &App,
    list: ListConversations,
) -> Result<ConversationList, UiError> {
    let ListConversations { query, limit } = list;
    let query = query.filter(|query| !query.trim().is_empty());
    let page = app
        .store(move |store| store.conversations(query.as_deref(), limit.min(LONGEST_LIST)))
        .await?;
    Ok(ConversationList {
        items: page
            .items
            .into_iter()
            .map(to_conversation_summary)
            .collect(),
        total: page.total,
    })
}

pub async fn open_conversation(app: &App, open: OpenConversation) -> Result<Conversation, UiError> {
    let id = read_id(&open.id)?;
    // What could not be saved yet is shown all the same.
    let unsaved = match save_unsaved(app).await {
        Ok(()) => Vec::new(),
        Err(_) => app.unfinished().unsaved(),
    };
    let mut conversation = app.store(move |store| store.conversation(id)).await?;
    for message in &mut conversation.messages {
        if let Some((_, ending)) = unsaved.iter().find(|(answer, _)| *answer == message.id) {
            ending.show_in(message);
        }
    }
    Ok(to_conversation(conversation))
}

pub async fn rename_conversation(
    app: &App,
    rename: RenameConversation,
) -> Result<ConversationSummary, UiError> {
    let id = read_id(&rename.id)?;
    let title = rename
        .title
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if title.is_empty() {
        return Err(invalid("A conversation needs a title."));
    }
    if title.chars().count() > 200 {
        return Err(invalid("A title has at most 200 characters."));
    }
    app.store(move |store| store.rename_conversation(id, &title))
        .await
        .map(to_conversation_summary)
}

/// Deletes a conversation; its text is taken off the disk in the background. An answer being written there is
/// stopped first.
pub async fn delete_conversation(app: &App, delete: DeleteConversation) -> Result<(), UiError> {
    let id = read_id(&delete.id)?;
    app.unfinished().stop(id);
    app.store(move |store| store.delete_conversation(id))
        .await?;
    app.erase_soon();
    Ok(())
}

pub async fn export_conversation(
    app: &App,
    wanted: ExportConversation,
) -> Result<ExportedFile, UiError> {
    let conversation = open_conversation(app, OpenConversation { id: wanted.id }).await?;
    Ok(export(&conversation, wanted.format))
}

/// Makes another variant of an answer the one that counts.
pub async fn select_variant(app: &App, select: SelectVariant) -> Result<Conversation, UiError> {
    let id: MessageId = read_id(&select.message_id)?;
    app.store(move |store| store.select_variant(id))
        .await
        .map(to_conversation)
}

/// Stops the answer being written in a conversation; its text so far is kept.
pub async fn stop_generation(app: &App, stop: StopGeneration) -> Result<(), UiError> {
    app.unfinished().stop(read_id(&stop.conversation_id)?);
    Ok(())
}

/// Asks a question and writes the answer. An error means that the question is not stored.
pub async fn send_message(
    app: &App,
    send: SendMessage,
    events: Events<ChatEvent>,
) -> Result<ChatOutcome, UiError> {
    if send.text.trim().is_empty() {
        return Err(invalid("There is nothing to send."));
    }
    if send.text.len() > LONGEST_QUESTION {
        return Err(error(
            ErrorCode::InvalidInput,
            format!("The message is too long: {} bytes.", send.text.len()),
            "A model reads some thousand words at most; send a part of it.",
        ));
    }
    save_unsaved(app).await?;
    let model = chosen_model(app, send.model_id.as_deref()).await?;
    let (id, conversation) = match &send.conversation_id {
        Some(id) => {
            let id = read_id(id)?;
            (id, InConversation::Existing(id))
        }
        None => {
            let id = new_conversation_id();
            let (use_case, scope) = (None, core::Scope::Private);
            (
                id,
                InConversation::New {
                    id,
                    use_case,
                    scope,
                },
            )
        }
    };
    // Before the store knows the turn, so that a stop or a delete always finds it.
    let running = AnswerGuard::begin(app, id)?;
    let name = model_name(&model);
    let text = send.text;
    let begun = app
        .store(move |store| {
            let turn = NewTurn {
                conversation,
                question: new_message_id(),
                answer: new_message_id(),
                text: &text,
                model: &name,
            };
            store.begin_turn(&turn, now_ms())
        })
        .await?;
    write(app, running, begun, model, events).await
}

/// Writes another variant of the last answer.
pub async fn regenerate(
    app: &App,
    again: Regenerate,
    events: Events<ChatEvent>,
) -> Result<ChatOutcome, UiError> {
    let conversation: ConversationId = read_id(&again.conversation_id)?;
    save_unsaved(app).await?;
    let model = chosen_model(app, again.model_id.as_deref()).await?;
    let name = model_name(&model);
    let running = AnswerGuard::begin(app, conversation)?;
    let begun = app
        .store(move |store| {
            store.begin_regeneration(conversation, new_message_id(), &name, now_ms())
        })
        .await?;
    write(app, running, begun, model, events).await
}

async fn chosen_model(app: &App, id: Option<&str>) -> Result<RegisteredModel, UiError> {
    match id {
        Some(id) => registered(app, &read_id(id)?).await,
        None => selected_model(app).await,
    }
}

fn model_name(model: &RegisteredModel) -> core::ModelName {
    core::ModelName {
        id: model.id.clone(),
        name: model.details.name.clone(),
    }
}

/// Writes the answer of a turn that is in the store. It runs on a task of its own, so that a host that
/// goes away (a closed page) does not leave the answer half saved.
async fn write(
    app: &App,
    running: AnswerGuard,
    begun: BegunTurn,
    model: RegisteredModel,
    events: Events<ChatEvent>,
) -> Result<ChatOutcome, UiError> {
    let BegunTurn {
        conversation,
        question,
        answer,
    } = begun;
    events.send(&ChatEvent::Started {
        conversation: Box::new(to_conversation_summary(conversation.clone())),
        question: question.map(to_message).map(Box::new),
        answer: Box::new(to_message(answer.clone())),
    });
    let app = app.clone();
    let task = tokio::spawn(async move {
        let stop = running.stop.clone();
        let writing = Writing {
            conversation,
            answer,
            model,
            stop,
            events,
        };
        let outcome = write_answer(&app, writing).await;
        drop(running);
        outcome
    });
    task.await.map_err(|failed| {
        error(
            ErrorCode::Internal,
            format!("Writing the answer failed: {failed}."),
            "Restart OpZest.",
        )
    })
}

/// What a model reads before an answer: answers that failed without a word are left out.
pub(crate) fn messages_before(
    conversation: &core::Conversation,
    answer: MessageId,
) -> Vec<ChatMessage> {
    let before = |message: &&core::Message| message.id != answer;
    conversation
        .messages
        .iter()
        .take_while(before)
        .filter_map(readable)
        .collect()
}

fn readable(message: &core::Message) -> Option<ChatMessage> {
    let empty_answer = message.role == Role::Assistant && message.text.is_empty();
    (!empty_answer).then(|| message.to_chat())
}

fn read_id<I: FromStr<Err = InvalidId>>(text: &str) -> Result<I, UiError> {
    text.parse()
        .map_err(|source: InvalidId| invalid(format!("{source}.")))
}

pub(crate) fn to_conversation(conversation: core::Conversation) -> Conversation {
    Conversation {
        summary: to_conversation_summary(conversation.summary),
        messages: conversation.messages.into_iter().map(to_message).collect(),
    }
}

pub(crate) fn to_conversation_summary(summary: core::ConversationSummary) -> ConversationSummary {
    let part = |part: core::HitPart| HitPart {
        text: part.text,
        matches: part.matches,
    };
    ConversationSummary {
        id: summary.id.to_string(),
        title: summary.title,
        created_at: summary.created_at as f64,
        updated_at: summary.updated_at as f64,
        model_id: summary.model.map(|model| model.to_string()),
        message_count: summary.message_count,
        hit: summary.hit.map(|hit| hit.into_iter().map(part).collect()),
    }
}

pub(crate) fn to_message(message: core::Message) -> Message {
    Message {
        id: message.id.to_string(),
        speaker: match message.role {
            Role::Assistant => Speaker::Assistant,
            Role::User | Role::System => Speaker::User,
        },
        text: message.text,
        status: match message.status {
            core::MessageStatus::Streaming => MessageStatus::Streaming,
            core::MessageStatus::Complete => MessageStatus::Complete,
            core::MessageStatus::Stopped => MessageStatus::Stopped,
            core::MessageStatus::CutByLimit => MessageStatus::CutByLimit,
            core::MessageStatus::CutByContext => MessageStatus::CutByContext,
            core::MessageStatus::Interrupted => MessageStatus::Interrupted,
            core::MessageStatus::Failed => MessageStatus::Failed,
        },
        created_at: message.created_at as f64,
        model_name: message.model.map(|model| model.name),
        stats: message.stats.map(to_stats),
        error: message.error.map(to_error),
        variants: message.variants.iter().map(MessageId::to_string).collect(),
    }
}

fn to_stats(stats: core::AnswerStats) -> AnswerStats {
    AnswerStats {
        prompt_tokens: stats.prompt_tokens,
        cached_tokens: stats.cached_tokens,
        answer_tokens: stats.answer_tokens,
        reading_ms: stats.reading_ms,
        tokens_per_second: stats.tokens_per_second,
        context_used: stats.context_used,
        context_size: stats.context_size,
    }
}

fn to_error(stored: core::AnswerError) -> UiError {
    let code = serde_json::from_value(serde_json::Value::String(stored.code));
    UiError {
        code: code.unwrap_or(ErrorCode::Internal),
        message: stored.message,
        hint: stored.hint,
    }
}
