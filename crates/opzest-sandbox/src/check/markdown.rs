//! Markdown: what a person would have to mend before sending or printing it.

use super::html::{self, Piece};
use super::{Problem, place, tidy};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};
use std::ops::Range;

const MOST_BYTES: usize = 2 * 1024 * 1024;
const MOST: usize = 100;

/// Texts in square brackets that begin so stand for something that the reader would have to fill in.
const PLACEHOLDERS: [&str; 33] = [
    "your",
    "insert",
    "add",
    "enter",
    "fill",
    "name",
    "full name",
    "first name",
    "last name",
    "recipient",
    "sender",
    "company",
    "date",
    "today",
    "address",
    "street",
    "city",
    "zip",
    "phone",
    "email",
    "e-mail",
    "title",
    "job title",
    "position",
    "signature",
    "placeholder",
    "link",
    "url",
    "amount",
    "number",
    "time",
    "place",
    "topic",
];
const LONGEST_PLACEHOLDER: usize = 60;

/// Elements that have no place in a document: they run or load something.
const ACTIVE: [&str; 8] = [
    "script", "iframe", "object", "embed", "applet", "frame", "base", "meta",
];

pub fn check_markdown(text: &str) -> Vec<Problem> {
    if text.trim().is_empty() {
        return vec![Problem::error(None, "The document is empty.")];
    }
    if text.len() > MOST_BYTES {
        let most = MOST_BYTES / (1024 * 1024);
        let message = format!("The document is larger than {most} MB and was not checked.");
        return vec![Problem::error(None, message)];
    }
    let mut document = Document {
        source: text,
        problems: Vec::new(),
        in_code: false,
        has_content: false,
    };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).into_offset_iter();
    for (event, range) in TextMergeWithOffset::new(events) {
        document.event(event, range);
        if document.problems.len() >= MOST {
            break;
        }
    }
    if !document.has_content && document.problems.is_empty() {
        document
            .problems
            .push(Problem::error(None, "The document has no text."));
    }
    tidy(document.problems)
}

struct Document<'a> {
    source: &'a str,
    problems: Vec<Problem>,
    in_code: bool,
    has_content: bool,
}

impl Document<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                self.in_code = true;
                self.has_content = true;
                if matches!(kind, CodeBlockKind::Fenced(_))
                    && !is_closed(&self.source[range.clone()])
                {
                    let message =
                        "This code block is never closed: its last line must be ``` or ~~~ again.";
                    self.problems
                        .push(Problem::error(place::at(self.source, range.start), message));
                }
            }
            Event::End(TagEnd::CodeBlock) => self.in_code = false,
            Event::Text(text) if !self.in_code => {
                self.has_content |= !text.trim().is_empty();
                self.placeholders(range);
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html, range),
            Event::Start(Tag::Link { dest_url, .. }) => self.link(&dest_url, range),
            Event::Start(Tag::Image { dest_url, .. }) => {
                self.has_content = true;
                self.link(&dest_url, range);
            }
            Event::Text(_) | Event::Code(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                self.has_content = true;
            }
            Event::Start(_)
            | Event::End(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }

    fn link(&mut self, address: &str, range: Range<usize>) {
        if address
            .trim()
            .to_ascii_lowercase()
            .starts_with("javascript:")
        {
            let message = "A link that runs a script has no place in a document.";
            self.problems
                .push(Problem::error(place::at(self.source, range.start), message));
        }
    }

    fn html(&mut self, text: &str, range: Range<usize>) {
        let Ok(pieces) = html::pieces(text) else {
            return;
        };
        for (piece, _) in pieces {
            let Piece::Start(start) = piece else { continue };
            let handler = start.attributes.iter().any(|(name, value)| {
                name.starts_with("on")
                    || value.trim().to_ascii_lowercase().starts_with("javascript:")
            });
            if handler || ACTIVE.contains(&start.name.as_str()) {
                let message = format!(
                    "`<{}>` runs or loads something and has no place in a document.",
                    start.name
                );
                self.problems
                    .push(Problem::error(place::at(self.source, range.start), message));
            }
        }
    }

    fn placeholders(&mut self, range: Range<usize>) {
        let text = &self.source[range.clone()];
        for (start, _) in text.match_indices('[') {
            let mut inside = text[start + 1..].bytes().take(LONGEST_PLACEHOLDER + 1);
            let Some(length) = inside.position(|byte| byte == b']') else {
                continue;
            };
            let inner = &text[start + 1..start + 1 + length];
            if is_placeholder(inner) {
                let message = format!("`[{inner}]` still has to be filled in.");
                let place = place::at(self.source, range.start + start);
                self.problems.push(Problem::warning(place, message));
                if self.problems.len() >= MOST {
                    return;
                }
            }
        }
    }
}

