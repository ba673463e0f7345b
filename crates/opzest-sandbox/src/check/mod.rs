//! Reads what a session made and says what is wrong with it, without running it.
//!
//! Every check bounds what it reads: artifacts can be of any size and nested as deeply as text can be. The
//! checks compute for up to a few tenths of a second, so an async caller moves them to a blocking thread.

mod address;
mod content;
mod css;
mod html;
mod json;
mod markdown;
mod page;
mod place;
mod script;
mod structure;

pub use json::{InvalidSchema, check_json};
pub use markdown::check_markdown;
pub use page::check_html;

use opzest_core::artifact::FileName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// More are no help to anybody.
const MOST_PROBLEMS: usize = 20;
const MOST_CHARACTERS: usize = 2_000;
const MOST_CHARACTERS_OF_ONE: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It works, and something about it is likely not meant so.
    Warning,
    /// It does not work.
    Error,
}

/// Where in a text; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `None` where a single text was checked.
    pub file: Option<FileName>,
    pub place: Option<Place>,
    /// JSON pointer to the value that is meant; "" is the whole document.
    pub pointer: Option<String>,
    pub message: String,
    pub severity: Severity,
}

impl Problem {
    fn new(severity: Severity, place: Option<Place>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            file: None,
            place,
            pointer: None,
            message: crate::run::traceback::shortened(&message, MOST_CHARACTERS_OF_ONE),
            severity,
        }
    }

    fn error(place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, place.into(), message)
    }

    fn warning(place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place.into(), message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if let Some(Place { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        match self.pointer.as_deref() {
            None => {}
            Some("") => f.write_str("at the top: ")?,
            Some(pointer) => write!(f, "at {pointer}: ")?,
        }
        f.write_str(&self.message)
    }
}

/// Whether any of them means that the artifact does not work.
pub fn has_errors(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}

/// What the lead needs to know: one problem a line, the errors first, at most about 2,000 characters.
/// `None` if there is no problem.
pub fn error_text(problems: &[Problem]) -> Option<String> {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let mut text = String::new();
    for (index, problem) in sorted.iter().enumerate() {
        let line = format!("{problem}\n");
        if text.len() + line.len() > MOST_CHARACTERS {
            text += &format!("... and {} more\n", sorted.len() - index);
            break;
        }
        text += &line;
    }
    (!text.is_empty()).then(|| text.trim_end().to_owned())
}

/// In the order of the text, and no more than anybody reads.
fn tidy(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| (std::cmp::Reverse(problem.severity), problem.place));
    problems.dedup();
    problems.truncate(MOST_PROBLEMS);
    problems.sort_by_key(|problem| problem.place);
    problems
}
