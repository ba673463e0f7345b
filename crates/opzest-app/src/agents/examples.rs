//! One example of each agent's answer, for each kind of artifact: small models follow an example where
//! they do not follow a description of the form (docs/experiments.md). Kept short, because every prompt
//! carries one.

use super::frame;
use opzest_core::artifact::FileName;
use opzest_core::workflow::ArtifactKind;

struct Example {
    request: &'static str,
    step: &'static str,
    thought: &'static str,
    instruction: &'static str,
    /// What the worker is told in its own example, which has to be tiny.
    tiny_instruction: &'static str,
    tiny_thought: &'static str,
    tiny_file: &'static str,
}

fn of(kind: ArtifactKind) -> Example {
    match kind {
        ArtifactKind::Markdown => Example {
            request: "Thank Mia for the cake and invite her for Sunday.",
            step: "Write the card to Mia",
            thought: "Mia gets one friendly card.",
            instruction: "Write a card to Mia in three friendly sentences: thank her for the cake, say that it was delicious, and invite her for Sunday.",
            tiny_instruction: "Write one sentence that thanks Mia for the cake.",
            tiny_thought: "I thank Mia in one friendly sentence.",
            tiny_file: "Dear Mia, thank you very much for the wonderful cake!",
        },
        ArtifactKind::Python => Example {
            request: "Print what each of four friends pays for a bill of 80 euros.",
            step: "Calculate 80 / 4 and print one line for each friend",
            thought: "The bill is shared by four.",
            instruction: "Write a script that divides 80 by 4 and prints four lines, one for each friend, with the amount in euros.",
            tiny_instruction: "Print the word hello three times.",
            tiny_thought: "I use a loop that prints three times.",
            tiny_file: "for _ in range(3):\n    print(\"hello\")",
        },
        ArtifactKind::Page => Example {
            request: "Make a page with a button that counts clicks.",
            step: "Show a button and a number that counts its clicks",
            thought: "It is one small page.",
            instruction: "Make a page with one large button and the number 0 above it. Each click adds 1 to the number.",
            tiny_instruction: "Make a page that says hello.",
            tiny_thought: "I make a small page with a heading.",
            tiny_file: "<!DOCTYPE html>\n<html>\n<head><title>Hello</title></head>\n<body>\n<h1>Hello!</h1>\n</body>\n</html>",
        },
        ArtifactKind::Json => Example {
            request: "Write down the colours of the rainbow with their place.",
            step: "Write the seven colours with their place",
            thought: "It is one list of seven objects.",
            instruction: "Write a list of seven objects with \"place\" (a number from 1 to 7) and \"colour\" (a word), from red to violet.",
            tiny_instruction: "List the colours red and blue.",
            tiny_thought: "I list the two colours.",
            tiny_file: "[\n  {\"colour\": \"red\"},\n  {\"colour\": \"blue\"}\n]",
        },
    }
}

pub(super) fn planner(kind: ArtifactKind) -> String {
    let Example {
        request,
        step,
        thought,
        ..
    } = of(kind);
    format!("Example request: {request}\nExample answer:\nThought: {thought}\n1. {step}")
}

pub(super) fn lead(kind: ArtifactKind) -> String {
    let Example {
        step,
        thought,
        instruction,
        ..
    } = of(kind);
    format!("Example step: {step}\nExample answer:\nThought: {thought}\nInstruction: {instruction}")
}

/// With markers of the width that the prompt's own files need.
pub(super) fn worker(kind: ArtifactKind, main: &FileName, width: usize) -> String {
    let Example {
        tiny_instruction,
        tiny_thought,
        tiny_file,
        ..
    } = of(kind);
    format!(
        "Example instruction: {tiny_instruction}\nExample answer:\n{tiny_thought}\n{}\n{}{}",
        frame::opening(width, main.as_str()),
        frame::fenced(main, tiny_file),
        frame::closing(width),
    )
}