fn is_placeholder(inner: &str) -> bool {
    let inner = inner.trim().to_lowercase();
    PLACEHOLDERS.iter().any(|word| {
        inner
            .strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// Whether the last line of a fenced block is a fence like the first.
fn is_closed(block: &str) -> bool {
    let marks = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '>']);
        let mark = line
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = line.trim_start_matches(mark);
        Some((mark, line.len() - rest.len(), rest.trim().is_empty()))
    };
    let mut lines = block.trim_end().lines();
    let Some((mark, count, _)) = lines.next().and_then(marks) else {
        return true;
    };
    let last = lines.next_back().and_then(marks);
    last.is_some_and(|(last, least, bare)| last == mark && least >= count && bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        check_markdown(text)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_good_letter_is_fine() {
        let letter = "# Hello\n\nDear *Ann*, see [the plan](https://example.org) and [1].\n\n- [ ] call\n- [x] write\n\n```python\nprint('[Your Name]')\n```\n\n> ~~~\n> quoted\n> ~~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    indented [Name]\n\n<b>bold</b>, [notes] and `[Your Name]`.\n";
        assert_eq!(texts(letter), [""; 0]);
    }

    #[test]
    fn nothing_to_read_is_an_error() {
        assert_eq!(texts(" \n\n"), ["The document is empty."]);
        assert_eq!(texts("#\n\n---\n"), ["The document has no text."]);
    }

    #[test]
    fn open_fences_are_errors() {
        for (text, line) in [
            ("```\ncode\n", 1),
            ("a\n\n````md\n```\n", 3),
            ("> ```\n> x\n\ny", 1),
            ("```", 1),
            ("- a\n\n  ~~~\n  x\n  ```\n", 3),
        ] {
            let problems = check_markdown(text);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert!(super::super::has_errors(&problems), "{text}");
            assert_eq!(
                problems[0].place.map(|place| place.line),
                Some(line),
                "{text}"
            );
        }
    }

    #[test]
    fn placeholders_are_warnings() {
        let problems = check_markdown(
            "Dear [Recipient's Name],\n\nbest, **[Your Name]** ([insert *date* here])",
        );
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts[..2],
            [
                "line 1, column 6: `[Recipient's Name]` still has to be filled in.",
                "line 3, column 9: `[Your Name]` still has to be filled in.",
            ]
        );
        assert!(!super::super::has_errors(&problems));
    }

    #[test]
    fn scripts_have_no_place() {
        for text in [
            "a\n\n<script>alert(1)</script>\n",
            "a <img src=x onerror=alert(1)> b",
            "[a](javascript:alert(1))",
            "<a href=' JavaScript:x'>a</a>",
            "<iframe src='x'></iframe>",
        ] {
            assert!(super::super::has_errors(&check_markdown(text)), "{text}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        for part in ["[", "> ", "*a "] {
            check_markdown(&part.repeat(100_000));
        }
        for part in [
            "![", "- ", "<", "`", "(", "[a](", "|", "&", "[^", "<b>", "**[", "1. ", "\\", "_a",
            "[a]: b\n",
        ] {
            check_markdown(&format!("a\n{}\nb", part.repeat(10_000)));
        }
        assert!(texts(&"x".repeat(MOST_BYTES + 1))[0].contains("larger than 2 MB"));
    }
}
