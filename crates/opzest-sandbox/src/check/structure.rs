//! Which elements of a page are left open, and which end tags end nothing. Elements that HTML itself closes
//! (paragraphs, list items, table cells ...) are never complained about.

use super::Problem;
use super::html::{Piece, Pieces, place_of_tag};
use std::collections::HashMap;

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "param",
];
const CLOSED_BY_ITSELF: [&str; 22] = [
    "html",
    "head",
    "body",
    "p",
    "li",
    "dt",
    "dd",
    "option",
    "optgroup",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "tfoot",
    "colgroup",
    "caption",
    "rt",
    "rp",
    "rb",
    "rtc",
    "plaintext",
];
/// Left open, they hide the rest of the page.
const SWALLOWS: [&str; 9] = [
    "script", "style", "title", "textarea", "iframe", "canvas", "select", "xmp", "noscript",
];
const MOST: usize = 100;

pub(super) struct Structure<'a> {
    lines: &'a [&'a str],
    open: Vec<(&'a str, u32)>,
    /// How many elements of a name are open, so that a stray end tag costs nothing.
    counts: HashMap<&'a str, usize>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Structure<'a> {
    pub(super) fn check(pieces: &'a Pieces, lines: &'a [&'a str]) -> Self {
        let mut structure = Self {
            lines,
            open: Vec::new(),
            counts: HashMap::new(),
            problems: Vec::new(),
        };
        let mut foreign = 0_usize;
        for (piece, line) in pieces {
            match piece {
                Piece::Start(start) => {
                    foreign += usize::from(matches!(start.name.as_str(), "svg" | "math"));
                    let closed = start.self_closing && foreign > 0;
                    if !closed && !VOID.contains(&start.name.as_str()) {
                        structure.open(&start.name, *line);
                    }
                    if closed && matches!(start.name.as_str(), "svg" | "math") {
                        foreign -= 1;
                    }
                }
                Piece::End(name) => {
                    if matches!(name.as_str(), "svg" | "math") {
                        foreign = foreign.saturating_sub(1);
                    }
                    structure.close(name, *line);
                }
                Piece::CutOff => {
                    let place = super::Place {
                        line: *line,
                        column: 1,
                    };
                    let message = "The page ends in the middle of a tag or a comment.";
                    structure.add(Problem::error(place, message));
                }
                Piece::Text(_) => {}
            }
        }
        while let Some((name, line)) = structure.pop() {
            structure.left_open(name, line);
        }
        structure
    }

    fn add(&mut self, problem: Problem) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        }
    }

    fn open(&mut self, name: &'a str, line: u32) {
        self.open.push((name, line));
        *self.counts.entry(name).or_default() += 1;
    }

    fn pop(&mut self) -> Option<(&'a str, u32)> {
        let (name, line) = self.open.pop()?;
        if let Some(count) = self.counts.get_mut(name) {
            *count -= 1;
        }
        Some((name, line))
    }

    fn close(&mut self, name: &str, line: u32) {
        if self.counts.get(name).is_none_or(|count| *count == 0) {
            if !VOID.contains(&name) && !CLOSED_BY_ITSELF.contains(&name) {
                let place = place_of_tag(self.lines, line, &format!("/{name}"));
                self.add(Problem::warning(
                    place,
                    format!("`</{name}>` ends an element that was not begun."),
                ));
            }
            return;
        }
        while let Some((open, line)) = self.pop() {
            if open == name {
                return;
            }
            self.left_open(open, line);
        }
    }

    fn left_open(&mut self, name: &str, line: u32) {
        if CLOSED_BY_ITSELF.contains(&name) || self.problems.len() >= MOST {
            return;
        }
        let place = place_of_tag(self.lines, line, name);
        self.add(if SWALLOWS.contains(&name) {
            let message = format!("`<{name}>` is never closed and swallows the rest of the page.");
            Problem::error(place, message)
        } else {
            Problem::warning(place, format!("`<{name}>` is never closed."))
        });
    }
}
