//! GBNF grammars of the agents' answers, for models whose every token we choose.
//!
//! They fix the frame and leave the words free. Measured on the embedded model: a model of 135 million
//! parameters hardly ever finds the frame by itself; with the grammar always (docs/experiments.md).

use super::frame;
use opzest_core::artifact::FileName;

/// Longest reasoning, in characters. llama.cpp unrolls repetitions, so this stays small.
const THOUGHT: usize = 300;

/// A thought, then one instruction.
pub(super) fn instruction() -> String {
    format!(
        "root ::= \"Thought: \" thought \"\\n\" \"Instruction: \" first text\n\
         thought ::= [^\\n]{{1,{THOUGHT}}}\n\
         first ::= [^ \\n]\n\
         text ::= [^\\n]* (\"\\n\" [^\\n]+)*\n"
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
    let opening = |name: &str| literal(&format!("{}\n", frame::opening(width, name)));
    let closing = literal(&frame::closing(width));
    // A line may begin with fewer brackets than a marker has.
    let starts: Vec<_> = (0..width)
        .map(|brackets| match brackets {
            0 => "[^<\\n] [^\\n]*".to_owned(),
            _ => format!("\"{}\" ([^<\\n] [^\\n]*)?", "<".repeat(brackets)),
        })
        .collect();
    let more = match others {
        false => "",
        true => " (\"\\n\" other){0,7}",
    };
    let head = format!("{}FILE ", "<".repeat(width));
    let tail = format!("{}\n", ">".repeat(width));
    format!(
        "root ::= thought \"\\n\" main{more}\n\
         thought ::= [^<\\n] [^\\n]{{1,{THOUGHT}}}\n\
         main ::= {} body\n\
         other ::= {} [A-Za-z0-9_] [A-Za-z0-9_./-]{{0,60}} {} body\n\
         body ::= (line? \"\\n\")* {closing}\n\
         line ::= {}\n",
        opening(main.as_str()),
        literal(&head),
        literal(&tail),
        starts.join(" | "),
    )
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
