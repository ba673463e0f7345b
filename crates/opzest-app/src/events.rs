//! Events of a running command: typed here, JSON for the host that supplies the sink.

use serde::Serialize;
use std::marker::PhantomData;
use std::sync::Arc;

/// Where a host (window, browser, terminal) receives a command's events. It must not block.
pub type EventSink = Arc<dyn Fn(serde_json::Value) + Send + Sync>;

/// The sink of a command whose events are `E`.
pub struct Events<E> {
    sink: EventSink,
    kind: PhantomData<fn(E)>,
}

impl<E> Clone for Events<E> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.sink))
    }
}

impl<E> Events<E> {
    pub fn new(sink: EventSink) -> Self {
        Self {
            sink,
            kind: PhantomData,
        }
    }

    /// For callers that do not listen.
    pub fn ignored() -> Self {
        Self::new(Arc::new(|_| {}))
    }
}

impl<E: Serialize> Events<E> {
    pub fn send(&self, event: &E) {
        match serde_json::to_value(event) {
            Ok(value) => (self.sink)(value),
            Err(error) => tracing::error!(%error, "an event could not be written as JSON"),
        }
    }
}
