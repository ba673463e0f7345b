//! What a server says when it refuses: the error shapes of OpenAI, llama-server, vLLM, Ollama,
//! Mistral and FastAPI, read into one form.

use super::api_key::ApiKey;
use super::untrusted;
use crate::error::LlmError;
use serde_json::Value;

/// A refusal, its texts already fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ServerFailure {
    pub(super) status: u16,
    pub(super) message: String,
    /// The request field that the server names.
    pub(super) param: Option<String>,
    /// `code` and `type`, as one lower-case text.
    pub(super) kind: String,
    prompt_tokens: Option<u32>,
    context_size: Option<u32>,
}

impl ServerFailure {
    /// From an error page of any kind; `body` may be cut off.
    pub(super) fn from_body(status: u16, body: &[u8], key: Option<&ApiKey>) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body)
            && let Some(failure) = Self::from_json(status, &value, key)
        {
            return failure;
        }
        let page = String::from_utf8_lossy(body);
        let text = untrusted::message(&untrusted::page_text(&page), key);
        let message = if text.is_empty() {
            standard_reason(status)
        } else {
            text
        };
        Self {
            status,
            message,
            ..Self::default()
        }
    }

    /// From a JSON value that holds an error; `None` if it does not.
    pub(super) fn from_json(status: u16, value: &Value, key: Option<&ApiKey>) -> Option<Self> {
        let value = match value {
            Value::Array(items) => items.first()?,
            other => other,
        };
        let error = value.get("error").filter(|error| !error.is_null());
        let detail = value.get("detail").filter(|detail| !detail.is_null());
        let object = match (error, detail) {
            (Some(error @ Value::Object(_)), _) => error,
            _ => value,
        };
        let mut param = text_of(object.get("param"));
        let message = match (error, detail) {
            (Some(Value::String(text)), _) => text.clone(),
            (Some(Value::Object(_)), _) => {
                text_of(object.get("message")).unwrap_or_else(|| object.to_string())
            }
            (None, Some(Value::Array(items))) => {
                param = param.or_else(|| items.first().and_then(location));
                items
                    .iter()
                    .filter_map(validation_message)
                    .collect::<Vec<_>>()
                    .join("; ")
            }
            (None, Some(detail)) => text_of(Some(detail)).unwrap_or_else(|| detail.to_string()),
            _ => text_of(object.get("message"))?,
        };
        let kind = ["code", "type"]
            .iter()
            .filter_map(|name| object.get(*name))
            .map(|part| {
                part.as_str()
                    .map_or_else(|| part.to_string(), str::to_owned)
            })
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        let status = object
            .get("code")
            .and_then(Value::as_u64)
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (200..300).contains(&status) && (400..600).contains(code))
            .unwrap_or(status);
        Some(Self {
            status,
            message: untrusted::message(&message, key),
            param: param.map(|param| untrusted::one_line(&param, 60)),
            kind: untrusted::one_line(&kind, 100),
            prompt_tokens: count_of(object.get("n_prompt_tokens")),
            context_size: count_of(object.get("n_ctx")),
        })
    }

    /// Whether the server objects to this request field. Words of everyday English (`stop`, `seed`)
    /// count only when they are quoted.
    pub(super) fn names(&self, field: &str) -> bool {
        if let Some(param) = &self.param {
            return param == field || param.rsplit('.').next() == Some(field);
        }
        let everyday = matches!(field, "stop" | "seed" | "grammar");
        self.message.match_indices(field).any(|(at, _)| {
            let before = self.message[..at].chars().next_back();
            let after = self.message[at + field.len()..].chars().next();
            let whole = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let quoted = |c: Option<char>| c.is_some_and(|c| matches!(c, '\'' | '"' | '`'));
            if everyday {
                quoted(before) && quoted(after)
            } else {
                whole(before) && whole(after)
            }
        })
    }

    /// Never better at the next try, although the status says so.
    pub(super) fn is_final(&self) -> bool {
        ["insufficient_quota", "billing"]
            .iter()
            .any(|word| self.kind.contains(word))
    }

    /// Tokens of the request and of the context, if the request was too long and both are told.
    pub(super) fn overflow(&self) -> Option<(u32, u32)> {
        if let (Some(prompt), Some(context)) = (self.prompt_tokens, self.context_size) {
            return Some((prompt, context));
        }
        let lower = self.message.to_lowercase();
        if !lower.contains("maximum context length") {
            return None;
        }
        let context = number_after(&lower, "maximum context length")?;
        let prompt = [
            "resulted in",
            "you requested",
            "your request has",
            "your prompt contains",
        ]
        .iter()
        .find_map(|phrase| number_after(&lower, phrase))?;
        (prompt > 0 && context > 0).then_some((prompt, context))
    }

    pub(super) fn into_error(self, server: &str) -> LlmError {
        match self.overflow() {
            Some((prompt_tokens, context_size)) => LlmError::ContextOverflow {
                prompt_tokens,
                context_size,
            },
            None => LlmError::Server {
                server: server.to_owned(),
                status: self.status,
                message: self.message,
            },
        }
    }
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

