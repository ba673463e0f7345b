//! What is exported: the weights of a LoRA adapter, borrowed from the trainer.

use super::ExportError;
use crate::lora::{LoraWeights, Target};
use crate::model::{Architecture, ModelConfig, RopePairs};
use std::collections::HashSet;

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    F16,
    Bf16,
}

impl Precision {
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// ggml's number for it.
    pub(super) fn kind(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Bf16 => 30,
        }
    }

    /// `general.file_type` of a file that is mostly of this type (llama.h, `enum llama_ftype`).
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Bf16 => 32,
        }
    }

    /// Appends `values` little-endian, rounded to nearest even. False: one of them is not finite in this type.
    pub(super) fn encode(self, values: &[f32], out: &mut Vec<u8>) -> bool {
        out.reserve(values.len() * self.bytes());
        let mut finite = true;
        match self {
            Self::F32 => {
                for value in values {
                    finite &= value.is_finite();
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
            Self::F16 => {
                for value in values {
                    let value = half::f16::from_f32(*value);
                    finite &= value.is_finite();
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
            Self::Bf16 => {
                for value in values {
                    let value = half::bf16::from_f32(*value);
                    finite &= value.is_finite();
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        finite
    }
}

/// One adapted weight W `[outputs, inputs]`: W + alpha/rank * B A.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub layer: usize,
    pub target: Target,
    pub inputs: usize,
    pub outputs: usize,
    /// Shape `[rank, inputs]`, row-major.
    pub a: &'a [f32],
    /// Shape `[outputs, rank]`, row-major; rows in the order of the GGUF tensor's.
    pub b: &'a [f32],
}

/// A LoRA adapter, trained on a GGUF file's tensors as they lie there.
#[derive(Clone, Debug)]
pub struct Adapter<'a> {
    pub architecture: Architecture,
    /// Rows of one attention head in q and k.
    pub head_dim: usize,
    pub rank: usize,
    pub alpha: f32,
    pub slices: Vec<Slice<'a>>,
}

impl<'a> Adapter<'a> {
    /// Of the trainer's weights for a model.
    pub fn new(model: &ModelConfig, lora: &'a LoraWeights) -> Self {
        let slice = |slice: &crate::lora::LoraSlice| Slice {
            layer: slice.layer,
            target: slice.target,
            inputs: slice.inputs,
            outputs: slice.outputs,
            a: &lora.values[slice.a.clone()],
            b: &lora.values[slice.b.clone()],
        };
        Self {
            architecture: model.architecture,
            head_dim: model.head_dim,
            rank: lora.config.rank,
            alpha: lora.config.alpha,
            slices: lora.slices.iter().map(slice).collect(),
        }
    }

    /// What B A is multiplied by.
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    /// Shapes fit, every number is finite, no weight is named twice.
    pub fn check(&self) -> Result<(), ExportError> {
        let unsound = |reason: String| Err(ExportError::Adapter(reason));
        if self.rank == 0 || self.slices.is_empty() {
            return unsound("it has no weights".into());
        }
        // llama.cpp takes an alpha of 0 for a scale of 1.
        if !self.alpha.is_finite() || self.alpha <= 0.0 {
            return unsound(format!("its alpha is {}", self.alpha));
        }
        let mut seen = HashSet::new();
        for slice in &self.slices {
            let name = slice.target.gguf_tensor(slice.layer);
            if !seen.insert((slice.layer, slice.target)) {
                return unsound(format!("it has `{name}` twice"));
            }
            let sizes = [slice.inputs, slice.outputs].map(|size| size.checked_mul(self.rank));
            if sizes != [Some(slice.a.len()), Some(slice.b.len())] || slice.a.is_empty() {
                return unsound(format!("the sizes of `{name}` do not fit its rank"));
            }
            if slice.b.is_empty() || !slice.a.iter().chain(slice.b).all(|value| value.is_finite()) {
                return unsound(format!("`{name}` holds values that are no finite numbers"));
            }
            let heads = matches!(slice.target, Target::Q | Target::K);
            let even = self.head_dim > 0
                && self.head_dim.is_multiple_of(2)
                && slice.outputs.is_multiple_of(self.head_dim);
            if heads && pairs_rows(self.architecture) && !even {
                return unsound(format!("`{name}` is no whole number of attention heads"));
            }
        }
        Ok(())
    }
}

/// GGUF files of the llama family hold the rows of q and k in pairs for interleaved RoPE; Hugging Face's hold the first
/// halves of all pairs, then the second. (llama.cpp, `convert_hf_to_gguf.py`, `LlamaModel.permute`)
pub(super) fn pairs_rows(architecture: Architecture) -> bool {
    architecture.rope_pairs() == RopePairs::Neighbours
}
