//! Reads a worker's answer: its chain of thought, and the files that it wrote.
//!
//! Markers first ([`super::frame`]); an answer without any is searched for Markdown's code fences, which
//! models write by habit, and then for a bare page or JSON value. What cannot be read is a
//! [`FormProblem`]: nothing is guessed beyond that.

use super::fences;
use super::frame::{self, Marker};
use super::product;
use opzest_core::artifact::{Artifact, FileName};
use opzest_core::workflow::{ArtifactKind, ProductForm};

/// Why there is no artifact in an answer, in words for the user and for the model that repairs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormProblem {
    #[error("the answer is empty")]
    Empty,
    #[error("there is no file in the answer")]
    NoFile,
    #[error("the file in the answer is empty")]
    EmptyFile,
    #[error("`{name}` cannot be the name of a file")]
    FileName { name: String },
    #[error("the answer was cut off at {tokens} tokens, before its file was finished")]
    CutOff { tokens: u32 },
    #[error("the answer filled the model's context before its file was finished")]
    ContextFull,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub reasoning: String,
    pub artifact: Artifact,
    /// The last file has no end: right if the model ended its turn, wrong if it was cut off.
    pub open: bool,
}

/// A file as it was found, its name not yet judged; empty where none was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) text: String,
}

/// Reads an answer. `current` are the files that stay as they are unless the answer replaces them.
pub fn read_answer(
    raw: &str,
    form: &ProductForm,
    current: &Artifact,
) -> Result<Answer, FormProblem> {
    if raw.trim().is_empty() {
        return Err(FormProblem::Empty);
    }
    let (thinking, rest) = split_thinking(raw);
    let parts = parts_of(rest, form.kind);
    let artifact = artifact_of(parts.files, form, current)?;
    Ok(Answer {
        reasoning: join(thinking, &parts.before),
        artifact,
        open: parts.open,
    })
}

/// An answer from its first file on; without a file, what follows the thoughts.
pub(super) fn without_reasoning(raw: &str, kind: ArtifactKind) -> &str {
    let (_, rest) = split_thinking(raw);
    let parts = parts_of(rest, kind);
    match parts.files.is_empty() {
        true => rest.trim_start(),
        false => rest[parts.before.len()..].trim_start(),
    }
}

fn parts_of(text: &str, kind: ArtifactKind) -> Parts {
    let mut parts = between_markers(text);
    if parts.files.is_empty() {
        parts = fences::between_fences(text, kind);
    }
    if parts.files.is_empty() {
        parts = bare(text, kind);
    }
    parts
}

/// An answer's parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// What stands before the first file: the text's beginning.
    pub(super) before: String,
    pub(super) files: Vec<Found>,
    pub(super) open: bool,
}

/// Takes a leading `<think>` block off: what it drafts is not the answer.
pub(super) fn split_thinking(raw: &str) -> (&str, &str) {
    let text = raw.trim_start();
    for (begin, end) in [("<think>", "</think>"), ("<thinking>", "</thinking>")] {
        if let Some(inner) = text.strip_prefix(begin) {
            return match inner.split_once(end) {
                Some((thinking, rest)) => (thinking.trim(), rest),
                None => ("", inner),
            };
        }
    }
    ("", raw)
}

/// Splits at marker lines. A marker inside a file is text, unless it is as long as the file's own.
fn between_markers(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut open: Option<(usize, Found)> = None;
    for line in text.split_inclusive('\n') {
        match (frame::marker(line), &mut open) {
            (Some(Marker::Opening { width, name }), None) => {
                let name = name.to_owned();
                open = Some((
                    width,
                    Found {
                        name,
                        text: String::new(),
                    },
                ));
            }
            // The end was forgotten.
            (Some(Marker::Opening { width, name }), Some((own, file))) if width == *own => {
                let text = String::new();
                let next = Found {
                    name: name.to_owned(),
                    text,
                };
                parts.files.push(std::mem::replace(file, next));
            }
            (Some(Marker::Closing { width }), Some((own, _))) if width == *own => {
                parts.files.extend(open.take().map(|(_, file)| file));
            }
            (_, Some((_, file))) => file.text.push_str(line),
            (_, None) if parts.files.is_empty() => parts.before.push_str(line),
            (_, None) => {}
        }
    }
    if let Some((width, mut file)) = open {
        strip_partial_closing(&mut file.text, width);
        parts.files.push(file);
        parts.open = true;
    }
    parts
}

