//! Token log-probabilities: while generating, and by scoring.

use crate::support::{greedy, model, run, user};
use opzest_llm::{ChatModel, FinishReason, LlmError, Sampling, ScoreRequest, TokenTrace};
use tokio_util::sync::CancellationToken;

fn assert_sound(trace: &TokenTrace, k: usize) {
    assert!(
        trace.top.len() == k || trace.top.len() == k + 1,
        "{}",
        trace.top.len()
    );
    let first = &trace.top[..k];
    assert!(
        first
            .windows(2)
            .all(|pair| pair[0].logprob >= pair[1].logprob),
        "best first"
    );
    assert!(trace.top.contains(&trace.token), "the token is among them");
    let mass: f64 = trace
        .top
        .iter()
        .map(|candidate| f64::from(candidate.logprob).exp())
        .sum();
    assert!(
        (mass + f64::from(trace.tail) - 1.0).abs() < 1e-4,
        "{mass} + {}",
        trace.tail
    );
}

#[tokio::test]
async fn every_token_has_its_distribution_before_temperature() {
    let model = model();
    let mut hot = greedy("Name three fruits.", 24);
    hot.sampling = Sampling {
        temperature: 1.8,
        top_p: 1.0,
        min_p: 0.0,
        seed: Some(3),
    };
    hot.trace_top_k = Some(64);
    let outcome = run(&model, hot.clone()).await.expect("answers");
    assert_eq!(
        outcome.traces.len(),
        outcome.summary.usage.answer_tokens as usize
    );
    for trace in &outcome.traces {
        assert_sound(trace, 64);
    }
    // The first token's distribution belongs to the model, not to the temperature.
    let mut cold = hot;
    cold.sampling = Sampling::GREEDY;
    let first = run(&model, cold).await.expect("answers").traces.remove(0);
    assert_eq!(first.top[0], first.token);
    assert_eq!(outcome.traces[0].top[..64], first.top[..64]);
}

#[tokio::test]
async fn scoring_agrees_with_generating() {
    let model = model();
    let question = "How many days are in a week?";
    let mut request = greedy(question, 40);
    request.trace_top_k = Some(64);
    let outcome = run(&model, request).await.expect("answers");
    assert_eq!(outcome.summary.finish, FinishReason::EndOfTurn);
    let ids = |traces: &[TokenTrace]| {
        traces
            .iter()
            .map(|trace| trace.token.id.expect("local tokens have ids"))
            .collect::<Vec<_>>()
    };
    let score = ScoreRequest {
        messages: user(question),
        answer: String::new(),
        answer_tokens: Some(ids(&outcome.traces)),
        end_of_turn: false,
        top_k: 64,
        adapters: Vec::new(),
    };
    let scored = model
        .score(score.clone(), CancellationToken::new())
        .await
        .expect("scores");
    let greatest = outcome
        .traces
        .iter()
        .zip(&scored)
        .flat_map(|(a, b)| a.top.iter().zip(&b.top))
        .map(|(a, b)| (a.logprob - b.logprob).abs())
        .fold(0.0f32, f32::max);
    println!("greatest difference between generating and scoring: {greatest} nats");
    assert_eq!(scored.len(), outcome.traces.len());
    assert!(greatest <= 0.02, "{greatest}");

    // By text, the tokenizer finds the same tokens; the end of the turn is the template's.
    let by_text = ScoreRequest {
        answer: outcome.text.clone(),
        answer_tokens: None,
        end_of_turn: true,
        ..score
    };
    let by_text = model
        .score(by_text, CancellationToken::new())
        .await
        .expect("scores");
    let last = outcome.traces.len() - 1;
    assert_eq!(ids(&by_text)[..last], ids(&outcome.traces)[..last]);
    assert_eq!(
        by_text.last().expect("the end of the turn").token.bytes,
        b"<|im_end|>"
    );
}

#[tokio::test]
async fn the_trace_of_a_constrained_answer_is_the_free_models() {
    let model = model();
    let mut request = greedy("How many days are in a week?", 8);
    request.trace_top_k = Some(4);
    let free = run(&model, request.clone()).await.expect("answers");
    request.constraint = Some(opzest_llm::Constraint::Grammar(
        r#"root ::= "zebra""#.into(),
    ));
    let forced = run(&model, request).await.expect("answers");
    assert_eq!(forced.text, "zebra");
    assert_eq!(forced.traces[0].top[..4], free.traces[0].top[..4]);
    assert_eq!(
        forced.traces[0].top.len(),
        5,
        "the forced token is added to the four best"
    );
    assert!(forced.traces[0].token.logprob < -3.0, "and is improbable");
}

#[tokio::test]
async fn unknown_tokens_and_too_long_answers_are_refused() {
    let model = model();
    let score = ScoreRequest {
        messages: user("Hi"),
        answer: "word ".repeat(4000),
        answer_tokens: None,
        end_of_turn: true,
        top_k: 4,
        adapters: Vec::new(),
    };
    let error = model
        .score(score.clone(), CancellationToken::new())
        .await
        .expect_err("too long");
    assert!(matches!(error, LlmError::ContextOverflow { .. }), "{error}");
    let unknown = ScoreRequest {
        answer_tokens: Some(vec![49_152]),
        ..score
    };
    let error = model
        .score(unknown, CancellationToken::new())
        .await
        .expect_err("no such token");
    assert!(error.to_string().contains("no token 49152"), "{error}");
}

/// What training reads of the tokenizer is what scoring uses.
#[tokio::test]
async fn the_vocabulary_and_an_answers_tokens_are_those_of_scoring() {
    let model = model();
    let vocabulary = model.vocabulary().await.expect("a vocabulary");
    let answer = "Grüße <|im_end|> 🍋\n\tx = 1";
    let tokens = model.answer_tokens(answer.into()).await.expect("tokens");
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| vocabulary.tokens[*token as usize].clone())
        .collect();
    assert_eq!(String::from_utf8(bytes).expect("text"), answer);
    assert!(!tokens.contains(&vocabulary.end_of_turn));

    let request = ScoreRequest {
        messages: user("Hello"),
        answer: answer.into(),
        answer_tokens: None,
        end_of_turn: true,
        top_k: 4,
        adapters: Vec::new(),
    };
    let scored = model.score(request, CancellationToken::new()).await;
    let scored: Vec<u32> = scored
        .expect("scores")
        .iter()
        .filter_map(|trace| trace.token.id)
        .collect();
    assert_eq!(scored, [tokens, vec![vocabulary.end_of_turn]].concat());
}
