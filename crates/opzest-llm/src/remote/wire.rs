//! The answer's JSON: one streamed chunk, or one whole completion.
//!
//! Lenient where servers differ: unknown fields are ignored, null counts as missing, and the parts
//! that are not essential (usage, log-probabilities) stay raw until they are needed.

use crate::model::Usage;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<Value>,
    pub(super) error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) index: Option<u32>,
    pub(super) delta: Option<Delta>,
    /// Instead of `delta` where the server does not stream.
    pub(super) message: Option<Delta>,
    pub(super) finish_reason: Option<String>,
    /// vLLM: the stop string that ended the answer.
    pub(super) stop_reason: Option<Value>,
    pub(super) logprobs: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    content: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
}

impl Delta {
    /// The text: a string, or the text parts of a list.
    pub(super) fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str))
                .collect(),
            _ => String::new(),
        }
    }

    /// Whether the model is thinking in a field of its own.
    pub(super) fn is_reasoning(&self) -> bool {
        let filled = |value: &Option<Value>| {
            value
                .as_ref()
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        filled(&self.reasoning_content) || filled(&self.reasoning)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Logprobs {
    pub(super) content: Option<Vec<TokenEntry>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct TokenEntry {
    pub(super) token: String,
    pub(super) logprob: Option<f64>,
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) top_logprobs: Option<Vec<TopEntry>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct TopEntry {
    pub(super) token: String,
    pub(super) logprob: Option<f64>,
    pub(super) bytes: Option<Vec<u8>>,
}

/// Reads one chunk. Python servers write `NaN` and `Infinity`, which JSON does not know: they become
/// null, so that the text is not lost with them.
pub(super) fn parse_chunk(data: &str) -> Result<Chunk, serde_json::Error> {
    serde_json::from_str(data).or_else(|error| match without_non_numbers(data) {
        Cow::Owned(repaired) => serde_json::from_str(&repaired),
        Cow::Borrowed(_) => Err(error),
    })
}

fn without_non_numbers(data: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut rest = data;
    let mut in_string = false;
    let mut changed = false;
    while let Some(c) = rest.chars().next() {
        if in_string && c == '\\' {
            let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
            repaired.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if c == '"' {
            in_string = !in_string;
        }
        let word = ["NaN", "-Infinity", "Infinity"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        match word {
            Some(word) if !in_string => {
                repaired.push_str("null");
                changed = true;
                rest = &rest[word.len()..];
            }
            _ => {
                repaired.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if changed {
        Cow::Owned(repaired)
    } else {
        Cow::Borrowed(data)
    }
}

/// Counts that a server does not tell stay 0.
pub(super) fn usage(value: &Value) -> Usage {
    let count = |value: Option<&Value>| {
        value
            .and_then(Value::as_u64)
            .map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    Usage {
        prompt_tokens: count(value.get("prompt_tokens")),
        cached_tokens: count(value.pointer("/prompt_tokens_details/cached_tokens")),
        answer_tokens: count(value.get("completion_tokens")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_become_null_outside_of_strings() {
        let chunk = parse_chunk(
            r#"{"choices":[{"delta":{"content":"NaN \" Infinity"},"logprobs":{"content":[{"token":"a","logprob":-Infinity,"top_logprobs":[{"token":"a","logprob":NaN}]}]}}]}"#,
        )
        .expect("repaired");
        let choice = &chunk.choices.expect("choices")[0];
        assert_eq!(
            choice.delta.as_ref().map(Delta::text).as_deref(),
            Some("NaN \" Infinity")
        );
        let logprobs: Logprobs =
            serde_json::from_value(choice.logprobs.clone().expect("kept")).expect("shape");
        assert_eq!(logprobs.content.expect("content")[0].logprob, None);
        assert!(parse_chunk("{broken").is_err());
    }

    #[test]
    fn text_parts_and_missing_parts() {
        let text = |json: &str| serde_json::from_str::<Delta>(json).expect("delta").text();
        assert_eq!(
            text(r#"{"content":[{"type":"text","text":"a"},{"type":"x"},{"text":"b"}]}"#),
            "ab"
        );
        assert_eq!(text(r#"{"content":null}"#), "");
        assert_eq!(text("{}"), "");
    }

    #[test]
    fn usage_of_any_shape() {
        let value = serde_json::json!({"prompt_tokens": 7, "completion_tokens": 1u64 << 40,
            "prompt_tokens_details": {"cached_tokens": 3}});
        let told = usage(&value);
        assert_eq!(
            (told.prompt_tokens, told.cached_tokens, told.answer_tokens),
            (7, 3, u32::MAX)
        );
        assert_eq!(usage(&serde_json::json!("?")), Usage::default());
    }
}
