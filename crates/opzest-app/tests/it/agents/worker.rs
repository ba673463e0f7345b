//! The worker's answers, repairs and traces.

use super::scripted::{LOCAL, SERVER, Says, Scripted, text};
use super::stage::{Stage, Watched, file};
use opzest_app::agents::{
    AgentPiece, FormProblem, TextPart, messages_for_hand_edit, render_raw, schema, work,
};
use opzest_core::artifact::Artifact;
use opzest_core::chat::Role;
use opzest_core::session::Event;
use opzest_llm::{Constraint, FinishReason};

const GOOD: &str = "I print it.\n<<<FILE main.py>>>\nprint(1)\n<<<END>>>\n";

fn stage() -> Stage {
    Stage::begun("script", "Print one", "Print 1", Artifact::EMPTY)
        .instructed("Print the number 1.")
}

#[tokio::test]
async fn a_good_answer() {
    let watched = Watched::new(Scripted::new(
        opzest_llm::Capabilities {
            max_trace_k: 20,
            ..SERVER
        },
        vec![text(GOOD)],
    ));
    let stage = stage();
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert_eq!(worked.artifact, Ok(file("main.py", "print(1)\n")));
    assert!(!worked.repaired);
    let written = &worked.spoken.written;
    assert_eq!(
        (written.raw.as_str(), written.reasoning.as_str()),
        (GOOD, "I print it.")
    );
    assert_eq!(written.left_out, Vec::<String>::new());

    let requests = watched.model().requests();
    assert_eq!(
        requests[0].messages, written.messages,
        "what was read is what is recorded"
    );
    assert_eq!(
        requests[0].trace_top_k,
        Some(20),
        "never more than the server gives"
    );
    assert_eq!(requests[0].constraint, None, "an artifact is never JSON");
    let trace = worked.spoken.trace.expect("the server gives one");
    let bytes: Vec<u8> = trace
        .iter()
        .flat_map(|token| token.token.bytes.clone())
        .collect();
    assert_eq!(String::from_utf8_lossy(&bytes), format!("{GOOD}<|im_end|>"));

    let mut parts = (String::new(), String::new());
    for piece in watched.seen() {
        match piece {
            AgentPiece::Text {
                part: TextPart::Reasoning,
                text,
                ..
            } => parts.0.push_str(&text),
            AgentPiece::Text {
                part: TextPart::Result,
                text,
                ..
            } => parts.1.push_str(&text),
            AgentPiece::Reading { read, total, .. } => assert!(read <= total),
            AgentPiece::Repairing { problem } => panic!("{problem}"),
        }
    }
    assert_eq!(parts, ("I print it.\n".into(), "print(1)\n".into()));
}

#[tokio::test]
async fn a_local_model_is_held_to_the_form() {
    let watched = Watched::new(Scripted::new(LOCAL, vec![text(GOOD)]));
    let stage = stage();
    work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    let Some(Constraint::Grammar(grammar)) = watched.model().requests().remove(0).constraint else {
        panic!("a grammar");
    };
    insta::assert_snapshot!(grammar);
}

#[tokio::test]
async fn no_trace_is_told() {
    let watched = Watched::new(Scripted::new(SERVER, vec![text(GOOD)]));
    let stage = stage();
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert_eq!(worked.spoken.trace, None);
    assert!(worked.spoken.trace_problem.is_some());
}

#[tokio::test]
async fn an_unreadable_answer_is_repaired_once() {
    let bad = "Certainly! You could print it.";
    let watched = Watched::new(Scripted::new(SERVER, vec![text(bad), text(GOOD)]));
    let stage = stage();
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert_eq!(worked.artifact, Ok(file("main.py", "print(1)\n")));
    assert!(worked.repaired);
    assert_eq!(worked.spoken.written.raw, GOOD, "the final generation");
    let messages = &watched.model().requests()[1].messages;
    assert_eq!(&worked.spoken.written.messages, messages);
    let [.., answer, repair] = messages.as_slice() else {
        panic!("an answer and a request");
    };
    assert_eq!(
        (answer.role, answer.content.as_str()),
        (Role::Assistant, bad)
    );
    insta::assert_snapshot!(repair.content);
    assert!(watched.seen().contains(&AgentPiece::Repairing {
        problem: "there is no file in the answer".into()
    }));

    // The prompt of the rows is what the worker was given before it had to repair anything.
    let mut stage = stage;
    let opzest_core::session::Next::Task { call, .. } = stage.session.next() else {
        panic!("the work is wanted");
    };
    stage.take(Event::WorkWritten {
        call,
        attempt: opzest_core::ids::AttemptId::new(1, [1; 10]),
        written: Box::new(worked.spoken.written.clone()),
        artifact: worked.artifact.expect("an artifact"),
    });
    let step = stage
        .session
        .state()
        .current_step()
        .expect("a step")
        .clone();
    let prompt = step.prompt.expect("the worker has answered");
    assert_eq!(prompt, watched.model().requests()[0].messages);
}

#[tokio::test]
async fn unreadable_twice_is_a_result() {
    let watched = Watched::new(Scripted::new(SERVER, vec![text("No."), text("Still no.")]));
    let stage = stage();
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert_eq!(worked.artifact, Err(FormProblem::NoFile));
    assert_eq!(worked.spoken.written.raw, "Still no.");
}

#[tokio::test]
async fn an_answer_that_was_cut_is_not_taken_for_whole() {
    let cut = "Yes.\n<<<FILE main.py>>>\nprint(";
    for (reason, whole) in [
        (FinishReason::MaxTokens, false),
        (FinishReason::ContextFull, false),
    ] {
        let says = Says::Cut(cut.into(), reason.clone());
        let watched = Watched::new(Scripted::new(SERVER, vec![says]));
        let stage = stage();
        let worked = work(stage.session.state(), &watched.call())
            .await
            .expect("answers");
        assert_eq!(worked.artifact.is_ok(), whole, "{reason:?}");
        assert!(!worked.repaired, "there is no room to repeat it");
    }
    let says = Says::Cut(format!("{GOOD}By the way,"), FinishReason::MaxTokens);
    let watched = Watched::new(Scripted::new(SERVER, vec![says]));
    let stage = stage();
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert!(worked.artifact.is_ok(), "its file was finished");
}

#[test]
fn the_schema_is_the_workflows_or_the_users() {
    let with = |artifact| Stage::begun("data", "r", "s", artifact);
    assert_eq!(schema(with(Artifact::EMPTY).session.state()), None);
    let attached = with(file("schema.json", "{\"type\": \"array\"}"));
    assert_eq!(
        schema(attached.session.state()),
        Some("{\"type\": \"array\"}")
    );
    let mut stage = attached;
    stage.with_schema("true");
    assert_eq!(schema(stage.session.state()), Some("true"));
}

#[test]
fn a_hand_edit_has_the_workers_messages() {
    let stage = Stage::begun("script", "r", "Print 1", file("main.py", "x = 1\n"));
    let before = messages_for_hand_edit(stage.session.state()).expect("a prompt");
    assert!(
        before[1].content.contains("Print 1"),
        "the step where there is no instruction yet"
    );
    let stage = stage.instructed("Print it well.");
    let after = messages_for_hand_edit(stage.session.state()).expect("a prompt");
    assert!(after[1].content.contains("Print it well."));
    assert_eq!(
        render_raw(&file("main.py", "x = 2")),
        "<<<FILE main.py>>>\n```python\nx = 2\n```\n<<<END>>>\n"
    );
}
