//! Training runs: from a use case's rows to a model of the user's own, judged and promoted.
//!
//! The arithmetic runs in a process of its own (`process.rs`, [`opzest_dorpo::child`]) on files in the run's folder,
//! `training/<run>` in the data folder; what the user sees of a run is in the store. At most one run is at work.

mod bases;
mod commands;
mod driver;
mod evaluating;
mod export;
mod held_out;
mod judging;
mod labelling;
mod leftovers;
mod parity;
mod plan;
mod process;
mod rows;
mod settings;
mod texts;
mod tokenizer;
mod view;
mod waiting;

use crate::app::App;
use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use opzest_core::ids::TrainingRunId;
use opzest_dorpo::child::{JobError, JobFolder};
use std::path::PathBuf;

pub use commands::*;
pub(crate) use driver::Trainings;
pub(crate) use leftovers::clean_up;
pub(crate) use view::forget_rows;

const FOLDER: &str = "training";
/// What folders for one look are called, at the beginning; a killed process leaves one.
const MEASURING: &str = "measure-";

/// Where runs keep their files; made if it is not there.
fn folder(app: &App) -> Result<PathBuf, UiError> {
    let folder = app.data_folder().join(FOLDER);
    crate::opening::make_private_folder(&folder).map_err(|source| {
        disk(&JobError::Write {
            path: folder.clone(),
            source,
        })
    })?;
    Ok(folder)
}

fn run_folder(app: &App, id: TrainingRunId) -> JobFolder {
    JobFolder::new(app.data_folder().join(FOLDER).join(id.to_string()))
}

/// A run's files could not be written or read.
fn disk(problem: &impl std::fmt::Display) -> UiError {
    error(
        ErrorCode::Training,
        crate::error::sentence(&problem.to_string()),
        "Free some space on this disk, or check who may write to the data folder.",
    )
}
