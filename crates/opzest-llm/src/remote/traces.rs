//! Turns a server's log-probabilities into traces, and refuses those that cannot be true.
//!
//! A trace becomes training data, so a wrong one is worse than none. The rules:
//!
//! - NaN, infinite, missing or positive values, candidates whose masses sum to more than 1, and a
//!   sampled token that should stand among the candidates and does not: the whole trace is refused.
//! - Until some value of the answer differs from exactly 0.0, tokens get no trace. A single answer
//!   token can really have probability 1, and then no trace means the same (the hard label). An answer
//!   of two or more tokens without any other value comes from a server that does not know the values
//!   (speculative decoding), and is reported; nothing was handed out by then.
//! - The tokens must spell the text. A token whose bytes the server does not know (it wrote U+FFFD, or
//!   nothing) has no trace; such candidates go to the tail.
//!
//! A refusal can come after traces were handed out: with a `trace_problem` in the summary, all traces of
//! the generation are void.

use super::wire::{TokenEntry, TopEntry};
use opzest_core::trace::{Candidate, TokenTrace};

/// Rounding that a sum of printed probabilities may show.
const MASS_TOLERANCE: f64 = 0.01;
/// Rounding of one printed log-probability, in nats.
const LOGPROB_TOLERANCE: f64 = 0.001;
/// How far two printed values of one token may be apart, in nats.
const SAME_VALUE: f64 = 0.05;

#[derive(Debug)]
pub(super) struct TraceReader {
    top_k: usize,
    refused: Option<String>,
    /// Some value differed from 0.0.
    proven: bool,
    entries: u64,
    spelling: Spelling,
}

impl TraceReader {
    pub(super) fn new(top_k: u32) -> Self {
        Self {
            top_k: top_k as usize,
            refused: None,
            proven: false,
            entries: 0,
            spelling: Spelling::default(),
        }
    }

    /// The traces of the tokens of one chunk, in order; `text` is the chunk's text.
    pub(super) fn read(&mut self, entries: &[TokenEntry], text: &str) -> Vec<Option<TokenTrace>> {
        self.spell(entries, text);
        entries.iter().map(|entry| self.token(entry)).collect()
    }

    /// Log-probabilities in a form that we do not know.
    pub(super) fn refuse(&mut self, reason: impl Into<String>) {
        self.refused.get_or_insert(reason.into());
    }

    /// Why the traces cannot be used, at the end of an answer with `tokens` tokens.
    pub(super) fn problem(&self, tokens: u64) -> Option<String> {
        if let Some(reason) = &self.refused {
            return Some(reason.clone());
        }
        if tokens > 0 && self.entries == 0 {
            return Some("the server gave no log-probabilities".into());
        }
        (self.entries >= 2 && !self.proven).then(|| {
            "every log-probability is exactly 0: the server does not know them (speculative decoding does that)".into()
        })
    }

    fn spell(&mut self, entries: &[TokenEntry], text: &str) {
        if self.refused.is_none() && !self.spelling.add(entries, text) {
            self.refuse("the tokens that the server lists do not spell the text that it sent");
        }
    }

    fn token(&mut self, entry: &TokenEntry) -> Option<TokenTrace> {
        self.entries += 1;
        if self.refused.is_some() {
            return None;
        }
        match token_trace(entry, self.top_k) {
            Ok(read) => {
                self.proven |= read.has_value;
                read.trace.filter(|_| self.proven)
            }
            Err(reason) => {
                self.refuse(reason);
                None
            }
        }
    }
}

struct ReadToken {
    /// `None`: the token's bytes are not known.
    trace: Option<TokenTrace>,
    /// Some value is not exactly 0.0.
    has_value: bool,
}

