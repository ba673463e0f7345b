//! What became of the rows: what is trained on, and what was left out and why.

use super::trace::TraceFault;
use opzest_core::dataset::{Side, Split};
use std::ops::AddAssign;

/// How much of the chosen answers has soft labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Tokens of chosen answers, each with its end of turn.
    pub positions: usize,
    /// Those with a soft label.
    pub soft: usize,
}

impl Alignment {
    /// From 0 to 1.
    pub fn share(self) -> f64 {
        self.soft as f64 / self.positions.max(1) as f64
    }
}

impl AddAssign for Alignment {
    fn add_assign(&mut self, other: Self) {
        self.positions += other.positions;
        self.soft += other.soft;
    }
}

/// One example that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The rows that it was made of, in their order.
    pub rows: Vec<String>,
    pub split: Split,
    pub prompt_tokens: usize,
    pub chosen_tokens: usize,
    /// Of each rejected answer.
    pub rejected_tokens: Vec<usize>,
    pub alignment: Alignment,
}

/// Something of a row that is not used.
#[derive(Debug, Clone, PartialEq)]
pub struct Omission {
    pub row: String,
    pub reason: Reason,
}

/// What is lost by an omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loses {
    /// The whole row.
    Row,
    /// Its rejected answer; the chosen one is learned all the same.
    Rejected,
    /// The distributions of one side; its text is learned with hard labels.
    Trace,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    #[error("the chosen answer is empty")]
    EmptyChosen,
    #[error("the rejected answer is empty")]
    EmptyRejected,
    #[error("the rejected answer is the chosen one")]
    RejectedIsChosen,
    #[error(
        "the prompt ({prompt} tokens) and the {side} answer ({answer}) are longer than {limit} tokens"
    )]
    TooLong {
        side: Side,
        prompt: usize,
        answer: usize,
        limit: usize,
    },
    /// It would be judged by what it has learned by heart.
    #[error("the same prompt and chosen answer are held out")]
    HeldOutToo,
    #[error("the trace of the {side} answer cannot be used: {fault}")]
    Trace { side: Side, fault: TraceFault },
}

impl Reason {
    pub fn loses(&self) -> Loses {
        match self {
            Self::EmptyChosen
            | Self::HeldOutToo
            | Self::TooLong {
                side: Side::Chosen, ..
            } => Loses::Row,
            Self::EmptyRejected
            | Self::RejectedIsChosen
            | Self::TooLong {
                side: Side::Rejected,
                ..
            } => Loses::Rejected,
            Self::Trace { .. } => Loses::Trace,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Rows that came in.
    pub rows: usize,
    /// One for each example, those to be trained on first, in the order of the examples.
    pub kept: Vec<Kept>,
    pub omissions: Vec<Omission>,
}

impl Report {
    pub fn alignment(&self, split: Split) -> Alignment {
        let mut sum = Alignment::default();
        for kept in self.kept.iter().filter(|kept| kept.split == split) {
            sum += kept.alignment;
        }
        sum
    }

    pub fn pairs(&self, split: Split) -> usize {
        let of_split = self.kept.iter().filter(|kept| kept.split == split);
        of_split.map(|kept| kept.rejected_tokens.len()).sum()
    }
}
