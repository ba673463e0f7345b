//! Whether a page shows anything.

use super::html::{Piece, Pieces};

/// Elements that show something without any text.
const SHOWS: [&str; 17] = [
    "img", "svg", "canvas", "video", "audio", "input", "button", "textarea", "select", "iframe",
    "object", "embed", "hr", "progress", "meter", "math", "table",
];
/// Elements whose text is not shown.
const HIDES: [&str; 6] = ["script", "style", "title", "template", "noscript", "head"];

pub(super) fn shows_something(pieces: &Pieces) -> bool {
    let mut hidden: Vec<&str> = Vec::new();
    for (piece, _) in pieces {
        match piece {
            Piece::Start(start) if HIDES.contains(&start.name.as_str()) => {
                // A script may make the content.
                if start.name == "script" && start.attribute("src").is_some() {
                    return true;
                }
                hidden.push(&start.name);
            }
            Piece::Start(start) => {
                if start.name == "body" {
                    hidden.clear();
                }
                if hidden.is_empty() && SHOWS.contains(&start.name.as_str()) {
                    return true;
                }
            }
            Piece::End(name) => {
                if let Some(at) = hidden.iter().rposition(|open| open == name) {
                    hidden.truncate(at);
                }
            }
            Piece::Text(text) => {
                let read = hidden.is_empty() || hidden.last() == Some(&"script");
                if read && !text.trim().is_empty() {
                    return true;
                }
            }
            Piece::CutOff => {}
        }
    }
    false
}
