//! Answers: streaming, constraints, limits, cancelling, several at once.

use crate::support::{OPTIONS, collect, greedy, long_text, model, run, user};
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::local::LocalModel;
use opzest_llm::{
    ChatModel, ChatRequest, Constraint, FinishReason, GenerationEvent, LlmError, Sampling,
};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn an_answer_streams_token_by_token() {
    let model = model();
    let mut generation = model
        .generate(
            greedy("How many days are in a week?", 48),
            CancellationToken::new(),
        )
        .await
        .expect("starts");
    let (mut pieces, mut finished) = (Vec::new(), None);
    while let Some(event) = generation.next().await {
        match event.expect("no error") {
            GenerationEvent::Reading {
                read,
                total,
                cached,
            } => {
                assert!(pieces.is_empty() && cached <= read && read <= total);
            }
            GenerationEvent::Token { text, trace } => {
                assert!(trace.is_none(), "nobody asked for a trace");
                pieces.push(text);
            }
            GenerationEvent::Finished(summary) => finished = Some(summary),
        }
    }
    let finished = finished.expect("the last event");
    assert!(pieces.concat().contains("7"), "{pieces:?}");
    assert!(
        pieces.iter().filter(|piece| !piece.is_empty()).count() > 3,
        "{pieces:?}"
    );
    assert_eq!(finished.finish, FinishReason::EndOfTurn);
    assert_eq!(finished.usage.answer_tokens as usize, pieces.len());
    assert_eq!(finished.context_size, Some(OPTIONS.context_size));
    assert!(
        finished.usage.prompt_tokens > 20,
        "the template's own system prompt is there"
    );
}

#[tokio::test]
async fn stop_strings_and_token_limits_end_an_answer() {
    let model = model();
    let question = "How many days are in a week?";
    let free = run(&model, greedy(question, 48)).await.expect("answers");
    let mut stopping = greedy(question, 48);
    stopping.stop = vec!["7".into()];
    let stopped = run(&model, stopping).await.expect("answers");
    assert_eq!(stopped.summary.finish, FinishReason::Stop("7".into()));
    assert_eq!(
        stopped.text,
        free.text.split("7").next().expect("a first part")
    );

    let limited = run(&model, greedy(question, 2)).await.expect("answers");
    assert_eq!(limited.summary.finish, FinishReason::MaxTokens);
    assert_eq!(limited.summary.usage.answer_tokens, 2);
}

#[tokio::test]
async fn a_json_schema_is_obeyed() {
    let schema = r#"{"type":"object","properties":{"name":{"type":"string","maxLength":20},
        "colour":{"enum":["red","green"]}},"required":["name","colour"],"additionalProperties":false}"#;
    let model = model();
    for seed in 0..4 {
        let sampling = Sampling {
            temperature: 1.2,
            top_p: 0.95,
            min_p: 0.0,
            seed: Some(seed),
        };
        let mut request = ChatRequest::new(user("Tell me about a fruit."), sampling);
        request.constraint = Some(Constraint::JsonSchema(schema.into()));
        request.max_tokens = Some(200);
        let outcome = run(&model, request).await.expect("answers");
        let value: serde_json::Value = serde_json::from_str(&outcome.text).expect(&outcome.text);
        assert!(value["name"].is_string(), "{value}");
        assert!(
            ["red", "green"].contains(&value["colour"].as_str().expect("a text")),
            "{value}"
        );
    }
}

