//! What is known about a model file, before and after loading it.

use serde::{Deserialize, Serialize};

/// A GGUF file's metadata, read without loading its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFileInfo {
    /// `general.architecture`: "llama", "qwen2" ...
    pub architecture: String,
    /// `general.name`, if the file has one.
    pub name: Option<String>,
    pub licence: Option<String>,
    pub file_bytes: u64,
    pub parameters: u64,
    /// The type that most weights have: "Q4_1", "F16" ...
    pub quantisation: String,
    /// Tokens of context that the model was trained with.
    pub trained_context: u32,
    pub layers: u32,
    /// Attention heads of a layer.
    pub heads: u32,
    pub vocabulary: u32,
    pub has_chat_template: bool,
    /// Memory of one token's keys and values: 32 bits a value for F32 models, otherwise 16.
    pub cache_bytes_per_token: u64,
}

/// A model that is ready to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedModel {
    pub file: ModelFileInfo,
    /// Tokens that one sequence may hold, as llama.cpp rounded it.
    pub context_size: u32,
    /// The instruction sets and features that llama.cpp uses.
    pub system_info: String,
    pub load_ms: u32,
}

/// A model's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Each token's bytes, by its id; special tokens give their own text.
    pub tokens: Vec<Vec<u8>>,
    /// The token that ends an answer in the model's chat template.
    pub end_of_turn: u32,
}

/// Precisions that a model can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuantisedType {
    F32,
    F16,
    Q8_0,
    Q6K,
    Q4KM,
    Q4_0,
}
