//! Where Python lives, and what of it the sandbox has to show.

use crate::Missing;
use std::path::{Path, PathBuf};

/// An interpreter, and the folder that it is installed in where it is not part of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub(super) program: PathBuf,
    pub(super) folder: Option<PathBuf>,
}

impl Interpreter {
    /// One outside /usr (uv, pyenv, a build of the user's own) is shown with what it needs of its own folder and no
    /// more, and not at all if a private folder lies there.
    pub(super) fn at(program: &Path, private: &[PathBuf]) -> Result<Self, Missing> {
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
        if let Some(held) = private.iter().find(|held| holds(&folder, held)) {
            return Err(unusable(format!(
                "{} is installed in {}, which also has {}, and no script may see that",
                program.display(),
                folder.display(),
                held.display()
            )));
        }
        Ok(Self {
            program: real,
            folder: Some(folder),
        })
    }

    /// What of its folder a program has to see: itself and the library.
    pub(super) fn shown(&self) -> impl Iterator<Item = PathBuf> {
        const PARTS: [&str; 4] = ["bin", "lib", "lib64", "pyvenv.cfg"];
        let folder = self.folder.iter();
        folder.flat_map(|folder| PARTS.map(|part| folder.join(part)))
    }
}

/// Under either name, where links lead there.
fn holds(folder: &Path, private: &Path) -> bool {
    private.starts_with(folder) || real(private).starts_with(folder)
}

/// A path with its links followed, also if its end does not exist yet.
fn real(path: &Path) -> PathBuf {
    let parent = || Some((path.parent()?, path.file_name()?));
    path.canonicalize().unwrap_or_else(|_| {
        parent().map_or_else(
            || path.to_path_buf(),
            |(parent, name)| real(parent).join(name),
        )
    })
}

/// With a library of its own.
fn is_installation(folder: &Path) -> bool {
    let library = folder
        .join("lib")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    let mut names = library.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("python3"))
}
