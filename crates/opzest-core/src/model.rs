//! Models that the user has registered: files on this computer and remote servers.

use crate::ids::ModelId;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Shipped with the app.
    Embedded,
    /// A GGUF file of the user's, used where it lies.
    File,
    /// An OpenAI-compatible server; text leaves this computer.
    Remote,
    /// Made here from the user's own work: an adapter, run on top of its base model.
    Trained,
}

words!(ModelKind, "model kind", {
    Embedded => "embedded",
    File => "file",
    Remote => "remote",
    Trained => "trained",
});

/// What a model file tells of itself; all unknown for a remote one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelMetadata {
    pub file_bytes: Option<u64>,
    /// When the file was last changed, in Unix milliseconds: a later time means that it must be read again.
    pub file_modified_at: Option<u64>,
    pub architecture: Option<String>,
    pub parameter_count: Option<u64>,
    pub quantisation: Option<String>,
    /// The context it was trained for, in tokens.
    pub trained_context: Option<u32>,
    pub licence: Option<String>,
}

/// Everything about a model but its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelDetails {
    pub kind: ModelKind,
    /// As shown to the user.
    pub name: String,
    /// A file's path, or a server's address; of a trained model, the path of its adapter's GGUF file.
    pub location: String,
    /// What the server calls it; only for `Remote`.
    pub remote_name: Option<String>,
    /// The model that the adapter is for; only and always for `Trained`.
    pub base: Option<ModelId>,
    pub metadata: ModelMetadata,
}

/// A model in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredModel {
    pub id: ModelId,
    pub details: ModelDetails,
    /// Unix milliseconds.
    pub added_at: u64,
    /// New conversations use it; at most one.
    pub selected: bool,
}
