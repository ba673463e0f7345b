use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was written. No half-written file is left under the name that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the adapter is not sound: {0}")]
    Adapter(String),
    #[error("{path} cannot be read: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a usable GGUF file: {reason}", path = path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the adapter does not fit {path}: {reason}", path = path.display())]
    Unsuitable { path: PathBuf, reason: String },
    #[error(
        "{path} is not the file that the adapter was trained on (SHA-256 {found}, trained on {expected}); \
         put the former file back, or train again", path = path.display()
    )]
    Replaced {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error("{path}: the tensor `{tensor}` is of the type {kind}, which cannot be merged; \
             use a base file in F32, F16, BF16, Q4 to Q8 or a K quantisation", path = path.display())]
    Quantisation {
        path: PathBuf,
        tensor: String,
        kind: String,
    },
    #[error("`{tensor}` holds a value that {kind} cannot hold; choose F32")]
    Range { tensor: String, kind: &'static str },
    #[error("the disk is full: {path} could not be written; free some space and try again", path = path.display())]
    DiskFull { path: PathBuf },
    #[error("{path} could not be written: {source}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} exists already; choose another name, or remove it first", path = path.display())]
    Exists { path: PathBuf },
    #[error("{path} was written, but reads back differently ({reason}); check the disk and try again", path = path.display())]
    ReadBack { path: PathBuf, reason: String },
    #[error("the export was cancelled")]
    Cancelled,
}

impl ExportError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Write { path, source },
        }
    }

    pub(super) fn read_back(path: &Path, reason: impl Into<String>) -> Self {
        Self::ReadBack {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}
