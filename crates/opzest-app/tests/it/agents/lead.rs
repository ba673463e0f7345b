//! The lead's answers.

use super::scripted::{SERVER, Scripted, text};
use super::stage::{Stage, Watched, file};
use opzest_app::agents::{Instructed, instruct};
use opzest_core::artifact::Artifact;
use opzest_core::session::Verdict;
use opzest_llm::{Capabilities, Constraint, LlmError};

use super::scripted::Says;

fn stage() -> Stage {
    Stage::begun("script", "Print numbers", "Print 1 to 9", Artifact::EMPTY)
}

async fn instructed(answers: Vec<Says>) -> Instructed {
    let watched = Watched::new(Scripted::new(SERVER, answers));
    let stage = stage();
    instruct(stage.session.state(), &watched.call())
        .await
        .expect("answers")
}

#[tokio::test]
async fn instructions_are_found_in_many_forms() {
    for raw in [
        "Thought: It is short.\nInstruction: Print them.",
        "**Thought:** It is short.\n\n**Instruction:** Print them.",
        "{\"reasoning\": \"It is short.\", \"instruction\": \"Print them.\"}",
        "```json\n{\"reasoning\": \"It is short.\",\n \"instruction\": \"Print them.\"}\n```",
        "<think>It is short.</think>\nInstruction: Print them.",
        "<think>It is short.</think>Print them.",
    ] {
        let found = instructed(vec![text(raw)]).await;
        assert_eq!(found.instruction, "Print them.", "{raw}");
        assert_eq!(found.spoken.written.reasoning, "It is short.", "{raw}");
        assert!(!found.fallback);
    }
}

#[tokio::test]
async fn an_empty_instruction_is_asked_for_once_more() {
    let found = instructed(vec![text("Thought: hm"), text("Instruction: Print them.")]).await;
    assert_eq!(
        (found.instruction.as_str(), found.fallback),
        ("Print them.", false)
    );
}

#[tokio::test]
async fn without_an_instruction_the_step_is_it() {
    let found = instructed(vec![text("Thought: hm"), text("Instruction:  ")]).await;
    assert_eq!(
        (found.instruction.as_str(), found.fallback),
        ("Print 1 to 9", true)
    );
    assert_eq!(found.spoken.written.left_out.len(), 1);

    let stage = stage()
        .instructed("Print.")
        .worked(file("main.py", "print(\n"))
        .failed("Traceback:\n  line 1\nSyntaxError: '(' was never closed");
    let watched = Watched::new(Scripted::new(
        SERVER,
        vec![text("Thought: a"), text("Thought: b")],
    ));
    let found = instruct(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    insta::assert_snapshot!(found.instruction);
}

#[tokio::test]
async fn a_server_that_can_gets_a_schema_and_one_that_cannot_words() {
    let can = Capabilities {
        json_schema: true,
        ..SERVER
    };
    let answer = "{\"reasoning\": \"r\", \"instruction\": \"i\"}";
    let watched = Watched::new(Scripted::new(can, vec![text(answer)]));
    let stage = stage();
    instruct(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    let request = watched.model().requests().remove(0);
    assert!(matches!(
        request.constraint,
        Some(Constraint::JsonSchema(_))
    ));
    assert!(request.messages[1].content.contains("JSON object"));

    let refuses = LlmError::Unsupported {
        model: "m".into(),
        what: "a fixed form".into(),
    };
    let script = vec![Says::Fails(refuses), text("Instruction: i")];
    let watched = Watched::new(Scripted::new(can, script));
    let found = instruct(stage.session.state(), &watched.call())
        .await
        .expect("answers");
    assert_eq!(found.instruction, "i");
    let second = watched.model().requests().remove(1);
    assert_eq!(second.constraint, None);
    assert!(
        !second.messages[1].content.contains("JSON"),
        "asked in other words"
    );
}

#[tokio::test]
async fn after_feedback_the_lead_reads_it() {
    let read = async |stage: Stage| {
        let watched = Watched::new(Scripted::new(SERVER, vec![text("Instruction: i")]));
        instruct(stage.session.state(), &watched.call())
            .await
            .expect("answers");
        watched
            .model()
            .requests()
            .remove(0)
            .messages
            .remove(1)
            .content
    };
    let shown = || {
        stage()
            .instructed("Print.")
            .worked(file("main.py", "print(7)\n"))
            .passed()
    };
    insta::assert_snapshot!(
        "redo",
        read(shown().judged(Verdict::Redo, "Nonsense")).await
    );
    insta::assert_snapshot!(
        "further_edit",
        read(shown().judged(Verdict::FurtherEdit, "Add 8")).await
    );
    let unreadable = stage()
        .instructed("Print.")
        .unreadable("I will not.", "there is no file");
    insta::assert_snapshot!("unreadable", read(unreadable).await);
}