fn token_trace(entry: &TokenEntry, top_k: usize) -> Result<ReadToken, String> {
    let sampled = value(entry.logprob)?;
    let mut top: Vec<(Option<Vec<u8>>, f64)> = Vec::new();
    for TopEntry {
        token,
        logprob,
        bytes,
    } in entry.top_logprobs.iter().flatten()
    {
        top.push((known_bytes(token, bytes.as_deref()), value(*logprob)?));
    }
    let has_value = sampled != 0.0 || top.iter().any(|(_, logprob)| *logprob != 0.0);
    // Stable: equal values keep the server's order.
    top.sort_by(|a, b| b.1.total_cmp(&a.1));
    check_mass(top.iter().map(|(_, logprob)| *logprob))?;
    let lowest = top.last().map(|(_, logprob)| *logprob);
    top.truncate(top_k.max(1));

    let Some(bytes) = known_bytes(&entry.token, entry.bytes.as_deref()) else {
        return Ok(ReadToken {
            trace: None,
            has_value,
        });
    };
    let token = Candidate {
        id: None,
        bytes,
        logprob: sampled as f32,
    };
    let is_sampled = |(bytes, logprob): &(Option<Vec<u8>>, f64)| {
        bytes.as_deref() == Some(token.bytes.as_slice()) && (logprob - sampled).abs() <= SAME_VALUE
    };
    let listed = top.iter().any(is_sampled);
    if !listed && lowest.is_some_and(|lowest| sampled > lowest + SAME_VALUE) {
        let cut_off = entry
            .top_logprobs
            .as_ref()
            .is_some_and(|all| all.len() > top.len());
        let kept = top
            .last()
            .map_or(f64::NEG_INFINITY, |(_, logprob)| *logprob);
        if !cut_off || sampled > kept + SAME_VALUE {
            return Err(
                "the written token is missing among the candidates, or has another value there"
                    .into(),
            );
        }
    }
    let mut candidates: Vec<Candidate> = top
        .into_iter()
        .filter_map(|(bytes, logprob)| {
            bytes.map(|bytes| Candidate {
                id: None,
                bytes,
                logprob: logprob as f32,
            })
        })
        .collect();
    if !listed {
        candidates.push(token.clone());
        check_mass(
            candidates
                .iter()
                .map(|candidate| f64::from(candidate.logprob)),
        )?;
    }
    let mass: f64 = candidates
        .iter()
        .map(|candidate| f64::from(candidate.logprob).exp())
        .sum();
    let tail = (1.0 - mass).clamp(0.0, 1.0) as f32;
    Ok(ReadToken {
        trace: Some(TokenTrace {
            token,
            top: candidates,
            tail,
        }),
        has_value,
    })
}

fn value(logprob: Option<f64>) -> Result<f64, String> {
    let value = logprob
        .filter(|value| value.is_finite())
        .ok_or("a log-probability is not a number")?;
    if value > LOGPROB_TOLERANCE {
        return Err(format!("a log-probability is positive ({value})"));
    }
    Ok(value.min(0.0))
}

fn check_mass(logprobs: impl Iterator<Item = f64>) -> Result<(), String> {
    let mass: f64 = logprobs.map(f64::exp).sum();
    if mass > 1.0 + MASS_TOLERANCE {
        return Err(format!(
            "the candidates of one token have a probability of {mass:.3} in all, more than 1"
        ));
    }
    Ok(())
}

/// The bytes of a token; `None` where the server lost part of a character: most write U+FFFD for it,
/// llama-cpp-python nothing at all.
fn known_bytes(token: &str, bytes: Option<&[u8]>) -> Option<Vec<u8>> {
    let bytes = bytes.unwrap_or(token.as_bytes());
    let replaced = bytes
        .windows(3)
        .any(|window| window == "\u{fffd}".as_bytes());
    (!replaced && !bytes.is_empty()).then(|| bytes.to_vec())
}

/// Follows whether the tokens spell the text. Either may be ahead: text waits for a character's last byte,
/// and the end-of-turn token has no text.
#[derive(Debug, Default)]
struct Spelling {
    text: Vec<u8>,
    tokens: Vec<u8>,
    /// A token with unknown bytes is waiting for its text.
    unknown: bool,
}

impl Spelling {
    fn add(&mut self, entries: &[TokenEntry], text: &str) -> bool {
        if entries.is_empty() && self.tokens.is_empty() && !self.unknown {
            // Text without tokens is a gap in the trace, not a contradiction.
            return true;
        }
        self.text.extend_from_slice(text.as_bytes());
        for entry in entries {
            match known_bytes(&entry.token, entry.bytes.as_deref()) {
                Some(bytes) => self.tokens.extend_from_slice(&bytes),
                None => self.unknown = true,
            }
        }
        if self.unknown {
            if !self.text.is_empty() {
                *self = Self::default();
            }
            return true;
        }
        let common = self.text.len().min(self.tokens.len());
        let same = self.text[..common] == self.tokens[..common];
        self.text.drain(..common);
        self.tokens.drain(..common);
        same
    }
}

#[cfg(test)]
#[path = "traces_tests.rs"]
mod tests;
