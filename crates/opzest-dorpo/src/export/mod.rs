//! A trained adapter as files: a GGUF adapter for llama.cpp ([`write_gguf`]), a PEFT folder for transformers
//! ([`write_peft`]), and the base with the adapter merged into it ([`Merge`]). Whether the trainer and the runtime agree
//! on an adapter is [`parity`]'s question.
//!
//! Every file is written beside its place, synced, read back and only then given its name: what has the name is whole.
//! Quantising a merged file is llama.cpp's work, not done here.

mod adapter;
mod adapter_gguf;
mod aside;
mod error;
pub mod gguf;
mod lineage;
mod merged;
pub mod parity;
mod peft;

pub use crate::lora::Target;
pub use crate::model::Architecture;
pub use adapter::{Adapter, Precision, Slice};
pub use adapter_gguf::{read_gguf, write_gguf};
pub use aside::Written;
pub use error::ExportError;
pub use lineage::{Lineage, file_sha256};
pub use merged::Merge;
pub use peft::write_peft;

#[cfg(test)]
mod fixture;
