//! What a session leaves in the tables, whole tables at a time.

use crate::studio::{Studio, start};
use crate::support::Folder;
use opzest_core::session::{Event, Session, SessionStatus, Verdict};
use opzest_store::{CheckReport, StoreError};
use rusqlite::Connection;

/// The dataset's rows with all that the rules are about.
fn rows(folder: &Folder) -> String {
    let sql = "
        SELECT json_extract(prompt.text, '$[#-1].content') AS prompt,
               coalesce(rejected.text || ' ' || reason || ' (' || rejected.words || ') by ' || rejected_model_id
                        || ' in ' || rejected_cycle, '-') AS rejected,
               coalesce(chosen.text || ' (' || chosen.words || ') by ' || coalesce(chosen_model_id, 'hand')
                        || ' in ' || chosen_cycle || iif(overruled, ' overruled', ''), '-') AS chosen
        FROM example
        JOIN example_text AS prompt ON prompt.seq = example.seq * 4
        LEFT JOIN example_text AS chosen ON chosen.seq = example.seq * 4 + 1
        LEFT JOIN example_text AS rejected ON rejected.seq = example.seq * 4 + 2
        ORDER BY step_id, example.seq";
    table(folder, sql, &["prompt", "rejected", "chosen"])
}

fn versions(folder: &Folder) -> String {
    let sql = "
        SELECT number, json_extract(artifact, '$[0].text') AS text, iif(by_hand, 'by hand', 'by model') AS author,
               iif(final, 'final', 'not final') AS final
        FROM product_version JOIN product USING (session_id) ORDER BY number";
    table(folder, sql, &["number", "text", "author", "final"])
}

fn table(folder: &Folder, sql: &str, columns: &[&str]) -> String {
    let connection = Connection::open(folder.file()).expect("opens");
    let mut statement = connection.prepare(sql).expect("prepares");
    let lines = statement
        .query_map([], |row| {
            let cells = columns.iter().map(|column| {
                let value: rusqlite::types::Value = row.get(*column)?;
                Ok(match value {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => format!("{other:?}"),
                })
            });
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" | "))
        })
        .expect("runs");
    lines
        .collect::<Result<Vec<_>, _>>()
        .expect("rows")
        .join("\n")
}

