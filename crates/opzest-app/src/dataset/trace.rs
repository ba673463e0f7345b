//! A stored trace as the window draws it.

use crate::dto::{CandidateView, TokenView, TraceView, UiError};
use crate::error::{error, sentence};
use opzest_core::trace::{Candidate, TokenRecord};
use opzest_store::{StoredTrace, decode_trace};

/// Candidates of a token that are shown; training uses all of them.
const SHOWN: usize = 10;

pub(super) fn view(trace: &StoredTrace) -> Result<TraceView, UiError> {
    let records = decode_trace(&trace.data).map_err(|problem| {
        error(
            crate::dto::ErrorCode::StoreDamaged,
            sentence(&problem.to_string()),
            "The row's text is not touched by this; go back to a backup if you need the probabilities.",
        )
    })?;
    Ok(TraceView {
        model_name: trace.model.name.clone(),
        k: trace.k,
        tokens: records.iter().map(token).collect(),
        stored_bytes: u32::try_from(trace.bytes).unwrap_or(u32::MAX),
    })
}

fn token(record: &TokenRecord) -> TokenView {
    match record {
        TokenRecord::Traced(trace) => TokenView {
            text: text(&trace.token.bytes),
            logprob: trace.token.logprob,
            top: trace.top.iter().take(SHOWN).map(candidate).collect(),
            tail: trace.tail,
        },
        // Training takes it as certain.
        TokenRecord::Untraced { bytes } => TokenView {
            text: text(bytes),
            logprob: 0.0,
            top: Vec::new(),
            tail: 0.0,
        },
    }
}

fn candidate(candidate: &Candidate) -> CandidateView {
    CandidateView {
        text: text(&candidate.bytes),
        logprob: candidate.logprob,
    }
}

/// Tokens are not always whole characters.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_core::trace::TokenTrace;

    fn made(count: u8) -> TokenTrace {
        let candidate = |n: u8| Candidate {
            id: Some(n.into()),
            bytes: vec![b'a' + n],
            logprob: -f32::from(n) - 0.5,
        };
        TokenTrace {
            token: candidate(1),
            top: (0..count).map(candidate).collect(),
            tail: 0.25,
        }
    }

    #[test]
    fn ten_candidates_and_broken_characters_are_shown() {
        let shown = token(&TokenRecord::Traced(made(20)));
        assert_eq!(
            (shown.text.as_str(), shown.logprob, shown.tail),
            ("b", -1.5, 0.25)
        );
        assert_eq!(shown.top.len(), 10);
        assert_eq!(shown.top[9].text, "j");
        let bytes = vec![b'x', 0xff];
        assert_eq!(token(&TokenRecord::Untraced { bytes }).text, "x\u{fffd}");
    }
}
