//! Turns the chunks of one answer into events.

use super::stop::StopFilter;
use super::traces::TraceReader;
use super::untrusted;
use super::wire::{Choice, Chunk, Logprobs, TokenEntry, usage};
use crate::model::{FinishReason, GenerationEvent, Usage};
use opzest_core::trace::TokenTrace;
use serde_json::Value;

/// What one chunk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing of the answer: a role, usage, an empty delta.
    None,
    /// The model thinks in a field of its own; that text is not part of the answer.
    Reasoning,
    Tokens,
}

#[derive(Debug)]
pub(super) struct AnswerReader {
    stop: StopFilter,
    traces: Option<TraceReader>,
    tokens: u64,
    finish: Option<FinishReason>,
    usage: Usage,
}

impl AnswerReader {
    /// `trace_k` is what the server was asked for.
    pub(super) fn new(stops: &[String], trace_k: Option<u32>) -> Self {
        Self {
            stop: StopFilter::new(stops),
            traces: trace_k.map(TraceReader::new),
            tokens: 0,
            finish: None,
            usage: Usage::default(),
        }
    }

    /// Takes a chunk without an error in it; appends its events.
    pub(super) fn read(&mut self, chunk: Chunk, events: &mut Vec<GenerationEvent>) -> Progress {
        if let Some(value) = chunk.usage.filter(Value::is_object) {
            self.usage = usage(&value);
        }
        let choice = chunk
            .choices
            .into_iter()
            .flatten()
            .find(|choice| choice.index.unwrap_or(0) == 0);
        let (Some(choice), false) = (choice, self.stopped()) else {
            return Progress::None;
        };
        let delta = choice.delta.as_ref().or(choice.message.as_ref());
        let text = delta.map(|delta| delta.text()).unwrap_or_default();
        let reasoning = text.is_empty() && delta.is_some_and(|delta| delta.is_reasoning());
        // Log-probabilities beside reasoning belong to it.
        let entries = if reasoning {
            Vec::new()
        } else {
            self.entries(&choice)
        };
        let before = self.tokens;
        if !entries.is_empty() || !text.is_empty() {
            self.read_tokens(&entries, &text, events);
        }
        if let (Some(reason), None) = (&choice.finish_reason, &self.finish) {
            self.finish = Some(finish_reason(reason, choice.stop_reason.as_ref()));
        }
        match (self.tokens > before, reasoning) {
            (true, _) => Progress::Tokens,
            (false, true) => Progress::Reasoning,
            (false, false) => Progress::None,
        }
    }

    /// The server said why the answer ended, or a stop string was found.
    pub(super) fn has_ended(&self) -> bool {
        self.finish.is_some()
    }

    /// A stop string was found here: nothing that follows is of interest.
    pub(super) fn stopped(&self) -> bool {
        matches!(self.finish, Some(FinishReason::Stop(_)))
    }

    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Gives out held text, and tells how the answer ended.
    pub(super) fn finish(&mut self, events: &mut Vec<GenerationEvent>) -> FinishReason {
        if !self.stopped() {
            let text = self.stop.flush();
            if !text.is_empty() {
                events.push(GenerationEvent::Token { text, trace: None });
            }
        }
        self.finish
            .take()
            .unwrap_or_else(|| FinishReason::Other("no reason given".into()))
    }

    pub(super) fn trace_problem(&self) -> Option<String> {
        self.traces
            .as_ref()
            .and_then(|traces| traces.problem(self.tokens))
    }

    fn entries(&mut self, choice: &Choice) -> Vec<TokenEntry> {
        let (Some(traces), Some(value)) = (&mut self.traces, &choice.logprobs) else {
            return Vec::new();
        };
        if value.is_null() {
            return Vec::new();
        }
        match serde_json::from_value::<Logprobs>(value.clone()) {
            Ok(logprobs) => logprobs.content.unwrap_or_default(),
            Err(_) => {
                traces.refuse("the server's log-probabilities have an unknown form");
                Vec::new()
            }
        }
    }

    fn read_tokens(
        &mut self,
        entries: &[TokenEntry],
        text: &str,
        events: &mut Vec<GenerationEvent>,
    ) {
        let traces = match &mut self.traces {
            Some(reader) => reader.read(entries, text),
            None => Vec::new(),
        };
        if entries.is_empty() {
            self.token(text, None, events);
            return;
        }
        let each_its_own = entries
            .iter()
            .map(|entry| entry.token.as_str())
            .collect::<String>()
            == text;
        let last = entries.len() - 1;
        for (at, (entry, trace)) in entries.iter().zip(traces).enumerate() {
            let own = match (each_its_own, at == last) {
                (true, _) => entry.token.as_str(),
                (false, true) => text,
                (false, false) => "",
            };
            self.token(own, trace, events);
            if self.stopped() {
                return;
            }
        }
    }

