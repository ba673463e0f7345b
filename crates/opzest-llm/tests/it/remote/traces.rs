//! Traces over the network; the rules themselves are tested beside their code.

use super::fault_server::{FaultServer, STREAM, Step, event, farewell, send};
use super::{Outcome, ask, config, model, request};
use serde_json::{Value, json};
use std::f64::consts::LN_2;

fn token(text: &str, logprob: Value, top: &[(&str, f64)]) -> Step {
    let top: Vec<Value> = top
        .iter()
        .map(|(token, logprob)| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()}))
        .collect();
    let entry =
        json!({"token": text, "logprob": logprob, "bytes": text.as_bytes(), "top_logprobs": top});
    send(event(
        &json!({"choices": [{"index": 0, "delta": {"content": text},
        "logprobs": {"content": [entry]}}]}),
    ))
}

async fn traced(tokens: Vec<Step>) -> (Outcome, Value) {
    let mut answer = vec![send(STREAM)];
    answer.extend(tokens);
    answer.push(send(farewell("stop")));
    let server = FaultServer::start(vec![answer]).await;
    let mut request = request();
    request.trace_top_k = Some(64);
    let outcome = ask(&model(config(&server)), request).await;
    let body = server.seen()[0].body.clone();
    (outcome, body)
}

#[tokio::test]
async fn good_traces_arrive_with_their_tokens() {
    // ln 0.5, ln 0.25
    let top = [("a", -LN_2), ("b", -1.386_294_4)];
    let (outcome, body) = traced(vec![
        token("a", json!(-LN_2), &top),
        token("b", json!(-1.386_294_4), &top),
    ])
    .await;
    assert_eq!(
        (&body["logprobs"], &body["top_logprobs"]),
        (&json!(true), &json!(20))
    );
    assert_eq!(outcome.text, "ab");
    assert_eq!(outcome.summary().trace_problem, None);
    for trace in &outcome.traces {
        let trace = trace.as_ref().expect("a trace");
        assert_eq!(trace.top.len(), 2);
        assert!((trace.tail - 0.25).abs() < 1e-5);
    }
}

#[tokio::test]
async fn zeros_give_no_trace_and_a_reason() {
    let (outcome, _) = traced(vec![
        token("a", json!(0.0), &[("a", 0.0)]),
        token("b", json!(0.0), &[("b", 0.0)]),
    ])
    .await;
    assert_eq!(outcome.text, "ab");
    assert!(outcome.traces.iter().all(Option::is_none));
    assert!(
        outcome
            .summary()
            .trace_problem
            .as_ref()
            .is_some_and(|text| text.contains("exactly 0"))
    );
}

#[tokio::test]
async fn not_a_number_costs_the_trace_and_not_the_text() {
    let broken = event(&json!({"choices": [{"delta": {"content": "b"},
        "logprobs": {"content": [{"token": "b", "logprob": "LATER"}]}}]}))
    .replace("\"LATER\"", "NaN");
    let (outcome, _) = traced(vec![token("a", json!(-0.5), &[]), send(broken)]).await;
    assert_eq!(outcome.text, "ab");
    assert!(outcome.traces[1].is_none());
    assert!(
        outcome
            .summary()
            .trace_problem
            .as_ref()
            .is_some_and(|text| text.contains("not a number"))
    );
}

#[tokio::test]
async fn a_server_without_log_probabilities_is_told() {
    let silent = send(event(
        &json!({"choices": [{"delta": {"content": "a"}, "logprobs": null}]}),
    ));
    let (outcome, _) = traced(vec![silent]).await;
    assert_eq!(outcome.text, "a");
    assert_eq!(
        outcome.summary().trace_problem.as_deref(),
        Some("the server gave no log-probabilities")
    );
}

#[tokio::test]
async fn a_trace_that_was_not_asked_for_is_neither_asked_for_nor_given() {
    let server = FaultServer::start(vec![vec![
        send(STREAM),
        token("a", json!(-0.5), &[]),
        send(farewell("stop")),
    ]])
    .await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert_eq!((outcome.text.as_str(), &outcome.traces), ("a", &vec![None]));
    assert_eq!(outcome.summary().trace_problem, None);
    assert!(server.seen()[0].body.get("logprobs").is_none());
}
