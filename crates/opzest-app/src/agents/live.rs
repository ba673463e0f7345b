//! Tells, while an answer streams, which of its text is reasoning and which is the result. A guess for
//! the eye: what the session stores is read from the whole answer at its end.

use super::call::{AgentPiece, Sink, TextPart};
use super::frame::{self, Marker, WIDTH};
use std::time::{Duration, Instant};

/// Pieces are sent at most this often: a screen shows no more.
const SHOW_EVERY: Duration = Duration::from_millis(33);

/// Where reasoning ends and the result begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// At marker lines, back and forth.
    Markers,
    /// At this word at the beginning of a line, in either case.
    Word {
        word: &'static str,
        /// It belongs to the result.
        keep: bool,
    },
    /// Nowhere: everything is the result.
    None,
}

/// One answer as it comes.
pub(super) struct Live {
    turn: Turn,
    part: TextPart,
    /// The width of the marker of the file that is open.
    open: Option<usize>,
    /// A line that may yet become a marker.
    held: String,
    /// A line of a code fence: not shown if the file's end follows.
    fence: Option<String>,
    /// The file's first line comes next: a fence there is not shown.
    file_begins: bool,
    at_line_start: bool,
    unshown: String,
    /// The space between a label and its text is not shown.
    after_word: bool,
    shown_at: Option<Instant>,
    first: Option<Instant>,
    tokens: u32,
}

impl Live {
    pub(super) fn new(turn: Turn) -> Self {
        let part = match turn {
            Turn::None => TextPart::Result,
            Turn::Markers | Turn::Word { .. } => TextPart::Reasoning,
        };
        Self {
            turn,
            part,
            open: None,
            held: String::new(),
            fence: None,
            file_begins: false,
            at_line_start: true,
            unshown: String::new(),
            after_word: false,
            shown_at: None,
            first: None,
            tokens: 0,
        }
    }

    /// Takes one token's text.
    pub(super) fn push(&mut self, text: &str, sink: Sink<'_>) {
        self.tokens += 1;
        self.first.get_or_insert_with(Instant::now);
        for piece in text.split_inclusive('\n') {
            if self.at_line_start || !self.held.is_empty() {
                self.held.push_str(piece);
                self.at_line_start = false;
                self.judge_held(sink);
            } else {
                self.add(piece);
            }
            if piece.ends_with('\n') {
                self.at_line_start = true;
            }
        }
        if self.shown_at.is_none_or(|at| at.elapsed() >= SHOW_EVERY) {
            self.show(sink);
        }
    }

    pub(super) fn finish(&mut self, sink: Sink<'_>) {
        let held = std::mem::take(&mut self.held);
        // A last line without a line break may be the end marker, and the fence before it the file's.
        if frame::marker(&held).is_none() {
            let fence = self.fence.take().unwrap_or_default();
            self.unshown.push_str(&fence);
            self.unshown.push_str(&held);
        }
        self.show(sink);
    }

    /// Decides about a line's beginning as soon as it can be decided.
    fn judge_held(&mut self, sink: Sink<'_>) {
        let whole = self.held.ends_with('\n');
        match self.turn {
            Turn::Markers => {
                if !whole && may_be_marker(&self.held) {
                    return;
                }
                let held = std::mem::take(&mut self.held);
                let marker = frame::marker(&held).filter(|_| whole);
                if let Some(part) = marker.and_then(|marker| self.after(&marker)) {
                    self.fence = None;
                    return self.change(part, sink);
                }
                let begins = std::mem::take(&mut self.file_begins);
                if whole && self.open.is_some() && held.trim_start().starts_with("```") {
                    let before = self.fence.replace(held);
                    if begins {
                        self.fence = None;
                    }
                    return self.add(&before.unwrap_or_default());
                }
                self.held = self.fence.take().unwrap_or_default() + &held;
            }
            Turn::Word { word, keep } => {
                let text = self.held.trim_start();
                let begins = |text: &str| {
                    text.get(..word.len())
                        .is_some_and(|head| head.eq_ignore_ascii_case(word))
                };
                if begins(text) && self.part == TextPart::Reasoning {
                    let from = if keep { 0 } else { word.len() };
                    let rest = text[from..].to_owned();
                    self.held.clear();
                    self.change(TextPart::Result, sink);
                    self.after_word = true;
                    return self.add(&rest);
                }
                if !whole && text.len() < word.len() {
                    return;
                }
            }
            Turn::None => {}
        }
        let held = std::mem::take(&mut self.held);
        self.add(&held);
    }

