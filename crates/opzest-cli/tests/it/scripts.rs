//! The commands that scripts use.

use crate::support::{Place, stderr, stdout};
use serde_json::Value;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn models_are_listed_shown_and_measured() {
    let place = Place::new();
    let models = json(&place, &["models", "list", "--json"]);
    let id = models[0]["id"].as_str().expect("id");
    assert_eq!(models[0]["selected"], true);
    assert_eq!(models[0]["problem"], Value::Null);

    let model = json(&place, &["models", "show", id, "--json"]);
    assert_eq!(model, models[0]);
    let people = place.run(&["models", "list"], "");
    assert!(stdout(&people).starts_with(&format!("* {id}")));
    assert!(!stdout(&people).contains('\x1b'));

    let speed = json(&place, &["models", "bench", "--json"]);
    assert_eq!(speed["threads"], 1);
    for name in ["readingTokensPerSecond", "writingTokensPerSecond"] {
        assert!(speed[name].as_f64().expect("a number") > 0.0, "{speed}");
    }
    let missing = place.run(&["models", "show", "nosuch"], "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        stderr(&missing).contains(id),
        "the hint lists what there is"
    );
}

#[test]
fn a_file_is_added_chosen_and_taken_off_the_list() {
    let place = Place::new();
    let file = place.file("my model.gguf");
    let embedded = json(&place, &["models", "list", "--json"])[0]["location"].clone();
    std::fs::copy(embedded.as_str().expect("a path"), &file).expect("a copy");
    let file = file.to_str().expect("UTF-8");

    let added = place.run(&["models", "add", file], "");
    assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
    let id = stdout(&added).trim().to_owned();
    assert_eq!(
        place.run(&["models", "select", &id], "").status.code(),
        Some(0)
    );
    let model = json(&place, &["models", "show", file, "--json"]);
    assert_eq!(model["id"], id.as_str());
    assert_eq!(model["selected"], true);
    assert_eq!(
        place.run(&["models", "remove", &id], "").status.code(),
        Some(0)
    );
    assert_eq!(
        json(&place, &["models", "list", "--json"])
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert!(std::path::Path::new(file).exists());
}

#[test]
fn a_bad_model_file_is_named_with_the_reason() {
    let place = Place::new();
    let bad = place.file("letter.gguf");
    std::fs::write(&bad, "Dear Sir or Madam").expect("written");
    let added = place.run(&["models", "add", bad.to_str().expect("UTF-8")], "");
    assert_eq!(added.status.code(), Some(1));
    assert_eq!(stdout(&added), "");
    let told = stderr(&added);
    assert!(told.starts_with("error: "), "{told}");
    assert!(
        told.contains("letter.gguf") && told.contains("GGUF"),
        "{told}"
    );
    assert!(told.contains("hint: "), "{told}");
}

#[test]
fn conversations_are_found_renamed_exported_and_deleted() {
    let place = Place::new();
    place.run(&["chat", "What is a xylophone?"], "");
    let id = json(&place, &["conversations", "list", "--json"])["items"][0]["id"].clone();
    let id = id.as_str().expect("id");

    let ok = |arguments: &[&str]| {
        let output = place.run(arguments, "");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    ok(&["conversations", "rename", "1", "About", "music"]);
    let found = json(&place, &["conversations", "search", "xylophone", "--json"]);
    assert_eq!(found["items"][0]["title"], "About music");
    assert_eq!(
        json(&place, &["conversations", "search", "zebra", "--json"])["total"],
        0
    );
    assert!(ok(&["conversations", "show", "1"]).contains("What is a xylophone?"));

    assert!(ok(&["conversations", "export", id]).starts_with("# About music\n"));
    let exported = ok(&["conversations", "export", id, "--format", "json"]);
    let exported: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(exported["title"], "About music");
    let file = place.file("music.md");
    let path = file.to_str().expect("UTF-8");
    ok(&["conversations", "export", "1", path]);
    let written = std::fs::read_to_string(&file).expect("written");
    assert!(written.contains("What is a xylophone?"));
    let again = place.run(&["conversations", "export", "1", path], "");
    assert_eq!(again.status.code(), Some(1));
    assert!(
        stderr(&again).contains("exists already"),
        "{}",
        stderr(&again)
    );

    let unasked = place.run(&["conversations", "delete", id], "");
    assert_eq!(unasked.status.code(), Some(1));
    assert!(stderr(&unasked).contains("--yes"));
    ok(&["conversations", "delete", id, "--yes"]);
    assert_eq!(
        json(&place, &["conversations", "list", "--json"])["total"],
        0
    );
    let gone = place.run(&["conversations", "show", id], "");
    assert_eq!(gone.status.code(), Some(1));
}

#[test]
fn stored_text_does_not_command_the_terminal() {
    let place = Place::new();
    place.run(
        &["chat"],
        "Red \x1b[31mlemon\u{9b}2J and \x1b]0;title\x07lime",
    );
    for arguments in [
        &["conversations", "list"][..],
        &["conversations", "search", "lime"],
        &["conversations", "show", "1"],
        &["conversations", "show", "1", "--json"],
        &["conversations", "export", "1"],
    ] {
        let mut terminal = place.terminal_with(arguments, &[("NO_COLOR", "1")]);
        terminal.wait_for("lemon");
        let (screen, code) = terminal.end();
        assert_eq!(code, Some(0));
        let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        assert!(!screen.contains(obeyed), "{arguments:?}: {screen:?}");
    }
}

#[test]
fn settings_and_the_computer_are_told() {
    let place = Place::untouched();
    place.settings(&["temperature=0.7", "system-prompt=Be brief."]);
    let view = json(&place, &["settings", "show", "--json"]);
    assert_eq!(view["settings"]["systemPrompt"], "Be brief.");
    assert_eq!(view["threads"], 1);
    let refused = place.run(&["settings", "set", "temperature=9", "theme=dark"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("temperature"));
    let kept = json(&place, &["settings", "show", "--json"]);
    assert_eq!(kept["settings"], view["settings"]);

    let info = json(&place, &["info", "--json"]);
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["dataFolder"], place.data().to_str().expect("UTF-8"));
    assert_eq!(info["firstStart"], true);
    let elsewhere = place.file("elsewhere");
    let elsewhere = elsewhere.to_str().expect("UTF-8");
    let info = json(&place, &["info", "--json", "--data", elsewhere]);
    assert_eq!(info["dataFolder"], elsewhere);
}
