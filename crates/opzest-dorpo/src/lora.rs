//! The adapter: two thin matrices beside each chosen weight matrix, `W + alpha/rank * B A`, all in one flat vector.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::model::ModelConfig;

/// A weight matrix of a layer that can have an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Q,
    K,
    V,
    O,
    Gate,
    Up,
    Down,
}

impl Target {
    pub const ALL: [Self; 7] = [
        Self::Q,
        Self::K,
        Self::V,
        Self::O,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    /// The tensor's name in GGUF files.
    pub fn gguf_tensor(self, layer: usize) -> String {
        let name = match self {
            Self::Q => "attn_q",
            Self::K => "attn_k",
            Self::V => "attn_v",
            Self::O => "attn_output",
            Self::Gate => "ffn_gate",
            Self::Up => "ffn_up",
            Self::Down => "ffn_down",
        };
        format!("blk.{layer}.{name}.weight")
    }

    /// The module's path inside a layer of a transformers model.
    pub fn module(self) -> &'static str {
        match self {
            Self::Q => "self_attn.q_proj",
            Self::K => "self_attn.k_proj",
            Self::V => "self_attn.v_proj",
            Self::O => "self_attn.o_proj",
            Self::Gate => "mlp.gate_proj",
            Self::Up => "mlp.up_proj",
            Self::Down => "mlp.down_proj",
        }
    }

    /// (in, out) of the matrix.
    pub fn shape(self, config: &ModelConfig) -> (usize, usize) {
        match self {
            Self::Q => (config.hidden, config.query_size()),
            Self::K | Self::V => (config.hidden, config.kv_size()),
            Self::O => (config.query_size(), config.hidden),
            Self::Gate | Self::Up => (config.hidden, config.feed_forward),
            Self::Down => (config.feed_forward, config.hidden),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraConfig {
    pub rank: usize,
    pub alpha: f32,
    pub targets: Vec<Target>,
}

impl Default for LoraConfig {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            targets: Target::ALL.to_vec(),
        }
    }
}

impl LoraConfig {
    /// What `B A` is multiplied by.
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }
}

/// Where a pair lies in the flat vector: A, shape `[rank, in]`, then B, shape `[out, rank]`, both row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraSlice {
    pub layer: usize,
    pub target: Target,
    pub inputs: usize,
    pub outputs: usize,
    pub a: Range<usize>,
    pub b: Range<usize>,
}

#[derive(Clone, Debug)]
pub struct LoraWeights {
    pub config: LoraConfig,
    /// By layer, then in the order of [`Target::ALL`].
    pub slices: Vec<LoraSlice>,
    pub values: Vec<f32>,
}

impl LoraWeights {
    /// All zero: the shape of gradients and of an optimiser's moments.
    pub fn zeros(model: &ModelConfig, config: LoraConfig) -> Self {
        let mut slices = Vec::new();
        let mut end = 0;
        let mut take = |length: usize| {
            let start = end;
            end += length;
            start..end
        };
        for layer in 0..model.layers {
            for target in Target::ALL
                .into_iter()
                .filter(|target| config.targets.contains(target))
            {
                let (inputs, outputs) = target.shape(model);
                let (a, b) = (take(config.rank * inputs), take(outputs * config.rank));
                slices.push(LoraSlice {
                    layer,
                    target,
                    inputs,
                    outputs,
                    a,
                    b,
                });
            }
        }
        Self {
            config,
            slices,
            values: vec![0.0; end],
        }
    }

    /// As PEFT starts: A uniform in ±1/sqrt(in) (Kaiming with a = sqrt(5)), B zero, so that the adapter changes nothing.
    pub fn initial(model: &ModelConfig, config: LoraConfig, seed: u64) -> Self {
        let mut weights = Self::zeros(model, config);
        let mut random = SplitMix(seed);
        for slice in &weights.slices {
            let bound = 1.0 / (slice.inputs as f32).sqrt();
            for value in &mut weights.values[slice.a.clone()] {
                *value = (random.unit() * 2.0 - 1.0) * bound;
            }
        }
        weights
    }

    pub fn slice(&self, layer: usize, target: Target) -> Option<&LoraSlice> {
        self.slices
            .iter()
            .find(|slice| slice.layer == layer && slice.target == target)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): its numbers never change with a library's version, so that a seed means the
/// same weights for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitMix(pub u64);

impl SplitMix {
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in [0, bound); `bound` at least 1. The bias of the remainder is below 2^-40 for any real length.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }
}
