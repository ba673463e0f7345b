//! From rows, one at a time, to examples.

use super::align::{self, Vocabulary};
use super::readiness::Counts;
use super::report::{Alignment, Kept, Omission, Reason, Report};
use super::row::{Row, Tokenize, TokenizeError, Written};
use super::trace::{self, Checked};
use crate::example::{Answer, Example};
use opzest_core::dataset::{Side, Split};
use std::collections::{HashMap, HashSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepareSettings {
    /// Tokens that a prompt and an answer with its end of turn may have together: what is longer is left out and
    /// reported, never cut.
    pub max_tokens: usize,
    /// Candidates of a soft label that are kept; the others go to its tail. 64 of them take 0.5 kB a token.
    pub max_candidates: usize,
}

/// What is trained on, and what it is judged by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prepared {
    pub train: Vec<Example>,
    pub held_out: Vec<Example>,
    pub report: Report,
}

impl Prepared {
    /// What readiness is judged by: examples, not rows, of both splits.
    pub fn counts(&self) -> Counts {
        let all = || self.train.iter().chain(&self.held_out);
        let groups: HashSet<&str> = all().map(|example| example.group.as_str()).collect();
        Counts {
            complete: all().count(),
            paired: all().filter(|example| !example.rejected.is_empty()).count(),
            held_out: self.held_out.len(),
            groups: groups.len(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("row {row} could not be tokenised: {source}")]
    Tokenize { row: String, source: TokenizeError },
    #[error("the chat template makes an empty prompt of row {row}")]
    EmptyPrompt { row: String },
    #[error(
        "the tokenizer gives row {row} the token {token}, and the model's vocabulary ends at {vocabulary}"
    )]
    OutsideVocabulary {
        row: String,
        token: u32,
        vocabulary: u32,
    },
}

/// Takes rows one at a time: their traces are a hundred times as large as what remains of them.
#[derive(Debug)]
pub struct Preparation<'a, T> {
    student: &'a T,
    vocabulary: Vocabulary,
    settings: PrepareSettings,
    drafts: Vec<Draft>,
    known: HashMap<Key, usize>,
    rows: usize,
    omissions: Vec<Omission>,
}

/// What makes two rows one example.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    held_out: bool,
    prompt: Vec<u32>,
    chosen: String,
}

#[derive(Debug)]
struct Draft {
    key: Key,
    rows: Vec<String>,
    group: String,
    chosen: Answer,
    rejected: Vec<Rejected>,
}

#[derive(Debug)]
struct Rejected {
    row: String,
    text: String,
    tokens: Vec<u32>,
}

impl<'a, T: Tokenize> Preparation<'a, T> {
    pub fn new(student: &'a T, settings: PrepareSettings) -> Self {
        Self {
            student,
            vocabulary: Vocabulary::of(student),
            settings,
            drafts: Vec::new(),
            known: HashMap::new(),
            rows: 0,
            omissions: Vec::new(),
        }
    }

    /// # Errors
    /// Only what concerns all rows: a tokenizer that fails or does not fit the model.
    pub fn add(&mut self, row: Row) -> Result<(), PrepareError> {
        self.rows += 1;
        if row.chosen.text.trim().is_empty() {
            self.omit(&row.id, Reason::EmptyChosen);
            return Ok(());
        }
        let failed = |source| PrepareError::Tokenize {
            row: row.id.clone(),
            source,
        };
        let prompt = self.student.render(&row.prompt).map_err(failed)?;
        if prompt.is_empty() {
            return Err(PrepareError::EmptyPrompt { row: row.id });
        }
        self.check_ids(&row.id, &prompt)?;
        let key = Key {
            held_out: row.split == Split::HeldOut,
            prompt,
            chosen: row.chosen.text.clone(),
        };
        let at = match self.known.get(&key) {
            Some(&at) => at,
            None => {
                let chosen = self.answer(&row.id, &row.chosen, Side::Chosen)?;
                self.known.insert(key.clone(), self.drafts.len());
                self.drafts.push(Draft {
                    key,
                    rows: Vec::new(),
                    group: row.group.clone(),
                    chosen,
                    rejected: Vec::new(),
                });
                self.drafts.len() - 1
            }
        };
        // The same text may have been traced for another row only.
        let first = self.drafts[at].rows.is_empty();
        if !first && self.drafts[at].chosen.soft.is_empty() && row.chosen.trace.is_some() {
            self.drafts[at].chosen = self.answer(&row.id, &row.chosen, Side::Chosen)?;
        }
        if let Some(rejected) = &row.rejected {
            self.add_rejected(at, &row.id, rejected)?;
        }
        self.drafts[at].rows.push(row.id);
        Ok(())
    }

