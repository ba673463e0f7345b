//! Makes text from a server fit to be shown in an error: one line, bounded, without control
//! characters, and without the API key that a server may echo.

use super::api_key::ApiKey;

/// Characters of a server's message that an error shows.
pub(super) const MAX_MESSAGE_CHARS: usize = 300;

/// Replaces control and direction-changing characters by spaces, joins white space, and cuts after
/// `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() || changes_direction(c) {
            gap = true;
            continue;
        }
        if chars >= max {
            line.push('…');
            break;
        }
        if gap && !line.is_empty() {
            line.push(' ');
            chars += 1;
        }
        gap = false;
        line.push(c);
        chars += 1;
    }
    line
}

/// Invisible characters that can make a text read differently from what it is.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A server's message as an error shows it.
pub(super) fn message(text: &str, key: Option<&ApiKey>) -> String {
    excerpt(text, MAX_MESSAGE_CHARS, key)
}

/// The beginning of a server's text. The key is hidden before the cut, which could leave half of it.
pub(super) fn excerpt(text: &str, max: usize, key: Option<&ApiKey>) -> String {
    let redacted = match key {
        Some(key) if !key.expose().is_empty() => text.replace(key.expose(), "***"),
        _ => text.to_owned(),
    };
    one_line(&redacted, max)
}

/// The visible text of a page that should have been JSON: tags, scripts and styles left out.
pub(super) fn page_text(page: &str) -> String {
    if !page.trim_start().starts_with('<') {
        return page.to_owned();
    }
    let mut text = String::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        rest = &rest[open..];
        let hidden = ["script", "style"].into_iter().find(|name| {
            rest.get(1..=name.len())
                .is_some_and(|tag| tag.eq_ignore_ascii_case(name))
        });
        let end = match hidden {
            Some(name) => rest.find(&format!("</{name}")).filter(|end| *end > 0),
            None => rest.find('>').map(|close| close + 1),
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return text,
        }
    }
    text.push_str(rest);
    text
}

/// An error with its causes, outermost first.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_one_short_line() {
        assert_eq!(one_line("a\u{1b}[31mb\r\n\tc\u{202e}d", 100), "a [31mb c d");
        assert_eq!(one_line(&"x".repeat(1000), 5), "xxxxx…");
        assert_eq!(one_line("  \n ", 5), "");
        assert_eq!(one_line("äöü", 3), "äöü");
    }

    #[test]
    fn an_echoed_key_is_hidden() {
        let key = ApiKey::new("sk-secret-1234");
        assert_eq!(
            message("bad key sk-secret-1234!", Some(&key)),
            "bad key ***!"
        );
    }

    #[test]
    fn an_html_page_is_read_as_text() {
        let page = "<html><head><title>502</title><style>b{}</style><SCRIPT>x</script></head><body><h1>Bad gateway</h1>";
        assert_eq!(
            one_line(&page_text(page), 100),
            "502 x Bad gateway".replace(" x", "")
        );
        assert_eq!(page_text("plain < text"), "plain < text");
        assert_eq!(one_line(&page_text("<unclosed"), 9), "");
        assert_eq!(one_line(&page_text("<ä>ö"), 9), "ö");
    }
}
