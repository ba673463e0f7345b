//! Rows of a file into the dataset. Every line is judged by itself; all good ones land in one transaction, or
//! none if the file cannot be read to its end.

use super::reading::{self, BadRow, Object};
use super::{jsonl, parquet};
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, ImportProblem, ImportReport, UiError};
use crate::error::{error, sentence};
use opzest_core::ids::{ExampleId, ImportId, UseCaseId};
use opzest_store::{NewExample, Store};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// Bad lines that are told; all are counted.
const MOST_PROBLEMS: usize = 100;
/// The longest reason that is told, in characters: it may quote the file.
const LONGEST_MESSAGE: usize = 300;

pub(super) async fn import(
    app: &App,
    path: &str,
    use_case: UseCaseId,
) -> Result<ImportReport, UiError> {
    let path = PathBuf::from(path.trim());
    // The inner result is the import's: what is wrong with a file is no error of the store.
    app.store(move |store| Ok(add(store, &path, use_case)))
        .await?
}

/// What has been read, while it is read.
#[derive(Default)]
struct Seen {
    rows: u32,
    bad: u32,
    problems: Vec<ImportProblem>,
}

impl Seen {
    /// The row of an object, if it is good; if not, that is noted.
    fn judge(
        &mut self,
        line: u32,
        object: Result<Object, BadRow>,
        use_case: UseCaseId,
    ) -> Option<NewExample> {
        self.rows += 1;
        let id = ExampleId::new(now_ms(), rand::random());
        match object.and_then(|object| reading::row(&object, id, use_case)) {
            Ok(row) => Some(row),
            Err(bad) => {
                self.bad += 1;
                if self.problems.len() < MOST_PROBLEMS {
                    let message = cut(&sentence(&bad.to_string()));
                    self.problems.push(ImportProblem { line, message });
                }
                None
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn add(store: &mut Store, path: &Path, use_case: UseCaseId) -> Result<ImportReport, UiError> {
    let mut file = open(path)?;
    let is_parquet = is_parquet(&mut file).map_err(|source| unreadable(path, &source))?;
    let mut seen = Seen::default();
    let import = ImportId::new(now_ms(), rand::random());
    let imported = if is_parquet {
        let file =
            parquet::open(file).map_err(|problem| unreadable(path, &parquet::told(&problem)))?;
        let rows =
            parquet::read(&file).map_err(|problem| unreadable(path, &parquet::told(&problem)))?;
        let rows = rows.filter_map(|row| match row {
            Ok((line, object)) => seen.judge(line, Ok(object), use_case).map(Ok),
            Err(problem) => Some(Err(unreadable(path, &parquet::told(&problem)))),
        });
        store.import_examples(import, rows, now_ms())?
    } else {
        let lines = jsonl::Lines::new(BufReader::new(file));
        let rows = lines.filter_map(|line| match line {
            Ok((line, object)) => seen.judge(line, object, use_case).map(Ok),
            Err(problem) => Some(Err(unreadable(path, &problem))),
        });
        store.import_examples(import, rows, now_ms())?
    };
    if seen.rows == 0 {
        return Err(error(
            ErrorCode::InvalidInput,
            format!("There are no rows in {}.", path.display()),
            "A file of rows has one JSON object a line, or is a Parquet file.",
        ));
    }
    Ok(ImportReport {
        added: imported.added,
        duplicates: imported.duplicates,
        bad: seen.bad,
        problems: seen.problems,
    })
}

/// Only plain files: a pipe or a device may never end.
fn open(path: &Path) -> Result<File, UiError> {
    let metadata = path
        .metadata()
        .map_err(|source| unreadable(path, &source))?;
    if !metadata.is_file() {
        return Err(error(
            ErrorCode::InvalidInput,
            format!("{} is not a file.", path.display()),
            "Choose a file of rows: JSON Lines or Parquet.",
        ));
    }
    File::open(path).map_err(|source| unreadable(path, &source))
}

/// The content decides, whatever the file is called.
fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut beginning = Vec::new();
    let wanted = parquet::MAGIC.len() as u64;
    file.by_ref().take(wanted).read_to_end(&mut beginning)?;
    file.rewind()?;
    Ok(beginning == parquet::MAGIC)
}

fn unreadable(path: &Path, problem: &dyn std::fmt::Display) -> UiError {
    let problem = cut(&problem.to_string());
    error(
        ErrorCode::InvalidInput,
        sentence(&format!("{} cannot be read: {problem}", path.display())),
        "Nothing was added. Choose another file.",
    )
}
