//! A [`ChatRequest`] as the JSON of `/chat/completions`.

use super::config::{JsonSchemaForm, RemoteConfig};
use super::dialect::Dialect;
use crate::error::LlmError;
use crate::model::{ChatRequest, Constraint};
use serde_json::{Map, Value, json};

/// OpenAI's limit; the rest is watched for by the client alone.
const MAX_STOP_STRINGS: usize = 4;

/// The request's body. What the server does not do is an error if the answer would be wrong without
/// it (a constraint, an adapter), and is left out if it only shapes the choice of tokens.
pub(super) fn body(
    request: &ChatRequest,
    config: &RemoteConfig,
    dialect: &Dialect,
) -> Result<Value, LlmError> {
    check(request, config)?;
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| json!({"role": message.role.as_str(), "content": message.content}))
        .collect();
    set("model", json!(config.model));
    set("messages", json!(messages));
    set("stream", json!(true));
    if dialect.stream_options {
        set("stream_options", json!({"include_usage": true}));
    }
    let sampling = request.sampling;
    if dialect.temperature {
        set("temperature", number(sampling.temperature));
    }
    if dialect.top_p && sampling.top_p < 1.0 {
        set("top_p", number(sampling.top_p));
    }
    if dialect.min_p && sampling.min_p > 0.0 {
        set("min_p", number(sampling.min_p));
    }
    if let Some(seed) = sampling.seed.filter(|_| dialect.seed) {
        set("seed", json!(seed));
    }
    if let Some(max_tokens) = request.max_tokens {
        set(dialect.length_field, json!(max_tokens));
    }
    let stops: Vec<&String> = request
        .stop
        .iter()
        .filter(|stop| !stop.is_empty())
        .take(MAX_STOP_STRINGS)
        .collect();
    if dialect.stop && !stops.is_empty() {
        set("stop", json!(stops));
    }
    if let Some(top_k) = trace_k(request, dialect) {
        set("logprobs", json!(true));
        set("top_logprobs", json!(top_k));
    }
    match &request.constraint {
        None => {}
        Some(Constraint::Grammar(grammar)) if dialect.grammar => {
            set("grammar", json!(grammar));
        }
        Some(Constraint::Grammar(_)) => return Err(unsupported(config, "following a grammar")),
        Some(Constraint::JsonSchema(schema)) => {
            set(
                "response_format",
                response_format(schema, dialect.json_schema, config)?,
            );
        }
    }
    Ok(Value::Object(body))
}

/// Candidates per token to ask for; `None` where no trace is wanted or none can be had.
pub(super) fn trace_k(request: &ChatRequest, dialect: &Dialect) -> Option<u32> {
    Some(request.trace_top_k?.min(dialect.trace_k?))
}

fn check(request: &ChatRequest, config: &RemoteConfig) -> Result<(), LlmError> {
    if !request.adapters.is_empty() {
        return Err(unsupported(config, "applying an adapter of this computer"));
    }
    if request.messages.is_empty() {
        return Err(invalid("request", "there are no messages"));
    }
    let sampling = request.sampling;
    let in_range = (0.0..=2.0).contains(&sampling.temperature)
        && (0.0..=1.0).contains(&sampling.top_p)
        && (0.0..=1.0).contains(&sampling.min_p);
    if !in_range {
        return Err(invalid(
            "sampling",
            "temperature must be between 0 and 2, top_p and min_p between 0 and 1",
        ));
    }
    if request.max_tokens == Some(0) {
        return Err(invalid(
            "request",
            "the answer's length is limited to 0 tokens",
        ));
    }
    Ok(())
}

fn response_format(
    schema: &str,
    form: JsonSchemaForm,
    config: &RemoteConfig,
) -> Result<Value, LlmError> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| invalid("JSON schema", &error.to_string()))?;
    match form {
        JsonSchemaForm::Unsupported => Err(unsupported(config, "following a JSON schema")),
        JsonSchemaForm::JsonSchema => Ok(json!({
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": true},
        })),
        JsonSchemaForm::JsonObject => Ok(json!({"type": "json_object", "schema": schema})),
    }
}

/// The shortest decimal that reads back as this f32: 0.1, not 0.10000000149.
fn number(value: f32) -> Value {
    value
        .to_string()
        .parse::<f64>()
        .map_or(Value::Null, Value::from)
}

