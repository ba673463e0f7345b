//! A model's architecture and sizes, from a GGUF file's metadata.

use std::{collections::HashMap, path::Path};

use candle_core::quantized::gguf_file::Value;
use serde::{Deserialize, Serialize};

use super::ModelError;

/// The architectures that can be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// SmolLM2, TinyLlama, Llama 3.x.
    Llama,
    Qwen2,
    Qwen3,
}

impl Architecture {
    /// `general.architecture`, which is also the prefix of the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Llama, Self::Qwen2, Self::Qwen3]
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// Which two numbers of a head turn together.
    pub fn rope_pairs(self) -> RopePairs {
        match self {
            // The converter permutes the rows of llama's q and k for it.
            Self::Llama => RopePairs::Neighbours,
            Self::Qwen2 | Self::Qwen3 => RopePairs::Halves,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopePairs {
    /// (0, 1), (2, 3) ...: llama's layout in GGUF files.
    Neighbours,
    /// (0, d/2), (1, d/2 + 1) ...: "NeoX".
    Halves,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    pub architecture: Architecture,
    pub layers: usize,
    pub hidden: usize,
    pub heads: usize,
    pub kv_heads: usize,
    /// Numbers per head; `heads * head_dim` need not be `hidden`.
    pub head_dim: usize,
    pub feed_forward: usize,
    pub vocabulary: usize,
    /// Longest sequence that the model was made for, in tokens.
    pub context: usize,
    pub norm_epsilon: f32,
    pub rope_base: f32,
    /// Positions are divided by it (`rope.scaling.type` linear); 1 for none.
    pub rope_position_divisor: f32,
}

/// Sizes above it are damage, and their products stay within 64 bits.
const LARGEST_SIZE: usize = 1 << 24;

impl ModelConfig {
    pub fn query_size(&self) -> usize {
        self.heads * self.head_dim
    }

    pub fn kv_size(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    pub(super) fn read(path: &Path, metadata: &HashMap<String, Value>) -> Result<Self, ModelError> {
        let settings = Settings {
            path,
            metadata,
            prefix: "general",
        };
        let name = settings.text("architecture")?.unwrap_or_default();
        let architecture =
            Architecture::from_name(name).ok_or_else(|| ModelError::Architecture {
                path: path.to_owned(),
                name: name.to_owned(),
            })?;
        let settings = Settings {
            path,
            metadata,
            prefix: architecture.name(),
        };
        if settings
            .optional_size("expert_count")?
            .is_some_and(|experts| experts > 0)
        {
            return Err(ModelError::Architecture {
                path: path.to_owned(),
                name: format!("{name} with experts"),
            });
        }
        let hidden = settings.size("embedding_length")?;
        let heads = settings.size("attention.head_count")?;
        let kv_heads = settings
            .optional_size("attention.head_count_kv")?
            .unwrap_or(heads);
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(settings.wrong(
                "attention.head_count_kv",
                format!("is {kv_heads}, which does not divide {heads}"),
            ));
        }
        let head_dim = match settings.optional_size("attention.key_length")? {
            Some(length) => length,
            None if hidden.is_multiple_of(heads) => hidden / heads,
            None => {
                return Err(settings.wrong(
                    "attention.head_count",
                    format!("is {heads}, which does not divide {hidden}"),
                ));
            }
        };
        if head_dim == 0 || !head_dim.is_multiple_of(2) {
            return Err(settings.wrong(
                "attention.key_length",
                format!("is {head_dim}: heads need an even size"),
            ));
        }
        for key in ["attention.value_length", "rope.dimension_count"] {
            if let Some(other) = settings
                .optional_size(key)?
                .filter(|other| *other != head_dim)
            {
                return Err(
                    settings.wrong(key, format!("is {other}, and the heads have {head_dim}"))
                );
            }
        }
        let vocabulary = match metadata.get("tokenizer.ggml.tokens") {
            Some(Value::Array(tokens)) => tokens.len(),
            _ => settings.size("vocab_size")?,
        };
        Ok(Self {
            architecture,
            layers: settings.size("block_count")?,
            hidden,
            heads,
            kv_heads,
            head_dim,
            feed_forward: settings.size("feed_forward_length")?,
            vocabulary,
            context: settings.size("context_length")?,
            norm_epsilon: settings.positive("attention.layer_norm_rms_epsilon")?,
            rope_base: settings
                .optional_positive("rope.freq_base")?
                .unwrap_or(10_000.0),
            rope_position_divisor: settings.rope_position_divisor()?,
        })
    }
}

struct Settings<'a> {
    path: &'a Path,
    metadata: &'a HashMap<String, Value>,
    prefix: &'static str,
}

impl<'a> Settings<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.metadata.get(&format!("{}.{key}", self.prefix))
    }

    fn wrong(&self, key: &str, problem: impl Into<String>) -> ModelError {
        ModelError::setting(self.path, &format!("{}.{key}", self.prefix), problem)
    }

    fn text(&self, key: &str) -> Result<Option<&'a str>, ModelError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "is no text")),
        }
    }

    fn optional_size(&self, key: &str) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = value
            .to_u64()
            .or_else(|_| value.to_i32().map(|number| number as u64));
        match number.ok().and_then(|number| usize::try_from(number).ok()) {
            Some(size) if size <= LARGEST_SIZE => Ok(Some(size)),
            _ => Err(self.wrong(key, "is no plausible size")),
        }
    }

    fn size(&self, key: &str) -> Result<usize, ModelError> {
        match self.optional_size(key)? {
            Some(0) => Err(self.wrong(key, "is 0")),
            Some(size) => Ok(size),
            None => Err(self.wrong(key, "is missing")),
        }
    }

    fn optional_positive(&self, key: &str) -> Result<Option<f32>, ModelError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::F32(number)) if number.is_finite() && *number > 0.0 => Ok(Some(*number)),
            Some(_) => Err(self.wrong(key, "is no positive number")),
        }
    }

    fn positive(&self, key: &str) -> Result<f32, ModelError> {
        self.optional_positive(key)?
            .ok_or_else(|| self.wrong(key, "is missing"))
    }

    fn rope_position_divisor(&self) -> Result<f32, ModelError> {
        match self.text("rope.scaling.type")? {
            // Llama 3.x: its scaling is in the tensor rope_freqs.weight.
            None | Some("none") => Ok(1.0),
            Some("linear") => self.positive("rope.scaling.factor"),
            Some(other) => Err(self.wrong(
                "rope.scaling.type",
                format!("is {other}, which training does not know"),
            )),
        }
    }
}
