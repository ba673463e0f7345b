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

/// Tokens of general text that are scored at most.
const GENERAL_TOKENS: usize = 3_000;
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
    let mut count = 0;
    for paragraph in GENERAL_TEXT
        .lines()
        .filter(|line| line.len() >= LEAST_BYTES)
    {
        let mut tokens = tokenizer.tokens(paragraph)?;
        tokens.truncate(most_tokens.min(GENERAL_TOKENS - count));
        count += tokens.len();
        if tokens.len() > 1 {
            let answer = tokens.split_off(1);
            general.push(GoldenAnswer {
                prompt: tokens,
                answer,
            });
        }
        if count >= GENERAL_TOKENS {
            break;
        }
    }
    Ok(Texts {
        golden: golden.collect::<Result<_, TokenizeError>>()?,
        general,
    })
}
