//! Refused requests: what is told, and what is asked again in other words.

use super::fault_server::{FaultServer, Step, good, json, page};
use super::{ask, config, model, request};
use opzest_llm::remote::{RemoteConfig, TraceReport};
use opzest_llm::{ChatModel, Constraint, LlmError};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn bad_request(message: &str, param: Option<&str>) -> Vec<Step> {
    json(
        "400 Bad Request",
        &json!({"error": {"message": message, "param": param}}),
    )
}

#[tokio::test]
async fn a_wrong_key_is_told_in_the_servers_words() {
    let body = json!({"error": {"message": "Incorrect API key provided: sk-***15."}});
    let server = FaultServer::start(vec![json("401 Unauthorized", &body)]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    let text = outcome.error().to_string();
    let expected = format!(
        "{} answered 401: Incorrect API key provided: sk-***15.",
        server.name()
    );
    assert_eq!(text, expected);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn web_pages_are_errors_with_their_text() {
    let html = "<html><head><title>Welcome</title></head><body>to the \u{202e}portal</body></html>";
    let server =
        FaultServer::start(vec![page("200 OK", "content-type: text/html\r\n", html)]).await;
    let text = ask(&model(config(&server)), request())
        .await
        .error()
        .to_string();
    assert!(
        text.ends_with("answer: text/html: Welcome to the portal"),
        "{text}"
    );
    let server = FaultServer::start(vec![page(
        "404 Not Found",
        "content-type: text/html\r\n",
        html,
    )])
    .await;
    let text = ask(&model(config(&server)), request())
        .await
        .error()
        .to_string();
    assert!(
        text.ends_with("answered 404: Welcome to the portal"),
        "{text}"
    );
}

#[tokio::test]
async fn json_that_is_no_answer() {
    let server = FaultServer::start(vec![json("200 OK", &json!({"hello": 1}))]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert!(matches!(outcome.error(), LlmError::Protocol { .. }));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = FaultServer::start(vec![good("stolen")]).await;
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = format!("location: {}/v1/chat/completions\r\n", target.url());
        let server = FaultServer::start(vec![page(status, &location, "")]).await;
        let text = ask(&model(config(&server)), request())
            .await
            .error()
            .to_string();
        assert!(text.contains("it redirects to 127.0.0.1"), "{text}");
    }
    assert!(target.seen().is_empty());
}

#[tokio::test]
async fn too_long_requests() {
    let body = json!({"error": {"code": 400, "type": "exceed_context_size_error",
        "message": "request exceeds the available context size", "n_prompt_tokens": 900, "n_ctx": 512}});
    let server = FaultServer::start(vec![json("400 Bad Request", &body)]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert_eq!(
        outcome.error(),
        &LlmError::ContextOverflow {
            prompt_tokens: 900,
            context_size: 512
        }
    );
    let body = json!({"error": {"message": "too long", "code": "context_length_exceeded"}});
    let server = FaultServer::start(vec![json("400 Bad Request", &body)]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert!(matches!(
        outcome.error(),
        LlmError::Server { status: 400, .. }
    ));
}

#[tokio::test]
async fn refused_fields_are_left_out_and_that_is_remembered() {
    let server = FaultServer::start(vec![
        bad_request(
            "Unrecognized request argument supplied: stream_options",
            None,
        ),
        bad_request("Use 'max_completion_tokens' instead.", Some("max_tokens")),
        json(
            "422 Unprocessable",
            &json!({"detail": [{"loc": ["body", "seed"], "msg": "extra"}]}),
        ),
        bad_request(
            "'temperature' does not support 0 with this model",
            Some("temperature"),
        ),
        good("at last"),
    ])
    .await;
    let model = model(config(&server));
    let mut request = request();
    request.max_tokens = Some(9);
    assert_eq!(ask(&model, request.clone()).await.text, "at last");
    assert_eq!(ask(&model, request).await.text, "at last");
    let seen = server.seen();
    assert_eq!(seen.len(), 6, "the second request goes through at once");
    let fields = |at: usize| -> Vec<String> {
        let Value::Object(body) = &seen[at].body else {
            panic!("{:?}", seen[at])
        };
        body.keys().cloned().collect()
    };
    assert_eq!(
        fields(0),
        [
            "max_tokens",
            "messages",
            "model",
            "seed",
            "stream",
            "stream_options",
            "temperature"
        ]
    );
    assert_eq!(
        fields(4),
        ["max_completion_tokens", "messages", "model", "stream"]
    );
    assert_eq!(fields(5), fields(4));
}

#[tokio::test]
async fn a_refusal_of_something_else_is_final() {
    let server =
        FaultServer::start(vec![bad_request("model `tiny` not found", Some("model"))]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert!(matches!(
        outcome.error(),
        LlmError::Server { status: 400, .. }
    ));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn without_log_probabilities_the_text_still_comes() {
    let server = FaultServer::start(vec![
        bad_request(
            "logprobs are not supported with reasoning models",
            Some("logprobs"),
        ),
        good("fine"),
    ])
    .await;
    let model = model(config(&server));
    let mut request = request();
    request.trace_top_k = Some(64);
    let outcome = ask(&model, request).await;
    assert_eq!(outcome.text, "fine");
    let problem = outcome.summary().trace_problem.clone().expect("a problem");
    assert!(
        problem.contains("not supported with reasoning models"),
        "{problem}"
    );
    assert_eq!(model.capabilities().max_trace_k, 0);
}

#[tokio::test]
async fn a_schema_that_the_server_does_not_know_is_unsupported() {
    for status in ["400 Bad Request", "500 Internal Server Error"] {
        schema_is_unsupported(status).await;
    }
}

async fn schema_is_unsupported(status: &str) {
    let refusal = json!({"error": {"message": "'loc': ('body', 'response_format', 'type')"}});
    let server = FaultServer::start(vec![json(status, &refusal)]).await;
    let model = model(config(&server));
    assert!(model.capabilities().json_schema);
    let mut request = request();
    request.constraint = Some(Constraint::JsonSchema("{}".into()));
    let outcome = ask(&model, request.clone()).await;
    assert!(
        matches!(outcome.error(), LlmError::Unsupported { .. }),
        "{outcome:?}"
    );
    assert!(!model.capabilities().json_schema);
    let refused = model
        .generate(request, CancellationToken::new())
        .await
        .err();
    assert!(matches!(refused, Some(LlmError::Unsupported { .. })));
}

#[tokio::test]
async fn models_are_listed() {
    let list = json!({"object": "list", "data": [{"id": "tiny", "max_model_len": 2048}]});
    let server = FaultServer::start(vec![json("200 OK", &list)]).await;
    let models = model(config(&server)).list_models().await.expect("a list");
    assert_eq!(
        (models[0].id.as_str(), models[0].context_size),
        ("tiny", Some(2048))
    );
    assert!(server.seen()[0].head.starts_with("GET /v1/models "));
    let server = FaultServer::start(vec![page("200 OK", "", "<html>hi")]).await;
    let error = model(config(&server))
        .list_models()
        .await
        .expect_err("no list");
    assert!(matches!(error, LlmError::Protocol { .. }), "{error}");
}

#[tokio::test]
async fn a_probe_tells_what_was_seen() {
    let server = FaultServer::start(vec![
        bad_request("top_logprobs must be at most 5", Some("top_logprobs")),
        good("one two"),
        good("{\"colour\": \"red\"}"),
        json("404 Not Found", &json!({"detail": "Not Found"})),
    ])
    .await;
    let config = RemoteConfig { ..config(&server) };
    let report = model(config)
        .probe(CancellationToken::new())
        .await
        .expect("a report");
    assert_eq!(report.models, None);
    assert!(report.usage && report.json_schema && !report.streaming);
    let reason = "the server gave no log-probabilities".to_owned();
    assert_eq!(report.traces, TraceReport::None { reason });
    assert_eq!(server.seen()[1].body["top_logprobs"], 5);
}
