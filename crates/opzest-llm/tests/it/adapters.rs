//! LoRA adapters: loaded, scaled, swapped, and never mixed up in the cache.

use crate::gguf::{self, Value};
use crate::support::{Outcome, greedy, model, run};
use opzest_llm::{AdapterUse, ChatRequest, LlmError, ModelFileProblem};
use std::path::Path;

fn request(adapters: &[(&Path, f32)]) -> ChatRequest {
    ChatRequest {
        trace_top_k: Some(16),
        adapters: adapters
            .iter()
            .map(|(path, scale)| AdapterUse {
                path: path.to_path_buf(),
                scale: *scale,
            })
            .collect(),
        ..greedy("How many days are in a week?", 8)
    }
}

fn distance(a: &Outcome, b: &Outcome) -> f32 {
    let (a, b) = (&a.traces[0].top, &b.traces[0].top);
    let of = |id| {
        b.iter()
            .find(|other| other.id == id)
            .map_or(-12.0, |other| other.logprob)
    };
    a.iter()
        .map(|one| (one.logprob - of(one.id)).abs())
        .fold(0.0, f32::max)
}

#[tokio::test]
async fn adapters_act_scale_and_go_without_reloading() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (
        folder.path().join("one.gguf"),
        folder.path().join("two.gguf"),
    );
    gguf::adapter(&one, "llama", Value::F32(8.0), 0.01);
    gguf::adapter(&two, "llama", Value::F32(8.0), -0.02);
    let model = model();
    let base = run(&model, request(&[])).await.expect("answers");
    let process = model.process_id().await;

    let with = run(&model, request(&[(&one, 1.0)])).await.expect("answers");
    assert_eq!(
        with.summary.usage.cached_tokens, 0,
        "never the base model's cache"
    );
    assert!(
        distance(&base, &with) > 0.01,
        "it acts: {}",
        distance(&base, &with)
    );
    let half = run(&model, request(&[(&one, 0.5)])).await.expect("answers");
    assert!(
        distance(&half, &with) > 0.001 && distance(&half, &base) > 0.001,
        "it scales"
    );
    let none = run(&model, request(&[(&one, 0.0)])).await.expect("answers");
    assert_eq!(none.traces, base.traces, "scale 0 is the base model");
    // two = -2 * one in B, so together at scales 1 and 0.5 they cancel out.
    let both = run(&model, request(&[(&one, 1.0), (&two, 0.5)]))
        .await
        .expect("answers");
    assert!(
        distance(&both, &base) < 0.005,
        "two at once: {}",
        distance(&both, &base)
    );

    let again = run(&model, request(&[])).await.expect("answers");
    assert_eq!(again.traces, base.traces, "swapped out");
    assert_eq!(
        model.process_id().await,
        process,
        "one process all the time"
    );
}

#[tokio::test]
async fn different_adapters_answer_at_the_same_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.gguf");
    gguf::adapter(&path, "llama", Value::F32(8.0), 0.01);
    let model = model();
    let alone = run(&model, request(&[(&path, 1.0)]))
        .await
        .expect("answers");
    let base = run(&model, request(&[])).await.expect("answers");
    let (with, without) = tokio::join!(
        run(&model, request(&[(&path, 1.0)])),
        run(&model, request(&[]))
    );
    assert_eq!(with.expect("answers").traces, alone.traces);
    assert_eq!(without.expect("answers").traces, base.traces);
}

#[tokio::test]
async fn an_adapter_file_that_changed_is_loaded_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.gguf");
    gguf::adapter(&path, "llama", Value::F32(8.0), 0.0);
    let model = model();
    let untrained = run(&model, request(&[(&path, 1.0)]))
        .await
        .expect("answers");
    let next = folder.path().join("next.gguf");
    gguf::adapter(&next, "llama", Value::F32(8.0), 0.01);
    std::fs::rename(&next, &path).expect("replaces");
    let trained = run(&model, request(&[(&path, 1.0)]))
        .await
        .expect("answers");
    assert!(distance(&untrained, &trained) > 0.01);
}

#[tokio::test]
async fn unfit_adapters_are_refused_and_the_model_lives_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    gguf::adapter(&file("qwen.gguf"), "qwen2", Value::F32(8.0), 0.01);
    gguf::adapter(&file("alpha.gguf"), "llama", Value::U32(8), 0.01);
    let stranger = gguf::Matrix {
        name: "blk.0.attn_q.weight.lora_a".into(),
        rows: 4,
        columns: 100,
        values: vec![0.0; 400],
    };
    let keys = [
        ("general.architecture", Value::Text("llama")),
        ("general.type", Value::Text("adapter")),
        ("adapter.type", Value::Text("lora")),
        ("adapter.lora.alpha", Value::F32(8.0)),
    ];
    gguf::write(&file("shape.gguf"), &keys, &[stranger]);
    let model = model();
    model.load().await.expect("loads");
    let process = model.process_id().await;
    for (name, expected) in [
        (
            "qwen.gguf",
            "it was made for `qwen2`, and the model is `llama`",
        ),
        ("alpha.gguf", "not a 32-bit float"),
        ("shape.gguf", "does not fit the base model"),
        ("missing.gguf", "does not exist"),
    ] {
        let error = run(&model, request(&[(&file(name), 1.0)]))
            .await
            .expect_err(name);
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.contains(name),
            "{name}: {text}"
        );
    }
    let base = crate::support::model_path();
    let error = run(&model, request(&[(&base, 1.0)]))
        .await
        .expect_err("a model is no adapter");
    assert!(
        matches!(
            error,
            LlmError::ModelFile {
                problem: ModelFileProblem::Unsuitable(_),
                ..
            }
        ),
        "{error}"
    );
    run(&model, request(&[])).await.expect("answers");
    assert_eq!(model.process_id().await, process, "nothing crashed");
}
