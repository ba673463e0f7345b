//! One question, one answer.

use crate::support::{Place, stderr, stdout};
use serde_json::Value;
use std::io::Read;

fn conversations(place: &Place) -> Value {
    let list = place.run(&["conversations", "list", "--json"], "");
    assert!(list.status.success(), "{}", stderr(&list));
    serde_json::from_str(&stdout(&list)).expect("JSON")
}

fn shown(place: &Place, named: &str) -> Value {
    let show = place.run(&["conversations", "show", named, "--json"], "");
    assert!(show.status.success(), "{}", stderr(&show));
    serde_json::from_str(&stdout(&show)).expect("JSON")
}

#[test]
fn the_answer_and_nothing_else_is_printed() {
    let place = Place::new();
    let asked = place.run(&["chat", "What", "is", "a", "lemon?"], "");
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    let conversation = shown(&place, "1");
    assert_eq!(conversation["messages"][0]["text"], "What is a lemon?");
    let answer = conversation["messages"][1]["text"].as_str().expect("text");
    assert!(!answer.is_empty());
    assert_eq!(
        stdout(&asked),
        format!("{}\n", answer.trim_end_matches('\n'))
    );
    assert!(
        stderr(&asked).contains("max-answer-tokens"),
        "16 tokens cut it"
    );
    assert!(!stderr(&asked).contains('\x1b'));
}

#[test]
fn a_question_comes_from_standard_input() {
    let place = Place::new();
    let asked = place.run(&["chat"], "What is a lemon?\n");
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    assert!(!stdout(&asked).trim().is_empty());
    let asked = place.run(
        &["chat", "Sum this up:", "-", "Be brief."],
        "A long letter.\n",
    );
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    assert_eq!(
        shown(&place, "1")["messages"][0]["text"],
        "Sum this up:\n\nA long letter.\n\nBe brief."
    );
}

#[test]
fn a_conversation_goes_on() {
    let place = Place::new();
    place.run(&["chat", "My name is Ada."], "");
    place.run(&["chat", "Another subject."], "");
    let list = conversations(&place);
    assert_eq!(list["total"], 2);
    let older = list["items"][1]["id"].as_str().expect("id").to_owned();

    let asked = place.run(&["chat", "--conversation", &older, "What is my name?"], "");
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    // It is the latest one now.
    let asked = place.run(&["chat", "--continue", "Once more."], "");
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    let list = conversations(&place);
    assert_eq!(list["total"], 2);
    assert_eq!(list["items"][0]["id"], older.as_str());
    assert_eq!(list["items"][0]["messageCount"], 6);
}

#[test]
fn what_cannot_be_asked_is_told() {
    let place = Place::new();
    for (arguments, input, reason) in [
        (vec!["chat"], " \n", "nothing to send"),
        (
            vec!["chat", "--continue", "x"],
            "",
            "no conversation to go on with",
        ),
        (
            vec!["chat", "--conversation", "7", "x"],
            "",
            "no conversation 7",
        ),
        (
            vec!["chat", "--model", "nosuch", "x"],
            "",
            "no model `nosuch`",
        ),
        (
            vec!["chat", "--model", "./nosuch.gguf", "x"],
            "",
            "nosuch.gguf",
        ),
    ] {
        let asked = place.run(&arguments, input);
        assert_eq!(asked.status.code(), Some(1), "{arguments:?}");
        assert_eq!(stdout(&asked), "", "{arguments:?}");
        let told = stderr(&asked);
        assert!(told.starts_with("error: "), "{told}");
        assert!(told.contains(reason), "{told}");
    }
    assert_eq!(conversations(&place)["total"], 0);
    let wrong = place.run(&["chat", "--nosuch"], "");
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn a_missing_embedded_model_is_a_failed_answer() {
    let place = Place::new();
    let gone = place.file("gone.gguf");
    let model = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf");
    std::fs::copy(model, &gone).expect("a copy");
    let added = place.run(&["models", "add", gone.to_str().expect("UTF-8")], "");
    assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
    std::fs::remove_file(&gone).expect("it goes");

    let asked = place.run(&["chat", "--model", stdout(&added).trim(), "Hello?"], "");
    assert_eq!(asked.status.code(), Some(1));
    assert_eq!(stdout(&asked), "");
    assert!(stderr(&asked).contains("gone.gguf"), "{}", stderr(&asked));
    assert!(stderr(&asked).contains("hint: "), "{}", stderr(&asked));
    // The question is not lost.
    assert_eq!(shown(&place, "1")["messages"][0]["text"], "Hello?");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    place.endless_answers();
    let mut child = place.start(&["chat", "Tell me everything."]);
    let mut reader = child.stdout.take().expect("a pipe");
    let mut first = [0; 1];
    reader.read_exact(&mut first).expect("an answer");
    drop(reader);
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert_eq!(stderr(&ended), "");
    assert_eq!(shown(&place, "1")["messages"][1]["status"], "stopped");
}
