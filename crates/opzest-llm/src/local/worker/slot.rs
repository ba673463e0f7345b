//! One sequence of the context: what its cache holds, and the request that it works on.

use super::model::Model;
use super::sampler::TokenSampler;
use crate::error::LlmError;
use crate::local::protocol::JobId;
use crate::local::text::TextStream;
use crate::model::{AdapterUse, ChatRequest, ScoreRequest, Usage};
use crate::trace::TokenTrace;
use llama_cpp_2::token::LlamaToken;
use std::time::Instant;

/// Seeded requests reuse a cache only up to a multiple of this, and only what was computed as a prompt
/// in blocks that start at such a multiple. Kernels treat rows by position in a block, so a token's
/// keys and values are then the same bits however the cache came to be.
pub const CANONICAL_BLOCK: usize = 64;

/// What a sequence's cache holds.
#[derive(Debug, Default)]
pub struct Cache {
    pub tokens: Vec<LlamaToken>,
    /// Keys and values depend on the adapters that they were computed with.
    pub adapters: Vec<AdapterUse>,
    /// Leading tokens that were computed in canonical blocks.
    pub canonical: usize,
}

impl Cache {
    /// How many of `prompt`'s leading tokens can be reused. The last token is always computed, because
    /// its logits are needed.
    pub fn reusable(&self, prompt: &[LlamaToken], adapters: &[AdapterUse], canonical: bool) -> usize {
        if self.adapters != adapters {
            return 0;
        }
        let shared = self.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let shared = shared.min(prompt.len().saturating_sub(1));
        if canonical {
            let whole = shared.min(self.canonical);
            whole - whole % CANONICAL_BLOCK
        } else {
            shared
        }
    }

    /// Forgets everything after `kept` tokens.
    pub fn truncate(&mut self, kept: usize) {
        self.tokens.truncate(kept);
        self.canonical = self.canonical.min(kept);
    }

    /// Adds tokens that were computed as part of a prompt, in one block.
    pub fn append_prompt(&mut self, block: &[LlamaToken]) {
        let start = self.tokens.len();
        self.tokens.extend_from_slice(block);
        if start == self.canonical && start.is_multiple_of(CANONICAL_BLOCK) {
            self.canonical = self.tokens.len() - self.tokens.len() % CANONICAL_BLOCK;
        }
    }
}

/// A request that waits or runs.
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub received: Instant,
}

pub enum JobKind {
    Generate(Box<ChatRequest>),
    Score(Box<ScoreRequest>),
}

impl Job {
    pub fn adapters(&self) -> &[AdapterUse] {
        match &self.kind {
            JobKind::Generate(request) => &request.adapters,
            JobKind::Score(request) => &request.adapters,
        }
    }

    /// Whether this request must not depend on what the cache held.
    pub fn canonical(&self) -> bool {
        match &self.kind {
            JobKind::Generate(request) => request.sampling.seed.is_some(),
            JobKind::Score(_) => true,
        }
    }
}

/// A request at work in a slot.
pub struct Work {
    pub job: JobId,
    pub canonical: bool,
    /// The prompt; for scoring, the answer too.
    pub tokens: Vec<LlamaToken>,
    pub usage: Usage,
    pub received: Instant,
    pub stage: Stage,
}

pub enum Stage {
    /// The prompt is being read; then comes writing.
    Reading(Box<Answer>),
    Writing(Box<Answer>),
    /// `tokens[prompt..]` are the answer to score.
    Scoring { prompt: usize, top_k: u32, traces: Vec<TokenTrace> },
}

/// An answer in the making.
pub struct Answer {
    pub sampler: TokenSampler,
    pub text: TextStream,
    pub trace_top_k: Option<u32>,
    pub max_tokens: u32,
    /// Chosen and not yet in the cache.
    pub pending: LlamaToken,
    pub first_token: Option<Instant>,
}

pub struct Slot {
    pub sequence: i32,
    pub cache: Cache,
    pub last_used: u64,
    pub work: Option<Work>,
}

