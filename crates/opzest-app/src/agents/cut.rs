//! Texts that can be made shorter, and say what they lost.

use super::frame;
use opzest_core::artifact::{Artifact, ArtifactFile, FileName};

/// What a text keeps when it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Its beginning: requests and instructions say first what they are about.
    Beginning,
    /// Its end: a program's error stands in the last lines.
    End,
    /// Both: a file's beginning and end show what it is.
    Ends,
}

/// A text in one or more pieces; only an artifact has more than one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pieces: Vec<Piece>,
    keep: Keep,
    framed: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Piece {
    /// For the user: "your request", "main.py".
    label: String,
    name: Option<FileName>,
    head: String,
    tail: String,
    lost: Lost,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Lost {
    bytes: usize,
    lines: usize,
}

impl Text {
    pub(super) fn plain(label: impl Into<String>, text: &str, keep: Keep) -> Self {
        let piece = Piece::new(label.into(), None, text);
        Self {
            pieces: vec![piece],
            keep,
            framed: false,
        }
    }

    /// An artifact between markers. `label` goes before each file's name in words for the user.
    pub(super) fn artifact(label: &str, artifact: &Artifact) -> Self {
        let pieces = artifact.files().iter().map(|file| {
            let named = format!("{label}{}", file.name);
            Piece::new(named, Some(file.name.clone()), &file.text)
        });
        Self {
            pieces: pieces.collect(),
            keep: Keep::Ends,
            framed: true,
        }
    }

    /// As the model reads it.
    pub(super) fn shown(&self) -> String {
        if !self.framed {
            return self.pieces.iter().map(Piece::shown).collect();
        }
        let file = |piece: &Piece| {
            let name = piece.name.clone()?;
            Some(ArtifactFile {
                name,
                text: piece.shown(),
            })
        };
        frame::render_raw(&self.pieces.iter().filter_map(file).collect())
    }

    /// The bytes that could be cut.
    pub(super) fn size(&self) -> usize {
        self.pieces.iter().map(Piece::size).sum()
    }

    /// Cuts the longest piece, then the next, until all have at most this many bytes together.
    pub(super) fn cut_to(&mut self, most: usize) {
        while self.size() > most {
            let excess = self.size() - most;
            let second = self.second_size();
            let keep = self.keep;
            let Some(longest) = self.pieces.iter_mut().max_by_key(|piece| piece.size()) else {
                return;
            };
            let size = longest.size();
            // Down to the next longest, so that one file does not vanish beside another.
            let floor = second.filter(|&second| second < size).unwrap_or(0);
            longest.cut_to(size.saturating_sub(excess).max(floor.min(size - 1)), keep);
        }
    }

    fn second_size(&self) -> Option<usize> {
        let mut sizes: Vec<_> = self.pieces.iter().map(Piece::size).collect();
        sizes.sort_unstable();
        sizes.len().checked_sub(2).map(|at| sizes[at])
    }

    /// What was cut, in words for the user.
    pub(super) fn left_out(&self) -> Option<String> {
        let lost: Vec<_> = self
            .pieces
            .iter()
            .filter(|piece| piece.lost.bytes > 0)
            .map(|piece| piece.left_out(self.keep))
            .collect();
        (!lost.is_empty()).then(|| lost.join("; "))
    }
}

impl Piece {
    fn new(label: String, name: Option<FileName>, text: &str) -> Self {
        let (head, tail, lost) = (text.to_owned(), String::new(), Lost::default());
        Self {
            label,
            name,
            head,
            tail,
            lost,
        }
    }

    fn size(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    fn shown(&self) -> String {
        let Self {
            head, tail, lost, ..
        } = self;
        if lost.bytes == 0 {
            return format!("{head}{tail}");
        }
        let gap = format!("[... {} left out ...]", lost.amount());
        let before = if head.is_empty() || head.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let after = if tail.is_empty() || tail.starts_with('\n') {
            ""
        } else {
            "\n"
        };
        format!("{head}{before}{gap}{after}{tail}")
    }

    fn cut_to(&mut self, most: usize, keep: Keep) {
        let excess = self.size().saturating_sub(most);
        if excess == 0 {
            return;
        }
        let whole = std::mem::take(&mut self.head);
        if self.lost.bytes == 0 && self.tail.is_empty() {
            let at = match keep {
                Keep::Beginning => whole.len(),
                Keep::End => 0,
                Keep::Ends => floor_boundary(&whole, whole.len() / 2),
            };
            self.tail = whole[at..].to_owned();
            self.head = whole[..at].to_owned();
        } else {
            self.head = whole;
        }
        let (from_head, from_tail) = match keep {
            Keep::Beginning => (excess, 0),
            Keep::End => (0, excess),
            Keep::Ends => {
                let of_head = (excess / 2).min(self.head.len());
                (
                    of_head.max(excess.saturating_sub(self.tail.len())),
                    excess - of_head,
                )
            }
        };
        let head_end = line_end_before(&self.head, self.head.len().saturating_sub(from_head));
        let tail_start = line_start_after(&self.tail, from_tail.min(self.tail.len()));
        self.lose(head_end, tail_start);
    }

    fn lose(&mut self, head_end: usize, tail_start: usize) {
        for text in [&self.head[head_end..], &self.tail[..tail_start]] {
            self.lost.bytes += text.len();
            self.lost.lines += text.matches('\n').count();
        }
        self.head.truncate(head_end);
        self.tail.drain(..tail_start);
    }

    fn left_out(&self, keep: Keep) -> String {
        let Self { label, lost, .. } = self;
        if self.size() == 0 {
            return format!("all of {label}");
        }
        let amount = lost.amount();
        match keep {
            Keep::Beginning => format!("the last {amount} of {label}"),
            Keep::End => format!("the first {amount} of {label}"),
            Keep::Ends => format!("{amount} in the middle of {label}"),
        }
    }
}

impl Lost {
    /// Lines where there are several, else a size.
    fn amount(self) -> String {
        match (self.lines, self.bytes) {
            (2.., _) => format!("{} lines", self.lines),
            (_, 0..10_000) => format!("{} characters", self.bytes),
            (_, 10_000..1_000_000) => format!("{} kB", self.bytes / 1_000),
            (_, bytes) => format!("{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where to end the head: at a line's end if that costs little, never inside a character.
fn line_end_before(text: &str, at: usize) -> usize {
    let at = floor_boundary(text, at);
    match text[..at].rfind('\n') {
        Some(line) if at - line <= at / 4 => line + 1,
        _ => at,
    }
}

/// The same for the tail's beginning.
fn line_start_after(text: &str, at: usize) -> usize {
    let mut at = at;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    match text[at..].find('\n') {
        Some(line) if line < (text.len() - at) / 4 => at + line + 1,
        _ => at,
    }
}
