//! Where Python lives, and what of it the sandbox has to show.

use crate::Missing;
use std::path::{Path, PathBuf};

/// An interpreter, and the folder to show in the sandbox where it is not part of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub(super) program: PathBuf,
    pub(super) folder: Option<PathBuf>,
}

impl Interpreter {
    /// One outside /usr (uv, pyenv, a build of the user's own) is shown with its own folder and no more.
    pub(super) fn at(program: &Path) -> Result<Self, Missing> {
        let unusable = |reason: String| Missing::PythonUnusable { reason };
        let real = program.canonicalize().map_err(|_| Missing::Python)?;
        if real.starts_with("/usr") {
            return Ok(Self {
                program: real,
                folder: None,
            });
        }
        let folder = real
            .parent()
            .and_then(Path::parent)
            .filter(|folder| is_installation(folder))
            .map(Path::to_path_buf)
            .ok_or_else(|| {
                unusable(format!(
                    "{} is not an installation of its own",
                    program.display()
                ))
            })?;
        Ok(Self {
            program: real,
            folder: Some(folder),
        })
    }
}

/// Not somebody's whole home folder, where a Python may lie in bin, too.
fn is_installation(folder: &Path) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let holds_home = home.is_some_and(|home| home.starts_with(folder));
    let library = folder
        .join("lib")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    let mut names = library.map(|entry| entry.file_name());
    !holds_home && names.any(|name| name.to_string_lossy().starts_with("python3"))
}