#[tokio::test]
async fn a_grammar_is_obeyed_and_a_broken_one_refused() {
    let model = model();
    let mut request = greedy("Is the sky blue? Explain at length.", 20);
    request.constraint = Some(Constraint::Grammar(r#"root ::= "yes" | "no""#.into()));
    let outcome = run(&model, request.clone()).await.expect("answers");
    assert!(
        ["yes", "no"].contains(&outcome.text.as_str()),
        "{}",
        outcome.text
    );

    for (constraint, what) in [
        (Constraint::Grammar("root ::= (".into()), "grammar"),
        (Constraint::JsonSchema("{".into()), "JSON schema"),
    ] {
        request.constraint = Some(constraint);
        match run(&model, request.clone()).await {
            Err(LlmError::InvalidRequest { what: named, .. }) => assert_eq!(named, what),
            other => panic!("{other:?}"),
        }
    }
    run(&model, greedy("Hi", 2))
        .await
        .expect("the worker lives on");
}

#[tokio::test]
async fn impossible_sampling_is_refused_by_name() {
    let sampling = Sampling {
        top_p: 1.5,
        ..Sampling::GREEDY
    };
    let error = run(&model(), ChatRequest::new(user("Hi"), sampling))
        .await
        .expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the top-p is not valid: 1.5 is not between 0 and 1"
    );
}

#[tokio::test]
async fn too_long_a_conversation_is_told_before_and_during() {
    let options = opzest_llm::local::LoadOptions {
        context_size: 256,
        ..OPTIONS
    };
    let small = LocalModel::new(
        crate::support::worker(),
        crate::support::model_path(),
        options,
    );
    match run(&small, greedy(&long_text(400), 5)).await {
        Err(LlmError::ContextOverflow {
            prompt_tokens,
            context_size: 256,
        }) => {
            assert!(prompt_tokens > 400, "{prompt_tokens}");
        }
        other => panic!("{other:?}"),
    }
    let mut request = greedy("Write a very long story about a lighthouse keeper.", 4096);
    request.max_tokens = None;
    let outcome = run(&small, request).await.expect("answers");
    let usage = outcome.summary.usage;
    if outcome.summary.finish == FinishReason::ContextFull {
        assert_eq!(usage.prompt_tokens + usage.answer_tokens, 256);
    } else {
        panic!("{:?} after {usage:?}", outcome.summary.finish);
    }
}

#[tokio::test]
async fn cancelling_ends_a_long_prompt_while_it_is_read() {
    let model = model();
    let cancel = CancellationToken::new();
    let mut generation = model
        .generate(greedy(&long_text(1800), 5), cancel.clone())
        .await
        .expect("starts");
    // The first report comes before the first block is computed.
    let first = generation
        .next()
        .await
        .expect("an event")
        .expect("no error");
    assert!(
        matches!(first, GenerationEvent::Reading { read: 0, .. }),
        "{first:?}"
    );
    cancel.cancel();
    // Not one block of 512 tokens may be finished after that: they take a second.
    let mut read = 0;
    let finished = loop {
        match generation
            .next()
            .await
            .expect("an event")
            .expect("no error")
        {
            GenerationEvent::Reading { read: more, .. } => read = more,
            GenerationEvent::Finished(summary) => break summary,
            GenerationEvent::Token { .. } => panic!("nothing can be written yet"),
        }
    };
    assert_eq!(finished.finish, FinishReason::Cancelled);
    assert_eq!(read, 0, "the block under way was aborted");

    let after = run(&model, greedy("How many days are in a week?", 24))
        .await
        .expect("answers");
    assert!(
        after.text.contains("7"),
        "the cache survived the abort: {}",
        after.text
    );
}

#[tokio::test]
async fn cancelling_keeps_the_text_so_far_and_dropping_frees_the_sequence() {
    let model = model();
    let cancel = CancellationToken::new();
    let mut generation = model
        .generate(
            greedy("Write a long story about the sea.", 1000),
            cancel.clone(),
        )
        .await
        .expect("starts");
    let mut seen = String::new();
    while let Some(event) = generation.next().await {
        if let GenerationEvent::Token { text, .. } = event.expect("no error") {
            seen.push_str(&text);
            if seen.len() > 40 {
                break;
            }
        }
    }
    cancel.cancel();
    let rest = collect(generation).await.expect("ends well");
    assert_eq!(rest.summary.finish, FinishReason::Cancelled);

    // More abandoned requests than there are sequences: each must give its sequence back.
    for _ in 0..4 {
        let request = greedy("Write a long story about the sea.", 2000);
        let mut dropped = model
            .generate(request, CancellationToken::new())
            .await
            .expect("starts");
        dropped.next().await.expect("an event").expect("no error");
    }
    run(&model, greedy("Hi", 2))
        .await
        .expect("a sequence is free");
}

#[tokio::test]
async fn several_conversations_are_written_at_once() {
    let model = model();
    let ask = |text: &str| {
        let request = ChatRequest {
            max_tokens: Some(40),
            ..ChatRequest::new(
                user(text),
                Sampling {
                    temperature: 0.8,
                    top_p: 1.0,
                    min_p: 0.05,
                    seed: None,
                },
            )
        };
        let model = &model;
        async move {
            let mut generation = model
                .generate(request, CancellationToken::new())
                .await
                .expect("starts");
            let mut times = Vec::new();
            while let Some(event) = generation.next().await {
                if matches!(event.expect("no error"), GenerationEvent::Token { .. }) {
                    times.push(std::time::Instant::now());
                }
            }
            times
        }
    };
    model.load().await.expect("loads");
    let (a, b, c) = tokio::join!(
        ask("Write a poem about rain."),
        ask("Write a poem about snow."),
        ask("Write a poem about wind."),
    );
    assert!(
        a[0] < b[b.len() - 1] && b[0] < a[a.len() - 1],
        "two sequences overlap"
    );
    assert!(
        c[0] > a[a.len() - 1].min(b[b.len() - 1]),
        "the third waits for a sequence"
    );
}

#[tokio::test]
async fn a_follow_up_reads_only_what_is_new() {
    let model = model();
    let mut messages = user(&long_text(300));
    let ask = |messages: &Vec<ChatMessage>| {
        let sampling = Sampling {
            seed: None,
            ..Sampling::GREEDY
        };
        ChatRequest {
            max_tokens: Some(12),
            ..ChatRequest::new(messages.clone(), sampling)
        }
    };
    let first = run(&model, ask(&messages)).await.expect("answers");
    assert_eq!(first.summary.usage.cached_tokens, 0);
    messages.push(ChatMessage::new(Role::Assistant, first.text));
    messages.push(ChatMessage::new(Role::User, "Shorter, please."));
    let second = run(&model, ask(&messages))
        .await
        .expect("answers")
        .summary
        .usage;
    assert!(second.cached_tokens > 300, "{second:?}");
    assert!(
        second.prompt_tokens - second.cached_tokens < 40,
        "{second:?}"
    );
}