pub(super) fn unsupported(config: &RemoteConfig, what: &str) -> LlmError {
    LlmError::Unsupported {
        model: config.model.clone(),
        what: what.to_owned(),
    }
}

fn invalid(what: &str, reason: &str) -> LlmError {
    LlmError::InvalidRequest {
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::server::ServerAddress;
    use super::*;
    use crate::model::{AdapterUse, Sampling};
    use opzest_core::chat::{ChatMessage, Role};

    fn config() -> RemoteConfig {
        RemoteConfig::new("http://localhost:1", "tiny")
    }

    fn build(request: &ChatRequest, config: &RemoteConfig) -> Result<Value, LlmError> {
        let server = ServerAddress::parse(&config.base_url, false).expect("valid");
        body(request, config, &Dialect::new(config, &server))
    }

    fn request() -> ChatRequest {
        ChatRequest::new(vec![ChatMessage::new(Role::User, "hi")], Sampling::GREEDY)
    }

    #[test]
    fn the_smallest_request() {
        insta::assert_snapshot!(build(&request(), &config()).expect("valid"), @r#"{"messages":[{"content":"hi","role":"user"}],"model":"tiny","seed":0,"stream":true,"stream_options":{"include_usage":true},"temperature":0.0}"#);
    }

    #[test]
    fn everything_that_can_be_asked_for() {
        let mut request = request();
        request.sampling = Sampling {
            temperature: 0.7,
            top_p: 0.9,
            min_p: 0.05,
            seed: Some(7),
        };
        request.max_tokens = Some(10);
        request.stop = ["a", "", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        request.trace_top_k = Some(64);
        request.constraint = Some(Constraint::JsonSchema(r#"{"type":"object"}"#.into()));
        let mut config = config();
        config.features.min_p = true;
        insta::assert_snapshot!(build(&request, &config).expect("valid"), @r#"{"logprobs":true,"max_tokens":10,"messages":[{"content":"hi","role":"user"}],"min_p":0.05,"model":"tiny","response_format":{"json_schema":{"name":"answer","schema":{"type":"object"},"strict":true},"type":"json_schema"},"seed":7,"stop":["a","b","c","d"],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"top_logprobs":20,"top_p":0.9}"#);
        config.features.min_p = false;
        assert!(
            build(&request, &config)
                .expect("valid")
                .get("min_p")
                .is_none()
        );
    }

    #[test]
    fn what_would_make_the_answer_wrong_is_an_error() {
        let mut with_adapter = request();
        with_adapter.adapters = vec![AdapterUse {
            path: "a.gguf".into(),
            scale: 1.0,
        }];
        let mut with_grammar = request();
        with_grammar.constraint = Some(Constraint::Grammar("root ::= \"a\"".into()));
        let mut with_schema = request();
        with_schema.constraint = Some(Constraint::JsonSchema("{}".into()));
        let mut config = config();
        config.features.json_schema = JsonSchemaForm::Unsupported;
        for request in [with_adapter, with_grammar.clone(), with_schema.clone()] {
            let error = build(&request, &config).expect_err("unsupported");
            assert!(matches!(error, LlmError::Unsupported { .. }), "{error}");
        }
        config.features.grammar = true;
        config.features.json_schema = JsonSchemaForm::JsonObject;
        assert!(
            build(&with_grammar, &config)
                .expect("valid")
                .get("grammar")
                .is_some()
        );
        let format = build(&with_schema, &config).expect("valid")["response_format"].clone();
        assert_eq!(format, json!({"type": "json_object", "schema": {}}));
    }

    #[test]
    fn requests_that_make_no_sense_are_refused_before_sending() {
        let mut hot = request();
        hot.sampling.temperature = f32::NAN;
        let mut empty = request();
        empty.messages.clear();
        let mut none = request();
        none.max_tokens = Some(0);
        let mut schema = request();
        schema.constraint = Some(Constraint::JsonSchema("{".into()));
        for request in [hot, empty, none, schema] {
            let error = build(&request, &config()).expect_err("invalid");
            assert!(matches!(error, LlmError::InvalidRequest { .. }), "{error}");
        }
    }
}
