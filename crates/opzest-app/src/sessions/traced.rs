//! Traces on their way into the store.

use crate::sessions::task::Traced;
use opzest_core::trace::TokenRecord;
use opzest_store::{NewTrace, encode_trace};

impl Traced {
    /// Compressed outside the store's transaction.
    /// `None` for what no model writes: a trace beyond every bound.
    pub(super) fn encoded(&self) -> Option<Vec<u8>> {
        let records: Vec<_> = self
            .tokens
            .iter()
            .cloned()
            .map(TokenRecord::Traced)
            .collect();
        encode_trace(&records)
            .inspect_err(|problem| tracing::warn!(%problem, "a trace is not kept"))
            .ok()
    }

    pub(super) fn row<'a>(&'a self, data: &'a [u8]) -> NewTrace<'a> {
        NewTrace {
            generation: self.generation,
            agent: self.agent,
            model: &self.teacher.model,
            server: self.server.as_deref(),
            tokenizer: Some(self.tokenizer.as_str()),
            k: self
                .tokens
                .iter()
                .map(|token| token.top.len())
                .max()
                .unwrap_or(0) as u32,
            tokens: self.tokens.len() as u32,
            messages: &self.messages,
            data,
        }
    }
}
