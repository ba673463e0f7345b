//! What a session makes: a set of text files, even if it is one.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

/// Longest file name that every usual file system takes, in bytes.
const LONGEST_NAME: usize = 255;

/// A name that cannot be a file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` cannot name a file of an artifact: use letters, digits, `.`, `_`, `-` and folders separated by `/`"
)]
pub struct InvalidFileName {
    pub name: String,
}

/// Where a file lies in its artifact: a relative path with `/`, that cannot leave the artifact's folder
/// on any system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileName {
    type Error = InvalidFileName;

    fn try_from(name: String) -> Result<Self, InvalidFileName> {
        let fits = |part: &str| {
            !part.is_empty()
                && part.len() <= LONGEST_NAME
                && !part.starts_with('.')
                && !part.ends_with(['.', ' '])
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
        };
        if name.len() <= 4 * LONGEST_NAME && name.split('/').all(fits) {
            Ok(Self(name))
        } else {
            Err(InvalidFileName { name })
        }
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> String {
        name.0
    }
}

impl std::str::FromStr for FileName {
    type Err = InvalidFileName;

    fn from_str(name: &str) -> Result<Self, InvalidFileName> {
        Self::try_from(name.to_owned())
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactFile {
    pub name: FileName,
    pub text: String,
}

/// A set of files with distinct names, in the order in which they were made. May be empty: a session
/// can begin with nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Artifact {
    files: Vec<ArtifactFile>,
}

impl Artifact {
    pub const EMPTY: Self = Self { files: Vec::new() };
    /// Files of an artifact that can be run or imported, at most.
    pub const MOST_FILES: usize = 200;

    /// An artifact of one file.
    pub fn one(name: FileName, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            files: vec![ArtifactFile { name, text }],
        }
    }

    /// Puts a file in, in the place of one of the same name.
    pub fn put(&mut self, name: FileName, text: impl Into<String>) {
        let text = text.into();
        match self.files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.text = text,
            None => self.files.push(ArtifactFile { name, text }),
        }
    }

    pub fn files(&self) -> &[ArtifactFile] {
        &self.files
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The first file: what is run, shown first, and exported under the product's own name.
    pub fn main_file(&self) -> Option<&ArtifactFile> {
        self.files.first()
    }

    /// The size of all texts, in bytes.
    pub fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }
}

/// As if each were put in; takes time in proportion to their number.
impl FromIterator<ArtifactFile> for Artifact {
    fn from_iter<T: IntoIterator<Item = ArtifactFile>>(files: T) -> Self {
        let mut artifact = Self::EMPTY;
        let mut places = HashMap::<FileName, usize>::new();
        for file in files {
            match places.entry(file.name.clone()) {
                Entry::Occupied(place) => artifact.files[*place.get()].text = file.text,
                Entry::Vacant(place) => {
                    place.insert(artifact.files.len());
                    artifact.files.push(file);
                }
            }
        }
        artifact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_artifact() {
        for good in ["main.py", "data/rules-2.json", "Brief an Omä.md"] {
            assert!(good.parse::<FileName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            ".hidden",
            "C:\\x",
            "a\0b",
            "x.",
            "a/",
        ] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_replaces_the_one_of_its_name() {
        let name = |text: &str| text.parse::<FileName>().expect("a name");
        let mut artifact = Artifact::one(name("a"), "1");
        artifact.put(name("b"), "2");
        artifact.put(name("a"), "3");
        let texts: Vec<_> = artifact.files().iter().map(|file| &*file.text).collect();
        assert_eq!(texts, ["3", "2"]);
        assert_eq!(artifact.bytes(), 2);
    }

    #[test]
    fn many_files_are_collected_as_if_each_were_put_in() {
        let file = |number: usize, text: &str| ArtifactFile {
            name: format!("{number}.txt").parse().expect("a name"),
            text: text.to_owned(),
        };
        let twice = [file(2, "1"), file(1, "2"), file(2, "3")];
        let mut put = Artifact::EMPTY;
        for file in twice.clone() {
            put.put(file.name, file.text);
        }
        assert_eq!(twice.into_iter().collect::<Artifact>(), put);
        // Minutes, if each were looked for among all others.
        let many: Artifact = (0..200_000).map(|number| file(number, "")).collect();
        assert_eq!(many.files().len(), 200_000);
    }
}
