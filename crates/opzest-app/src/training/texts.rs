//! Texts that are in nobody's dataset: by which trainer and runtime are compared, and by which forgetting is seen.

use opzest_core::chat::{ChatMessage, Role};
use opzest_dorpo::child::{GoldenAnswer, Texts};
use opzest_dorpo::data::{Tokenize, TokenizeError};
use opzest_dorpo::judge::GENERAL_TEXT;

/// A question and an answer to it, as a model might write them.
pub(super) const GOLDEN: [(&str, &str); 4] = [
    (
        "Write a short note that thanks a neighbour for watering the plants.",
        "Dear Anna,\n\nthank you for watering my plants while I was away. They look better than before I left!\n\nYours, Tom",
    ),
    (
        "Write a Python function that returns the mean of a list.",
        "```python\ndef mean(numbers):\n    return sum(numbers) / len(numbers)\n```",
    ),
    (
        "Give me three colours as JSON.",
        "[{\"colour\": \"red\"}, {\"colour\": \"green\"}, {\"colour\": \"blue\"}]",
    ),
    (
        "Why is the sky blue?",
        "Air scatters short waves of light more than long ones, so blue light reaches our eyes from everywhere.",
    ),
];

/// Bytes of general text that are scored, about: some 3,000 tokens.
const GENERAL_BYTES: usize = 12_000;
/// Whatever the longest row is, texts may have so many tokens.
const LONGEST_TEXT: usize = 512;
/// Shorter paragraphs say little.
const LEAST_BYTES: usize = 200;

pub(super) fn golden_prompt(question: &str) -> Vec<ChatMessage> {
    vec![ChatMessage::new(Role::User, question)]
}

pub(super) fn texts(tokenizer: &impl Tokenize, most_tokens: usize) -> Result<Texts, TokenizeError> {
    let golden = GOLDEN.iter().map(|(question, answer)| {
        Ok(GoldenAnswer {
            prompt: tokenizer.render(&golden_prompt(question))?,
            answer: tokenizer.tokens(answer)?,
        })
    });
    let mut general = Vec::new();
    let mut general_bytes = 0;
    let paragraphs = GENERAL_TEXT.lines();
    // Whole paragraphs, so that all models read the same, whatever their tokens are.
    for paragraph in paragraphs.filter(|line| line.len() >= LEAST_BYTES) {
        let mut tokens = tokenizer.tokens(paragraph)?;
        if !(2..=most_tokens.max(LONGEST_TEXT)).contains(&tokens.len()) {
            continue;
        }
        let answer = tokens.split_off(1);
        general.push(GoldenAnswer {
            prompt: tokens,
            answer,
        });
        general_bytes += paragraph.len();
        if general_bytes >= GENERAL_BYTES {
            break;
        }
    }
    Ok(Texts {
        golden: golden.collect::<Result<_, TokenizeError>>()?,
        general,
        general_bytes: u32::try_from(general_bytes).unwrap_or(u32::MAX),
    })
}
