//! What a person typed, as an FTS5 query.

use super::form::search_form;

/// Whatever else was pasted into the search field says no more than its first words.
const MAX_CHARS: usize = 512;
const MAX_WORDS: usize = 24;

/// All words, in any order, the last one only begun; `None` if nothing was typed. Everything is
/// quoted, so nothing that a person types is an operator.
pub(crate) fn match_expression(typed: &str) -> Option<String> {
    match_expression_from(typed, 1)
}

/// The same, with the last word only begun if it has at least `least` letters: fewer begin so many words
/// that a large index takes long to find them.
pub(crate) fn match_expression_from(typed: &str, least: usize) -> Option<String> {
    let typed: String = typed.chars().take(MAX_CHARS).collect();
    let words: Vec<_> = typed.split_whitespace().take(MAX_WORDS).collect();
    let is_begun = words.last()?.chars().count() >= least;
    let quoted: Vec<_> = words.into_iter().map(quoted).collect();
    // The star belongs to the last phrase.
    Some(quoted.join(" ") + if is_begun { "*" } else { "" })
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", search_form(word).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_the_last_one_is_begun() {
        let expression = |typed| match_expression(typed).expect("something was typed");
        assert_eq!(expression("  hello wor"), r#""hello" "wor"*"#);
        assert_eq!(expression(r#"say "hi" OR"#), r#""say" """hi""" "OR"*"#);
        assert_eq!(expression("漢"), "\"\u{1f}漢\u{1f}\"*");
        let from_three = |typed| match_expression_from(typed, 3).expect("something was typed");
        assert_eq!(from_three("hello wo"), r#""hello" "wo""#);
        assert_eq!(from_three("hello wör"), r#""hello" "wör"*"#);
        assert_eq!(match_expression(" \n\t "), None);
        assert_eq!(match_expression(""), None);
    }

    #[test]
    fn a_pasted_book_is_cut() {
        assert!(
            match_expression(&"word ".repeat(10_000))
                .expect("words")
                .len()
                < 1_000
        );
        assert!(match_expression(&"漢".repeat(10_000)).expect("words").len() < 4_000);
    }
}
