//! Streams: good ones, odd ones, and ones that break.

use super::fault_server::{FaultServer, STREAM, Step, delta, event, farewell, good, json, send};
use super::{ask, ask_until, config, model, request};
use opzest_llm::{ChatModel, FinishReason, GenerationEvent, LlmError, Usage};
use serde_json::json;
use std::time::Duration;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

async fn text_of(answer: Vec<Step>) -> super::Outcome {
    let server = FaultServer::start(vec![answer]).await;
    ask(&model(config(&server)), request()).await
}

#[tokio::test]
async fn a_good_stream() {
    let server = FaultServer::start(vec![vec![
        send(STREAM),
        send(event(
            &json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}),
        )),
        send(delta("Good ")),
        send(": keep-alive\n\n"),
        send(delta("day")),
        send(farewell("stop")),
    ]])
    .await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert_eq!(outcome.text, "Good day");
    let summary = outcome.summary();
    assert_eq!(summary.finish, FinishReason::EndOfTurn);
    assert_eq!(
        summary.usage,
        Usage {
            prompt_tokens: 5,
            cached_tokens: 3,
            answer_tokens: 2
        }
    );
    assert_eq!(summary.trace_problem, None);
    let seen = &server.seen()[0];
    assert!(
        seen.head
            .starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    let head = seen.head.to_lowercase();
    assert!(head.contains(&format!("authorization: bearer {}", super::KEY)));
    assert!(!head.contains("accept-encoding"));
    assert_eq!(seen.body["messages"][0]["content"], "private words");
}

#[tokio::test]
async fn characters_split_between_packets_are_put_together() {
    let mut answer = vec![send(STREAM)];
    let bytes = format!("{}{}", delta("größer 😀"), farewell("stop"));
    answer.extend(bytes.as_bytes().chunks(1).map(send));
    assert_eq!(text_of(answer).await.text, "größer 😀");
}

#[tokio::test]
async fn chunked_encoding_and_any_line_end() {
    let body = format!("{}data: [DONE]\r\n\r\n", delta("a").replace('\n', "\r\n"));
    let answer = vec![
        send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
        send(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())),
    ];
    let outcome = text_of(answer).await;
    assert_eq!(outcome.text, "a");
    assert_eq!(
        outcome.summary().usage,
        Usage::default(),
        "no usage was told"
    );
}

#[tokio::test]
async fn a_missing_done_is_no_fault_after_a_finish_reason() {
    let last = event(&json!({"choices": [{"delta": {"content": "b"}, "finish_reason": "length"}]}));
    let outcome = text_of(vec![send(STREAM), send(delta("a")), send(last)]).await;
    assert_eq!(outcome.text, "ab");
    assert_eq!(outcome.summary().finish, FinishReason::MaxTokens);
}

