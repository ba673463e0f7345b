//! Answers that are being written, and those that have ended and are not saved yet.

use crate::answer::Ending;
use crate::app::App;
use crate::dto::UiError;
use opzest_core::ids::{ConversationId, MessageId};
use opzest_store::StoreError;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Of one app. Locks of std: held for a look into a map.
#[derive(Default)]
pub(crate) struct Unfinished {
    /// Being written, so that they can be stopped.
    answers: Mutex<HashMap<ConversationId, CancellationToken>>,
    unsaved: Mutex<HashMap<MessageId, Ending>>,
}

impl Unfinished {
    pub(crate) fn stop(&self, conversation: ConversationId) {
        if let Some(stop) = self.lock_answers().get(&conversation) {
            stop.cancel();
        }
    }

    pub(crate) fn stop_all(&self) {
        for stop in self.lock_answers().values() {
            stop.cancel();
        }
    }

    /// Nothing is being written.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock_answers().is_empty()
    }

    pub(crate) fn keep_unsaved(&self, answer: MessageId, ending: Ending) {
        self.lock_unsaved().insert(answer, ending);
    }

    pub(crate) fn unsaved(&self) -> Vec<(MessageId, Ending)> {
        let unsaved = self.lock_unsaved();
        unsaved
            .iter()
            .map(|(answer, ending)| (*answer, ending.clone()))
            .collect()
    }

    pub(crate) fn forget_unsaved(&self, answer: MessageId) {
        self.lock_unsaved().remove(&answer);
    }

    fn lock_unsaved(&self) -> MutexGuard<'_, HashMap<MessageId, Ending>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_answers(&self) -> MutexGuard<'_, HashMap<ConversationId, CancellationToken>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer being written.
pub(crate) struct AnswerGuard {
    app: App,
    conversation: ConversationId,
    pub(crate) stop: CancellationToken,
}

impl AnswerGuard {
    /// Notes that an answer is being written; the token stops it. Ends when the guard is dropped. One
    /// answer at a time in a conversation.
    pub(crate) fn begin(app: &App, conversation: ConversationId) -> Result<Self, UiError> {
        match app.unfinished().lock_answers().entry(conversation) {
            Entry::Occupied(_) => Err(StoreError::StillAnswering.into()),
            Entry::Vacant(place) => {
                let stop = place.insert(CancellationToken::new()).clone();
                Ok(Self {
                    app: app.clone(),
                    conversation,
                    stop,
                })
            }
        }
    }
}

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        let unfinished = self.app.unfinished();
        unfinished.lock_answers().remove(&self.conversation);
    }
}
