//! What is asked again, what is not, and how long that takes.

use super::fault_server::{FaultServer, STREAM, Step, delta, event, good, json, page, send};
use super::{ask, ask_until, config, model, request};
use opzest_llm::{FinishReason, LlmError};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn busy(headers: &str) -> Vec<Step> {
    let body = json!({"error": {"message": "slow down", "type": "rate_limit"}}).to_string();
    page(
        "429 Too Many Requests",
        &format!("content-type: application/json\r\n{headers}"),
        &body,
    )
}

#[tokio::test]
async fn a_busy_server_is_asked_again_after_the_time_it_names() {
    let server = FaultServer::start(vec![busy("retry-after: 1\r\n"), good("now")]).await;
    let started = Instant::now();
    let outcome = ask(&model(config(&server)), request()).await;
    assert_eq!(outcome.text, "now");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn failures_before_the_first_token_are_repeated() {
    let in_stream = event(&json!({"error": {"message": "overloaded", "code": 503}}));
    let failures = [
        json("500 Internal Server Error", &json!({"error": "oops"})),
        json(
            "503 Service Unavailable",
            &json!({"error": {"message": "Loading model"}}),
        ),
        vec![],
        vec![send(STREAM)],
        vec![send(STREAM), send(in_stream)],
        vec![
            send(STREAM),
            send("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"),
        ],
    ];
    for failure in failures {
        let server = FaultServer::start(vec![failure.clone(), good("fine")]).await;
        let outcome = ask(&model(config(&server)), request()).await;
        assert_eq!(outcome.text, "fine", "{failure:?}");
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn repeats_end() {
    let server = FaultServer::start(vec![busy("")]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    let expected = LlmError::Server {
        server: server.name(),
        status: 429,
        message: "slow down".into(),
    };
    assert_eq!(outcome.error(), &expected);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_long_wait_is_told_instead_of_waited() {
    let server = FaultServer::start(vec![busy("retry-after: 7200\r\n"), good("now")]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    let text = outcome.error().to_string();
    assert!(
        text.ends_with("answered 429: slow down (it asks to wait 7200 s)"),
        "{text}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_empty_account_is_not_asked_again() {
    let body = json!({"error": {"message": "no credit", "code": "insufficient_quota"}});
    let server = FaultServer::start(vec![json("429 Too Many Requests", &body), good("x")]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert!(matches!(
        outcome.error(),
        LlmError::Server { status: 429, .. }
    ));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn waiting_for_the_next_attempt_can_be_cancelled() {
    let server = FaultServer::start(vec![busy("retry-after: 50\r\n")]).await;
    let cancel = CancellationToken::new();
    let model = model(config(&server));
    let asking = ask_until(&model, request(), cancel.clone());
    let cancelling = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let started = Instant::now();
    let (outcome, ()) = tokio::join!(asking, cancelling);
    assert_eq!(outcome.summary().finish, FinishReason::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(40));
}

#[tokio::test]
async fn nobody_listens() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut config = opzest_llm::remote::RemoteConfig::new(format!("http://{address}"), "tiny");
    config.retry.base = Duration::from_millis(1);
    let outcome = ask(&model(config), request()).await;
    let LlmError::Connection { server, reason } = outcome.error() else {
        panic!("{outcome:?}")
    };
    assert_eq!(*server, address.to_string());
    assert!(
        reason.to_lowercase().contains("connection refused"),
        "{reason}"
    );
}

#[tokio::test]
async fn time_limits_name_what_did_not_come() {
    let comments = Step::SendForever(b": still here\n\n".to_vec());
    for (answer, expected, text) in [
        (vec![Step::Stall], "the first token", ""),
        (vec![send(STREAM), Step::Stall], "the first token", ""),
        (vec![send(STREAM), comments], "the first token", ""),
        (
            vec![send(STREAM), send(delta("half")), Step::Stall],
            "the next token",
            "half",
        ),
    ] {
        let server = FaultServer::start(vec![answer, good("again")]).await;
        let mut config = config(&server);
        // Short where the server is silent, long where it answers.
        if expected == "the first token" {
            config.timeouts.first_token = Duration::from_millis(50);
        } else {
            config.timeouts.between_tokens = Duration::from_millis(50);
        }
        let outcome = ask(&model(config), request()).await;
        assert_eq!(outcome.text, text);
        let LlmError::Timeout { what, after, .. } = outcome.error() else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            (what.as_str(), *after),
            (expected, Duration::from_millis(50))
        );
    }
}

#[tokio::test]
async fn the_whole_answer_has_a_time_limit_too() {
    let server = FaultServer::start(vec![vec![
        send(STREAM),
        Step::SendForever(delta("a").into_bytes()),
    ]])
    .await;
    let mut config = config(&server);
    config.timeouts.total = Duration::from_millis(200);
    let outcome = ask(&model(config), request()).await;
    let LlmError::Timeout { what, .. } = outcome.error() else {
        panic!("{:?}", outcome.error)
    };
    assert_eq!(what, "the whole answer");
}
