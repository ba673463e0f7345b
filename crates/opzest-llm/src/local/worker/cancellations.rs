//! Which requests are to end: written by the thread that reads requests, read by the engine.

use super::raw;
use crate::local::protocol::JobId;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

/// Which requests were cancelled; shared with the thread that reads them.
#[derive(Default)]
pub struct Cancellations(Mutex<CancelState>);

#[derive(Default)]
struct CancelState {
    /// Requests that have come and not ended; a cancellation of any other means nothing.
    open: HashSet<JobId>,
    cancelled: HashSet<JobId>,
    /// A prompt is being read: a cancellation aborts that decode, whosever it is, so that no request
    /// waits for another one's block. A block that was aborted for somebody else is read again.
    reading: bool,
}

impl Cancellations {
    pub fn open(&self, job: JobId) {
        self.lock().open.insert(job);
    }

    pub fn cancel(&self, job: JobId) {
        let mut state = self.lock();
        if state.open.contains(&job) {
            state.cancelled.insert(job);
            if state.reading {
                raw::ABORT.store(true, Ordering::Relaxed);
            }
        }
    }

    pub fn is_cancelled(&self, job: JobId) -> bool {
        self.lock().cancelled.contains(&job)
    }

    pub fn close(&self, job: JobId) {
        let mut state = self.lock();
        state.open.remove(&job);
        state.cancelled.remove(&job);
    }

    /// From here a cancellation aborts the decode, also one that came since the loop looked last.
    pub fn begin_reading(&self) {
        let mut state = self.lock();
        state.reading = true;
        raw::ABORT.store(!state.cancelled.is_empty(), Ordering::Relaxed);
    }

    /// Whether the decode was aborted.
    pub fn end_reading(&self) -> bool {
        let mut state = self.lock();
        state.reading = false;
        raw::ABORT.swap(false, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, CancelState> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
