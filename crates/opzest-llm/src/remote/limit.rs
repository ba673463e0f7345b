//! Time limits on single steps of an exchange.

use super::Inner;
use super::exchange::Failed;
use crate::error::LlmError;
use std::time::Duration;
use tokio::time::Instant;

/// The nearest of two time limits, with the words that say which one passed.
#[derive(Clone, Copy)]
pub(super) struct Limit<'a> {
    inner: &'a Inner,
    what: &'static str,
    after: Duration,
    until: Instant,
}

impl<'a> Limit<'a> {
    pub(super) fn new(
        inner: &'a Inner,
        what: &'static str,
        after: Duration,
        deadline: Instant,
    ) -> Self {
        let until = Instant::now() + after;
        if until <= deadline {
            return Self {
                inner,
                what,
                after,
                until,
            };
        }
        Self {
            inner,
            what: "the whole answer",
            after: inner.config.timeouts.total,
            until: deadline,
        }
    }

    /// The future's result, if it comes in time.
    pub(super) async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Failed> {
        // A future that is always ready would never let the timer speak.
        if Instant::now() >= self.until {
            return Err(self.passed());
        }
        tokio::time::timeout_at(self.until, future)
            .await
            .map_err(|_| self.passed())
    }

    fn passed(&self) -> Failed {
        Failed::Final(LlmError::Timeout {
            server: self.inner.server.name().to_owned(),
            what: self.what.to_owned(),
            after: self.after,
        })
    }
}
