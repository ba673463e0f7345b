//! `opzest session`, at a prompt and from files of feedback.

use crate::support::{Place, stderr, stdout};
use std::fs::read_to_string;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// Agents that write little.
fn place() -> Place {
    let place = Place::new();
    place.settings(&["context-size=4096"]);
    place.brief_workflows();
    place
}

/// What was printed, with this exit code.
fn told(place: &Place, arguments: &[&str], input: &str, code: i32) -> String {
    let output = place.run(&[&["session"], arguments].concat(), input);
    let told = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}

fn fits_a_terminal(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
}

#[test]
fn a_script_leads_a_session_and_its_mistakes_are_named() {
    let place = place();
    let own = place.write("my.md", "My own letter.\n");
    let notes = [
        place.write("a_notes.txt", "First notes.\n"),
        place.write("notes.txt", "Other notes.\n"),
    ];
    let says = |text: &str| place.write("words.txt", text);

    let hand = says(&format!("/hand {own}\n"));
    let product = place.file("product");
    let new = [
        "new",
        "-",
        "-w",
        "document",
        "--step",
        "Write the letter",
        "-f",
        &notes[0],
        "-f",
        &notes[1],
        "--feedback-from",
        &hand,
        "--export",
        product.to_str().expect("UTF-8"),
    ];
    let screen = told(&place, &new, "A letter to the landlord", 0);
    assert!(
        screen.contains("+ My own letter.") || screen.contains("│ My own letter."),
        "{screen}"
    );
    assert!(!screen.contains("- My own"), "{screen}");
    let written = |name: &str| read_to_string(product.join(name)).expect("written");
    assert_eq!(written("document.md"), "My own letter.\n");
    assert_eq!(written("a_notes.txt"), "First notes.\n");
    assert_eq!(written("notes.txt"), "Other notes.\n");
    let list = told(&place, &["list"], "", 0);
    assert!(
        list.contains("A letter to the landlord") && list.contains("finished"),
        "{list}"
    );

    // The last verdict can be taken back; a session that was left at its question goes on.
    told(
        &place,
        &["resume", "1", "--feedback-from", &says("/undo\n/pause\n")],
        "",
        0,
    );
    assert!(told(&place, &["list"], "", 0).contains("needs you"));
    let wrong = [
        "resume",
        "--feedback-from",
        &says("# first\n/hand nosuch.md\n"),
    ];
    let screen = told(&place, &wrong, "", 1);
    assert!(
        screen.contains("words.txt, line 2, `/hand nosuch.md`: nosuch.md cannot be read"),
        "{screen}"
    );
    assert!(screen.contains("opzest session resume "), "{screen}");
    let screen = told(
        &place,
        &["resume", "--feedback-from", &says("/redo\n")],
        "",
        1,
    );
    assert!(screen.contains("the session waits for more"), "{screen}");
    assert!(!screen.contains("You:"), "no words were said: {screen}");
    let unused = says("Accepted.\nAnd thanks\n");
    let screen = told(&place, &["resume", "--feedback-from", &unused], "", 1);
    assert!(
        screen.contains("line 2, `And thanks`: This cannot be done"),
        "{screen}"
    );
    let screen = told(
        &place,
        &["resume", "1", "--feedback-from", &says("/accept\n")],
        "",
        1,
    );
    assert!(
        screen.contains("line 1, `/accept`: The last result is accepted already"),
        "{screen}"
    );

    fits_a_terminal(&told(&place, &["list"], "", 0));
    let mut terminal = place.narrow_terminal(&["session", "show", "1"]);
    terminal.wait_for("Instruction");
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(0));
    fits_a_terminal(&shown);
}

#[test]
fn a_mistake_at_the_prompt_is_told_and_the_prompt_stays() {
    let place = place();
    let mut terminal = place.terminal(&[
        "session",
        "new",
        "A note",
        "-w",
        "document",
        "--step",
        "Write the note",
    ]);
    terminal.type_line("/help");
    terminal.wait_for("these commands");
    terminal.type_line("/approve");
    terminal.wait_for("Loading ");
    terminal.keys(CTRL_C);
    terminal.wait_for("Paused.");
    let (screen, code) = terminal.end();
    assert_eq!(
        (code, screen.matches("Plan").count()),
        (Some(130), 1),
        "{screen}"
    );

    let mut terminal = place.terminal(&["session", "resume"]);
    terminal.type_line("/hand nosuch.md");
    terminal.wait_for("nosuch.md cannot be read");
    terminal.type_line("/allow");
    terminal.wait_for("No teacher waits for a consent now");
    terminal.type_line("/nonsense");
    terminal.wait_for("There is no command /nonsense");
    terminal.type_line("accept");
    terminal.wait_for("→ Accepted (you)");
    terminal.type_line("/accept");
    terminal.wait_for("The last result is accepted already");
    terminal.type_line("/undo");
    terminal.wait_for("What do you say?");
    terminal.wait_for("› ");
    terminal.keys(CTRL_D);
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(screen.contains("goes on."), "{screen}");

    let mut terminal = place.terminal(&["session", "resume"]);
    terminal.type_line("Accepted!");
    terminal.wait_for("Enter leaves");
    terminal.wait_for("› ");
    terminal.keys("\r");
    assert_eq!(terminal.end().1, Some(0));
    assert!(told(&place, &["list"], "", 0).contains("finished"));
}

#[test]
fn a_workflow_file_that_cannot_be_used_is_told_with_its_place() {
    let place = place();
    let own = place.data().join("workflows");
    std::fs::write(own.join("poem.toml"), "id = \"poem\"\nversion = = 1\n").expect("written");
    let feedback = place.write("words.txt", "/approve\n");
    let new = |workflow: &str| {
        let arguments = [
            "new",
            "A poem",
            "-w",
            workflow,
            "--feedback-from",
            &feedback,
        ];
        told(&place, &arguments, "", 1)
    };
    let screen = new("poem");
    assert!(
        screen.contains("poem.toml: line 2, column 11: "),
        "{screen}"
    );
    assert!(screen.contains("There is no workflow `poem`"), "{screen}");

    std::fs::write(own.join("document.toml"), "id = \n").expect("written");
    let list = told(&place, &["workflows"], "", 0);
    assert!(list.contains("document  Document"), "{list}");
    for fault in [
        "document.toml: line 1, column ",
        "poem.toml: line 2, column ",
    ] {
        assert!(list.contains(fault), "{list}");
    }
    let refused = ["new", " ", "-w", "document", "--feedback-from", &feedback];
    let screen = told(&place, &refused, "", 1);
    assert!(
        screen.contains("`document` is the one that comes with OpZest"),
        "{screen}"
    );

    let both = ["new", "-", "-w", "document", "--feedback-from", "-"];
    let screen = told(&place, &both, "A poem", 1);
    assert!(
        screen.contains("cannot both come from standard input"),
        "{screen}"
    );
}

#[test]
fn help_fits_a_terminal() {
    let place = Place::untouched();
    for command in [
        &[][..],
        &["new"],
        &["resume"],
        &["list"],
        &["show"],
        &["export"],
    ] {
        fits_a_terminal(&told(&place, &[command, &["--help"]].concat(), "", 0));
    }
    fits_a_terminal(&stdout(&place.run(&["--help"], "")));
    fits_a_terminal(&stdout(&place.run(&["chat", "--help"], "")));
}
