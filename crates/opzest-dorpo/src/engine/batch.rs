//! How a batch of examples becomes one sequence of tokens: prompts once, each answer behind its prompt.

use crate::{example::Example, kernels::Visible};

use super::EngineError;

/// Log-probabilities of one example's tokens, or a loss's gradient with respect to them: the same shapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenScores {
    /// Of the prompt's tokens from the second on, if they were asked for, else empty. Shape `[prompt - 1]`.
    pub prompt: Vec<f32>,
    /// Of the chosen answer's own tokens. Shape `[answer]`.
    pub chosen: Vec<f32>,
    /// Of each position's soft label's tokens; empty where it has none. Shape `[answer]`, or empty where no position has one.
    pub soft: Vec<Vec<f32>>,
    /// Of each rejected answer's own tokens.
    pub rejected: Vec<Vec<f32>>,
}

/// A batch, laid out.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub tokens: Vec<u32>,
    /// Of each token in its own sequence.
    pub positions: Vec<u32>,
    pub visible: Visible,
    /// Where a next token's distribution is wanted: the packed token that it follows.
    pub wanted: Vec<usize>,
    /// The tokens of `wanted[i]` are `wanted_tokens[ends[i - 1]..ends[i]]`.
    pub wanted_tokens: Vec<u32>,
    pub ends: Vec<usize>,
}

/// What a batch is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayoutOptions {
    pub share_prompts: bool,
    pub with_prompts: bool,
    pub vocabulary: usize,
    pub context: usize,
}

impl Layout {
    pub fn new(examples: &[Example], options: LayoutOptions) -> Result<Self, EngineError> {
        let mut layout = Self::default();
        for (index, example) in examples.iter().enumerate() {
            check(example, options).map_err(|problem| EngineError::Example {
                example: index,
                problem,
            })?;
            layout.example(example, options);
        }
        if layout.tokens.is_empty() {
            return Err(EngineError::Example {
                example: 0,
                problem: "is missing: the batch is empty".into(),
            });
        }
        layout.visible.finish();
        Ok(layout)
    }

    fn example(&mut self, example: &Example, options: LayoutOptions) {
        let prompt = self.sequence(&example.prompt, 0, 0..0);
        if options.with_prompts {
            for (i, token) in example.prompt.iter().enumerate().skip(1) {
                self.want(prompt + i - 1, [*token]);
            }
        }
        let answers = std::iter::once(&example.chosen.tokens).chain(&example.rejected);
        for (answer, tokens) in answers.enumerate() {
            // What follows an answer's last token is not wanted: it is not read.
            let read = &tokens[..tokens.len() - 1];
            let length = example.prompt.len();
            let (before, start) = if options.share_prompts || answer == 0 {
                let start = self.tokens.len();
                self.answer(read, length, prompt, options.share_prompts);
                (prompt + length - 1, start)
            } else {
                let again = self.sequence(&example.prompt, 0, 0..0);
                let start = self.tokens.len();
                self.answer(read, length, again, false);
                (again + length - 1, start)
            };
            for (i, token) in tokens.iter().enumerate() {
                let row = if i == 0 { before } else { start + i - 1 };
                let soft = match example.chosen.soft.get(i).and_then(Option::as_ref) {
                    Some(label) if answer == 0 => label.tokens.as_slice(),
                    _ => &[],
                };
                self.want(row, std::iter::once(*token).chain(soft.iter().copied()));
            }
        }
    }

    /// An answer behind the prompt at `prompt`, which it sees as its own sequence's beginning or as a shared prefix.
    fn answer(&mut self, tokens: &[u32], length: usize, prompt: usize, shared: bool) {
        let start = self.tokens.len();
        for (i, token) in tokens.iter().enumerate() {
            self.tokens.push(*token);
            self.positions.push((length + i) as u32);
            if shared {
                self.visible.push(start, prompt..prompt + length);
            } else {
                self.visible.push(prompt, 0..0);
            }
        }
    }

