//! Where what is said to a session comes from: the terminal, or a file of feedback.

use crate::chat::Prompt;
use crate::errors::mistake;
use crate::screen::tell;
use crate::session::words::{COMMANDS, Said, read};
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

/// A file of feedback is written by a person.
const LONGEST: u64 = 1 << 20;

pub enum Source {
    Typed(Box<Prompt>),
    /// Lines of a file.
    Script(VecDeque<Said>),
}

impl Source {
    pub fn typed() -> anyhow::Result<Self> {
        Ok(Self::Typed(Box::new(Prompt::new(COMMANDS)?)))
    }

    /// Reads the whole file first: a mistake in its last line is found before anything is done. Empty
    /// lines and lines that begin with `#` are passed over; `-` is standard input.
    pub fn script(file: &Path) -> anyhow::Result<Self> {
        let name = file.display().to_string();
        let text = text_of(file, &name)?;
        let mut lines = VecDeque::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let said = read(line)
                .map_err(|problem| mistake(format!("{name}, line {number}: {problem}"), ""))?;
            lines.push_back(said);
        }
        Ok(Self::Script(lines))
    }

    pub fn is_script(&self) -> bool {
        matches!(self, Self::Script(_))
    }

    /// What is said next; `None`: nothing more.
    pub fn next(&mut self) -> anyhow::Result<Option<Said>> {
        match self {
            Self::Script(lines) => Ok(lines.pop_front()),
            Self::Typed(prompt) => loop {
                let Some(line) = prompt.read()? else {
                    return Ok(None);
                };
                if line.trim().is_empty() {
                    continue;
                }
                match read(&line) {
                    Ok(said) => return Ok(Some(said)),
                    Err(problem) => tell(format_args!("{problem}")),
                }
            },
        }
    }

    /// What comes next, if that is known already.
    pub fn peek(&self) -> Option<&Said> {
        match self {
            Self::Script(lines) => lines.front(),
            Self::Typed(_) => None,
        }
    }
}

fn text_of(file: &Path, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = match name {
        "-" => std::io::stdin()
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
