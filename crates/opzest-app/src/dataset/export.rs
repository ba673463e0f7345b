//! Finished rows as a file that other programs train on.
//!
//! Rows go through one at a time, in one state of the store, on a connection of its own: nobody waits for an
//! export. The file is written aside and gets its name when it is whole.

use super::columns::Exported;
use super::filter::Filter;
use super::{jsonl, parquet};
use crate::app::{App, now_ms};
use crate::dto::{DatasetExport, DatasetFormat, ErrorCode, UiError};
use crate::error::{error, sentence};
use crate::sessions::Names;
use ::parquet::errors::ParquetError;
use opzest_core::dataset::ExampleState;
use opzest_store::{ExampleOrder, Store, StoreOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

pub(super) async fn export(
    app: &App,
    filter: Filter,
    format: DatasetFormat,
    path: &str,
) -> Result<DatasetExport, UiError> {
    let folder = app.data_folder().to_owned();
    let path =
        std::path::absolute(path.trim()).map_err(|source| failed(Path::new(path), source))?;
    let write = move || write(&folder, filter, format, path);
    tokio::task::spawn_blocking(write)
        .await
        .unwrap_or_else(|panicked| Err(panicked_with(&panicked)))
}

fn write(
    folder: &Path,
    filter: Filter,
    format: DatasetFormat,
    path: PathBuf,
) -> Result<DatasetExport, UiError> {
    let beside = path.parent().unwrap_or(Path::new("."));
    refuse_own_folder(folder, &path)?;
    let options = StoreOptions {
        key: None,
        now_ms: now_ms(),
    };
    let store = Store::open_read_only(folder, &options)?;
    let pending = filter.clone().only(ExampleState::Pending);
    let pending = store
        .examples(&pending.store(), ExampleOrder::Newest, None, 0)?
        .total
        .count;
    let names = Names::read(&store)?;
    let aside = aside_in(beside, &path)?;
    let filter = filter.only(ExampleState::Complete);
    let mut out = Out::new(aside, format).map_err(|source| failed(&path, source))?;
    let rows = store.for_each_example(&filter.store(), |row| {
        let row = Exported {
            row: &row,
            names: &names,
        };
        out.write(&row).map_err(|source| failed(&path, source))
    })?;
    if rows == 0 {
        return Err(nothing(pending));
    }
    let bytes = out.finish(&path).map_err(|source| failed(&path, source))?;
    Ok(DatasetExport {
        path: path.display().to_string(),
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        pending,
        bytes: bytes as f64,
    })
}

/// A file beside the one that is wanted. Its own name means nothing to anybody, and is not told.
fn aside_in(folder: &Path, path: &Path) -> Result<NamedTempFile, UiError> {
    if !folder.is_dir() {
        return Err(error(
            ErrorCode::InvalidInput,
            format!(
                "{} could not be written: there is no folder {}.",
                path.display(),
                folder.display()
            ),
            "Make the folder first, or choose another place.",
        ));
    }
    NamedTempFile::new_in(folder).map_err(|source| failed(path, source.kind().into()))
}

/// A file that is being written, not yet under its name.
enum Out {
    Jsonl(BufWriter<NamedTempFile>),
    Parquet(Box<parquet::Writer<BufWriter<NamedTempFile>>>),
}

impl Out {
    fn new(aside: NamedTempFile, format: DatasetFormat) -> io::Result<Self> {
        let file = BufWriter::new(aside);
        Ok(match format {
            DatasetFormat::Jsonl => Self::Jsonl(file),
            DatasetFormat::Parquet => {
                Self::Parquet(Box::new(parquet::Writer::new(file).map_err(as_io)?))
            }
        })
    }

    fn write(&mut self, row: &Exported<'_>) -> io::Result<()> {
        match self {
            Self::Jsonl(file) => jsonl::write(row, file),
            Self::Parquet(file) => file.write(row).map_err(as_io),
        }
    }

    /// Gives the file its name. Returns its size.
    fn finish(self, path: &Path) -> io::Result<u64> {
        let mut file = match self {
            Self::Jsonl(file) => file,
            Self::Parquet(file) => file.finish().map_err(as_io)?,
        };
        file.flush()?;
        let aside = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        aside.as_file().sync_all()?;
        let bytes = aside.as_file().metadata()?.len();
        aside.persist(path).map_err(|failed| failed.error)?;
        Ok(bytes)
    }
}

fn as_io(problem: ParquetError) -> io::Error {
    io::Error::other(problem)
}

/// A slip of the hand must not replace the store.
fn refuse_own_folder(folder: &Path, path: &Path) -> Result<(), UiError> {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    if parent.is_some() && parent == folder.canonicalize().ok() {
        return Err(error(
            ErrorCode::InvalidInput,
            format!("{} is in OpZest's own folder.", path.display()),
            "Choose another folder.",
        ));
    }
    Ok(())
}

fn nothing(pending: u32) -> UiError {
    let hint = match pending {
        0 => "Choose other rows, or accept a result first.",
        _ => "The rows that fit wait for a result that you accept.",
    };
    error(
        ErrorCode::InvalidInput,
        "There are no finished rows to export.",
        hint,
    )
}

fn failed(path: &Path, source: io::Error) -> UiError {
    let (code, hint) = match source.kind() {
        io::ErrorKind::StorageFull => (
            ErrorCode::DiskFull,
            "Free some space on this disk and try again.",
        ),
        _ => (ErrorCode::InvalidInput, "Choose another place."),
    };
    error(
        code,
        format!("{} could not be written: {source}.", path.display()),
        hint,
    )
}

pub(super) fn panicked_with(panicked: &tokio::task::JoinError) -> UiError {
    error(
        ErrorCode::Internal,
        sentence(&format!("a part of OpZest failed: {panicked}")),
        "The log has the details.",
    )
}
