//! Opening the store of a data folder.

use crate::app::{Access, AppOptions, now_ms};
use crate::catalog;
use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use opzest_store::{DataFolderLock, Store, StoreError, StoreOptions};
use std::path::Path;

pub(crate) fn open_store(options: &AppOptions) -> Result<Store, UiError> {
    let folder = &options.data_folder;
    make_private_folder(folder).map_err(|source| {
        error(
            ErrorCode::DataFolderUnusable,
            format!(
                "The data folder {} cannot be made: {source}.",
                folder.display()
            ),
            "Choose another one with OPZEST_DATA.",
        )
    })?;
    let keyless = StoreOptions {
        key: None,
        now_ms: now_ms(),
    };
    let lock = match (DataFolderLock::acquire(folder), options.access) {
        (Err(StoreError::InUse { .. }), Access::ReadIfBusy) => {
            return Ok(Store::open_read_only(folder, &keyless)?);
        }
        (lock, _) => lock?,
    };
    let mut store = Store::open(lock, &keyless).map_err(|problem| open_problem(problem, folder))?;
    let embedded = catalog::embedded();
    let path = embedded.locate(&options.model_folders);
    store.put_model(&embedded.id, &embedded.details(&path), now_ms())?;
    crate::training::clean_up(&mut store, folder)?;
    Ok(store)
}

/// A damaged store is less of a fright to who knows that there are backups.
fn open_problem(problem: StoreError, folder: &Path) -> UiError {
    let is_damaged = matches!(problem, StoreError::Damaged { .. });
    let mut problem = UiError::from(problem);
    let count = opzest_store::backups(folder).map_or(0, |backups| backups.len());
    if is_damaged && count > 0 {
        let backups = folder.join(opzest_store::BACKUP_FOLDER);
        problem.hint = match count {
            1 => format!("There is a backup to go back to, in {}.", backups.display()),
            _ => format!(
                "There are {count} backups to go back to, in {}.",
                backups.display()
            ),
        };
    }
    problem
}

/// Only this user may look into it.
pub(crate) fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
