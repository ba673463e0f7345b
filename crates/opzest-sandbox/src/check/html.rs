//! HTML as html5ever's tokenizer reads it: tags and texts with their lines.
//!
//! Building the tree is left out: a browser builds one from anything, so its errors say little, and the
//! work for hostile nesting grows with the square of its depth.

use super::Place;
use super::place::number;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// A tag with very many attributes takes long.
const LONGEST: Duration = Duration::from_secs(3);
const PORTION: usize = 16 * 1024;
const LONGEST_LINE: usize = 4 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Start(Start),
    End(String),
    Text(String),
    /// The text ends inside a tag or a comment.
    CutOff,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) self_closing: bool,
}

impl Start {
    /// The value of an attribute; "" for one without a value.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A piece, with the line on which it ends.
pub(super) type Pieces = Vec<(Piece, u32)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

pub(super) fn pieces(source: &str) -> Result<Pieces, TooLong> {
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let started = Instant::now();
    let input = BufferQueue::default();
    let mut rest = source;
    while !rest.is_empty() {
        if started.elapsed() > LONGEST {
            return Err(TooLong);
        }
        let mut end = rest.len().min(PORTION);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (portion, later) = rest.split_at(end);
        rest = later;
        input.push_back(StrTendril::from_slice(portion));
        // It stops for scripts, which nobody runs here.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
    }
    tokenizer.end();
    Ok(tokenizer.sink.pieces.into_inner())
}

/// The column at which a tag begins, if its line shows it.
pub(super) fn place_of_tag(lines: &[&str], line: u32, name: &str) -> Place {
    let text = line_to_search(lines, line);
    let text = text.to_ascii_lowercase();
    let column = text
        .find(&format!("<{name}"))
        .or_else(|| text.find(&format!("</{name}")))
        .map_or(1, |at| text[..at].chars().count() + 1);
    Place {
        line,
        column: number(column),
    }
}

/// A line of the source; nothing for one so long that looking through it for every tag takes long.
pub(super) fn line_to_search<'a>(lines: &[&'a str], line: u32) -> &'a str {
    let text = lines.get(line as usize - 1).copied().unwrap_or_default();
    if text.len() > LONGEST_LINE { "" } else { text }
}

#[derive(Default)]
struct Collector {
    pieces: RefCell<Pieces>,
    /// Open `svg` and `math` elements, in which other rules hold.
    foreign: Cell<usize>,
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let line = number(line as usize);
        let mut pieces = self.pieces.borrow_mut();
        match token {
            Token::TagToken(tag) => {
                let raw = self.enter(&tag);
                pieces.push((piece(tag), line));
                return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
            }
            Token::CharacterTokens(text) => match pieces.last_mut() {
                Some((Piece::Text(before), end)) => {
                    before.push_str(&text);
                    *end = line;
                }
                Some(_) | None => pieces.push((Piece::Text(text.to_string()), line)),
            },
            Token::ParseError(error) if error.to_ascii_lowercase().contains("eof") => {
                pieces.push((Piece::CutOff, line));
            }
            Token::ParseError(_)
            | Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

impl Collector {
    /// How the tokenizer has to read what follows a tag.
    fn enter(&self, tag: &Tag) -> Option<RawKind> {
        let name: &str = &tag.name;
        let foreign = self.foreign.get();
        match tag.kind {
            TagKind::EndTag => {
                if matches!(name, "svg" | "math") {
                    self.foreign.set(foreign.saturating_sub(1));
                }
                None
            }
            TagKind::StartTag => match name {
                "svg" | "math" => {
                    self.foreign.set(foreign + usize::from(!tag.self_closing));
                    None
                }
                "script" if !(foreign > 0 && tag.self_closing) => Some(ScriptData),
                _ if foreign > 0 => None,
                "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(Rawtext),
                "title" | "textarea" => Some(Rcdata),
                _ => None,
            },
        }
    }
}

fn piece(tag: Tag) -> Piece {
    let name = tag.name.to_string();
    match tag.kind {
        TagKind::EndTag => Piece::End(name),
        TagKind::StartTag => Piece::Start(Start {
            name,
            attributes: tag
                .attrs
                .into_iter()
                .map(|attribute| {
                    (
                        attribute.name.local.to_string(),
                        attribute.value.to_string(),
                    )
                })
                .collect(),
            self_closing: tag.self_closing,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_their_lines() {
        let found = pieces("<!doctype html>\n<p\nid=x>a &amp; b<script>if (a < b) c();\n</script>")
            .expect("short");
        let start = |name: &str, attributes: &[(&str, &str)]| {
            Piece::Start(Start {
                name: name.into(),
                attributes: attributes
                    .iter()
                    .map(|(a, b)| ((*a).into(), (*b).into()))
                    .collect(),
                self_closing: false,
            })
        };
        assert_eq!(
            found,
            [
                (Piece::Text("\n".into()), 2),
                (start("p", &[("id", "x")]), 3),
                (Piece::Text("a & b".into()), 3),
                (start("script", &[]), 3),
                (Piece::Text("if (a < b) c();\n".into()), 4),
                (Piece::End("script".into()), 4),
            ]
        );
    }

    #[test]
    fn a_cut_text_is_noticed() {
        for text in ["<p class=", "<p class=\"a", "<!-- a", "</p"] {
            let found = pieces(text).expect("short");
            assert!(
                found.iter().any(|(piece, _)| *piece == Piece::CutOff),
                "{text}: {found:?}"
            );
        }
        assert!(
            pieces("a < b <p>")
                .expect("short")
                .iter()
                .all(|(piece, _)| *piece != Piece::CutOff)
        );
    }

    #[test]
    fn hostile_texts_end() {
        let attributes: String = (0..3_000).map(|n| format!(" a{n}")).collect();
        for text in [
            "<div>".repeat(100_000),
            "<".repeat(20_000),
            format!("<a{attributes}>"),
        ] {
            let _ = pieces(&text);
        }
    }
}
