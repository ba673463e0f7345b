//! The storing rules of a session, each in the smallest history that shows it.

use super::support::{Driver, artifact, failed, passed, written};
use opzest_core::session::{Change, Effect, Event, Need, Next, Task, Verdict, examples};

#[test]
fn one_step_accepted_at_once_is_one_row_without_rejected() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write a clock", "v1");
    let effects = driver.say("great", Verdict::Accepted);
    assert_eq!(driver.rows(), ["write a clock | - | v1"]);
    assert_eq!(driver.session.next(), Next::User(Need::Nothing));
    let recorded = |effect: &Effect| matches!(effect, Effect::Record(_));
    assert_eq!(
        effects.iter().filter(|effect| recorded(effect)).count(),
        2,
        "{effects:?}"
    );
    assert_eq!(driver.session.state().artifact, artifact("v1"));
}

#[test]
fn an_error_makes_a_row_and_leaves_the_artifact() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    driver.work("write", "v1");
    driver.check(failed("NameError"));
    assert_eq!(driver.rows(), ["write | v1 (error: NameError) | -"]);
    assert!(driver.session.state().artifact.is_empty());
    assert_eq!(driver.task(), Task::Instruct);
}

#[test]
fn an_unreadable_answer_is_an_error() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    driver.take(Event::WorkUnreadable {
        call: driver.call(),
        attempt: super::support::attempt_id(9),
        written: written("small", "write", "blah"),
        problem: "no artifact in it".into(),
    });
    assert_eq!(
        driver.rows(),
        ["write | blah (error: no artifact in it) | -"]
    );
}

#[test]
fn redo_keeps_and_further_edit_moves_the_artifact() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("first", "v1");
    driver.say("no", Verdict::Redo);
    assert!(driver.session.state().artifact.is_empty());
    driver.show("second", "v2");
    driver.say("larger", Verdict::FurtherEdit);
    assert_eq!(driver.session.state().artifact, artifact("v2"));
    driver.show("third", "v3");
    driver.say("yes", Verdict::Accepted);
    // The prompt is the first cycle's in every row, and all rows get what was chosen.
    assert_eq!(
        driver.rows(),
        [
            "first | v1 (redo: no) | v3",
            "first | v2 (further_edit: larger) | v3",
        ]
    );
}

#[test]
fn the_next_step_begins_with_the_accepted_artifact_and_a_prompt_of_its_own() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    driver.show("clock", "v1");
    driver.say("good", Verdict::Accepted);
    assert_eq!(driver.task(), Task::Instruct);
    driver.show("bell", "v2");
    driver.say("no", Verdict::Redo);
    assert_eq!(driver.session.state().artifact, artifact("v1"));
    driver.show("bell, louder", "v3");
    driver.say("good", Verdict::Accepted);
    assert_eq!(
        driver.rows(),
        ["clock | - | v1", "bell | v2 (redo: no) | v3"]
    );
    let versions: Vec<_> = driver
        .session
        .state()
        .versions
        .iter()
        .map(|v| v.artifact.clone())
        .collect();
    assert_eq!(versions, [artifact("v1"), artifact("v3")]);
}

#[test]
fn a_hand_edit_rejects_the_models_version_and_is_chosen_without_a_trace() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.edit("mine");
    assert_eq!(driver.rows(), ["write | v1 (hand_edit: ) | mine"]);
    let examples = driver.session.examples();
    let chosen = examples[0].chosen.as_ref().expect("accepted");
    assert_eq!((&chosen.generation, &chosen.model), (&None, &None));
    assert_eq!(driver.session.next(), Next::User(Need::Nothing));
}

#[test]
fn a_hand_edit_before_any_work_is_a_row_with_nothing_rejected() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    driver.edit("mine");
    assert_eq!(driver.rows(), ["given by hand | - | mine"]);
}

#[test]
fn after_enough_failures_the_next_teacher_works_and_then_the_user_is_asked() {
    let mut driver = Driver::working(&["a clock"]);
    assert_eq!(driver.worker(), "small");
    driver.instruct("write");
    driver.work("write", "v1");
    driver.check(failed("NameError"));
    assert_eq!(driver.worker(), "small");
    driver.show("again", "v2");
    driver.say("no", Verdict::Redo);
    assert_eq!(driver.worker(), "large");
    driver.show("again", "v3");
    driver.say("nearly", Verdict::FurtherEdit);
    driver.show("again", "v4");
    driver.say("no", Verdict::Redo);
    driver.show("again", "v5");
    driver.say("no", Verdict::Redo);
    // The further edit began the count again: two more failures were needed.
    assert_eq!(driver.session.next(), Next::User(Need::PoolExhausted));
    assert_eq!(driver.rows().len(), 5);
    driver.take(Event::TriedAgain);
    driver.show("once more", "v6");
    driver.say("yes", Verdict::Accepted);
    assert!(
        driver
            .rows()
            .iter()
            .all(|row| row.starts_with("write | ") && row.ends_with("| v6"))
    );
}

#[test]
fn a_new_step_begins_with_the_first_teacher() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    driver.show("write", "v1");
    driver.say("no", Verdict::Redo);
    driver.show("write", "v2");
    driver.say("no", Verdict::Redo);
    assert_eq!(driver.worker(), "large");
    driver.show("write", "v3");
    driver.say("yes", Verdict::Accepted);
    assert_eq!(driver.worker(), "small");
}

#[test]
fn a_failed_check_can_be_overruled() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    driver.work("write", "v1");
    driver.check(failed("a warning taken too seriously"));
    let effects = driver.take(Event::CheckOverruled {
        words: "fine for me".into(),
    });
    assert_eq!(driver.rows(), ["write | - | v1"]);
    assert!(
        driver.session.examples()[0]
            .chosen
            .as_ref()
            .expect("chosen")
            .overruled
    );
    let is_choice = |effect: &&Effect| matches!(effect, Effect::Record(Change::Choose { .. }));
    assert_eq!(effects.iter().filter(is_choice).count(), 1);
    let is_empty = |effect: &&Effect| {
        matches!(
            effect,
            Effect::Record(Change::Reject { rejected: None, .. })
        )
    };
    assert_eq!(effects.iter().filter(is_empty).count(), 1);
}

#[test]
fn calls_that_fail_make_no_row() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    for _ in 0..2 {
        let call = driver.call();
        driver.take(Event::CallFailed {
            call,
            problem: super::support::problem(true),
        });
        assert_ne!(driver.call(), call, "the call is wanted anew");
        assert_eq!(
            (driver.task(), driver.worker().as_str()),
            (Task::Work, "small")
        );
    }
    driver.take(Event::CallFailed {
        call: driver.call(),
        problem: super::support::problem(true),
    });
    assert_eq!(driver.worker(), "large");
    driver.take(Event::CallFailed {
        call: driver.call(),
        problem: super::support::problem(false),
    });
    assert_eq!(driver.session.next(), Next::User(Need::Trouble));
    assert!(driver.rows().is_empty());
    driver.take(Event::TriedAgain);
    driver.work("write", "v1");
    driver.check(passed());
    driver.say("yes", Verdict::Accepted);
    assert_eq!(driver.rows(), ["write | - | v1"]);
}

#[test]
fn the_rows_are_a_function_of_the_log() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("first", "v1");
    driver.say("no", Verdict::Redo);
    driver.show("second", "v2");
    driver.say("good", Verdict::Accepted);
    assert_eq!(
        examples(driver.session.log()),
        Ok(driver.session.examples())
    );
}
