//! Text of models, files and servers made safe for a terminal: no control characters, no escape
//! sequences. Only line feeds and tabs are kept.

/// A sequence longer than this is none: what follows is text again, so that a stray escape character
/// cannot swallow an answer.
const LONGEST_SEQUENCE: u16 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After ESC.
    Escape,
    /// In a control sequence (`ESC [`), so many characters long.
    Sequence(u16),
    /// In a string for the terminal (a title, a link, the clipboard ...).
    String(u16),
    /// In such a string, after ESC.
    StringEscape,
}

/// A filter for text that comes in pieces; sequences may be split anywhere.
#[derive(Debug)]
pub struct PlainText {
    state: State,
}

impl PlainText {
    pub fn new() -> Self {
        Self { state: State::Text }
    }

    /// The next piece, without what a terminal would obey.
    pub fn push(&mut self, piece: &str) -> String {
        piece.chars().filter(|&c| self.keeps(c)).collect()
    }

    fn keeps(&mut self, c: char) -> bool {
        match self.state {
            State::Text => self.text(c),
            State::Escape => match c {
                '[' => self.to(State::Sequence(0)),
                ']' | 'P' | 'X' | '^' | '_' => self.to(State::String(0)),
                ' '..='/' => false,
                '0'..='~' => self.to(State::Text),
                _ => self.text(c),
            },
            State::Sequence(length) => match c {
                ' '..='?' if length < LONGEST_SEQUENCE => self.to(State::Sequence(length + 1)),
                '@'..='~' => self.to(State::Text),
                _ => self.text(c),
            },
            State::String(length) => match c {
                '\u{7}' | '\u{9c}' => self.to(State::Text),
                '\u{1b}' => self.to(State::StringEscape),
                '\n' => self.text(c),
                _ if length < LONGEST_SEQUENCE => self.to(State::String(length + 1)),
                _ => self.text(c),
            },
            State::StringEscape => {
                if c == '\\' {
                    return self.to(State::Text);
                }
                self.state = State::Escape;
                self.keeps(c)
            }
        }
    }

    fn text(&mut self, c: char) -> bool {
        self.state = match c {
            '\u{1b}' => State::Escape,
            '\u{9b}' => State::Sequence(0),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => State::String(0),
            _ => State::Text,
        };
        matches!(c, '\n' | '\t') || !c.is_control()
    }

    fn to(&mut self, state: State) -> bool {
        self.state = state;
        false
    }
}

/// A whole text.
pub fn plain(text: &str) -> String {
    PlainText::new().push(text)
}

/// A text as one line.
pub fn line(text: &str) -> String {
    plain(text).replace(['\n', '\t'], " ")
}

/// JSON whose strings hold no raw control characters, not even those that JSON allows.
pub fn plain_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() && c != '\n' {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_kept() {
        let text = "Línea 1\n\tzwei — 三 🍋 [31m]0;";
        assert_eq!(plain(text), text);
    }

    #[test]
    fn sequences_are_removed_whole() {
        for (hostile, rest) in [
            ("a\x1b[31mred\x1b[0m", "ared"),
            ("a\x1b[2J\x1b[1;1Hb", "ab"),
            ("\x1b]0;title\x07a", "a"),
            ("\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1b]52;c;ZXZpbA==\x07a", "a"),
            ("\x1bP1;2|17/ab\x1b\\a", "a"),
            ("\x1b(0a\x1bcb", "ab"),
            ("a\u{9b}31mb\u{9d}0;t\u{9c}c", "abc"),
            ("over\rwrite\x08\x0b\x0c\x00\x7f\u{85}", "overwrite"),
            ("\x1b[31\x1b[1mx", "x"),
            ("\x1b[12\nnext", "\nnext"),
            ("\x1b", ""),
        ] {
            assert_eq!(plain(hostile), rest, "{hostile:?}");
        }
    }

    #[test]
    fn an_open_sequence_swallows_little() {
        assert_eq!(plain("\x1b]0;never ends\nnext line"), "\nnext line");
        let long = format!("\x1b]{}", "x".repeat(5000));
        assert!(plain(&long).len() > 4000);
        let long = format!("\x1b[{}", "1".repeat(5000));
        assert!(plain(&long).len() > 4000);
    }

    #[test]
    fn json_holds_no_raw_control_characters() {
        let json = serde_json::to_string_pretty(&["a\u{9b}31m\u{7f}\x1b"]).expect("JSON");
        let safe = plain_json(&json);
        assert!(safe.chars().all(|c| c == '\n' || !c.is_control()));
        let back: Vec<String> = serde_json::from_str(&safe).expect("JSON");
        assert_eq!(back, ["a\u{9b}31m\u{7f}\x1b"]);
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in "(?s)(.|\x1b|\\[|\\]|\u{9b}|\x07){0,200}") {
            prop_assert!(plain(&text).chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()));
        }

        #[test]
        fn pieces_make_no_difference(
            text in "(?s)(.|\x1b|\\[|\\]|\u{9b}|\x07|m){0,60}",
            cut in 0_usize..60,
        ) {
            let cut = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
            let mut filter = PlainText::new();
            let pieces = filter.push(&text[..cut]) + &filter.push(&text[cut..]);
            prop_assert_eq!(pieces, plain(&text));
        }
    }
}
