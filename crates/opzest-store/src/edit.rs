//! Writes outside a turn: conversations renamed and deleted, variants selected, models, settings.

use crate::error::{Failure, StoreError};
use crate::store::{Store, required_summary, whole_conversation};
use crate::turn::required_place;
use crate::{conversation, message, model, setting};
use opzest_core::chat::Role;
use opzest_core::conversation::{Conversation, ConversationSummary};
use opzest_core::ids::{ConversationId, MessageId, ModelId};
use opzest_core::model::{ModelDetails, RegisteredModel};
use rusqlite::Connection;
use serde::Serialize;

impl Store {
    /// Shows another variant of an answer.
    pub fn select_variant(&mut self, answer: MessageId) -> Result<Conversation, StoreError> {
        self.write("selecting the answer", |transaction| {
            let place = required_place(transaction, answer)?;
            if place.role != Role::Assistant {
                return Err(StoreError::not_found("answer", answer).into());
            }
            message::deselect(transaction, place.conversation, place.position)?;
            message::select(transaction, answer)?;
            whole_conversation(transaction, place.conversation)
        })
    }

    /// Gives a conversation the user's own title.
    pub fn rename_conversation(
        &mut self,
        id: ConversationId,
        title: &str,
    ) -> Result<ConversationSummary, StoreError> {
        self.write("renaming the conversation", |transaction| {
            conversation::rename(transaction, id, title)?;
            required_summary(transaction, id)
        })
    }

    /// Adds a model under the wanted id, or that id with a number if another model has it. A model
    /// that is registered already (same file, or same name on the same server) keeps its id and gets
    /// the new details.
    pub fn add_model(
        &mut self,
        wanted: &ModelId,
        details: &ModelDetails,
        now_ms: u64,
    ) -> Result<RegisteredModel, StoreError> {
        self.write("adding the model", |transaction| {
            let id = match model::same_place(transaction, details)? {
                Some(id) => id,
                None => free_id(transaction, wanted)?,
            };
            require_base(transaction, details)?;
            model::put(transaction, &id, details, now_ms)?;
            required_model(transaction, &id)
        })
    }

    /// Gives the model with this id these details; adds it if there is none.
    pub fn put_model(
        &mut self,
        id: &ModelId,
        details: &ModelDetails,
        now_ms: u64,
    ) -> Result<RegisteredModel, StoreError> {
        self.write("saving the model", |transaction| {
            require_base(transaction, details)?;
            model::put(transaction, id, details, now_ms)?;
            required_model(transaction, id)
        })
    }

    /// Takes a model out of the registry; its file stays. Gives what was removed. [`StoreError::ModelNeeded`] while
    /// models are trained on it, or a use case works with it.
    pub fn remove_model(&mut self, id: &ModelId) -> Result<RegisteredModel, StoreError> {
        self.write("removing the model", |transaction| {
            let removed = required_model(transaction, id)?;
            require_removable(transaction, id)?;
            model::delete(transaction, id)?;
            Ok(removed)
        })
    }

    /// Makes this the model that new conversations use; `None`: no registered one.
    pub fn select_model(
        &mut self,
        id: Option<&ModelId>,
    ) -> Result<Vec<RegisteredModel>, StoreError> {
        self.write("selecting the model", |transaction| {
            model::deselect(transaction)?;
            if let Some(id) = id
                && model::select(transaction, id)? == 0
            {
                return Err(StoreError::not_found("model", id).into());
            }
            Ok(model::all(transaction)?)
        })
    }

    /// Writes a setting. Tells whether that changed anything.
    pub fn set_setting<T: Serialize>(&mut self, key: &str, value: &T) -> Result<bool, StoreError> {
        let json = serde_json::to_string(value).map_err(|source| StoreError::Setting {
            key: key.to_owned(),
            action: "written",
            source,
        })?;
        self.write("saving the settings", |transaction| {
            Ok(setting::write(transaction, key, &json)? > 0)
        })
    }
}

/// The wanted id, or that with a number: one that no other model has, and that no promoted one had.
pub(crate) fn free_id(connection: &Connection, wanted: &ModelId) -> Result<ModelId, Failure> {
    let is_free = |id: &ModelId| -> Result<bool, Failure> {
        Ok(model::one(connection, id)?.is_none() && !model::was_promoted(connection, id)?)
    };
    let mut id = wanted.clone();
    for number in 2u32.. {
        if is_free(&id)? {
            break;
        }
        id = format!("{wanted}-{number}")
            .parse()
            .expect("a slug with a number is a slug");
    }
    Ok(id)
}

pub(crate) fn required_model(
    connection: &Connection,
    id: &ModelId,
) -> Result<RegisteredModel, Failure> {
    Ok(model::one(connection, id)?.ok_or_else(|| StoreError::not_found("model", id))?)
}

/// What a model is an adapter for must be registered.
pub(crate) fn require_base(connection: &Connection, details: &ModelDetails) -> Result<(), Failure> {
    if let Some(base) = &details.base {
        required_model(connection, base)?;
    }
    Ok(())
}

pub(crate) fn require_removable(connection: &Connection, id: &ModelId) -> Result<(), Failure> {
    match model::needed_by(connection, id)? {
        Some(by) => Err(StoreError::ModelNeeded { id: id.clone(), by }.into()),
        None => Ok(()),
    }
}