fn count_of(value: Option<&Value>) -> Option<u32> {
    value
        .and_then(Value::as_u64)
        .and_then(|count| u32::try_from(count).ok())
}

/// FastAPI: `{"loc": ["body", "field"], "msg": ".."}`.
fn location(item: &Value) -> Option<String> {
    item.get("loc")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .nth(1)
        .map(str::to_owned)
}

fn validation_message(item: &Value) -> Option<String> {
    let message = text_of(item.get("msg"))?;
    Some(match location(item) {
        Some(field) => format!("{field}: {message}"),
        None => message,
    })
}

/// The first number after a phrase, within the same few words.
fn number_after(text: &str, phrase: &str) -> Option<u32> {
    let rest = &text[text.find(phrase)? + phrase.len()..];
    let digits: String = rest
        .chars()
        .take(40)
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

fn standard_reason(status: u16) -> String {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("no reason given")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> ServerFailure {
        ServerFailure::from_body(status, body.as_bytes(), None)
    }

    #[test]
    fn the_shapes_that_servers_use() {
        for (body, message) in [
            (
                r#"{"error":{"message":"bad key","type":"x","code":"y"}}"#,
                "bad key",
            ),
            (r#"{"error":"model 'x' not found"}"#, "model 'x' not found"),
            (
                r#"{"object":"error","message":"too big","type":"BadRequestError","code":400}"#,
                "too big",
            ),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                r#"{"detail":[{"loc":["body","seed"],"msg":"extra","type":"t"}]}"#,
                "seed: extra",
            ),
            (r#"[{"error":{"message":"google","code":400}}]"#, "google"),
            (r#"{"message":"mistral"}"#, "mistral"),
            ("upstream\u{7} down\n", "upstream down"),
            ("<html><title>503</title><p>busy", "503 busy"),
            ("", "Service Unavailable"),
            (r#"{"unrelated":1}"#, r#"{"unrelated":1}"#),
        ] {
            assert_eq!(read(503, body).message, message, "{body}");
        }
    }

    #[test]
    fn too_long_requests_with_numbers() {
        for body in [
            r#"{"error":{"code":400,"message":"request (1200 tokens) exceeds the available context size (512 tokens)","type":"exceed_context_size_error","n_prompt_tokens":1200,"n_ctx":512}}"#,
            r#"{"error":{"message":"This model's maximum context length is 512 tokens. However, your messages resulted in 1200 tokens.","code":"context_length_exceeded"}}"#,
            r#"{"error":{"message":"This model's maximum context length is 512 tokens, however you requested 1200 tokens (1100 in your prompt; 100 for the completion)."}}"#,
            r#"{"object":"error","message":"'max_tokens' is too large: 5. This model's maximum context length is 512 tokens and your request has 1200 input tokens"}"#,
        ] {
            assert_eq!(read(400, body).overflow(), Some((1200, 512)), "{body}");
        }
        assert_eq!(
            read(400, r#"{"error":{"message":"prompt too long"}}"#).overflow(),
            None
        );
    }

    #[test]
    fn a_named_field_is_recognised_and_a_similar_one_is_not() {
        let failure = read(
            400,
            r#"{"error":{"message":"Unsupported: 'max_tokens'","param":"max_tokens"}}"#,
        );
        assert!(failure.names("max_tokens") && !failure.names("max_completion_tokens"));
        let failure = read(
            400,
            r#"{"error":{"message":"top_logprobs is not allowed; please stop"}}"#,
        );
        assert!(
            failure.names("top_logprobs") && !failure.names("logprobs") && !failure.names("stop")
        );
        assert!(read(400, r#"{"error":"unknown field `stop`"}"#).names("stop"));
        assert!(
            read(
                422,
                r#"{"detail":[{"loc":["body","stream_options"],"msg":"extra"}]}"#
            )
            .names("stream_options")
        );
    }

    #[test]
    fn a_numeric_code_inside_a_stream_is_the_status() {
        let value = serde_json::json!({"error": {"message": "busy", "code": 503}});
        assert_eq!(
            ServerFailure::from_json(200, &value, None).map(|f| f.status),
            Some(503)
        );
        assert_eq!(
            ServerFailure::from_json(500, &value, None).map(|f| f.status),
            Some(500)
        );
    }
}