    fn sequence(
        &mut self,
        tokens: &[u32],
        position: usize,
        prefix: std::ops::Range<usize>,
    ) -> usize {
        let start = self.tokens.len();
        for (i, token) in tokens.iter().enumerate() {
            self.tokens.push(*token);
            self.positions.push((position + i) as u32);
            self.visible.push(start, prefix.clone());
        }
        start
    }

    fn want(&mut self, row: usize, tokens: impl IntoIterator<Item = u32>) {
        self.wanted.push(row);
        self.wanted_tokens.extend(tokens);
        self.ends.push(self.wanted_tokens.len());
    }

    /// Numbers per wanted token, in order, as the examples' shapes.
    pub fn scores(
        &self,
        examples: &[Example],
        with_prompts: bool,
        numbers: &[f32],
    ) -> Vec<TokenScores> {
        let mut numbers = numbers.iter().copied();
        let mut take = |count: usize| numbers.by_ref().take(count).collect::<Vec<f32>>();
        examples
            .iter()
            .map(|example| {
                let mut scores = TokenScores::default();
                if with_prompts {
                    scores.prompt = take(example.prompt.len() - 1);
                }
                for i in 0..example.chosen.tokens.len() {
                    scores.chosen.extend(take(1));
                    if let Some(soft) = example.chosen.soft.get(i) {
                        scores
                            .soft
                            .push(take(soft.as_ref().map_or(0, |label| label.tokens.len())));
                    }
                }
                scores.rejected = example
                    .rejected
                    .iter()
                    .map(|tokens| take(tokens.len()))
                    .collect();
                scores
            })
            .collect()
    }

    /// The opposite of [`Self::scores`].
    pub fn flat(&self, scores: &[TokenScores]) -> Result<Vec<f32>, EngineError> {
        let mut numbers = Vec::with_capacity(self.wanted_tokens.len());
        for example in scores {
            numbers.extend(&example.prompt);
            for (i, chosen) in example.chosen.iter().enumerate() {
                numbers.push(*chosen);
                numbers.extend(example.soft.get(i).into_iter().flatten());
            }
            numbers.extend(example.rejected.iter().flatten());
        }
        if numbers.len() != self.wanted_tokens.len() {
            return Err(EngineError::Gradient(format!(
                "{} gradients for {} log-probabilities",
                numbers.len(),
                self.wanted_tokens.len()
            )));
        }
        match numbers.iter().find(|number| !number.is_finite()) {
            Some(number) => Err(EngineError::Gradient(format!("the gradient {number}"))),
            None => Ok(numbers),
        }
    }
}

fn check(example: &Example, options: LayoutOptions) -> Result<(), String> {
    let chosen = &example.chosen;
    if example.prompt.is_empty()
        || chosen.tokens.is_empty()
        || example.rejected.iter().any(Vec::is_empty)
    {
        return Err("has an empty prompt or answer".into());
    }
    if !chosen.soft.is_empty() && chosen.soft.len() != chosen.tokens.len() {
        return Err(format!(
            "has {} soft labels for {} tokens",
            chosen.soft.len(),
            chosen.tokens.len()
        ));
    }
    let longest = example
        .rejected
        .iter()
        .map(Vec::len)
        .fold(chosen.tokens.len(), usize::max)
        + example.prompt.len();
    if longest > options.context {
        return Err(format!(
            "has {longest} tokens, and the model reads at most {}",
            options.context
        ));
    }
    let soft = chosen.soft.iter().flatten().flat_map(|label| &label.tokens);
    let all = example
        .prompt
        .iter()
        .chain(&chosen.tokens)
        .chain(example.rejected.iter().flatten())
        .chain(soft);
    match all
        .into_iter()
        .find(|token| **token as usize >= options.vocabulary)
    {
        Some(token) => Err(format!(
            "has the token {token}, and the model knows {}",
            options.vocabulary
        )),
        None => Ok(()),
    }
}
