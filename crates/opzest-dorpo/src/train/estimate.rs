//! How much memory a run will need, before it starts.

use crate::{
    engine::{BaseStorage, EngineOptions, Precision},
    kernels::LANES,
    lora::{LoraConfig, LoraWeights},
    model::{Architecture, ModelConfig},
};

/// The largest batch that is computed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize {
    /// Packed tokens: each prompt once, each answer.
    pub tokens: usize,
    /// Tokens whose log-probabilities are wanted: the answers'.
    pub answers: usize,
}

/// What the process has before any model.
const PROGRAM: usize = 24 << 20;

/// Bytes at the most, during training. `file` is the size of the model's file, whose tensors are in memory while the
/// engine is made; a quantised base goes on using them.
pub fn memory(
    model: &ModelConfig,
    tied: bool,
    file: usize,
    lora: &LoraConfig,
    options: &EngineOptions,
    batch: BatchSize,
) -> usize {
    let (hidden, query, kv, wide) = (
        model.hidden,
        model.query_size(),
        model.kv_size(),
        model.feed_forward,
    );
    let qkv = query + 2 * kv;
    let matrices = [
        hidden * qkv,
        query * hidden,
        hidden * wide,
        hidden * wide,
        wide * hidden,
    ];
    let weights = model.layers * matrices.iter().sum::<usize>() + model.vocabulary * hidden;
    let largest = matrices[1..].iter().copied().max().unwrap_or_default();
    let base = match options.base {
        BaseStorage::Packed => {
            4 * weights
                + if tied {
                    0
                } else {
                    file * model.vocabulary * hidden / weights.max(1)
                }
        }
        BaseStorage::Quantised => 4 * largest.max(128 * LANES * hidden) * 2,
    };
    let parameters = LoraWeights::zeros(model, lora.clone()).values.len();
    // Weights, gradients, two moments, the best so far; in bf16 two copies of 2 bytes.
    let adapter = parameters
        * (5 * 4
            + if options.precision == Precision::Bf16 {
                4
            } else {
                0
            });

    let tokens = batch.tokens.next_multiple_of(LANES);
    let normed = if model.architecture == Architecture::Qwen3 {
        query + kv
    } else {
        0
    };
    let saved =
        qkv + normed + query + model.heads + hidden + 2 * wide + lora.targets.len() * lora.rank;
    let kept = if options.checkpointing {
        1
    } else {
        model.layers
    };
    let passing = 3 * hidden + wide + query + qkv + 2 * query + wide.max(qkv);
    let activations = 4 * tokens * (kept * saved + (model.layers + 1) * hidden + passing);
    let answers = batch.answers.next_multiple_of(LANES);
    let head = 4 * answers * 8 * hidden;
    PROGRAM + file + base + adapter + activations + head
}
