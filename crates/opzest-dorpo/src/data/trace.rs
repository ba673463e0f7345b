//! Refuses traces that cannot be what a model computed. One wrong value makes the whole trace suspect: the row is
//! then trained on with hard labels.

use super::row::{Tokenize, Trace};
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};
use std::collections::HashSet;

/// What servers' printed values and the store's steps of 1/1024 nat can add to a mass of 1.
const MASS_ROUNDING: f64 = 0.011;
/// How far two values of one token may be apart, in nats.
const SAME_VALUE: f32 = 0.05;
/// Rounding of a log-probability above 0.
const LOG_PROB_ROUNDING: f32 = 1e-3;

/// Why a trace is refused. `token` counts from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TraceFault {
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it has no tokens")]
    Empty,
    #[error("token {token} has a log-probability or a tail that is none")]
    NotAProbability { token: usize },
    #[error("the probabilities at token {token} sum to {mass:.3}")]
    Mass { token: usize, mass: f64 },
    #[error("token {token} has the candidate {id} twice")]
    Twice { token: usize, id: u32 },
    #[error("the token that was written is missing among the candidates at token {token}")]
    WrittenMissing { token: usize },
    #[error("token {token} has the candidate {id}, and the vocabulary ends at {vocabulary}")]
    OutsideVocabulary {
        token: usize,
        id: u32,
        vocabulary: u32,
    },
    #[error("the candidate {id} at token {token} is another token in this vocabulary")]
    OtherVocabulary { token: usize, id: u32 },
    #[error("its tokens spell another text, from token {token} on")]
    OtherText { token: usize },
}

/// A trace that may be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked<'a> {
    /// Of the text's tokens: what they spell is the text.
    pub(super) text: &'a [TokenRecord],
    /// Of the end of turn, where it was recorded.
    pub(super) end: Option<&'a TokenRecord>,
}

/// Looks at everything that can be known to be wrong. Ids are held against the student's vocabulary only if the
/// trace claims to be of that.
pub(super) fn check<'a>(
    trace: &'a Trace,
    text: &str,
    student: &impl Tokenize,
) -> Result<Checked<'a>, TraceFault> {
    let own = trace.tokenizer.as_deref() == Some(student.identity());
    let records = trace.records.as_ref();
    let records = records.map_err(|reason| TraceFault::Unreadable(reason.clone()))?;
    for (token, record) in records.iter().enumerate() {
        if let TokenRecord::Traced(trace) = record {
            check_values(token, trace)?;
            if own {
                check_ids(token, trace, student)?;
            }
        }
    }
    spelling(records, text.as_bytes())
}

fn check_values(token: usize, trace: &TokenTrace) -> Result<(), TraceFault> {
    let is_log_prob = |value: f32| value <= LOG_PROB_ROUNDING && value.is_finite();
    let candidates = trace.top.iter().chain([&trace.token]);
    if !candidates.clone().all(|c| is_log_prob(c.logprob)) || !(0.0..=1.0).contains(&trace.tail) {
        return Err(TraceFault::NotAProbability { token });
    }
    let mass = mass(trace);
    if (mass - 1.0).abs() > MASS_ROUNDING {
        return Err(TraceFault::Mass { token, mass });
    }
    let mut seen = HashSet::with_capacity(trace.top.len());
    let mut ids = trace.top.iter().filter_map(|candidate| candidate.id);
    if let Some(id) = ids.find(|&id| !seen.insert(id)) {
        return Err(TraceFault::Twice { token, id });
    }
    let written = |candidate: &Candidate| {
        is_same(candidate, &trace.token)
            && (candidate.logprob - trace.token.logprob).abs() <= SAME_VALUE
    };
    match trace.top.iter().any(written) {
        true => Ok(()),
        false => Err(TraceFault::WrittenMissing { token }),
    }
}

/// Candidates and tail: 1 but for rounding.
pub(super) fn mass(trace: &TokenTrace) -> f64 {
    let top = trace.top.iter();
    let top: f64 = top.map(|c| f64::from(c.logprob).exp()).sum();
    top + f64::from(trace.tail)
}

pub(super) fn is_same(one: &Candidate, other: &Candidate) -> bool {
    one.id == other.id && one.bytes == other.bytes
}

fn check_ids(token: usize, trace: &TokenTrace, student: &impl Tokenize) -> Result<(), TraceFault> {
    for candidate in &trace.top {
        let Some(id) = candidate.id else { continue };
        match student.token_bytes(id) {
            Some(bytes) if bytes == candidate.bytes => {}
            Some(_) => return Err(TraceFault::OtherVocabulary { token, id }),
            None => {
                return Err(TraceFault::OutsideVocabulary {
                    token,
                    id,
                    vocabulary: student.vocabulary(),
                });
            }
        }
    }
    Ok(())
}

/// The tokens spell the text, and perhaps one more ends the turn.
fn spelling<'a>(records: &'a [TokenRecord], text: &[u8]) -> Result<Checked<'a>, TraceFault> {
    let mut rest = text;
    for (token, record) in records.iter().enumerate() {
        let is_last = token + 1 == records.len();
        if rest.is_empty() && is_last && token > 0 {
            return Ok(Checked {
                text: &records[..token],
                end: Some(record),
            });
        }
        rest = rest
            .strip_prefix(bytes_of(record))
            .ok_or(TraceFault::OtherText { token })?;
    }
    match (records.is_empty(), rest.is_empty()) {
        (true, _) => Err(TraceFault::Empty),
        (false, false) => Err(TraceFault::OtherText {
            token: records.len(),
        }),
        (false, true) => Ok(Checked {
            text: records,
            end: None,
        }),
    }
}

pub(super) fn bytes_of(record: &TokenRecord) -> &[u8] {
    match record {
        TokenRecord::Traced(trace) => &trace.token.bytes,
        TokenRecord::Untraced { bytes } => bytes,
    }
}
