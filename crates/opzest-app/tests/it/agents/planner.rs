//! The planner's answers.

use super::scripted::{LOCAL, SERVER, Says, Scripted, text};
use super::stage::{Stage, Watched};
use opzest_app::agents::{MOST_STEPS, Planned, plan};
use opzest_app::workflows::Workflows;
use opzest_core::artifact::Artifact;
use opzest_llm::FinishReason;

async fn planned(answers: Vec<Says>) -> Planned {
    let watched = Watched::new(Scripted::new(SERVER, answers));
    let stage = Stage::unplanned(Some("script"), "Print  the\nnumbers", Artifact::EMPTY);
    plan(stage.session.state(), &[], &watched.call())
        .await
        .expect("answers")
}

#[tokio::test]
async fn plans_are_found_in_many_forms() {
    for raw in [
        "Thought: Easy.\n1. Read it\n2. Print it",
        "Easy.\n\n**1. Read it**\n   Details.\n**2.** Print it\nThat is all.",
        "Thought: Easy.\n- Read it\n- Print it",
        "Easy.\nStep 1: Read it\nStep 2: Print it",
        "{\"reasoning\": \"Easy.\", \"steps\": [\"Read it\", \"Print it\"]}",
        "```json\n{\"reasoning\": \"Easy.\", \"steps\": [{\"step\": \"Read it\"}, \"Print it\", 3]}\n```",
        "<think>Easy.</think>1) Read it\n2) Print it\n2) Print it",
    ] {
        let found = planned(vec![text(raw)]).await;
        assert_eq!(found.steps, ["Read it", "Print it"], "{raw}");
        assert_eq!(found.spoken.written.reasoning, "Easy.", "{raw}");
        assert_eq!((found.workflow.as_str(), found.fallback), ("script", false));
    }
}

#[tokio::test]
async fn a_plan_that_was_cut_loses_its_broken_step() {
    let cut = Says::Cut(
        "1. Read it\n2. Print it\n3. Then wri".into(),
        FinishReason::MaxTokens,
    );
    assert_eq!(planned(vec![cut]).await.steps, ["Read it", "Print it"]);
}

#[tokio::test]
async fn without_a_plan_the_request_is_the_only_step() {
    let found = planned(vec![text("I would love to!"), text("{\"steps\": []}")]).await;
    assert_eq!(found.steps, ["Print the numbers"]);
    assert!(found.fallback);
    assert_eq!(
        found.spoken.written.left_out,
        ["the planner's answer had no steps: your request is the only one"]
    );
}

#[tokio::test]
async fn plans_are_bounded() {
    let many: String = (1..=30)
        .map(|n| format!("{n}. Step {n} {}\n", "x ".repeat(2000)))
        .collect();
    let found = planned(vec![text(&many)]).await;
    assert_eq!(found.steps.len(), MOST_STEPS);
    assert!(found.steps.iter().all(|step| step.chars().count() <= 1_000));
    assert_eq!(
        found.spoken.written.left_out,
        ["steps 13 to 30 of the plan"]
    );
}

#[tokio::test]
async fn the_planner_chooses_the_workflow() {
    let workflows = Workflows::bundled().all();
    let unchosen = Stage::unplanned(None, "Make a quiz", Artifact::EMPTY);

    // A local model: in whose mouth the request is most probable.
    let mut local = Scripted::new(LOCAL, vec![text("Thought: t\n1. Do it")]);
    local.score = |messages, answer| {
        assert_eq!(answer, "Make a quiz");
        if messages[1].content.contains("browser") {
            -10.0
        } else {
            -30.0
        }
    };
    let watched = Watched::new(local);
    let found = plan(unchosen.session.state(), &workflows, &watched.call()).await;
    assert_eq!(found.expect("answers").workflow.as_str(), "page");

    // A server: the letter that it names.
    let script = vec![text("B: it is a program"), text("1. Do it")];
    let watched = Watched::new(Scripted::new(SERVER, script));
    let found = plan(unchosen.session.state(), &workflows, &watched.call()).await;
    assert_eq!(found.expect("answers").workflow.as_str(), "script");
    let requests = watched.model().requests();
    insta::assert_snapshot!(requests[0].messages[0].content);
    assert!(
        requests[1].messages[0].content.contains("Python"),
        "the script's own planner"
    );
}
