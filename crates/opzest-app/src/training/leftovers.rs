//! What a process that was killed has left, at the next start.

use super::{FOLDER, MEASURING, held_out};
use crate::app::now_ms;
use opzest_core::ids::TrainingRunId;
use opzest_core::training::RunStatus;
use opzest_dorpo::child::JobFolder;
use opzest_store::{RunChange, Store, StoreError};
use std::path::Path;

/// Nothing trains yet: runs that say so were cut off, and go on when the user says so. Files that belong to no run, and
/// texts of runs that are over, go.
pub(crate) fn clean_up(store: &mut Store, data_folder: &Path) -> Result<(), StoreError> {
    for run in store.unfinished_runs()? {
        if run.status != RunStatus::Paused {
            let change = RunChange {
                status: Some(RunStatus::Paused),
                problem: Some("OpZest ended while this run was at work."),
                ..RunChange::default()
            };
            store.change_run(run.id, &change, now_ms())?;
        }
    }
    let entries = std::fs::read_dir(data_folder.join(FOLDER));
    for entry in entries.into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let run = name.parse::<TrainingRunId>().ok();
        let cleaned = match run.map(|id| store.run(id)) {
            Some(Ok(run)) => match run.status {
                RunStatus::Finished | RunStatus::Cancelled => {
                    held_out::clear(&JobFolder::new(&path)).map_err(|problem| problem.to_string())
                }
                _ => Ok(()),
            },
            Some(Err(StoreError::NotFound { .. })) => remove(&path),
            Some(Err(problem)) => return Err(problem),
            None if name.starts_with(MEASURING) => remove(&path),
            None => Ok(()),
        };
        if let Err(problem) = cleaned {
            tracing::warn!(%problem, path = %path.display(), "files of training are left");
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), String> {
    std::fs::remove_dir_all(folder).map_err(|source| source.to_string())
}
