//! Our log-probabilities beside those of Hugging Face transformers, on the embedded model's F32
//! conversion. The figures were recorded by `scripts/peers/compare_transformers.py --record`;
//! `make test-peers` compares with the real thing, and with llama-cpp-python.

use crate::support::{OPTIONS, model_path, user, worker};
use opzest_llm::local::{LoadOptions, LocalModel, QuantisedType, quantise};
use opzest_llm::{ChatModel, ScoreRequest};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

/// Nats, where the probability is at least 1e-3.
const TOLERANCE: f32 = 0.02;

#[derive(Deserialize)]
struct Recorded {
    prompt_tokens: Vec<u32>,
    answer_tokens: Vec<u32>,
    /// For each token of the answer: the eight best as (token, log-probability).
    top: Vec<Vec<(u32, f32)>>,
}

#[tokio::test]
async fn agree_with_transformers() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("fixtures/transformers.json")).expect("readable");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f32.gguf");
    quantise(&worker(), &model_path(), &path, QuantisedType::F32, 1)
        .await
        .expect("converts");
    let options = LoadOptions {
        context_size: 512,
        sequences: 1,
        ..OPTIONS
    };
    let model = LocalModel::new(worker(), &path, options);

    let messages = user("How many days are in a week?");
    let prompt = model.prompt_tokens(messages.clone()).await.expect("tokens");
    assert_eq!(prompt, recorded.prompt_tokens, "template and tokenizer");
    let request = ScoreRequest {
        messages,
        answer: String::new(),
        answer_tokens: Some(recorded.answer_tokens),
        end_of_turn: false,
        top_k: 64,
        adapters: Vec::new(),
    };
    let scored = model
        .score(request, CancellationToken::new())
        .await
        .expect("scores");
    let (mut greatest, mut compared) = (0.0f32, 0);
    for (trace, best) in scored.iter().zip(&recorded.top) {
        for (id, theirs) in best.iter().filter(|(_, logprob)| *logprob >= -6.9) {
            let ours = trace.top.iter().find(|candidate| candidate.id == Some(*id));
            let ours = ours.expect("a probable token is in the trace").logprob;
            greatest = greatest.max((ours - theirs).abs());
            compared += 1;
        }
    }
    println!("greatest difference from transformers: {greatest} nats over {compared} entries");
    assert!(
        compared > 100 && greatest <= TOLERANCE,
        "{greatest} nats over {compared} entries"
    );
}
