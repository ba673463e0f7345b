//! What to run, and with what.

use crate::{Limits, SandboxError};
use opzest_core::artifact::{Artifact, ArtifactFile, FileName};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRequest {
    /// The script to start; the artifact's main file when `None`.
    pub main: Option<FileName>,
    pub arguments: Vec<String>,
    /// What the program reads from its standard input, which then ends.
    pub stdin: String,
    pub limits: Limits,
}

impl RunRequest {
    /// The file to start, after everything that would make a run fail for a reason of ours.
    pub(crate) fn check<'a>(
        &self,
        artifact: &'a Artifact,
    ) -> Result<&'a ArtifactFile, SandboxError> {
        let main = match &self.main {
            None => artifact.main_file().ok_or(SandboxError::NothingToRun)?,
            Some(name) => artifact
                .files()
                .iter()
                .find(|file| file.name == *name)
                .ok_or_else(|| SandboxError::NoSuchFile(name.clone()))?,
        };
        if let Some(index) = self.arguments.iter().position(|text| text.contains('\0')) {
            return Err(SandboxError::Argument(index + 1));
        }
        self.check_size(artifact)?;
        check_names(artifact)?;
        Ok(main)
    }

    fn check_size(&self, artifact: &Artifact) -> Result<(), SandboxError> {
        // Every file is handed to the sandbox as an open descriptor.
        let files = artifact.files().len();
        if files > Artifact::MOST_FILES {
            return Err(SandboxError::TooLarge {
                what: format!("it has {files} files"),
                most: Artifact::MOST_FILES.to_string(),
            });
        }
        let (bytes, most) = (artifact.bytes() as u64, self.limits.folder_bytes / 2);
        let largest = artifact.files().iter().map(|file| file.text.len() as u64);
        if bytes > most
            || largest
                .max()
                .is_some_and(|size| size > self.limits.file_bytes)
        {
            return Err(SandboxError::TooLarge {
                what: format!("its files have {bytes} bytes"),
                most: format!("{} in one file and {most} in all", self.limits.file_bytes),
            });
        }
        Ok(())
    }
}

fn check_names(artifact: &Artifact) -> Result<(), SandboxError> {
    for file in artifact.files() {
        let mut name = file.name.as_str();
        while let Some((folder, _)) = name.rsplit_once('/') {
            if let Some(other) = artifact
                .files()
                .iter()
                .find(|other| other.name.as_str() == folder)
            {
                return Err(SandboxError::NamesCollide {
                    folder: other.name.clone(),
                    file: file.name.clone(),
                });
            }
            name = folder;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        text.parse().expect("a file name")
    }

    #[test]
    fn a_file_cannot_also_be_a_folder() {
        let mut artifact = Artifact::one(name("a"), "");
        artifact.put(name("a/b/c.py"), "");
        let error = RunRequest::default()
            .check(&artifact)
            .expect_err("collides");
        assert_eq!(
            error.to_string(),
            "`a` cannot be a file and the folder of `a/b/c.py` at once: rename one of them"
        );
    }

    #[test]
    fn only_what_can_run_is_run() {
        let artifact = Artifact::one(name("main.py"), "x".repeat(17 * 1024 * 1024));
        let check = |request: RunRequest, artifact: &Artifact| {
            request
                .check(artifact)
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        let default = RunRequest::default;
        assert!(check(default(), &Artifact::EMPTY).is_err());
        assert_eq!(
            check(default(), &artifact),
            Err("the artifact is too large to run: its files have 17825792 bytes, and the most is 16777216 in one file and 33554432 in all".into())
        );
        let artifact = Artifact::one(name("main.py"), "");
        let absent = RunRequest {
            main: Some(name("other.py")),
            ..default()
        };
        assert!(check(absent, &artifact).is_err());
        let nul = RunRequest {
            arguments: vec!["a".into(), "\0".into()],
            ..default()
        };
        assert!(check(nul, &artifact).is_err_and(|text| text.starts_with("argument 2")));
        assert_eq!(check(default(), &artifact), Ok(()));
    }
}