impl Work {
    /// Prepares a request: its tokens, its sampler, and whether it fits into `context_size`.
    pub fn prepare(job: Job, model: &Model, context_size: u32) -> Result<Self, LlmError> {
        let canonical = job.canonical();
        let (tokens, room_for, stage) = match job.kind {
            JobKind::Generate(request) => {
                let tokens = model.prompt(&request.messages)?;
                let seed = request.sampling.seed.unwrap_or_else(rand::random);
                let sampler = TokenSampler::new(
                    &model.llama,
                    &request.sampling,
                    request.constraint.as_ref(),
                    seed,
                )?;
                let answer = Answer {
                    sampler,
                    text: TextStream::new(&request.stop),
                    trace_top_k: request.trace_top_k,
                    max_tokens: request.max_tokens.unwrap_or(u32::MAX),
                    pending: LlamaToken(0),
                    first_token: None,
                };
                (tokens, 1, Stage::Reading(Box::new(answer)))
            }
            JobKind::Score(request) => {
                let mut tokens = model.prompt(&request.messages)?;
                let prompt = tokens.len();
                match &request.answer_tokens {
                    Some(ids) => tokens.extend(known_tokens(ids, model)?),
                    None => tokens.extend(model.answer(&request.answer)),
                }
                if request.end_of_turn {
                    tokens.push(model.end_of_turn());
                }
                let stage = Stage::Scoring { prompt, top_k: request.top_k, traces: Vec::new() };
                (tokens, 0, stage)
            }
        };
        if tokens.is_empty() {
            let reason = "the chat template made an empty prompt".into();
            return Err(LlmError::Template { reason });
        }
        if tokens.len() + room_for > context_size as usize {
            let prompt_tokens = tokens.len() as u32;
            return Err(LlmError::ContextOverflow { prompt_tokens, context_size });
        }
        let usage = Usage { prompt_tokens: tokens.len() as u32, ..Usage::default() };
        Ok(Self { job: job.id, canonical, tokens, usage, received: job.received, stage })
    }
}

fn known_tokens(ids: &[u32], model: &Model) -> Result<Vec<LlamaToken>, LlmError> {
    ids.iter()
        .map(|&id| match i32::try_from(id) {
            Ok(id) if id < model.llama.n_vocab() => Ok(LlamaToken(id)),
            _ => Err(LlmError::InvalidRequest {
                what: "answer".into(),
                reason: format!("the model's vocabulary has no token {id}"),
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(range: std::ops::Range<i32>) -> Vec<LlamaToken> {
        range.map(LlamaToken).collect()
    }

    #[test]
    fn the_last_token_of_a_prompt_is_never_reused() {
        let cache = Cache { tokens: tokens(0..100), ..Cache::default() };
        assert_eq!(cache.reusable(&tokens(0..100), &[], false), 99);
        assert_eq!(cache.reusable(&tokens(0..50), &[], false), 49);
        assert_eq!(cache.reusable(&tokens(0..150), &[], false), 100);
        assert_eq!(cache.reusable(&tokens(5..50), &[], false), 0);
    }

    #[test]
    fn another_adapter_shares_nothing() {
        let with = |scale| vec![AdapterUse { path: "a.gguf".into(), scale }];
        let cache = Cache { tokens: tokens(0..100), adapters: with(1.0), canonical: 64 };
        assert_eq!(cache.reusable(&tokens(0..100), &with(1.0), false), 99);
        assert_eq!(cache.reusable(&tokens(0..100), &with(0.5), false), 0);
        assert_eq!(cache.reusable(&tokens(0..100), &[], false), 0);
    }

    #[test]
    fn seeded_requests_reuse_only_canonical_blocks() {
        let mut cache = Cache::default();
        cache.append_prompt(&tokens(0..200));
        assert_eq!(cache.canonical, 192);
        cache.tokens.extend(tokens(200..300)); // written one by one
        assert_eq!(cache.reusable(&tokens(0..400), &[], true), 192);
        assert_eq!(cache.reusable(&tokens(0..400), &[], false), 300);

        cache.truncate(100);
        assert_eq!(cache.canonical, 100);
        cache.append_prompt(&tokens(100..300)); // starts inside a block
        assert_eq!(cache.reusable(&tokens(0..300), &[], true), 64);
    }
}
