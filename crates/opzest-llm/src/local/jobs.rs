//! The requests that one worker has under way, each with its own reader.

use crate::error::LlmError;
use crate::local::info::Vocabulary;
use crate::local::protocol::JobId;
use crate::model::GenerationEvent;
use opzest_core::trace::TokenTrace;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use tokio::sync::mpsc;

/// What a request gets from its worker.
pub enum Reply {
    Event(GenerationEvent),
    Scored(Vec<TokenTrace>),
    Tokens(Vec<u32>),
    Vocabulary(Vocabulary),
    Failed(LlmError),
}

/// The requests under way, and how the worker ended if it did.
#[derive(Default)]
pub struct Jobs {
    next: AtomicU64,
    state: Mutex<JobsState>,
}

#[derive(Default)]
struct JobsState {
    /// A reader per request; unbounded, because a slow window must not stop the others' tokens.
    readers: HashMap<JobId, mpsc::UnboundedSender<Reply>>,
    ended: Option<LlmError>,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, JobsState> {
        self.state.lock().expect("no holder of this lock panics")
    }

    pub fn ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    pub fn open(&self) -> Result<(JobId, mpsc::UnboundedReceiver<Reply>), LlmError> {
        let job = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut state = self.lock();
        match &state.ended {
            Some(error) => Err(error.clone()),
            None => {
                state.readers.insert(job, sender);
                Ok((job, receiver))
            }
        }
    }

    pub fn deliver(&self, job: JobId, reply: Reply) {
        let last = !matches!(reply, Reply::Event(ref event) if !matches!(event, GenerationEvent::Finished(_)));
        let mut state = self.lock();
        if let Some(reader) = state.readers.get(&job) {
            // A reader that is gone has cancelled; the worker hears of it separately.
            let _ = reader.send(reply);
        }
        if last {
            state.readers.remove(&job);
        }
    }

    pub fn end(&self, error: LlmError) {
        let mut state = self.lock();
        for (_, reader) in state.readers.drain() {
            let _ = reader.send(Reply::Failed(error.clone()));
        }
        state.ended = Some(error);
    }
}
