//! What a server turned out not to accept. Starts from the configuration and only ever shrinks, so
//! that adapting to a server ends.

use super::config::{JsonSchemaForm, LengthField, RemoteConfig};
use super::failure::ServerFailure;
use super::server::ServerAddress;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) stream_options: bool,
    pub(super) length_field: &'static str,
    may_swap_length: bool,
    /// The most candidates per token; `None`: no log-probabilities.
    pub(super) trace_k: Option<u32>,
    /// Why the server gives no log-probabilities, in its own words.
    pub(super) trace_refusal: Option<String>,
    pub(super) temperature: bool,
    pub(super) top_p: bool,
    pub(super) min_p: bool,
    pub(super) seed: bool,
    pub(super) stop: bool,
    pub(super) json_schema: JsonSchemaForm,
    pub(super) grammar: bool,
}

pub(super) const MAX_TOKENS: &str = "max_tokens";
pub(super) const MAX_COMPLETION_TOKENS: &str = "max_completion_tokens";

/// Counts of candidates to try when a server refuses ours.
const TRACE_K_STEPS: [u32; 2] = [20, 5];

impl Dialect {
    pub(super) fn new(config: &RemoteConfig, server: &ServerAddress) -> Self {
        let features = config.features;
        let length_field = match features.length_field {
            LengthField::Auto if server.is_openai() => MAX_COMPLETION_TOKENS,
            LengthField::Auto | LengthField::MaxTokens => MAX_TOKENS,
            LengthField::MaxCompletionTokens => MAX_COMPLETION_TOKENS,
        };
        Self {
            stream_options: true,
            length_field,
            may_swap_length: features.length_field == LengthField::Auto,
            trace_k: (features.max_trace_k > 0).then_some(features.max_trace_k),
            trace_refusal: None,
            temperature: true,
            top_p: true,
            min_p: features.min_p,
            seed: true,
            stop: true,
            json_schema: features.json_schema,
            grammar: features.grammar,
        }
    }

    /// Gives up what the server objects to in the request `sent`. `false`: the objection is to
    /// something that we cannot leave out.
    pub(super) fn adapt(&mut self, failure: &ServerFailure, sent: &Value) -> bool {
        if !matches!(failure.status, 400 | 422) {
            return false;
        }
        let objects = |field: &str| sent.get(field).is_some() && failure.names(field);
        if objects("stream_options") || (self.stream_options && failure.names("include_usage")) {
            self.stream_options = false;
        } else if objects("top_logprobs") {
            self.lower_trace_k(sent, failure);
        } else if objects("logprobs")
            || failure.message.contains("logprobs") && sent.get("logprobs").is_some()
        {
            self.give_up_traces(failure);
        } else if objects(self.length_field) && self.may_swap_length {
            self.may_swap_length = false;
            self.length_field = if self.length_field == MAX_TOKENS {
                MAX_COMPLETION_TOKENS
            } else {
                MAX_TOKENS
            };
        } else if objects("temperature") {
            self.temperature = false;
        } else if objects("top_p") {
            self.top_p = false;
        } else if objects("min_p") {
            self.min_p = false;
        } else if objects("seed") {
            self.seed = false;
        } else if objects("stop") {
            self.stop = false;
        } else {
            return false;
        }
        true
    }

    fn lower_trace_k(&mut self, sent: &Value, failure: &ServerFailure) {
        let asked = sent
            .get("top_logprobs")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        match TRACE_K_STEPS
            .into_iter()
            .find(|step| u64::from(*step) < asked)
        {
            Some(step) => self.trace_k = Some(step),
            None => self.give_up_traces(failure),
        }
    }

    fn give_up_traces(&mut self, failure: &ServerFailure) {
        self.trace_k = None;
        self.trace_refusal = Some(failure.message.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn dialect(address: &str) -> Dialect {
        let config = RemoteConfig::new(address, "m");
        Dialect::new(
            &config,
            &ServerAddress::parse(address, false).expect("valid"),
        )
    }

    fn refusal(message: &str, param: Option<&str>) -> ServerFailure {
        let body = json!({"error": {"message": message, "param": param}});
        ServerFailure::from_json(400, &body, None).expect("an error")
    }

    #[test]
    fn the_length_field_is_swapped_once() {
        let mut dialect = dialect("https://example.org");
        let wish = refusal(
            "Use 'max_completion_tokens' instead of 'max_tokens'.",
            Some("max_tokens"),
        );
        assert!(dialect.adapt(&wish, &json!({"max_tokens": 5})));
        assert_eq!(dialect.length_field, MAX_COMPLETION_TOKENS);
        let wish = refusal("max_completion_tokens is unknown", None);
        assert!(!dialect.adapt(&wish, &json!({"max_completion_tokens": 5})));
        assert_eq!(
            super::tests::dialect("https://api.openai.com").length_field,
            MAX_COMPLETION_TOKENS
        );
    }

    #[test]
    fn candidates_are_lowered_step_by_step_and_then_given_up() {
        let mut dialect = dialect("https://example.org");
        let wish = refusal("top_logprobs must be less than or equal to 5", None);
        assert!(dialect.adapt(&wish, &json!({"logprobs": true, "top_logprobs": 64})));
        assert_eq!(dialect.trace_k, Some(20));
        assert!(dialect.adapt(&wish, &json!({"logprobs": true, "top_logprobs": 20})));
        assert_eq!(dialect.trace_k, Some(5));
        assert!(dialect.adapt(&wish, &json!({"logprobs": true, "top_logprobs": 5})));
        assert_eq!(dialect.trace_k, None);
        assert!(dialect.trace_refusal.is_some());
    }

    #[test]
    fn only_what_was_sent_is_given_up() {
        let mut dialect = dialect("https://example.org");
        let before = dialect.clone();
        assert!(!dialect.adapt(&refusal("seed?", Some("seed")), &json!({"temperature": 1})));
        assert!(!dialect.adapt(
            &refusal("model not found", Some("model")),
            &json!({"model": "m"})
        ));
        assert_eq!(dialect, before);
        assert!(dialect.adapt(&refusal("no", Some("seed")), &json!({"seed": 1})));
    }
}
