//! The text around a hit, in plain and matching parts.

use super::form::{JOINT, MATCH_END, MATCH_START};
use opzest_core::conversation::HitPart;

/// FTS5 counts words; a word can be as long as the text.
const MAX_PART_CHARS: usize = 160;

/// Cuts what FTS5's `snippet` gave at its marks.
pub(crate) fn parts(snippet: &str) -> Vec<HitPart> {
    let mut parts = Vec::new();
    let mut rest = snippet;
    while !rest.is_empty() {
        let (plain, marked) = rest.split_once(MATCH_START).unwrap_or((rest, ""));
        let (matching, after) = marked.split_once(MATCH_END).unwrap_or((marked, ""));
        let plain = one_line(plain);
        // Before the first match, the end of the text is nearest to it.
        let plain = if parts.is_empty() {
            last_chars(plain)
        } else {
            first_chars(plain)
        };
        push(&mut parts, plain, false);
        push(&mut parts, first_chars(one_line(matching)), true);
        rest = after;
    }
    parts
}

fn push(parts: &mut Vec<HitPart>, text: String, matches: bool) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.matches == matches => last.text += &text,
        _ => parts.push(HitPart { text, matches }),
    }
}

/// Without the joints, and with every run of white space as one space.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| c != JOINT) {
        match c {
            c if !c.is_whitespace() => line.push(c),
            _ if line.ends_with(' ') => {}
            _ => line.push(' '),
        }
    }
    line
}

fn first_chars(text: String) -> String {
    match text.char_indices().nth(MAX_PART_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn last_chars(text: String) -> String {
    match text.char_indices().nth_back(MAX_PART_CHARS) {
        Some((start, c)) => format!("…{}", &text[start + c.len_utf8()..]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(snippet: &str) -> String {
        let mark = |part: &HitPart| match part.matches {
            true => format!("[{}]", part.text),
            false => part.text.clone(),
        };
        parts(snippet).iter().map(mark).collect()
    }

    #[test]
    fn marks_become_parts() {
        assert_eq!(
            shown("…the \u{2}red\u{3} fox,\n the \u{2}red\u{3}"),
            "…the [red] fox, the [red]"
        );
        assert_eq!(shown("\u{1f}你\u{1f}\u{2}\u{1f}好\u{1f}\u{3}"), "你[好]");
        assert_eq!(shown("\u{2}ab\u{3}\u{2}cd\u{3}"), "[abcd]");
        assert_eq!(shown("no match"), "no match");
        assert_eq!(parts(""), []);
    }

    #[test]
    fn long_words_are_cut_away_from_the_match() {
        let long = "x".repeat(500);
        let cut = shown(&format!("{long}a \u{2}hit\u{3} b{long}"));
        assert!(cut.starts_with("…xxx") && cut.contains("xa [hit] bx") && cut.ends_with("xxx…"));
        assert!(cut.chars().count() < 340);
    }
}
