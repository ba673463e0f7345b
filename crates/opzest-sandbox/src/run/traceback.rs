//! What Python says about an error, cut down to what is needed to mend it.
//!
//! A program can print whatever it likes, so nothing here is more than a hint: it never decides about
//! anything but words and the kind of failure.

use super::report::RunOutcome;

/// Characters of an error text, about.
const MOST: usize = 2_000;
/// Of these, for the last line, which says what is wrong.
const MOST_LAST_LINE: usize = 500;
const HEADER: &str = "Traceback (most recent call last):";
const SYNTAX_ERRORS: [&str; 3] = ["SyntaxError", "IndentationError", "TabError"];

/// `what` happened, then the end of what the program said about it.
pub(super) fn error_text(what: &str, stderr: &str, stdout: &str) -> String {
    let room = MOST.saturating_sub(what.len());
    let said = last_traceback(stderr).trim();
    if !said.is_empty() {
        return format!("{what}\n{}", ending_of(said, room));
    }
    match stdout.trim() {
        "" => what.to_owned(),
        printed => format!(
            "{what} The last that it printed:\n{}",
            ending_of(printed, room / 2)
        ),
    }
}

/// From the last traceback on, or everything where there is none.
fn last_traceback(stderr: &str) -> &str {
    stderr.rfind(HEADER).map_or(stderr, |at| &stderr[at..])
}

/// The last lines of a text, as many as fit; a very long last line keeps its beginning.
fn ending_of(text: &str, room: usize) -> String {
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let mut kept = vec![shortened(last, MOST_LAST_LINE)];
    let mut left = room.saturating_sub(kept[0].len());
    let mut lines = before.lines().rev().peekable();
    while let Some(line) = lines.next_if(|line| line.len() < left) {
        left -= line.len() + 1;
        kept.push(line.to_owned());
    }
    if lines.peek().is_some() {
        kept.push("...".into());
    }
    kept.reverse();
    kept.join("\n")
}

pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// The last line that starts where a line starts: the error itself, without its explanations.
fn error_line(stderr: &str) -> Option<&str> {
    stderr
        .lines()
        .rev()
        .find(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
}

pub(super) fn ran_out_of_memory(stderr: &str) -> bool {
    error_line(stderr).is_some_and(|line| line.starts_with("MemoryError"))
        || stderr.contains("Fatal Python error") && stderr.contains("MemoryError")
}

/// The error of a script that could not be compiled.
pub(super) fn syntax_error(stderr: &str) -> Option<RunOutcome> {
    let error = error_line(stderr)?;
    let (kind, _) = error.split_once(':')?;
    if !SYNTAX_ERRORS.contains(&kind) {
        return None;
    }
    let place = stderr
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("  File \""))?;
    let (file, rest) = place.split_once("\", line ")?;
    // "<string>" is code that the program itself compiled, and its error an ordinary one.
    if file.starts_with(['<', '/']) || rest.contains(", in ") {
        return None;
    }
    Some(RunOutcome::SyntaxError {
        file: file.to_owned(),
        line: rest.trim().parse().ok()?,
        message: shortened(error, MOST_LAST_LINE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNTAX: &str =
        "  File \"main.py\", line 3\n    def f(\n         ^\nSyntaxError: '(' was never closed\n";

    #[test]
    fn a_syntax_error_has_its_place() {
        assert_eq!(
            syntax_error(SYNTAX),
            Some(RunOutcome::SyntaxError {
                file: "main.py".into(),
                line: 3,
                message: "SyntaxError: '(' was never closed".into(),
            })
        );
    }

    #[test]
    fn an_error_in_code_that_the_program_made_is_an_ordinary_one() {
        let evaluated = "Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\n    eval('(')\n  File \"<string>\", line 1\n    (\n    ^\nSyntaxError: '(' was never closed\n";
        assert_eq!(syntax_error(evaluated), None);
        let raised = "Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\n    raise SyntaxError('no')\nSyntaxError: no\n";
        assert_eq!(syntax_error(raised), None);
        assert_eq!(syntax_error("SyntaxError: alone"), None);
        assert_eq!(syntax_error(""), None);
    }

    #[test]
    fn only_an_error_of_memory_is_one() {
        assert!(ran_out_of_memory("Traceback\n  File\nMemoryError\n"));
        assert!(!ran_out_of_memory("caught a MemoryError\nValueError: x\n"));
    }

    #[test]
    fn the_text_ends_with_the_error_and_is_short() {
        let frames = "  File \"main.py\", line 1, in f\n    f()\n".repeat(500);
        let stderr = format!("noise\n{HEADER}\n{frames}RecursionError: too deep\n");
        let text = error_text("The program ended with exit code 1.", &stderr, "out");
        assert!(text.len() <= MOST, "{}", text.len());
        assert!(text.starts_with("The program ended with exit code 1.\n...\n"));
        assert!(text.ends_with("RecursionError: too deep"));

        let long = format!(
            "{HEADER}\n  File \"main.py\", line 1\nValueError: {}",
            "ä".repeat(9_000)
        );
        let text = error_text("It failed.", &long, "");
        assert!(text.chars().count() < MOST && text.contains("ValueError: ä"));
    }

    #[test]
    fn without_a_traceback_what_was_printed_is_shown() {
        assert_eq!(error_text("It failed.", "", " \n"), "It failed.");
        assert_eq!(
            error_text("It failed.", "", "one\ntwo\n"),
            "It failed. The last that it printed:\none\ntwo"
        );
    }
}
