//! Why a file cannot be trained on.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("cannot read the model file {}: {source}", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is not a whole GGUF file ({reason}); copy or download it again", .path.display())]
    Gguf { path: PathBuf, reason: String },
    #[error("{} holds a model of the architecture {name}, which cannot be trained here; choose a llama, qwen2 or qwen3 model", .path.display())]
    Architecture { path: PathBuf, name: String },
    #[error("{}: the setting {key} {problem}; the file is damaged or of a kind that cannot be trained here", .path.display())]
    Setting {
        path: PathBuf,
        key: String,
        problem: String,
    },
    #[error("{}: the tensor {name} {problem}; the file is damaged or of a kind that cannot be trained here", .path.display())]
    Tensor {
        path: PathBuf,
        name: String,
        problem: String,
    },
}

impl ModelError {
    pub(crate) fn setting(path: &Path, key: &str, problem: impl Into<String>) -> Self {
        Self::Setting {
            path: path.to_owned(),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    pub(crate) fn tensor(path: &Path, name: &str, problem: impl Into<String>) -> Self {
        Self::Tensor {
            path: path.to_owned(),
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}
