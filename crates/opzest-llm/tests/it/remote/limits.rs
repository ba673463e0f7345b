//! Servers that send too much.

use super::fault_server::{FaultServer, STREAM, Step, delta, good, page, send};
use super::{ask, config, model, request};
use opzest_llm::LlmError;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_endless_line_is_cut_off() {
    let forever = Step::SendForever(vec![b'x'; 64 << 10]);
    let server = FaultServer::start(vec![vec![send(STREAM), forever]]).await;
    let mut config = config(&server);
    config.limits.event_bytes = MIB;
    let outcome = ask(&model(config), request()).await;
    assert!(
        outcome.error().to_string().contains("too large"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_endless_event_is_cut_off() {
    let forever = Step::SendForever(format!("data: {}\n", "x".repeat(1000)).into_bytes());
    let server = FaultServer::start(vec![vec![send(STREAM), forever]]).await;
    let mut config = config(&server);
    config.limits.event_bytes = MIB;
    let outcome = ask(&model(config), request()).await;
    assert!(
        outcome.error().to_string().contains("too large"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let forever = Step::SendForever(delta(&"x".repeat(1000)).into_bytes());
    let server = FaultServer::start(vec![vec![send(STREAM), forever]]).await;
    let mut config = config(&server);
    config.limits.answer_bytes = MIB as u64;
    let outcome = ask(&model(config), request()).await;
    assert!(
        outcome.error().to_string().contains("no end"),
        "{:?}",
        outcome.error
    );
    assert!(outcome.text.len() <= MIB);
}

#[tokio::test]
async fn endless_pages_are_cut_off() {
    for head in [
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n",
    ] {
        let forever = Step::SendForever(vec![b'x'; 64 << 10]);
        let server = FaultServer::start(vec![vec![send(head), forever]]).await;
        let outcome = ask(&model(config(&server)), request()).await;
        let text = outcome.error().to_string();
        assert!(text.chars().count() < 500, "{text}");
        let list = model(config(&server)).list_models().await;
        assert!(list.is_err());
    }
}

#[tokio::test]
async fn compressed_answers_are_refused_unread() {
    for status in ["200 OK", "400 Bad Request"] {
        let headers = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
        let server = FaultServer::start(vec![page(status, headers, "\u{1f}bomb")]).await;
        let outcome = ask(&model(config(&server)), request()).await;
        let text = outcome.error().to_string();
        assert!(
            text.contains("compressed") || text.ends_with("answered 400: Bad Request"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let forever =
        Step::SendForever(b"x-filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".to_vec());
    let server =
        FaultServer::start(vec![vec![send("HTTP/1.1 200 OK\r\n"), forever], good("x")]).await;
    let mut config = config(&server);
    config.retry.attempts = 1;
    let outcome = ask(&model(config), request()).await;
    assert!(
        matches!(outcome.error(), LlmError::Connection { .. }),
        "{outcome:?}"
    );
}
