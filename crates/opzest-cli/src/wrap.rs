//! Breaks lines between words instead of where the terminal's edge is, for text that comes in pieces.

use std::io::{self, IsTerminal};
use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A terminal narrower than this breaks lines by itself.
const NARROWEST: usize = 20;

const TAB: usize = 8;

#[derive(Debug)]
pub struct Wrap {
    /// `None` leaves the text as it is: a file or another program reads it.
    width: Option<usize>,
    column: usize,
    /// A word that may go on.
    word: String,
}

impl Wrap {
    /// For standard output as it is now.
    pub fn for_output() -> Self {
        Self::new(output_width())
    }

    fn new(width: Option<usize>) -> Self {
        Self {
            width,
            column: 0,
            word: String::new(),
        }
    }

    /// The next piece of text; its last word may be held back until it is known where it ends.
    pub fn push(&mut self, piece: &str) -> String {
        let Some(width) = self.width else {
            return piece.to_owned();
        };
        let mut out = String::with_capacity(piece.len() + 8);
        for c in piece.chars() {
            match c {
                '\n' => {
                    self.put_word(width, &mut out);
                    out.push('\n');
                    self.column = 0;
                }
                '\t' => {
                    self.put_word(width, &mut out);
                    out.push('\t');
                    self.column = (self.column / TAB + 1) * TAB;
                }
                ' ' => {
                    self.put_word(width, &mut out);
                    // At the edge the line break stands for the space.
                    if self.column < width {
                        out.push(' ');
                        self.column += 1;
                    }
                }
                // Scripts without spaces break anywhere.
                wide if wide.width() == Some(2) => {
                    self.put_word(width, &mut out);
                    self.word.push(wide);
                    self.put_word(width, &mut out);
                }
                _ => self.word.push(c),
            }
        }
        out
    }

    /// The word held back.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        if let Some(width) = self.width {
            self.put_word(width, &mut out);
        }
        out
    }

    fn put_word(&mut self, width: usize, out: &mut String) {
        let needed = self.word.width();
        if self.column > 0 && self.column + needed > width && needed > 0 {
            out.push('\n');
            self.column = 0;
        }
        out.push_str(&self.word);
        self.word.clear();
        self.column += needed;
        if self.column > width {
            self.column %= width;
        }
    }
}

/// How wide the terminal is that shows standard output.
pub fn output_width() -> Option<usize> {
    let stdout = io::stdout();
    let width = terminal_size_of(&stdout)
        .filter(|_| stdout.is_terminal())
        .map(|(Width(width), _)| usize::from(width));
    width.filter(|&width| width >= NARROWEST)
}

/// A whole text, for standard output as it is now.
pub fn wrapped(text: &str) -> String {
    wrapped_within(0, text)
}

/// A text that leaves so many columns free.
pub fn wrapped_within(free: usize, text: &str) -> String {
    let width = output_width().and_then(|width| width.checked_sub(free));
    let mut wrap = Wrap::new(width);
    let shown = wrap.push(text);
    shown + &wrap.finish()
}

/// A text whose first line stands after so many columns, and whose other lines stand under the first.
pub fn wrapped_after(columns: usize, text: &str) -> String {
    let indent = format!("\n{}", " ".repeat(columns));
    wrapped_within(columns, text).replace('\n', &indent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrap(width: Option<usize>, pieces: &[&str]) -> String {
        let mut wrap = Wrap::new(width);
        let shown: String = pieces.iter().map(|piece| wrap.push(piece)).collect();
        shown + &wrap.finish()
    }

    #[test]
    fn lines_break_between_words() {
        let text = "the lemon tree was a symbol";
        assert_eq!(wrap(Some(12), &[text]), "the lemon \ntree was a \nsymbol");
        assert_eq!(
            wrap(Some(12), &["the lem", "on tr", "ee was a symbol"]),
            "the lemon \ntree was a \nsymbol"
        );
        assert_eq!(wrap(None, &["the lem", "on"]), "the lemon");
    }

    #[test]
    fn lines_that_fit_are_left_alone() {
        let code = "def f():\n    return 1\n\n\tx";
        assert_eq!(wrap(Some(20), &[code]), code);
        assert_eq!(wrap(Some(5), &["12345 12345"]), "12345\n12345");
    }

    #[test]
    fn what_has_no_spaces_breaks_anyway() {
        assert_eq!(wrap(Some(4), &["三三三"]), "三三\n三");
        assert_eq!(wrap(Some(4), &["a 123456789 b"]), "a \n123456789 b");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[a-c \n]{0,80}", cut in 0_usize..80) {
            let cut = cut.min(text.len());
            let shown = wrap(Some(7), &[&text[..cut], &text[cut..]]);
            let words = |text: &str| -> Vec<String> {
                text.split_whitespace().map(str::to_owned).collect()
            };
            prop_assert_eq!(words(&shown), words(&text));
        }
    }
}
