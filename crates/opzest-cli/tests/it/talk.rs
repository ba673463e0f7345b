//! A conversation in a terminal.

use crate::support::{Place, stdout};
use serde_json::Value;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

#[test]
fn the_first_start_says_what_this_is_once() {
    let place = Place::untouched();
    let mut terminal = place.terminal(&[]);
    terminal.wait_for("runs on this computer");
    terminal.wait_for("Nothing you write leaves it");
    terminal.wait_for("› ");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.end().1, Some(0));

    let mut terminal = place.terminal(&["chat"]);
    terminal.wait_for("› ");
    terminal.keys(CTRL_C);
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(!screen.contains("leaves it"), "{screen}");
}

#[test]
fn a_conversation_is_led_by_commands() {
    let place = Place::new();
    let mut terminal = place.terminal(&["chat"]);
    terminal.type_line("/export x.md");
    terminal.wait_for("still empty");
    terminal.type_line("What is a lemon?");
    terminal.wait_for("tokens/s");
    terminal.type_line("/regenerate");
    terminal.wait_for("tokens/s");
    terminal.type_line("/variant 1");
    terminal.type_line("/variant");
    terminal.wait_for("Answer 1 of 2");
    terminal.type_line("/rename Sour fruit");
    terminal.wait_for("“Sour fruit” now");
    terminal.type_line("/export fruit.json");
    terminal.wait_for("Written to fruit.json");
    terminal.type_line("/stats");
    terminal.wait_for("tokens in use");
    terminal.type_line("/new");
    terminal.wait_for("A new conversation");
    terminal.type_line("Two lines \\");
    terminal.keys("in one question.\r");
    terminal.wait_for("tokens/s");
    terminal.type_line("/list");
    terminal.wait_for("Two lines");
    terminal.wait_for("Sour fruit");
    terminal.type_line("/open 2");
    terminal.wait_for("What is a lemon?");
    terminal.type_line("/search lemon");
    terminal.wait_for("Sour fruit");
    terminal.type_line("/nosuch");
    terminal.wait_for("There is no command /nosuch");
    terminal.type_line("/delete");
    terminal.wait_for("Delete “Sour fruit” for good? [y/N] ");
    terminal.keys("y\r");
    terminal.wait_for("is deleted");
    terminal.type_line("/quit");
    assert_eq!(terminal.end().1, Some(0));

    let exported = std::fs::read_to_string(place.file("fruit.json")).expect("written");
    let exported: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(exported["title"], "Sour fruit");
    let left = place.run(&["conversations", "show", "1", "--json"], "");
    let left: Value = serde_json::from_str(&stdout(&left)).expect("JSON");
    assert_eq!(left["messages"][0]["text"], "Two lines \nin one question.");
    let list = place.run(&["conversations", "list", "--json"], "");
    let list: Value = serde_json::from_str(&stdout(&list)).expect("JSON");
    assert_eq!(list["total"], 1);
}

#[test]
fn ctrl_c_stops_an_answer_and_keeps_it() {
    let place = Place::new();
    place.endless_answers();
    let mut terminal = place.terminal(&["chat"]);
    terminal.type_line("Tell me everything.");
    // The first word takes this remark's place.
    terminal.wait_for("Reading … 100 %");
    terminal.wait_for("\x1b[2K");
    terminal.keys(CTRL_C);
    terminal.wait_for("Stopped. The text so far is kept.");
    // The model is still there: Ctrl-C did not reach its process.
    terminal.type_line("/settings max-answer-tokens=4");
    terminal.type_line("Hello?");
    terminal.wait_for("tokens/s");
    terminal.wait_for("› ");
    terminal.keys(CTRL_D);
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("opzest chat --continue"), "{screen}");
    assert_eq!(screen.matches("Loading ").count(), 1, "{screen}");

    let shown = place.run(&["conversations", "show", "1", "--json"], "");
    let shown: Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
    assert_eq!(shown["messages"][1]["status"], "stopped");
    assert!(
        !shown["messages"][1]["text"]
            .as_str()
            .expect("text")
            .is_empty()
    );
}

#[test]
fn earlier_questions_come_back_with_the_arrow_keys() {
    let place = Place::new();
    place.run(&["chat", "What is a lemon?"], "");
    let mut terminal = place.terminal(&["chat", "--continue"]);
    terminal.wait_for("What is a lemon?");
    terminal.wait_for("› ");
    terminal.keys("\x1b[A");
    terminal.wait_for("What is a lemon?");
    terminal.keys("\r");
    terminal.wait_for("tokens/s");
    terminal.wait_for("› ");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.end().1, Some(0));
    let shown = place.run(&["conversations", "show", "1", "--json"], "");
    let shown: Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
    assert_eq!(shown["messages"][2]["text"], "What is a lemon?");
    let files = std::fs::read_dir(place.data()).expect("the data folder");
    for file in files {
        let name = file.expect("a file").file_name();
        assert!(!name.to_string_lossy().contains("history"), "{name:?}");
    }
}

#[test]
fn no_colour_where_none_is_wanted() {
    let place = Place::new();
    let colours = |environment: &[(&str, &str)]| {
        let mut terminal = place.terminal_with(&["models", "list"], environment);
        terminal.wait_for("smollm2");
        terminal.end().0.contains("\x1b[")
    };
    assert!(colours(&[]));
    assert!(!colours(&[("NO_COLOR", "1")]));
    assert!(!colours(&[("TERM", "dumb")]));
}
