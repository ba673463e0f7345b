//! What a running task tells while it runs, for those who watch and those who begin to watch later.

use crate::dto::{Agent, SessionEvent, WritingPart};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// A watcher that falls behind by more gets the session anew.
const WAITING: usize = 1_024;

/// The stream of one session's events.
#[derive(Clone)]
pub(super) struct Live {
    sender: broadcast::Sender<SessionEvent>,
    /// What the running task has written so far, in one event for each part. A lock of std: held for
    /// one push.
    so_far: Arc<Mutex<Vec<SessionEvent>>>,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            sender: broadcast::channel(WAITING).0,
            so_far: Arc::default(),
        }
    }

    /// Everything from now on, and what a watcher has to know before.
    pub(super) fn watch(&self) -> (Vec<SessionEvent>, broadcast::Receiver<SessionEvent>) {
        let so_far = self.lock();
        (so_far.clone(), self.sender.subscribe())
    }

    /// Nobody listening is no failure.
    pub(super) fn send(&self, event: SessionEvent) {
        let mut so_far = self.lock();
        match &event {
            SessionEvent::Writing {
                agent, part, text, ..
            } => remember(&mut so_far, (*agent, *part), text, &event),
            SessionEvent::StartedOver { .. } => so_far.clear(),
            SessionEvent::LoadingModel { .. } | SessionEvent::Reading { .. } => {}
            // The task's result is in the session now.
            SessionEvent::Changed { .. } | SessionEvent::PreviewProblem { .. } => {}
        }
        let _ = self.sender.send(event);
    }

    /// Another task begins.
    pub(super) fn begin(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SessionEvent>> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(
    so_far: &mut Vec<SessionEvent>,
    of: (Agent, WritingPart),
    more: &str,
    event: &SessionEvent,
) {
    for kept in so_far.iter_mut() {
        if let SessionEvent::Writing {
            agent, part, text, ..
        } = kept
            && (*agent, *part) == of
        {
            text.push_str(more);
            return;
        }
    }
    so_far.push(event.clone());
}
