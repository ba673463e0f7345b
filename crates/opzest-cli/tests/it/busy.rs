//! A data folder that another OpZest writes.

use crate::support::{Place, stderr, stdout};

#[test]
fn writing_commands_say_who_holds_it_and_reading_ones_work() {
    let place = Place::new();
    place.run(&["chat", "What is a lemon?"], "");
    let mut first = place.terminal(&["chat"]);
    first.wait_for("› ");

    for arguments in [
        &["chat", "Hello?"][..],
        &["models", "select", "smollm2-135m-instruct-q4_1"],
        &["conversations", "delete", "1", "--yes"],
        &["settings", "set", "theme=dark"],
    ] {
        let refused = place.run(arguments, "");
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert_eq!(stdout(&refused), "");
        let told = stderr(&refused);
        let holder = format!("process {}", first.process_id());
        assert!(told.contains("in use by another OpZest"), "{told}");
        assert!(told.contains(&holder), "{told}");
        assert!(told.contains("hint: "), "{told}");
    }
    for arguments in [
        &["conversations", "list"][..],
        &["conversations", "search", "lemon"],
        &["conversations", "show", "1"],
        &["conversations", "export", "1"],
        &["models", "list"],
        &["settings", "show"],
        &["info"],
    ] {
        let read = place.run(arguments, "");
        assert_eq!(
            read.status.code(),
            Some(0),
            "{arguments:?}: {}",
            stderr(&read)
        );
        assert!(!stdout(&read).is_empty());
    }

    first.keys("\x04");
    assert_eq!(first.end().1, Some(0));
    let free = place.run(&["settings", "set", "theme=dark"], "");
    assert_eq!(free.status.code(), Some(0), "{}", stderr(&free));
}
