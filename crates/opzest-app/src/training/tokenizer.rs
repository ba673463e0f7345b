//! The tokenizer and chat template of the model that is to learn: those of the runtime that serves it.

use opzest_core::chat::ChatMessage;
use opzest_core::ids::ModelId;
use opzest_dorpo::data::{Tokenize, TokenizeError};
use opzest_llm::LlmError;
use opzest_llm::local::{LocalModel, Vocabulary};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Asks the runtime's process and waits, so only for threads that may block.
pub(super) struct RuntimeTokenizer {
    model: Arc<LocalModel>,
    /// Traces of a model name its tokens by its id.
    identity: String,
    vocabulary: Vocabulary,
    runtime: Handle,
}

impl RuntimeTokenizer {
    pub(super) async fn new(model: Arc<LocalModel>, id: &ModelId) -> Result<Self, LlmError> {
        Ok(Self {
            vocabulary: model.vocabulary().await?,
            identity: id.to_string(),
            model,
            runtime: Handle::current(),
        })
    }
}

impl Tokenize for RuntimeTokenizer {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn render(&self, messages: &[ChatMessage]) -> Result<Vec<u32>, TokenizeError> {
        let tokens = self.model.prompt_tokens(messages.to_vec());
        Ok(self.runtime.block_on(tokens)?)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        let tokens = self.model.answer_tokens(text.to_owned());
        Ok(self.runtime.block_on(tokens)?)
    }

    fn end_of_turn(&self) -> u32 {
        self.vocabulary.end_of_turn
    }

    fn vocabulary(&self) -> u32 {
        u32::try_from(self.vocabulary.tokens.len()).unwrap_or(u32::MAX)
    }

    fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        let bytes = self.vocabulary.tokens.get(id as usize)?;
        Some(bytes)
    }
}
