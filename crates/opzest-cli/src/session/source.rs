//! Where what is said to a session comes from: the terminal, or a file of feedback.

use crate::chat::Prompt;
use crate::errors::{mistake, show_ui};
use crate::plain;
use crate::screen::shorten;
use crate::session::words::{COMMANDS, Said, read};
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

/// A file of feedback is written by a person.
const LONGEST: u64 = 1 << 20;

/// So much of a line is shown with an error, in columns.
const LONGEST_SHOWN: usize = 40;

pub enum Source {
    Typed(Box<Prompt>),
    /// Lines of a file.
    Script(VecDeque<Line>),
}

/// What was said, and where it stands if that is in a file.
pub struct Line {
    pub said: Said,
    pub place: Option<String>,
}

impl Source {
    pub fn typed() -> anyhow::Result<Self> {
        Ok(Self::Typed(Box::new(Prompt::new(COMMANDS)?)))
    }

    /// Reads the whole file first: a mistake in its last line is found before anything is done. Empty
    /// lines and lines that begin with `#` are passed over; `-` is standard input.
    pub fn script(file: &Path) -> anyhow::Result<Self> {
        let name = match file == Path::new("-") {
            true => "standard input".to_owned(),
            false => file.display().to_string(),
        };
        Ok(Self::Script(lines_of(&name, &text_of(file, &name)?)?))
    }

    pub fn is_script(&self) -> bool {
        matches!(self, Self::Script(_))
    }

    /// What is said next; `None`: nothing more. An empty line is nothing, or at the end leaves.
    pub fn next(&mut self, empty_leaves: bool) -> anyhow::Result<Option<Line>> {
        match self {
            Self::Script(lines) => Ok(lines.pop_front()),
            Self::Typed(prompt) => loop {
                let Some(line) = prompt.read()? else {
                    return Ok(None);
                };
                if line.trim().is_empty() {
                    match empty_leaves {
                        true => return Ok(None),
                        false => continue,
                    }
                }
                match read(&line) {
                    Ok(said) => return Ok(Some(Line { said, place: None })),
                    Err(problem) => show_ui(&mistake(problem, "")),
                }
            },
        }
    }

    /// What comes next, if that is known already.
    pub fn peek(&self) -> Option<&Said> {
        match self {
            Self::Script(lines) => lines.front().map(|line| &line.said),
            Self::Typed(_) => None,
        }
    }
}

fn lines_of(name: &str, text: &str) -> anyhow::Result<VecDeque<Line>> {
    let mut lines = VecDeque::<Line>::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let shown = shorten(&plain::line(line.trim()), LONGEST_SHOWN);
        let place = format!("{name}, line {number}, `{shown}`");
        if lines.back().is_some_and(|last| last.said == Said::Pause) {
            let what = format!("{place}: nobody reads what comes after /pause.");
            return Err(mistake(what, "Take this line out, or the /pause before it.").into());
        }
        let said = read(line).map_err(|problem| mistake(format!("{place}: {problem}"), ""))?;
        lines.push_back(Line {
            said,
            place: Some(place),
        });
    }
    Ok(lines)
}

fn text_of(file: &Path, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin()
            .lock()
            .take(LONGEST + 1)
            .read_to_end(&mut bytes),
        _ => std::fs::File::open(file)
            .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|source| mistake(format!("{name} cannot be read: {source}."), ""))?;
    if bytes.len() as u64 > LONGEST {
        return Err(mistake(
            format!("{name} is longer than 1 MB."),
            "Give a file of feedback, one line each.",
        )
        .into());
    }
    String::from_utf8(bytes).map_err(|_| {
        mistake(
            format!("{name} is not UTF-8 text."),
            "Convert it to UTF-8 first.",
        )
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_script_knows_its_place() {
        let lines = lines_of("words.txt", "# a remark\n\n/undo\nShorter\n").expect("lines");
        let places: Vec<_> = lines.iter().filter_map(|line| line.place.clone()).collect();
        assert_eq!(
            places,
            ["words.txt, line 3, `/undo`", "words.txt, line 4, `Shorter`"]
        );
    }

    #[test]
    fn a_line_that_cannot_be_used_is_found_before_anything_is_done() {
        let wrong = |text: &str| match lines_of("words.txt", text) {
            Ok(_) => panic!("{text:?} was taken"),
            Err(error) => error.to_string(),
        };
        let nonsense = wrong("Shorter\n/nonsense");
        assert!(nonsense.contains("line 2, `/nonsense`"), "{nonsense}");
        let unread = wrong("/pause\nShorter");
        assert!(unread.contains("line 2, `Shorter`"), "{unread}");
    }
}