#[test]
fn a_session_leaves_the_rows_of_the_rules() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A game", &["Draw", "Move"]));
    studio.approve();
    studio.instruct("draw a board");
    studio.work("bord");
    studio.check(Some("NameError: bord"));
    studio.cycle("draw it right", "board");
    studio.say("ugly", Verdict::Redo);
    // Two failed attempts: the next teacher.
    studio.cycle("prettier", "nice board");
    studio.say("bigger", Verdict::FurtherEdit);
    insta::assert_snapshot!(rows(&folder), @"
    draw a board | <<bord>> error (NameError: bord) by small in 1 | -
    draw a board | <<board>> redo (ugly) by small in 2 | -
    draw a board | <<nice board>> further_edit (bigger) by large in 3 | -
    ");
    studio.cycle("make it bigger", "big board");
    let recorded = studio.say("yes", Verdict::Accepted);
    assert_eq!(recorded.examples.len(), 3);
    assert!(recorded.product_changed);
    assert_eq!(recorded.session.steps_over, 1);
    insta::assert_snapshot!(rows(&folder), @"
    draw a board | <<bord>> error (NameError: bord) by small in 1 | <<big board>> (yes) by large in 4
    draw a board | <<board>> redo (ugly) by small in 2 | <<big board>> (yes) by large in 4
    draw a board | <<nice board>> further_edit (bigger) by large in 3 | <<big board>> (yes) by large in 4
    ");
    insta::assert_snapshot!(versions(&folder), @"0 | big board | by model | not final");

    // The second step is right at once, then improved by hand.
    studio.cycle("move", "moving board");
    let recorded = studio.judge(Verdict::Accepted);
    assert_eq!(recorded.session.status, SessionStatus::Finished);
    insta::assert_snapshot!(versions(&folder), @"
    0 | big board | by model | final
    1 | moving board | by model | final
    ");
    studio.take(Event::VerdictUndone);
    insta::assert_snapshot!(versions(&folder), @"0 | big board | by model | not final");
    studio.hand_edit("my board", "mine is better");
    insta::assert_snapshot!(rows(&folder), @"
    draw a board | <<bord>> error (NameError: bord) by small in 1 | <<big board>> (yes) by large in 4
    draw a board | <<board>> redo (ugly) by small in 2 | <<big board>> (yes) by large in 4
    draw a board | <<nice board>> further_edit (bigger) by large in 3 | <<big board>> (yes) by large in 4
    move | <<moving board>> hand_edit (mine is better) by small in 1 | <<my board>> (mine is better) by hand in 1
    ");
    insta::assert_snapshot!(versions(&folder), @"
    0 | big board | by model | final
    1 | my board | by hand | final
    ");

    let (id, session) = (studio.id, studio.session.clone());
    let log = store.session_log(id).expect("a log");
    assert_eq!(Session::replay(log).expect("replays"), session);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn undoing_takes_back_rows_and_versions_exactly() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
    studio.approve();
    studio.cycle("write", "roses");
    studio.say("no", Verdict::Redo);
    let before = (rows(&folder), versions(&folder));
    studio.cycle("again", "violets");
    studio.say("good", Verdict::Accepted);
    studio.take(Event::VerdictUndone);
    assert_eq!((rows(&folder), versions(&folder)), before);
    // Another verdict over the same words.
    studio.judge(Verdict::FurtherEdit);
    studio.judge(Verdict::Redo);
    insta::assert_snapshot!(rows(&folder), @"
    write | <<roses>> redo (no) by small in 1 | -
    write | <<violets>> redo () by small in 2 | -
    ");
    studio.judge(Verdict::Accepted);
    insta::assert_snapshot!(rows(&folder), @"write | <<roses>> redo (no) by small in 1 | <<violets>> () by small in 2");
    assert_eq!(versions(&folder), "0 | violets | by model | final");
}

#[test]
fn a_failed_check_can_be_overruled_and_an_unreadable_answer_makes_a_row() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A tool", &["Write"]));
    studio.approve();
    studio.instruct("write");
    studio.unreadable("I cannot");
    studio.instruct("with markers");
    studio.work("tool");
    studio.check(Some("slow"));
    studio.take(Event::CheckOverruled {
        words: "fast enough".into(),
    });
    insta::assert_snapshot!(rows(&folder), @"x | I cannot error (no markers) by small in 1 | <<tool>> (fast enough) by small in 2 overruled");
}

#[test]
fn a_second_writer_is_noticed() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A tool", &["Write"]));
    let stale = studio.session.clone();
    studio.approve();
    let current = std::mem::replace(&mut studio.session, stale);
    let error = studio.try_take(Event::Paused).expect_err("one behind");
    assert!(
        matches!(
            error,
            StoreError::OutOfStep {
                found: 2,
                given: 1,
                ..
            }
        ),
        "{error}"
    );
    studio.session = current;
    studio.cycle("write", "tool");
    let id = studio.id;
    assert_eq!(store.session_log(id).expect("a log").len(), 5);
}

#[test]
fn a_failing_event_leaves_nothing() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A tool", &["Write"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("write", "tool");
    let before = (rows(&folder), versions(&folder));
    // The last thing that the transaction writes cannot be written.
    let other = Connection::open(folder.file()).expect("opens");
    other
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON product_version BEGIN SELECT RAISE (ABORT, 'no'); END",
        )
        .expect("made");
    let words = String::new();
    let verdict = Verdict::Accepted;
    studio
        .try_take(Event::VerdictGiven {
            verdict,
            words,
            attempt: None,
        })
        .expect_err("refused");
    assert_eq!((rows(&folder), versions(&folder)), before);
    other.execute_batch("DROP TRIGGER refuse").expect("dropped");
    studio.judge(Verdict::Accepted);
    assert_eq!(versions(&folder), "0 | tool | by model | final");
}

#[test]
fn damaged_events_are_told_with_their_place() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A tool", &["Write"]));
    studio.approve();
    studio.cycle("write", "tool");
    let id = studio.id;
    let other = Connection::open(folder.file()).expect("opens");
    other
        .execute(
            "UPDATE session_event SET event = '{\"event\":\"unheard_of\"}' WHERE number = 2",
            [],
        )
        .expect("damaged");
    let error = store.session_log(id).expect_err("damaged");
    assert!(
        error
            .to_string()
            .starts_with(&format!("event 2 of session {id} cannot be read:")),
        "{error}"
    );
    other
        .execute("DELETE FROM session_event WHERE number = 1", [])
        .expect("damaged");
    let error = store.session_log(id).expect_err("damaged");
    assert_eq!(
        error.to_string(),
        format!("event 1 of session {id} is missing: the store is damaged")
    );
}
