//! What a page says about itself, read with distrust: the script of `bootstrap.js` collects it, but a
//! hostile page can say anything in its place.

use super::page::Page;
use opzest_app::preview::{PreviewError, PreviewErrorKind};
use serde::Deserialize;

/// Longer than what the script ever says at once.
const LONGEST_SAYING: usize = 1 << 20;
const LONGEST_MESSAGE: usize = 2000;

#[derive(Deserialize)]
struct Said {
    kind: PreviewErrorKind,
    message: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    column: u32,
}

/// The errors in a page's own words (JSON), none if they make no sense.
pub fn read(said: &str, page: &Page) -> Vec<PreviewError> {
    if said.len() > LONGEST_SAYING {
        return Vec::new();
    }
    let errors: Vec<Said> = serde_json::from_str(said).unwrap_or_default();
    errors
        .into_iter()
        .map(|error| {
            let source = page.file(&error.address);
            let place = |number: u32| (source.is_some() && number > 0).then_some(number);
            PreviewError {
                kind: error.kind,
                message: one_line(&error.message),
                source: source.map(|file| file.name.to_string()),
                line: place(error.line),
                column: place(error.column),
            }
        })
        .collect()
}

/// Without what could rewrite a terminal or hide in a prompt.
fn one_line(text: &str) -> String {
    let clean: String = text
        .chars()
        .take(LONGEST_MESSAGE)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_core::artifact::Artifact;

    fn page() -> Page {
        let name = "index.html".parse().expect("a name");
        Page::new("p1", 1, Artifact::one(name, "<p>")).expect("a page")
    }

    #[test]
    fn errors_name_the_artifacts_file() {
        let said = r#"[{"kind":"uncaught","message":"ReferenceError: x","address":
            "opzest-preview://p1/index.html?1","line":7,"column":3}]"#;
        assert_eq!(
            read(said, &page()),
            [PreviewError {
                kind: PreviewErrorKind::Uncaught,
                message: "ReferenceError: x".into(),
                source: Some("index.html".into()),
                line: Some(7),
                column: Some(3),
            }]
        );
    }

    #[test]
    fn places_outside_the_page_are_left_out() {
        let said = r#"[{"kind":"console","message":"a\u001b[2J\nb","address":"tauri://localhost/x","line":7}]"#;
        let errors = read(said, &page());
        assert_eq!(errors[0].message, "a [2J b");
        assert_eq!((&errors[0].source, errors[0].line), (&None, None));
    }

    #[test]
    fn nonsense_says_nothing_and_floods_are_cut() {
        for nonsense in [
            "",
            "null",
            "{}",
            "[1]",
            r#"[{"kind":"other","message":""}]"#,
        ] {
            assert_eq!(read(nonsense, &page()), [], "{nonsense}");
        }
        let error = |length| {
            format!(
                r#"[{{"kind":"console","message":"{}"}}]"#,
                "ä".repeat(length)
            )
        };
        assert_eq!(read(&error(5000), &page())[0].message.chars().count(), 2000);
        assert_eq!(read(&error(LONGEST_SAYING), &page()), []);
    }
}
