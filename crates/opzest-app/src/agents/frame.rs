//! The form in which artifacts travel to models and back: plain text between marker lines.
//!
//! ```text
//! <<<FILE main.py>>>
//! `` `python
//! print("hello")
//! `` `
//! <<<END>>>
//! ```
//!
//! Nothing between the lines is escaped: models write code as they have learned it. The markers say
//! where a file begins and ends; the code fence inside them says nothing, but small models write code
//! only where they see one (measured: docs/experiments.md). Documents have no fence around them.
//!
//! The form cannot collide with what it holds, by the rule of Markdown's fences: if a line of a file
//! begins with three or more `<`, the markers of this text get one more than that line has, and a file
//! ends only at an end marker as long as its own beginning. Files end with a line break; that is the only
//! thing that is added to a text. Reading answers is in [`super::reading`].

use opzest_core::artifact::{Artifact, FileName};

/// The usual number of `<` and `>` of a marker.
pub const WIDTH: usize = 3;

/// The beginning of a file, without a line break.
pub fn opening(width: usize, name: &str) -> String {
    format!("{}FILE {name}{}", "<".repeat(width), ">".repeat(width))
}

/// The end of a file, without a line break.
pub fn closing(width: usize) -> String {
    format!("{}END{}", "<".repeat(width), ">".repeat(width))
}

/// An artifact as a worker reads it, and as one would write it without reasoning: also the text of a
/// version that the user wrote by hand.
pub fn render_raw(artifact: &Artifact) -> String {
    let width = width_for(artifact);
    artifact
        .files()
        .iter()
        .map(|file| {
            let (opening, closing) = (opening(width, file.name.as_str()), closing(width));
            format!("{opening}\n{}{closing}\n", fenced(&file.name, &file.text))
        })
        .collect()
}

/// A file's text as it stands between its markers.
pub fn fenced(name: &FileName, text: &str) -> String {
    let text = with_line_break(text);
    match language(name) {
        Some(language) => format!("```{language}\n{text}```\n"),
        None => text,
    }
}

/// The word after a code fence, for files that are code.
pub fn language(name: &FileName) -> Option<&'static str> {
    let ending = name.as_str().rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "py" => "python",
        "html" | "htm" => "html",
        "json" => "json",
        "css" => "css",
        "js" => "javascript",
        _ => return None,
    })
}

/// Markers that no line of these files can be taken for.
pub fn width_for(artifact: &Artifact) -> usize {
    artifact
        .files()
        .iter()
        .flat_map(|file| file.text.lines())
        .map(|line| brackets(line.trim_start(), '<'))
        .filter(|&width| width >= WIDTH)
        .max()
        .map_or(WIDTH, |width| width + 1)
}

/// A text as it comes back from a model: ended by a line break, unless it is empty.
pub fn with_line_break(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

/// A line that marks something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker<'a> {
    Opening { width: usize, name: &'a str },
    Closing { width: usize },
}

/// Reads a line as a marker. Models forget a bracket or add a colon or quotes; three `<` in front and
/// the word are what counts.
pub fn marker(line: &str) -> Option<Marker<'_>> {
    let line = line.trim();
    let width = brackets(line, '<');
    if width < WIDTH {
        return None;
    }
    let rest = line[width..].trim_start();
    let inner = rest.trim_end_matches('>').trim_end();
    if let Some(name) = after_word(inner, "FILE") {
        let name = name.trim_start_matches([':', '=']).trim();
        let name = name.trim_matches(['"', '\'', '`']);
        // A closing bracket tells a marker from a line that only begins like one.
        return (rest.ends_with('>') && !name.is_empty())
            .then_some(Marker::Opening { width, name });
    }
    after_word(inner, "END")
        .filter(|rest| rest.len() <= 80)
        .map(|_| Marker::Closing { width })
}

/// What follows a word that stands alone, whatever its case.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

/// How many of a character a text begins with.
fn brackets(text: &str, bracket: char) -> usize {
    text.chars().take_while(|&c| c == bracket).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(text: &str) -> Artifact {
        Artifact::one("a.txt".parse().expect("a name"), text)
    }

    #[test]
    fn the_usual_form() {
        let mut files = artifact("one");
        files.put("b.txt".parse().expect("a name"), "");
        files.put("c.py".parse().expect("a name"), "x = 1\n");
        insta::assert_snapshot!(render_raw(&files), @r"
        <<<FILE a.txt>>>
        one
        <<<END>>>
        <<<FILE b.txt>>>
        <<<END>>>
        <<<FILE c.py>>>
        ```python
        x = 1
        ```
        <<<END>>>
        ");
    }

    #[test]
    fn markers_grow_where_a_line_looks_like_one() {
        let text = render_raw(&artifact("<<<<<<< HEAD\n  <<<END>>>\n"));
        assert!(text.starts_with("<<<<<<<<FILE a.txt>>>>>>>>\n"), "{text}");
        assert_eq!(width_for(&artifact("cat <<<word\n<<a>>")), WIDTH);
    }

    #[test]
    fn markers_are_read_with_small_mistakes() {
        let opening = |line| match marker(line) {
            Some(Marker::Opening { name, .. }) => Some(name),
            _ => None,
        };
        for line in [
            "<<<FILE main.py>>>",
            "  <<<file: main.py>>> ",
            "<<< FILE `main.py` >>>",
            "<<<FILE \"main.py\">>",
        ] {
            assert_eq!(opening(line), Some("main.py"), "{line}");
        }
        for line in [
            "<<<END>>>",
            "<<<end>>>",
            "<<<END FILE>>>",
            "<<<END main.py>>",
        ] {
            assert_eq!(marker(line), Some(Marker::Closing { width: 3 }), "{line}");
        }
        for line in [
            "<<FILE a>>",
            "<<<FILE>>>",
            "<<<FILENAME x>>>",
            "<<<ENDING>>>",
            "<<<FILE is not closed",
            "x = 1 <<<END>>>",
        ] {
            assert_eq!(marker(line), None, "{line}");
        }
    }
}
