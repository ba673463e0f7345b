//! Markdown's code fences in answers: models write them by habit, in the place of the markers or inside
//! them.

use super::frame;
use super::reading::{Found, Parts};
use opzest_core::artifact::FileName;
use opzest_core::workflow::ArtifactKind;

/// Words after a fence that mean Markdown, which has fences of its own inside.
const MARKDOWN: &[&str] = &["markdown", "md"];

/// Files in fenced blocks. Without names, the longest block is the file: the others are examples of
/// how to run it. A document's own blocks are not files: there, only a block of Markdown counts.
pub(super) fn between_fences(text: &str, kind: ArtifactKind) -> Parts {
    let blocks = blocks(text);
    let usable = |block: &&Block| kind != ArtifactKind::Markdown || block.is_markdown();
    let named: Vec<_> = blocks
        .iter()
        .filter(usable)
        .filter(|block| !block.name.is_empty())
        .collect();
    let chosen = match named.is_empty() {
        false => named,
        true => {
            let longest = blocks
                .iter()
                .filter(usable)
                .max_by_key(|block| block.text.len());
            longest.into_iter().collect()
        }
    };
    let Some(first) = chosen.first() else {
        return Parts::default();
    };
    Parts {
        before: text[..first.start].to_owned(),
        open: chosen.iter().any(|block| block.open),
        files: chosen
            .iter()
            .map(|block| Found {
                name: block.name.clone(),
                text: block.text.clone(),
            })
            .collect(),
    }
}

/// A file's text without a fence around the whole of it.
pub(super) fn unwrapped<'a>(name: &FileName, text: &'a str) -> &'a str {
    match frame::language(name) {
        Some(_) => code(text),
        None => document(text),
    }
}

/// Code never begins with a fence, so one in front is a wrapping; the last one ends it, whatever the
/// code prints, and what follows is talk.
fn code(text: &str) -> &str {
    let start = text.len() - text.trim_start().len();
    let first = text[start..]
        .split_inclusive('\n')
        .next()
        .unwrap_or_default();
    let Some(fence) = Fence::opening(first) else {
        return text;
    };
    let inner = &text[start + first.len()..];
    let mut end = inner.len();
    for line in inner.split_inclusive('\n').rev() {
        end -= line.len();
        if fence.is_closed_by(line) {
            return &inner[..end];
        }
    }
    inner
}

/// A document has fences of its own: only one of Markdown that begins and ends with it wraps it.
fn document(text: &str) -> &str {
    let trimmed = text.trim();
    let inner = || {
        let (first, rest) = trimmed.split_once('\n')?;
        let fence = Fence::opening(first).filter(|fence| MARKDOWN.contains(&fence.language()))?;
        let block = blocks(trimmed).into_iter().next()?;
        let (inner, last) = rest.rsplit_once('\n')?;
        (fence.is_closed_by(last) && block.end == trimmed.len()).then_some(inner)
    };
    inner().unwrap_or(text)
}

#[derive(Debug)]
struct Block {
    /// Bytes from the opening fence's line to the end of the closing one's.
    start: usize,
    end: usize,
    language: String,
    name: String,
    text: String,
    open: bool,
}

impl Block {
    fn is_markdown(&self) -> bool {
        MARKDOWN.contains(&self.language.as_str())
    }
}

/// An opening fence: three or more backticks or tildes, then perhaps words.
struct Fence<'a> {
    mark: char,
    width: usize,
    words: &'a str,
}

impl<'a> Fence<'a> {
    fn opening(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let width = line.chars().take_while(|&c| c == mark).count();
        let words = line[width..].trim();
        (width >= 3 && !words.contains(mark)).then_some(Self { mark, width, words })
    }

    fn language(&self) -> &'a str {
        self.words.split_whitespace().next().unwrap_or_default()
    }

    /// A name beside the language: `python main.py`, `html title="index.html"`, `main.py`.
    fn name(&self) -> &'a str {
        let is_name = |word: &&str| word.contains('.') && !word.ends_with('.');
        let word = self
            .words
            .split_whitespace()
            .find(is_name)
            .unwrap_or_default();
        let word = word.rsplit(['=', ':']).next().unwrap_or(word);
        word.trim_matches(['"', '\'', '{', '}', '*', '`'])
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.width && line.chars().all(|c| c == self.mark)
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current: Option<(Fence<'_>, Block)> = None;
    // Blocks inside a block of Markdown.
    let mut depth = 0_usize;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match &mut current {
            None => {
                if let Some(fence) = Fence::opening(line) {
                    let block = Block {
                        start,
                        end: at,
                        language: fence.language().to_ascii_lowercase(),
                        name: fence.name().to_owned(),
                        text: String::new(),
                        open: true,
                    };
                    current = Some((fence, block));
                }
            }
            Some((fence, block)) => {
                let closes = fence.is_closed_by(line);
                let nested = block.is_markdown();
                if nested && !closes && Fence::opening(line).is_some() {
                    depth += 1;
                } else if closes && depth > 0 {
                    depth -= 1;
                } else if closes {
                    block.open = false;
                    block.end = at;
                    blocks.extend(current.take().map(|(_, block)| block));
                    continue;
                }
                block.text.push_str(line);
                block.end = at;
            }
        }
    }
    blocks.extend(current.map(|(_, block)| block));
    blocks
}
