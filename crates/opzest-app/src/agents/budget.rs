//! What of an agent's texts fits into the model's context, and what is left out.
//!
//! Explicit on purpose: the prompt is counted by the model's own tokenizer where it tells (else
//! estimated, with a margin), room for the answer is kept free, and if it is too much the texts are
//! cut in the order in which they matter least. What was cut is told in words for the user; nothing
//! disappears silently.

use super::call::Caller;
use super::cut::Text;
use super::error::AgentError;
use super::prompt::{self, Values};
use minijinja::Value;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::workflow::{Agent, Workflow};

/// Bytes of text per token, at least: for a model that does not count for us.
const ESTIMATED_BYTES: f32 = 2.8;

/// A token is rarely longer than this on average: text beyond it need not be counted to be too much.
const MOST_BYTES: usize = 8;

/// Rounds of counting and cutting.
const MOST_ROUNDS: usize = 24;

/// A text that an agent reads.
pub(super) struct Part {
    /// Its name in the template.
    pub(super) name: &'static str,
    pub(super) text: Text,
    /// Bytes below which it is not cut while another part can be.
    pub(super) least: usize,
    /// Bytes above which it is cut in any case.
    pub(super) most: usize,
}

/// A prompt before it is known what fits.
pub(super) struct Draft<'a> {
    pub(super) agent: Agent,
    pub(super) workflow: &'a Workflow,
    pub(super) fixed: Values,
    /// In the order in which they are cut, the least important first.
    pub(super) parts: Vec<Part>,
}

/// A prompt that fits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) left_out: Vec<String>,
    /// As counted or estimated.
    pub(super) tokens: u32,
}

impl Draft<'_> {
    /// The messages with all that the parts hold now.
    pub(super) fn messages(&self) -> Result<Vec<ChatMessage>, AgentError> {
        let mut values = self.fixed.clone();
        for part in &self.parts {
            values.insert(part.name, Value::from(part.text.shown().trim_end()));
        }
        let spec = self.workflow.agents.get(self.agent);
        let fill = |source: &str| {
            prompt::render(source, &values).map_err(|error| AgentError::Prompt {
                agent: self.agent,
                workflow: self.workflow.id.to_string(),
                reason: error.to_string(),
            })
        };
        let (system, user) = (fill(&spec.system)?, fill(&spec.user)?);
        let mut messages = Vec::with_capacity(2);
        if !system.is_empty() {
            messages.push(ChatMessage::new(Role::System, system));
        }
        messages.push(ChatMessage::new(Role::User, user));
        Ok(messages)
    }

    /// Cuts until prompt and answer fit into the caller's context together.
    pub(super) async fn fit(mut self, caller: &Caller, answer: u32) -> Result<Fitted, AgentError> {
        let room = caller.context_size.saturating_sub(answer);
        let most = (caller.context_size as usize).saturating_mul(MOST_BYTES);
        for part in &mut self.parts {
            part.text.cut_to(most.min(part.most));
        }
        let mut needed = 0;
        for _ in 0..MOST_ROUNDS {
            let messages = self.messages()?;
            needed = count(caller, &messages).await?;
            if needed <= room {
                let left_out = self.parts.iter().filter_map(|part| part.text.left_out());
                let left_out = left_out.collect();
                return Ok(Fitted {
                    messages,
                    left_out,
                    tokens: needed,
                });
            }
            let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
            let per_token = bytes as f32 / needed.max(1) as f32;
            let excess = (needed - room) as f32 * per_token.max(1.0) * 1.05;
            if !self.cut(excess.ceil() as usize) {
                break;
            }
        }
        Err(AgentError::NoRoom {
            agent: self.agent,
            needed,
            room,
        })
    }

    /// Takes bytes away, from the least important part on; first down to what each should keep, then
    /// all of it. False if nothing is left to cut.
    fn cut(&mut self, mut excess: usize) -> bool {
        let mut any = false;
        for keeping in [true, false] {
            for part in &mut self.parts {
                let least = if keeping { part.least } else { 0 };
                let size = part.text.size();
                if excess == 0 || size <= least {
                    continue;
                }
                let to = size.saturating_sub(excess).max(least);
                part.text.cut_to(to);
                let gone = size - part.text.size().min(size);
                any |= gone > 0;
                excess = excess.saturating_sub(gone);
            }
            // The floors hold as long as anything could be cut above them.
            if any {
                return true;
            }
        }
        any
    }
}

/// Tokens of a prompt: the model's own count, or an estimate on the safe side.
pub(super) async fn count(caller: &Caller, messages: &[ChatMessage]) -> Result<u32, AgentError> {
    match caller.model.count_tokens(messages.to_vec()).await? {
        Some(tokens) => Ok(tokens),
        None => Ok(estimate(messages)),
    }
}

pub(super) fn estimate(messages: &[ChatMessage]) -> u32 {
    let bytes: usize = messages
        .iter()
        .map(|message| message.content.len() + 24)
        .sum();
    u32::try_from((bytes as f32 / ESTIMATED_BYTES) as u64).unwrap_or(u32::MAX)
}
