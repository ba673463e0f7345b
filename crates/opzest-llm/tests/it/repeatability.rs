//! The same seed gives the same text and the same distributions, whatever the cache held.

use crate::support::{OPTIONS, Outcome, long_text, model_path, run, worker};
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::local::{LoadOptions, LocalModel, QuantisedType, quantise};
use opzest_llm::{ChatRequest, Sampling};
use std::path::Path;

fn request(messages: Vec<ChatMessage>, seed: Option<u32>, max_tokens: u32) -> ChatRequest {
    ChatRequest {
        max_tokens: Some(max_tokens),
        trace_top_k: seed.is_some().then_some(8),
        ..ChatRequest::new(
            messages,
            Sampling {
                temperature: 0.9,
                top_p: 0.95,
                min_p: 0.02,
                seed,
            },
        )
    }
}

fn conversation(words: usize) -> Vec<ChatMessage> {
    vec![
        ChatMessage::new(Role::User, long_text(words)),
        ChatMessage::new(Role::Assistant, "A fox and a dog, it seems."),
        ChatMessage::new(Role::User, "Who jumps?"),
    ]
}

/// Answers each conversation on a fresh worker, then on one whose caches were left in every kind of
/// state by other requests.
async fn check(path: &Path, threads: u32, lengths: &[usize]) {
    let options = LoadOptions { threads, ..OPTIONS };
    let used = LocalModel::new(worker(), path, options);
    for &words in lengths {
        let seeded = || request(conversation(words), Some(words as u32), 12);
        let fresh = LocalModel::new(worker(), path, options);
        let want = run(&fresh, seeded()).await.expect("answers");
        drop(fresh);

        // Unseeded: leaves tokens that were written one by one, and blocks that begin anywhere.
        let mut longer = conversation(words);
        run(&used, request(longer[..1].to_vec(), None, 9))
            .await
            .expect("answers");
        longer.push(ChatMessage::new(Role::Assistant, "The fox."));
        longer.push(ChatMessage::new(Role::User, "Why?"));
        run(&used, request(longer, None, 5)).await.expect("answers");
        same(&run(&used, seeded()).await.expect("answers"), &want, words);
        // Again, now with a canonical cache of the very same prompt.
        let again = run(&used, seeded()).await.expect("answers");
        same(&again, &want, words);
        assert!(
            words < 100 || again.summary.usage.cached_tokens > 0,
            "the cache is used"
        );
    }
    // While another sequence writes.
    let seeded = request(conversation(120), Some(7), 12);
    let alone = run(&used, seeded.clone()).await.expect("answers");
    let other = request(
        vec![ChatMessage::new(Role::User, "Tell me a story.")],
        None,
        60,
    );
    let (beside, _) = tokio::join!(run(&used, seeded), run(&used, other));
    same(&beside.expect("answers"), &alone, 120);
}

fn same(got: &Outcome, want: &Outcome, words: usize) {
    assert_eq!(got.text, want.text, "{words} words");
    assert_eq!(got.traces, want.traces, "{words} words: bit for bit");
}

#[tokio::test]
async fn on_the_embedded_model() {
    // Prompts of every length modulo 64 near a block's border, where one row may be left alone.
    check(&model_path(), 1, &[1, 40, 41, 42, 43, 44, 45, 46, 130, 300]).await;
}

#[tokio::test]
async fn on_two_threads() {
    check(&model_path(), 2, &[43, 130]).await;
}

/// Other quantisations have other kernels for one row and for many.
#[tokio::test]
async fn on_other_quantisations() {
    let folder = tempfile::tempdir().expect("a folder");
    for to in [QuantisedType::Q8_0, QuantisedType::Q4_0] {
        let path = folder.path().join(format!("{to:?}.gguf"));
        quantise(&worker(), &model_path(), &path, to, 1)
            .await
            .expect("quantises");
        check(&path, 1, &[43, 130]).await;
    }
}