    fn add(&mut self, text: &str) {
        let text = match self.after_word {
            true => text.trim_start_matches(' '),
            false => text,
        };
        self.after_word &= text.is_empty();
        self.unshown.push_str(text);
    }

    /// The part after a marker; `None` if it is text of the open file.
    fn after(&mut self, marker: &Marker<'_>) -> Option<TextPart> {
        match (marker, self.open) {
            (Marker::Opening { width, .. }, None) => {
                self.open = Some(*width);
                self.file_begins = true;
                Some(TextPart::Result)
            }
            (Marker::Opening { width, .. }, Some(own)) if *width == own => Some(TextPart::Result),
            (Marker::Closing { width }, Some(own)) if *width == own => {
                self.open = None;
                Some(TextPart::Reasoning)
            }
            (Marker::Opening { .. } | Marker::Closing { .. }, _) => None,
        }
    }

    fn change(&mut self, part: TextPart, sink: Sink<'_>) {
        if part != self.part {
            self.show(sink);
            self.part = part;
        }
    }

    fn show(&mut self, sink: Sink<'_>) {
        if self.unshown.is_empty() {
            return;
        }
        self.shown_at = Some(Instant::now());
        let since_first = self.first.map_or(Duration::ZERO, |first| first.elapsed());
        sink(AgentPiece::Text {
            part: self.part,
            text: std::mem::take(&mut self.unshown),
            tokens: self.tokens,
            tokens_per_second: rate(self.tokens, since_first),
        });
    }
}

/// Tokens per second after the first one, which belongs to the reading.
fn rate(tokens: u32, since_first: Duration) -> f32 {
    if tokens < 2 || since_first.is_zero() {
        return 0.0;
    }
    (tokens - 1) as f32 / since_first.as_secs_f32()
}

/// Whether a line that is not whole may become a marker or a fence.
fn may_be_marker(line: &str) -> bool {
    let text = line.trim_start();
    if text.starts_with('`') {
        return text.len() < 40;
    }
    let brackets = text.chars().take_while(|&c| c == '<').count();
    match brackets {
        0 => text.is_empty(),
        1..WIDTH => text.len() == brackets,
        _ => text.len() < 300,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Everything that is shown, by part, when a text comes in pieces of `size` bytes.
    fn shown(turn: Turn, text: &str, size: usize) -> (String, String) {
        let seen = Mutex::new((String::new(), String::new()));
        let sink = |piece: AgentPiece| {
            if let AgentPiece::Text { part, text, .. } = piece {
                let mut seen = seen.lock().expect("not poisoned");
                match part {
                    TextPart::Reasoning => seen.0.push_str(&text),
                    TextPart::Result => seen.1.push_str(&text),
                }
            }
        };
        let mut live = Live::new(turn);
        for piece in text.as_bytes().chunks(size) {
            live.push(std::str::from_utf8(piece).expect("ASCII"), &sink);
        }
        live.finish(&sink);
        seen.into_inner().expect("not poisoned")
    }

    #[test]
    fn markers_part_reasoning_from_files() {
        let text = "I think.\n<<<FILE a.py>>>\nx = '<<<'\n<<<<END>>>>\n<<<END>>>\nDone";
        for size in 1..text.len() {
            let (reasoning, result) = shown(Turn::Markers, text, size);
            assert_eq!(reasoning, "I think.\nDone", "in pieces of {size}");
            assert_eq!(result, "x = '<<<'\n<<<<END>>>>\n", "in pieces of {size}");
        }
    }

    #[test]
    fn a_fence_around_a_file_is_not_shown() {
        let text = "Hm.\n<<<FILE a.py>>>\n```python\nx = 1\n```\ny\n```\n<<<END>>>";
        for size in 1..text.len() {
            let (reasoning, result) = shown(Turn::Markers, text, size);
            assert_eq!(reasoning, "Hm.\n", "in pieces of {size}");
            assert_eq!(result, "x = 1\n```\ny\n", "in pieces of {size}");
        }
    }

    #[test]
    fn a_word_parts_reasoning_from_the_instruction() {
        let turn = Turn::Word {
            word: "Instruction:",
            keep: false,
        };
        let text = "Thought: short\nInstruction: Do it.\nInstruction: is a word\n";
        for size in 1..text.len() {
            let (reasoning, result) = shown(turn, text, size);
            assert_eq!(reasoning, "Thought: short\n", "in pieces of {size}");
            assert_eq!(
                result, "Do it.\nInstruction: is a word\n",
                "in pieces of {size}"
            );
        }
    }
}
