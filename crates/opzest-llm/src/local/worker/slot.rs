//! One sequence of the context: what its cache holds, and the request that it works on.

use super::model::Model;
use super::sampler::TokenSampler;
use crate::error::LlmError;
use crate::local::protocol::{JobId, MAX_FRAME};
use crate::local::text::TextStream;
use crate::model::{AdapterUse, ChatRequest, ScoreRequest, Usage};
use llama_cpp_2::token::LlamaToken;
use opzest_core::trace::TokenTrace;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// A row's result can depend on the rows computed beside it: llama.cpp has other kernels for one row
/// than for many, and with some quantisations they differ by tenths of a nat. Requests that must not
/// depend on what the cache held (seeded ones, and all whose distributions are recorded) are therefore
/// computed canonically: the prompt's whole blocks of this size in blocks that start at a multiple of
/// it, the rest of the prompt in one decode, the answer token by token. They reuse only whole blocks
/// that were computed so.
pub const CANONICAL_BLOCK: usize = 64;

/// An adapter's file as it was when loaded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdapterFile {
    path: PathBuf,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl AdapterFile {
    pub fn of(path: &Path) -> Self {
        let metadata = std::fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            modified: metadata
                .as_ref()
                .and_then(|metadata| metadata.modified().ok()),
            bytes: metadata.map_or(0, |metadata| metadata.len()),
        }
    }
}

/// An adapter that acts with a scale.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledAdapter {
    pub file: AdapterFile,
    pub scale: f32,
}

/// What a sequence's cache holds.
#[derive(Debug, Default)]
pub struct Cache {
    pub tokens: Vec<LlamaToken>,
    /// Keys and values depend on the adapters that they were computed with.
    pub adapters: Vec<ScaledAdapter>,
    /// Leading tokens that were computed in canonical blocks.
    pub canonical: usize,
}

impl Cache {
    /// How many of `prompt`'s leading tokens can be reused. The last token is always computed, because
    /// its logits are needed.
    pub fn reusable(
        &self,
        prompt: &[LlamaToken],
        adapters: &[ScaledAdapter],
        canonical: bool,
    ) -> usize {
        if self.adapters != adapters {
            return 0;
        }
        let shared = self
            .tokens
            .iter()
            .zip(prompt)
            .take_while(|(a, b)| a == b)
            .count();
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
    fn canonical(&self) -> bool {
        match &self.kind {
            JobKind::Generate(request) => {
                request.sampling.seed.is_some() || request.trace_top_k.is_some()
            }
            JobKind::Score(_) => true,
        }
    }
}

/// A request at work in a slot.
pub struct Work {
    pub job: JobId,
    /// Computed so that the result does not depend on what the cache held ([`CANONICAL_BLOCK`]).
    pub canonical: bool,
    pub prompt: Vec<LlamaToken>,
    pub usage: Usage,
    pub received: Instant,
    pub first_token: Option<Instant>,
    /// The answer's last token: not yet in the cache. `None` while the prompt is read.
    pub pending: Option<LlamaToken>,
    pub answer: Answer,
}

/// Where an answer's tokens come from.
pub enum Answer {
    /// The model writes it.
    Written(Box<Written>),
    /// It is given, and scored.
    Given {
        tokens: Vec<LlamaToken>,
        top_k: u32,
        traces: Vec<TokenTrace>,
    },
}

/// An answer in the making.
pub struct Written {
    pub sampler: TokenSampler,
    pub text: TextStream,
    pub trace_top_k: Option<u32>,
    pub max_tokens: u32,
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
        let (prompt, answer) = match job.kind {
            JobKind::Generate(request) => prepare_written(&request, model)?,
            JobKind::Score(request) => prepare_given(&request, model)?,
        };
        if prompt.is_empty() {
            let reason = "the chat template made an empty prompt".into();
            return Err(LlmError::Template { reason });
        }
        let needed = prompt.len()
            + match &answer {
                Answer::Written(_) => 1,
                Answer::Given { tokens, .. } => tokens.len(),
            };
        if needed > context_size as usize {
            return Err(LlmError::ContextOverflow {
                prompt_tokens: needed as u32,
                context_size,
            });
        }
        let usage = Usage {
            prompt_tokens: prompt.len() as u32,
            ..Usage::default()
        };
        Ok(Self {
            job: job.id,
            canonical,
            prompt,
            usage,
            received: job.received,
            first_token: None,
            pending: None,
            answer,
        })
    }

    /// Where the block that starts at `start` ends, for at most `longest` tokens.
    pub fn block_end(&self, start: usize, longest: usize) -> usize {
        let whole = (self.prompt.len() - 1) / CANONICAL_BLOCK * CANONICAL_BLOCK;
        let limit = if self.canonical && start < whole {
            whole
        } else {
            self.prompt.len()
        };
        limit.min(start + longest)
    }
}

fn prepare_written(
    request: &ChatRequest,
    model: &Model,
) -> Result<(Vec<LlamaToken>, Answer), LlmError> {
    let seed = request.sampling.seed.unwrap_or_else(rand::random);
    let constraint = request.constraint.as_ref();
    let answer = Written {
        sampler: TokenSampler::new(&model.llama, &request.sampling, constraint, seed)?,
        text: TextStream::new(&request.stop),
        trace_top_k: request.trace_top_k,
        max_tokens: request.max_tokens.unwrap_or(u32::MAX),
    };
    Ok((
        model.prompt(&request.messages)?,
        Answer::Written(Box::new(answer)),
    ))
}

fn prepare_given(
    request: &ScoreRequest,
    model: &Model,
) -> Result<(Vec<LlamaToken>, Answer), LlmError> {
    let mut tokens = match &request.answer_tokens {
        Some(ids) => known_tokens(ids, model)?,
        None => model.answer(&request.answer),
    };
    if request.end_of_turn {
        tokens.push(model.end_of_turn()?);
    }
    // The scores travel in one frame; a candidate takes about 16 bytes of it.
    let bytes = tokens
        .len()
        .saturating_mul(request.top_k as usize + 1)
        .saturating_mul(16);
    if bytes > MAX_FRAME / 2 {
        return Err(LlmError::InvalidRequest {
            what: "number of candidates".into(),
            reason: format!(
                "{} for {} tokens are too many at once",
                request.top_k,
                tokens.len()
            ),
        });
    }
    let answer = Answer::Given {
        tokens,
        top_k: request.top_k,
        traces: Vec::new(),
    };
    Ok((model.prompt(&request.messages)?, answer))
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
        let cache = Cache {
            tokens: tokens(0..100),
            ..Cache::default()
        };
        assert_eq!(cache.reusable(&tokens(0..100), &[], false), 99);
        assert_eq!(cache.reusable(&tokens(0..50), &[], false), 49);
        assert_eq!(cache.reusable(&tokens(0..150), &[], false), 100);
        assert_eq!(cache.reusable(&tokens(5..50), &[], false), 0);
    }

    #[test]
    fn another_adapter_shares_nothing() {
        let with = |scale| {
            vec![ScaledAdapter {
                file: AdapterFile::of(Path::new("a.gguf")),
                scale,
            }]
        };
        let cache = Cache {
            tokens: tokens(0..100),
            adapters: with(1.0),
            canonical: 64,
        };
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
