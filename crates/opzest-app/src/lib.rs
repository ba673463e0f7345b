//! What OpZest does, without a window: the use cases behind the desktop shell, the terminal and the
//! browser tests' host. All three call [`commands::dispatch`], or the same functions directly.
//!
//! Native inference runs in a worker process (opzest-llm), the store is behind one lock, and nothing
//! here opens a socket.

pub mod agents;
mod answer;
pub mod app;
mod catalog;
pub mod commands;
mod conversations;
mod dataset;
pub mod dto;
mod error;
mod events;
mod export;
mod folders;
mod info;
mod local_use;
pub mod logging;
mod models;
mod opening;
pub mod preview;
mod runner;
mod sessions;
mod settings;
mod storage;
mod teachers;
mod training;
mod unfinished;
mod upkeep;
pub mod workflows;

pub use app::{Access, App, AppOptions};
pub use events::{EventSink, Events};
pub use folders::{data_folder, embedded_model_folders};
pub use opzest_llm::local::WorkerCommand;

/// Runs llama.cpp's worker or the trainer if this process was started as one. First thing in every `main`.
pub fn run_if_worker() -> Option<std::process::ExitCode> {
    opzest_llm::local::run_if_worker().or_else(opzest_dorpo::child::run_if_trainer)
}

/// The commands as functions, for callers that are in Rust themselves.
pub mod calls {
    pub use crate::conversations::{
        DeleteConversation, ExportConversation, ListConversations, OpenConversation, Regenerate,
        RenameConversation, SelectVariant, SendMessage, StopGeneration, delete_conversation,
        export_conversation, list_conversations, open_conversation, regenerate,
        rename_conversation, select_variant, send_message, stop_generation,
    };
    pub use crate::dataset::*;
    pub use crate::info::{NoArguments, app_info, finish_welcome, ui_ready};
    pub use crate::models::{
        AddModelFile, ModelArgument, add_model_file, list_models, measure_model, remove_model,
        select_model,
    };
    pub use crate::sessions::*;
    pub use crate::settings::{ChangeSettings, change_settings, read_settings};
    pub use crate::storage::*;
    pub use crate::teachers::*;
    pub use crate::training::*;
}