/// An end marker on the last line of code, or one that was not finished, ends the file all the same.
fn strip_partial_closing(text: &mut String, width: usize) {
    let start = text.rfind('\n').map_or(0, |at| at + 1);
    let last = text[start..].trim_end();
    let closing = frame::closing(width);
    if let Some(at) = last.find(&closing) {
        text.truncate(start + at);
    } else if last.len() >= width && closing.starts_with(last) {
        text.truncate(start);
    }
}

/// An answer that is nothing but a page or a JSON value.
fn bare(text: &str, kind: ArtifactKind) -> Parts {
    let trimmed = text.trim();
    let lower = trimmed.to_ascii_lowercase();
    let (at, end, open) = match kind {
        ArtifactKind::Page => {
            let begin = ["<!doctype html", "<html"]
                .iter()
                .filter_map(|tag| lower.find(tag))
                .min();
            let end = lower.rfind("</html>").map(|at| at + "</html>".len());
            match (begin, end) {
                (Some(at), Some(end)) if at < end => (at, end, false),
                (Some(at), _) => (at, trimmed.len(), true),
                (None, _) => return Parts::default(),
            }
        }
        ArtifactKind::Json if trimmed.starts_with(['{', '[']) && trimmed.ends_with(['}', ']']) => {
            (0, trimmed.len(), false)
        }
        ArtifactKind::Json | ArtifactKind::Markdown | ArtifactKind::Python => {
            return Parts::default();
        }
    };
    let file = Found {
        name: String::new(),
        text: trimmed[at..end].to_owned(),
    };
    let lead = text.len() - text.trim_start().len();
    Parts {
        before: text[..lead + at].to_owned(),
        files: vec![file],
        open,
    }
}

/// The artifact after an answer: what it wrote, and what it left as it was.
fn artifact_of(
    found: Vec<Found>,
    form: &ProductForm,
    current: &Artifact,
) -> Result<Artifact, FormProblem> {
    if found.is_empty() {
        return Err(FormProblem::NoFile);
    }
    let alone = found.len() == 1;
    let written: Vec<_> = found
        .into_iter()
        .map(|file| {
            let name = name_of(&file.name, form, current, alone)?;
            let text = fences::unwrapped(&name, &file.text);
            let text = frame::with_line_break(text);
            Ok((name, text))
        })
        .collect::<Result<_, FormProblem>>()?;
    if written.iter().all(|(_, text)| text.trim().is_empty()) {
        return Err(FormProblem::EmptyFile);
    }
    // The main file leads: it is what is run and shown first.
    let main = product::main_file(form, current);
    let mut artifact = Artifact::EMPTY;
    let kept = current.files().iter();
    let kept = kept.map(|file| (file.name.clone(), file.text.clone()));
    let all: Vec<_> = kept.chain(written).collect();
    let leading = all.iter().filter(|(name, _)| name == main);
    for (name, text) in leading.chain(&all) {
        artifact.put(name.clone(), text.clone());
    }
    Ok(artifact)
}

/// What a file is called. A lone one of the main file's kind is the main file, whatever the model calls
/// it, unless the product has several files.
fn name_of(
    given: &str,
    form: &ProductForm,
    current: &Artifact,
    alone: bool,
) -> Result<FileName, FormProblem> {
    let main = product::main_file(form, current);
    let given = given.trim().trim_start_matches("./");
    let known = |name: &FileName| current.files().iter().any(|file| file.name == *name);
    let misnamed = alone
        && !product::has_several(form, current)
        && product::is_of_kind(given, main)
        && !given.parse().is_ok_and(|name| known(&name));
    if given.is_empty() || misnamed || (alone && !known(main)) {
        return Ok(main.clone());
    }
    match given.parse() {
        Ok(name) => Ok(name),
        Err(_) if alone => Ok(main.clone()),
        Err(_) => Err(FormProblem::FileName {
            name: given.chars().take(80).collect(),
        }),
    }
}

fn join(thinking: &str, before: &str) -> String {
    let parts = [thinking.trim(), before.trim()];
    let filled: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    filled.join("\n\n")
}
