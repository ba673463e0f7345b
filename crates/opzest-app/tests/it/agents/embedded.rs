//! Every agent once with the embedded model. It writes poor work; its answers have to be readable all
//! the same, because their form is forced.

use super::stage::{Stage, Watched, file, model_name};
use crate::support::{model_folder, worker};
use opzest_app::agents::{Caller, analyse, instruct, plan, work};
use opzest_app::workflows::Workflows;
use opzest_core::artifact::Artifact;
use opzest_core::session::Verdict;
use opzest_llm::local::{LoadOptions, LocalModel};
use std::sync::Arc;

fn caller() -> Caller {
    let path = model_folder().join("SmolLM2-135M-Instruct.Q4_1.gguf");
    let options = LoadOptions {
        threads: 1,
        context_size: 2048,
        sequences: 1,
        memory_map: true,
    };
    Caller {
        model: Arc::new(LocalModel::new(worker(), path, options)),
        name: model_name(),
        context_size: options.context_size,
        trace_top_k: Some(64),
        adapters: Vec::new(),
        seed: Some(3),
    }
}

#[tokio::test]
async fn a_cycle_with_the_embedded_model() {
    let watched = Watched::by(caller());
    let workflows = Workflows::bundled().all();
    let request = "Write a Python script that prints the numbers from 1 to 5.";
    let stage = Stage::unplanned(None, request, Artifact::EMPTY);
    let planned = plan(stage.session.state(), &workflows, &watched.call())
        .await
        .expect("plans");
    assert_eq!(planned.workflow.as_str(), "script");
    assert!(!planned.fallback, "{:?}", planned.spoken.written.raw);
    assert!(!planned.spoken.written.reasoning.is_empty());
    assert!(planned.spoken.written.raw.starts_with("Thought: "));

    let stage = Stage::begun(
        "script",
        request,
        "Print the numbers from 1 to 5",
        Artifact::EMPTY,
    );
    let led = instruct(stage.session.state(), &watched.call())
        .await
        .expect("leads");
    assert!(
        !led.fallback && !led.instruction.is_empty(),
        "{:?}",
        led.spoken.written.raw
    );
    assert_eq!(
        led.spoken.trace, None,
        "only the worker's words are trained on"
    );

    let stage = stage.instructed("Print the numbers from 1 to 5, one on each line.");
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("works");
    let written = &worked.spoken.written;
    assert!(
        written.raw.contains("<<<FILE main.py>>>\n"),
        "{}",
        written.raw
    );
    let trace = worked
        .spoken
        .trace
        .as_ref()
        .expect("a local model gives one");
    assert_eq!(
        trace.len() as u32,
        written.answer_tokens,
        "every token, the turn's end included"
    );
    assert!(trace.iter().all(|token| token.top.len() >= 64));
    if let Ok(artifact) = &worked.artifact {
        assert_eq!(artifact.files().len(), 1);
        assert!(!written.reasoning.contains("<<<"));
    }
    let stage = stage.worked(file("main.py", "print(1)\n")).passed();
    for (words, verdict) in [
        (
            "Good start, but please add a closing sentence.",
            Verdict::FurtherEdit,
        ),
        ("No, this is not what I asked for.", Verdict::Redo),
        ("Perfect, thank you!", Verdict::Accepted),
    ] {
        let mut judged = stage.clone();
        judged.take(opzest_core::session::Event::FeedbackGiven {
            words: words.into(),
        });
        let analysis = analyse(judged.session.state(), &watched.call())
            .await
            .expect("hears");
        assert_eq!(
            analysis.verdict().0,
            verdict,
            "{words}: {:?}",
            analysis.probabilities
        );
    }
}
