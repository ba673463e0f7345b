//! Held-out work as it was when the run began, in the run's folder until it is judged.

use super::disk;
use super::rows::HeldOutWork;
use crate::dto::UiError;
use opzest_dorpo::child::JobFolder;
use std::path::PathBuf;

fn path(folder: &JobFolder) -> PathBuf {
    folder.path().join("held_out.json")
}

pub(super) fn write(folder: &JobFolder, work: &[HeldOutWork]) -> Result<(), UiError> {
    let bytes = serde_json::to_vec(work).map_err(|source| disk(&source))?;
    std::fs::write(path(folder), bytes).map_err(|source| disk(&source))
}

pub(super) fn read(folder: &JobFolder) -> Result<Vec<HeldOutWork>, UiError> {
    let bytes = std::fs::read(path(folder)).map_err(|source| disk(&source))?;
    serde_json::from_slice(&bytes).map_err(|source| disk(&source))
}

/// Removes all that holds the user's texts, here and among the trainer's own files.
pub(super) fn clear(folder: &JobFolder) -> Result<(), UiError> {
    folder.clear().map_err(|source| disk(&source))?;
    match std::fs::remove_file(path(folder)) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(disk(&source)),
        _ => Ok(()),
    }
}
