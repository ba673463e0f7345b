//! Local models: llama.cpp in a child process, one loaded base model per worker.

mod client;
pub mod distribution;
mod info;
mod jobs;
pub mod machine;
mod process;
pub mod protocol;
pub mod template;
mod text;
mod worker;

pub use client::{LocalModel, inspect, quantise};
pub use info::{LoadedModel, ModelFileInfo, QuantisedType, Vocabulary};
pub use process::WorkerCommand;
pub use protocol::LoadOptions;
pub use worker::{WORKER_ARGUMENT, run_if_worker};
