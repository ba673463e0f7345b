//! Texts that do not fit into the model's context.

use super::scripted::{LOCAL, SERVER, Scripted, text};
use super::stage::{Stage, Watched, file};
use opzest_app::agents::{AgentError, analyse, instruct, plan, work};
use opzest_core::artifact::Artifact;
use std::time::{Duration, Instant};

const PLAN: &str = "Thought: t\n1. Do it";
const WORK: &str = "Yes.\n<<<FILE main.py>>>\n1\n<<<END>>>";

fn lines(count: usize) -> String {
    (1..=count)
        .map(|n| format!("print({n})  # a line of the script\n"))
        .collect()
}

/// Prompt and answer were within the context, by the model's own count.
fn assert_fits(watched: &Watched) {
    for request in watched.model().requests() {
        let bytes: usize = request
            .messages
            .iter()
            .map(|message| message.content.len())
            .sum();
        let tokens = bytes / watched.model().bytes_per_token.unwrap_or(3) + 8;
        let answer = request.max_tokens.expect("a limit") as usize;
        let both = tokens + answer;
        assert!(
            both <= watched.caller.context_size as usize,
            "{tokens} + {answer}"
        );
        assert!(answer >= 64, "room for an answer: {answer}");
    }
}

#[tokio::test]
async fn a_request_of_ten_megabytes_is_cut_and_told() {
    let request = "Write a poem about the sea. ".repeat(375_000);
    let began = Instant::now();
    for counts in [Some(4), Some(1), None] {
        let mut model = Scripted::new(SERVER, vec![text(PLAN)]);
        model.bytes_per_token = counts;
        let watched = Watched::new(model);
        let stage = Stage::unplanned(Some("document"), &request, Artifact::EMPTY);
        let planned = plan(stage.session.state(), &[], &watched.call())
            .await
            .expect("plans");
        assert_fits(&watched);
        let [left_out] = planned.spoken.written.left_out.as_slice() else {
            panic!("one thing was cut: {:?}", planned.spoken.written.left_out);
        };
        assert_eq!(left_out, "the last 10.5 MB of your request");
        let prompt = &watched.model().requests()[0].messages[1].content;
        assert!(prompt.contains("[... 10.5 MB left out ...]"));
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_middle_of_a_long_file_is_cut() {
    let stage =
        Stage::begun("script", "r", "s", file("main.py", &lines(2000))).instructed("Go on.");
    let watched = Watched::new(Scripted::new(SERVER, vec![text(WORK)]));
    let worked = work(stage.session.state(), &watched.call())
        .await
        .expect("works");
    assert_fits(&watched);
    let left_out = worked.spoken.written.left_out.join("|");
    assert!(
        left_out.ends_with(" lines in the middle of main.py"),
        "{left_out}"
    );
    let prompt = &watched.model().requests()[0].messages[1].content;
    assert!(
        prompt.contains("print(1) ") && prompt.contains("print(2000)"),
        "both ends stay"
    );
    assert!(prompt.contains("Go on."), "the instruction is whole");
}

#[tokio::test]
async fn the_faulty_version_goes_before_the_current_one_and_the_error_keeps_its_end() {
    let error = format!("{}NameError: x", "Traceback, a long one\n".repeat(4000));
    let stage = Stage::begun("script", "r", "s", file("main.py", &lines(20)))
        .instructed("Go on.")
        .worked(file("main.py", &lines(3000)))
        .failed(&error);
    let watched = Watched::new(Scripted::new(SERVER, vec![text("Instruction: i")]));
    let led = instruct(stage.session.state(), &watched.call())
        .await
        .expect("leads");
    assert_fits(&watched);
    let left_out = &led.spoken.written.left_out;
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(
        left_out[0].ends_with("of the failed version of main.py"),
        "{left_out:?}"
    );
    assert!(left_out[1].starts_with("the first ") && left_out[1].ends_with("of the error's text"));
    let prompt = &watched.model().requests()[0].messages[1].content;
    assert!(prompt.contains("NameError: x") && prompt.contains("print(20)"));
}

#[tokio::test]
async fn long_feedback_fits_too() {
    let words = "and then ".repeat(200_000);
    for model in [
        Scripted::new(LOCAL, vec![]),
        Scripted::new(SERVER, vec![text("A: no")]),
    ] {
        let stage = Stage::begun("script", "r", "s", Artifact::EMPTY)
            .instructed("i")
            .worked(file("main.py", &lines(5000)))
            .passed()
            .feedback(&words);
        let watched = Watched::new(model);
        analyse(stage.session.state(), &watched.call())
            .await
            .expect("analyses");
        assert_fits(&watched);
    }
}

#[tokio::test]
async fn a_context_that_holds_no_prompt_at_all_is_an_error() {
    let stage = Stage::begun("script", "r", "s", Artifact::EMPTY);
    let mut watched = Watched::new(Scripted::new(SERVER, vec![]));
    watched.caller.context_size = 64;
    let error = instruct(stage.session.state(), &watched.call())
        .await
        .expect_err("no room");
    assert!(matches!(error, AgentError::NoRoom { .. }), "{error}");
    let problem = error.problem().expect("the session is told");
    assert!(!problem.passing);
    insta::assert_snapshot!(problem.message);
}