    fn token(&mut self, text: &str, trace: Option<TokenTrace>, events: &mut Vec<GenerationEvent>) {
        self.tokens += 1;
        let (text, stop) = self.stop.push(text);
        events.push(GenerationEvent::Token { text, trace });
        if let Some(stop) = stop {
            self.finish = Some(FinishReason::Stop(stop));
        }
    }
}

/// `stop` is the end of the turn unless the server names the stop string.
fn finish_reason(reason: &str, stop_reason: Option<&Value>) -> FinishReason {
    match (reason, stop_reason.and_then(Value::as_str)) {
        ("stop", Some(stop)) => FinishReason::Stop(untrusted::one_line(stop, 100)),
        ("stop", None) => FinishReason::EndOfTurn,
        ("length", _) => FinishReason::MaxTokens,
        (other, _) => FinishReason::Other(untrusted::one_line(other, 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(reader: &mut AnswerReader, chunk: Value) -> (Progress, Vec<GenerationEvent>) {
        let mut events = Vec::new();
        let chunk = serde_json::from_value(chunk).expect("a chunk");
        (reader.read(chunk, &mut events), events)
    }

    fn texts(events: &[GenerationEvent]) -> Vec<(&str, bool)> {
        events
            .iter()
            .filter_map(|event| match event {
                GenerationEvent::Token { text, trace } => Some((text.as_str(), trace.is_some())),
                GenerationEvent::Reading { .. } | GenerationEvent::Finished(_) => None,
            })
            .collect()
    }

    #[test]
    fn several_tokens_in_one_chunk_keep_their_own_text() {
        let mut reader = AnswerReader::new(&[], Some(2));
        let (progress, events) = read(
            &mut reader,
            json!({"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "length",
                "logprobs": {"content": [{"token": "Hel", "logprob": -0.5}, {"token": "lo", "logprob": -0.5}]}}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
        );
        assert_eq!(progress, Progress::Tokens);
        assert_eq!(texts(&events), [("Hel", true), ("lo", true)]);
        assert_eq!(reader.finish(&mut Vec::new()), FinishReason::MaxTokens);
        assert_eq!(
            (reader.usage().prompt_tokens, reader.usage().answer_tokens),
            (3, 2)
        );
    }

    #[test]
    fn a_stop_string_ends_the_answer_and_is_named() {
        let mut reader = AnswerReader::new(&["END".into()], None);
        let (_, events) = read(
            &mut reader,
            json!({"choices": [{"delta": {"content": "a E"}}]}),
        );
        assert_eq!(texts(&events), [("a ", false)]);
        let (_, events) = read(
            &mut reader,
            json!({"choices": [{"delta": {"content": "ND b"}}]}),
        );
        assert_eq!(texts(&events), [("", false)]);
        assert!(reader.stopped());
        let (progress, _) = read(
            &mut reader,
            json!({"choices": [{"delta": {"content": "c"}}]}),
        );
        assert_eq!(progress, Progress::None);
        assert_eq!(
            reader.finish(&mut Vec::new()),
            FinishReason::Stop("END".into())
        );
    }

    #[test]
    fn reasoning_is_progress_but_no_text() {
        let mut reader = AnswerReader::new(&[], Some(2));
        let (progress, events) = read(
            &mut reader,
            json!({"choices": [{"delta": {"reasoning_content": "hm"},
                "logprobs": {"content": [{"token": "hm", "logprob": -0.5}]}}]}),
        );
        assert_eq!((progress, events.len()), (Progress::Reasoning, 0));
    }

    #[test]
    fn ends_that_servers_give() {
        for (reason, stop_reason, finish) in [
            ("stop", json!(null), FinishReason::EndOfTurn),
            ("stop", json!(128_001), FinishReason::EndOfTurn),
            ("stop", json!("END"), FinishReason::Stop("END".into())),
            ("length", json!(null), FinishReason::MaxTokens),
            (
                "content_filter",
                json!(null),
                FinishReason::Other("content_filter".into()),
            ),
        ] {
            assert_eq!(finish_reason(reason, Some(&stop_reason)), finish);
        }
    }

    #[test]
    fn log_probabilities_of_an_unknown_form_cost_the_trace_and_not_the_text() {
        let mut reader = AnswerReader::new(&[], Some(2));
        let (_, events) = read(
            &mut reader,
            json!({"choices": [{"delta": {"content": "a"}, "logprobs": {"content": [{"token": 7}]}}]}),
        );
        assert_eq!(texts(&events), [("a", false)]);
        assert!(
            reader
                .trace_problem()
                .is_some_and(|problem| problem.contains("unknown form"))
        );
    }
}
