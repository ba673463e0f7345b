//! GBNF grammars of the agents' answers, for models whose every token we choose.
//!
//! They fix the frame and leave the words free. Measured on the embedded model: a model of 135 million
//! parameters hardly ever finds the frame by itself; with the grammar always (docs/experiments.md).

use super::frame;
use opzest_core::artifact::FileName;

/// Longest reasoning, in characters. llama.cpp unrolls repetitions, so this stays small.
const THOUGHT: usize = 240;

/// A thought, then one instruction, which ends at its line's end: small models go on with the work
/// itself.
pub(super) fn instruction() -> String {
    format!(
        "root ::= \"Thought: \" [^ \\n] [^\\n]{{1,{THOUGHT}}} \"\\nInstruction: \" [^ \\n] [^\\n]+\n"
    )
}

/// A thought, then a numbered list of up to `most` steps.
pub(super) fn plan(most: usize) -> String {
    let mut list = String::new();
    for number in (1..=most).rev() {
        let item = format!("\"{number}. \" item");
        list = match (number, list.is_empty()) {
            (1, _) => format!("{item} {list}"),
            (_, true) => format!("(\"\\n\" {item})?"),
            (_, false) => format!("(\"\\n\" {item} {list})?"),
        };
    }
    format!(
        "root ::= \"Thought: \" thought \"\\n\" {list}\n\
         thought ::= [^\\n]{{1,{THOUGHT}}}\n\
         item ::= [^ \\n] [^\\n]{{1,{THOUGHT}}}\n"
    )
}

/// A thought, then whole files between markers: first `main`, then perhaps others.
pub(super) fn files(width: usize, main: &FileName, others: bool) -> String {
    let closing = frame::closing(width);
    let opening = frame::opening(width, main.as_str());
    let (opening, ending) = match frame::language(main) {
        Some(language) => (
            format!("{opening}\n```{language}\n"),
            format!("```\n{closing}"),
        ),
        None => (format!("{opening}\n"), closing.clone()),
    };
    let head = format!("{}FILE ", "<".repeat(width));
    let tail = format!("{}\n", ">".repeat(width));
    let more = match others {
        false => String::new(),
        true => format!(
            " (\"\\n\" other){{0,7}}\n\
             other ::= {} [A-Za-z0-9_] [A-Za-z0-9_./-]{{0,60}} {} (free? \"\\n\")* {}\n\
             free ::= {}",
            literal(&head),
            literal(&tail),
            literal(&closing),
            line_without(&["<".repeat(width)]),
        ),
    };
    let mut forbidden = vec!["<".repeat(width)];
    forbidden.extend(frame::language(main).map(|_| "```".to_owned()));
    format!(
        "root ::= thought \"\\n\" main{more}\n\
         thought ::= [^<`\\n] [^\\n]{{5,{THOUGHT}}}\n\
         main ::= {} line \"\\n\" (line? \"\\n\")* {}\n\
         line ::= {}\n",
        literal(&opening),
        literal(&ending),
        line_without(&forbidden),
    )
}

/// A line that is not empty and begins with none of these runs of one character.
fn line_without(runs: &[String]) -> String {
    let firsts: String = runs.iter().filter_map(|run| run.chars().next()).collect();
    let mut ways = vec![format!("[^{firsts}\\n] [^\\n]*")];
    for run in runs {
        let first = &run[..1];
        // Fewer of them than the run has.
        ways.extend(
            (1..run.len())
                .map(|count| format!("\"{}\" ([^{first}\\n] [^\\n]*)?", first.repeat(count))),
        );
    }
    ways.join(" | ")
}

/// A text as a GBNF literal.
fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
