//! The form in which text is indexed: words as they are, and characters that are words on their own
//! (Chinese, Japanese, emoji) set apart, because the index knows words only by what is between them.
//!
//! The index relies on this being the same for the same text for ever: a change needs a migration that
//! rebuilds it.

use opzest_core::chat::{ChatMessage, Role};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use std::borrow::Cow;

/// Around a character that is a word on its own; never in the text, and taken out of what is shown.
pub(super) const JOINT: char = '\u{1f}';
/// Around a match in what FTS5's `snippet` gives.
pub(super) const MATCH_START: char = '\u{2}';
pub(super) const MATCH_END: char = '\u{3}';

/// A text as the index reads it.
pub(crate) fn search_form(text: &str) -> String {
    // Most texts stay as they are.
    let is_plain = |byte: u8| byte.is_ascii() && !matches!(byte, 0 | 2 | 3 | 0x1f);
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut form = String::with_capacity(text.len() + text.len() / 4);
    for c in text.chars() {
        match c {
            // FTS5 reads a text up to the first NUL.
            JOINT | MATCH_START | MATCH_END | '\0' => form.push(' '),
            c if is_a_word(c) => form.extend([JOINT, c, JOINT]),
            c => form.push(c),
        }
    }
    form
}

/// The messages of a prompt, given as JSON, without the system's; what cannot be read is taken as it is.
fn prompt_search_form(json: &str) -> String {
    let Ok(messages) = serde_json::from_str::<Vec<ChatMessage>>(json) else {
        return search_form(json);
    };
    let spoken = messages
        .iter()
        .filter(|message| message.role != Role::System);
    let texts: Vec<_> = spoken.map(|message| &*message.content).collect();
    search_form(&texts.join("\n"))
}

/// Scripts without spaces between words, and pictures.
fn is_a_word(c: char) -> bool {
    matches!(c,
        '\u{2600}'..='\u{27bf}'       // symbols, dingbats
        | '\u{3005}'..='\u{3007}'     // 々〆〇
        | '\u{3040}'..='\u{30ff}'     // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{1f000}'..='\u{1faff}'   // emoji
        | '\u{20000}'..='\u{3ffff}') // further Chinese characters
}

/// Makes the forms known to a connection: the index's triggers and views call it.
pub(crate) fn register(connection: &Connection) -> rusqlite::Result<()> {
    // Innocuous: a schema that is not trusted may call it.
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("search_form", 1, flags, |context| {
        Ok(text(context.get_raw(0)).map(|text| search_form(&text)))
    })?;
    connection.create_scalar_function("example_search_form", 2, flags, |context| {
        let part: i64 = context.get(0)?;
        Ok(text(context.get_raw(1)).map(|text| match part {
            0 => prompt_search_form(&text),
            _ => search_form(&text),
        }))
    })
}

fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text)),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: stores in the field are indexed like this.
    #[test]
    fn the_form_never_changes() {
        assert_eq!(
            search_form("plain words, ünd Zeichen"),
            "plain words, ünd Zeichen"
        );
        assert_eq!(search_form("a漢字b"), "a\u{1f}漢\u{1f}\u{1f}字\u{1f}b");
        assert_eq!(
            search_form("かな🦀☀"),
            "\u{1f}か\u{1f}\u{1f}な\u{1f}\u{1f}🦀\u{1f}\u{1f}☀\u{1f}"
        );
        assert_eq!(search_form("\0a\u{1f}b\u{2}c\u{3}"), " a b c ");
        assert_eq!(search_form("한국어 ไทย"), "한국어 ไทย");

        let prompt = r#"[{"role":"system","content":"Be brief"},{"role":"user","content":"漢"},
            {"role":"assistant","content":"b"}]"#;
        assert_eq!(prompt_search_form(prompt), "\u{1f}漢\u{1f}\nb");
        assert_eq!(prompt_search_form("[damaged\0"), "[damaged ");
    }
}