#[tokio::test]
async fn silence_after_a_finish_reason_ends_the_answer() {
    let last = event(&json!({"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}]}));
    let server = FaultServer::start(vec![vec![send(STREAM), send(last), Step::Stall]]).await;
    let mut config = config(&server);
    config.timeouts.between_tokens = Duration::from_millis(50);
    let outcome = ask(&model(config), request()).await;
    assert_eq!(outcome.summary().finish, FinishReason::EndOfTurn);
}

#[tokio::test]
async fn reasons_to_finish() {
    let outcome = text_of(vec![send(STREAM), send(farewell("content_filter"))]).await;
    assert_eq!(
        outcome.summary().finish,
        FinishReason::Other("content_filter".into())
    );
    let outcome = text_of(vec![
        send(STREAM),
        send(delta("a")),
        send("data: [DONE]\n\n"),
    ])
    .await;
    assert!(matches!(outcome.summary().finish, FinishReason::Other(_)));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_whole() {
    let whole = json!({"choices": [{"message": {"role": "assistant", "content": "all"},
        "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    let outcome = text_of(json("200 OK", &whole)).await;
    assert_eq!(
        (outcome.text.as_str(), &outcome.summary().finish),
        ("all", &FinishReason::EndOfTurn)
    );
}

#[tokio::test]
async fn a_cut_after_some_text_is_an_error_and_is_not_repeated() {
    let cuts = [
        vec![send(STREAM), send(delta("half"))],
        vec![send(STREAM), send(delta("half")), send("data: {\"choi")],
        vec![
            send(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            ),
            send(format!(
                "{:x}\r\n{}\r\nzz\r\n",
                delta("half").len(),
                delta("half")
            )),
        ],
    ];
    for cut in cuts {
        let server = FaultServer::start(vec![cut, good("again")]).await;
        let outcome = ask(&model(config(&server)), request()).await;
        assert_eq!(outcome.text, "half");
        let LlmError::Connection { server: name, .. } = outcome.error() else {
            panic!("{:?}", outcome.error)
        };
        assert_eq!(*name, server.name());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn an_error_inside_the_stream() {
    let error = event(&json!({"error": {"message": "out of\u{1b}[31m memory", "code": 400}}));
    let server =
        FaultServer::start(vec![vec![send(STREAM), send(delta("half")), send(error)]]).await;
    let outcome = ask(&model(config(&server)), request()).await;
    assert_eq!(outcome.text, "half");
    assert_eq!(
        outcome.error(),
        &LlmError::Server {
            server: server.name(),
            status: 400,
            message: "out of [31m memory".into()
        }
    );
}

#[tokio::test]
async fn garbage_instead_of_json() {
    let outcome = text_of(vec![send(STREAM), send("data: <html>\u{1b}]0;gotcha\n\n")]).await;
    let text = outcome.error().to_string();
    assert!(
        text.contains("`<html> ]0;gotcha` instead of JSON"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stop_string_ends_the_answer_and_the_connection() {
    let server = FaultServer::start(vec![vec![
        send(STREAM),
        send(delta("a EN")),
        send(delta("D b")),
        Step::Stall,
    ]])
    .await;
    let mut request = request();
    request.stop = vec!["END".into()];
    let outcome = ask(&model(config(&server)), request).await;
    assert_eq!(
        (outcome.text.as_str(), &outcome.summary().finish),
        ("a ", &FinishReason::Stop("END".into()))
    );
    server.closed_by_client().await;
}

#[tokio::test]
async fn cancelling_ends_the_stream_and_the_connection() {
    for answer in [
        vec![Step::Stall],
        vec![send(STREAM), send(delta("half")), Step::Stall],
    ] {
        let server = FaultServer::start(vec![answer.clone()]).await;
        let cancel = CancellationToken::new();
        let mut events = model(config(&server))
            .generate(request(), cancel.clone())
            .await
            .expect("valid");
        if answer.len() > 1 {
            let first = events.next().await.expect("an event").expect("no error");
            assert!(matches!(first, GenerationEvent::Token { .. }));
        }
        cancel.cancel();
        let last = events.next().await.expect("an event").expect("no error");
        let GenerationEvent::Finished(summary) = last else {
            panic!("{last:?}")
        };
        assert_eq!(summary.finish, FinishReason::Cancelled);
        assert!(events.next().await.is_none());
        if answer.len() > 1 {
            server.closed_by_client().await;
        }
    }
}

#[tokio::test]
async fn cancelled_before_it_began() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let server = FaultServer::start(vec![good("a")]).await;
    let outcome = ask_until(&model(config(&server)), request(), cancel).await;
    assert_eq!(outcome.summary().finish, FinishReason::Cancelled);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server =
        FaultServer::start(vec![vec![send(STREAM), send(delta("half")), Step::Stall]]).await;
    let mut events = model(config(&server))
        .generate(request(), CancellationToken::new())
        .await
        .expect("valid");
    events.next().await.expect("an event").expect("no error");
    drop(events);
    server.closed_by_client().await;
}

#[tokio::test]
async fn creating_a_model_opens_no_connection() {
    let server = FaultServer::start(vec![good("a")]).await;
    let model = model(config(&server));
    assert!(model.capabilities().remote);
    let request = opzest_llm::ScoreRequest {
        messages: Vec::new(),
        answer: String::new(),
        answer_tokens: None,
        end_of_turn: false,
        top_k: 1,
        adapters: Vec::new(),
    };
    let error = model
        .score(request, CancellationToken::new())
        .await
        .expect_err("unsupported");
    assert!(matches!(error, LlmError::Unsupported { .. }));
    assert!(server.seen().is_empty());
}