    fn add_rejected(
        &mut self,
        at: usize,
        row: &str,
        rejected: &Written,
    ) -> Result<(), PrepareError> {
        if rejected.text.trim().is_empty() {
            self.omit(row, Reason::EmptyRejected);
            return Ok(());
        }
        let draft = &self.drafts[at];
        if rejected.text == draft.key.chosen {
            self.omit(row, Reason::RejectedIsChosen);
            return Ok(());
        }
        if draft
            .rejected
            .iter()
            .any(|known| known.text == rejected.text)
        {
            return Ok(());
        }
        let tokens = self.answer(row, rejected, Side::Rejected)?.tokens;
        self.drafts[at].rejected.push(Rejected {
            row: row.to_owned(),
            text: rejected.text.clone(),
            tokens,
        });
        Ok(())
    }

    /// Both sides in the tokens that were really written, where these are known.
    fn answer(&mut self, row: &str, written: &Written, side: Side) -> Result<Answer, PrepareError> {
        let checked = match &written.trace {
            None => None,
            Some(given) => match trace::check(given, &written.text, self.student) {
                Ok(checked) => Some(checked),
                Err(fault) => {
                    self.omit(row, Reason::Trace { side, fault });
                    None
                }
            },
        };
        let answer = match (checked, side) {
            (None, _) => align::plain(&written.text, self.student),
            (Some(trace), Side::Chosen) => {
                let most = self.settings.max_candidates;
                align::answer(&written.text, trace, self.student, &self.vocabulary, most)
            }
            (Some(trace), Side::Rejected) => self.without_labels(&written.text, trace),
        };
        let answer = answer.map_err(|source| PrepareError::Tokenize {
            row: row.to_owned(),
            source,
        })?;
        self.check_ids(row, &answer.tokens)?;
        Ok(answer)
    }

    fn without_labels(&self, text: &str, trace: Checked<'_>) -> Result<Answer, TokenizeError> {
        let Some(mut tokens) = align::written_ids(trace.text, self.student) else {
            return align::plain(text, self.student);
        };
        tokens.push(self.student.end_of_turn());
        let soft = Vec::new();
        Ok(Answer { tokens, soft })
    }

    fn check_ids(&self, row: &str, tokens: &[u32]) -> Result<(), PrepareError> {
        let vocabulary = self.student.vocabulary();
        match tokens.iter().find(|&&token| token >= vocabulary) {
            Some(&token) => Err(PrepareError::OutsideVocabulary {
                row: row.to_owned(),
                token,
                vocabulary,
            }),
            None => Ok(()),
        }
    }

    fn omit(&mut self, row: &str, reason: Reason) {
        let row = row.to_owned();
        self.omissions.push(Omission { row, reason });
    }

    /// Examples in the order of their first rows.
    pub fn finish(mut self) -> Prepared {
        let held_out: HashSet<(Vec<u32>, String)> = self
            .drafts
            .iter()
            .filter(|draft| draft.key.held_out)
            .map(|draft| (draft.key.prompt.clone(), draft.key.chosen.clone()))
            .collect();
        let mut prepared = Prepared::default();
        let mut kept_held_out = Vec::new();
        for draft in std::mem::take(&mut self.drafts) {
            let of_training = !draft.key.held_out;
            let content = (draft.key.prompt.clone(), draft.key.chosen.clone());
            if of_training && held_out.contains(&content) {
                for row in &draft.rows {
                    self.omit(row, Reason::HeldOutToo);
                }
                continue;
            }
            let Some((example, kept)) = self.fitting(draft) else {
                continue;
            };
            if of_training {
                prepared.train.push(example);
                prepared.report.kept.push(kept);
            } else {
                prepared.held_out.push(example);
                kept_held_out.push(kept);
            }
        }
        prepared.report.kept.extend(kept_held_out);
        prepared.report.rows = self.rows;
        prepared.report.omissions = self.omissions;
        prepared
    }

    /// Without what is too long.
    fn fitting(&mut self, draft: Draft) -> Option<(Example, Kept)> {
        let prompt = draft.key.prompt.len();
        let limit = self.settings.max_tokens;
        let too_long = |side, answer: usize| {
            (prompt + answer > limit).then_some(Reason::TooLong {
                side,
                prompt,
                answer,
                limit,
            })
        };
        let chosen = draft.chosen.tokens.len();
        if let Some(reason) = too_long(Side::Chosen, chosen) {
            for row in &draft.rows {
                self.omit(row, reason.clone());
            }
            return None;
        }
        let mut rejected = Vec::with_capacity(draft.rejected.len());
        for answer in draft.rejected {
            match too_long(Side::Rejected, answer.tokens.len()) {
                Some(reason) => self.omit(&answer.row, reason),
                None => rejected.push(answer.tokens),
            }
        }
        let kept = Kept {
            rows: draft.rows,
            split: match draft.key.held_out {
                true => Split::HeldOut,
                false => Split::Train,
            },
            prompt_tokens: prompt,
            chosen_tokens: chosen,
            rejected_tokens: rejected.iter().map(Vec::len).collect(),
            alignment: Alignment {
                positions: chosen,
                soft: draft.chosen.soft.iter().flatten().count(),
            },
        };
        let example = Example {
            group: draft.group,
            prompt: draft.key.prompt,
            chosen: draft.chosen,
            rejected,
        };
        Some((example, kept))
    }
}
