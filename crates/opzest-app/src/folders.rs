//! Where things lie on this computer.

use std::path::{Path, PathBuf};

/// The data folder: `OPZEST_DATA` if set, otherwise the system's place for an application's data.
pub fn data_folder() -> PathBuf {
    std::env::var_os("OPZEST_DATA")
        .filter(|folder| !folder.is_empty())
        .map_or_else(
            || {
                directories::ProjectDirs::from("org", "OpZest", "opzest").map_or_else(
                    || PathBuf::from(".opzest"),
                    |dirs| dirs.data_local_dir().to_owned(),
                )
            },
            PathBuf::from,
        )
}

/// Folders that may hold the embedded model, best first: `OPZEST_MODELS`, then what the host adds (a
/// bundle's resources), then beside the program, then the checkout it was built from.
pub fn embedded_model_folders(resources: Option<&Path>) -> Vec<PathBuf> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| program.parent().map(Path::to_owned));
    std::env::var_os("OPZEST_MODELS")
        .map(PathBuf::from)
        .into_iter()
        .chain(resources.map(|resources| resources.join("models")))
        .chain(beside.map(|folder| folder.join("models")))
        .chain(std::iter::once(checkout))
        .collect()
}
