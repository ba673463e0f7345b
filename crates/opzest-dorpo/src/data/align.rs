//! A teacher's distributions in the student's tokens.
//!
//! Where the teacher wrote the student's own tokens (one vocabulary, or at least the same ids for the same bytes), the
//! answer is taught in exactly these, each with its distribution. Else both are laid over the text's bytes: a token
//! of the student that begins and ends where one of the teacher's does gets that one's distribution, every other one
//! the hard label. A candidate is mapped to the student's token with the same id and bytes, or else with the same
//! bytes; what has none falls into the tail.

use super::row::{Tokenize, TokenizeError};
use super::trace::{self, Checked};
use crate::example::{Answer, SoftLabel};
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};
use std::collections::HashMap;
use std::ops::Range;

/// The student's tokens by their bytes.
#[derive(Debug)]
pub(super) struct Vocabulary {
    by_bytes: HashMap<Vec<u8>, u32>,
}

impl Vocabulary {
    pub(super) fn of(student: &impl Tokenize) -> Self {
        let mut by_bytes = HashMap::new();
        for id in 0..student.vocabulary() {
            if let Some(bytes) = student.token_bytes(id).filter(|bytes| !bytes.is_empty()) {
                // The last of several: SentencePiece has its single bytes before its usual tokens.
                by_bytes.insert(bytes.to_vec(), id);
            }
        }
        Self { by_bytes }
    }

    fn find(&self, candidate: &Candidate, student: &impl Tokenize) -> Option<u32> {
        let same_id = candidate
            .id
            .filter(|&id| is_token(student, id, &candidate.bytes));
        same_id.or_else(|| self.by_bytes.get(&candidate.bytes).copied())
    }
}

fn is_token(student: &impl Tokenize, id: u32, bytes: &[u8]) -> bool {
    student.token_bytes(id) == Some(bytes)
}

/// The tokens of an answer without a trace: the tokenizer's own, and the end of turn.
pub(super) fn plain(text: &str, student: &impl Tokenize) -> Result<Answer, TokenizeError> {
    let mut tokens = student.tokens(text)?;
    tokens.push(student.end_of_turn());
    Ok(Answer {
        tokens,
        soft: Vec::new(),
    })
}

/// An answer with the soft labels that its trace gives.
pub(super) fn answer(
    text: &str,
    trace: Checked<'_>,
    student: &impl Tokenize,
    vocabulary: &Vocabulary,
    most: usize,
) -> Result<Answer, TokenizeError> {
    let label = |record: &TokenRecord, target: u32| match record {
        TokenRecord::Traced(trace) => Some(label(trace, target, student, vocabulary, most)),
        TokenRecord::Untraced { .. } => None,
    };
    let (mut tokens, mut soft) = match written_ids(trace.text, student) {
        Some(tokens) => {
            let each = trace.text.iter().zip(&tokens);
            let soft = each
                .map(|(record, &target)| label(record, target))
                .collect();
            (tokens, soft)
        }
        None => {
            let tokens = student.tokens(text)?;
            let mut soft = vec![None; tokens.len()];
            for (at, record) in shared_spans(trace.text, &tokens, text, student) {
                soft[at] = label(record, tokens[at]);
            }
            (tokens, soft)
        }
    };
    tokens.push(student.end_of_turn());
    soft.push(trace.end.and_then(|end| label(end, student.end_of_turn())));
    if soft.iter().all(Option::is_none) {
        soft.clear();
    }
    Ok(Answer { tokens, soft })
}

/// The ids that were written, if they are the student's for these bytes.
pub(super) fn written_ids(records: &[TokenRecord], student: &impl Tokenize) -> Option<Vec<u32>> {
    let id = |record: &TokenRecord| match record {
        TokenRecord::Traced(trace) => {
            let Candidate { id, bytes, .. } = &trace.token;
            id.filter(|&id| is_token(student, id, bytes))
        }
        TokenRecord::Untraced { .. } => None,
    };
    records.iter().map(id).collect()
}

/// The student's positions that begin and end where a token of the teacher does, with that one's record.
fn shared_spans<'a>(
    records: &'a [TokenRecord],
    tokens: &[u32],
    text: &str,
    student: &impl Tokenize,
) -> Vec<(usize, &'a TokenRecord)> {
    let Some(spans) = spans_of(tokens, text, student) else {
        return Vec::new();
    };
    let mut at = 0;
    let mut teacher = HashMap::with_capacity(records.len());
    for record in records {
        let span = at..at + trace::bytes_of(record).len();
        at = span.end;
        if !span.is_empty() {
            teacher.insert(span, record);
        }
    }
    let shared = |(at, span): (usize, Range<usize>)| Some((at, *teacher.get(&span)?));
    spans.into_iter().enumerate().filter_map(shared).collect()
}

/// Which bytes of the text each of the student's tokens is; `None` if they are not the text's.
fn spans_of(tokens: &[u32], text: &str, student: &impl Tokenize) -> Option<Vec<Range<usize>>> {
    let bytes: Vec<&[u8]> = tokens
        .iter()
        .map(|&token| student.token_bytes(token))
        .collect::<Option<_>>()?;
    let spelled = bytes.concat();
    // SentencePiece puts a space before a text: it belongs to the first token, and to no byte.
    let shift = match spelled.strip_suffix(text.as_bytes())? {
        b"" => 0,
        b" " => 1,
        _ => return None,
    };
    let mut end = 0;
    let span = |bytes: &[u8]| {
        let start = end;
        end += bytes.len();
        start.max(shift) - shift..end.max(shift) - shift
    };
    Some(bytes.into_iter().map(span).collect())
}

/// One distribution, in the student's tokens, best first; at most so many, and the one that was written.
fn label(
    trace: &TokenTrace,
    target: u32,
    student: &impl Tokenize,
    vocabulary: &Vocabulary,
    most: usize,
) -> SoftLabel {
    // The store rounds candidates but not the tail: together they are 1 again.
    let scale = trace::mass(trace).ln() as f32;
    let mut found: Vec<(u32, f32)> = Vec::with_capacity(trace.top.len());
    for candidate in &trace.top {
        let token = match trace::is_same(candidate, &trace.token) {
            true => Some(target),
            false => vocabulary.find(candidate, student),
        };
        let Some(token) = token else { continue };
        let log_prob = (candidate.logprob - scale).min(0.0);
        match found.iter_mut().find(|(known, _)| *known == token) {
            // Several of the teacher's tokens with the same bytes.
            Some((_, known)) => *known = log_sum(*known, log_prob),
            None => found.push((token, log_prob)),
        }
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    let written = found.iter().position(|&(token, _)| token == target);
    if let Some(written) = written.filter(|&written| written >= most) {
        found.swap(written, most.saturating_sub(1));
    }
    found.truncate(most.max(1));
    let (tokens, log_probs) = found.into_iter().unzip();
    SoftLabel { tokens, log_probs }
}

fn log_sum(a: f32, b: f32) -> f32 {
    let (a, b) = (f64::from(a.max(b)), f64::from(a.min(b)));
    (a + (b - a).exp().ln_1p()).min(0.0) as f32
}
