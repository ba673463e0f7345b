//! Which attempt and which words a verdict is about, and what it does to the plan and the count of failures.

use super::support::{Driver, failed, planned, problem, teacher};
use opzest_core::ids::AttemptId;
use opzest_core::session::{Event, Ignored, Need, Next, StepStatus, SwitchCause, Task, Verdict};
use opzest_core::workflow::Agent;

fn click(verdict: Verdict, attempt: Option<AttemptId>) -> Event {
    Event::VerdictGiven {
        verdict,
        words: String::new(),
        attempt,
    }
}

#[test]
fn a_verdict_that_comes_too_late_judges_nothing_else() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    let clock = driver.show("write", "v1");
    driver.take(click(Verdict::Accepted, Some(clock)));
    let bell = driver.show("write a bell", "v2");
    // A second click on what is judged already; then one that overrides it, from a window that lags.
    for verdict in [Verdict::Accepted, Verdict::Redo] {
        let late = driver.try_take(click(verdict, Some(clock)));
        assert_eq!(late, Err(Ignored::OtherAttempt));
    }
    assert_eq!(driver.session.next(), Next::User(Need::Judge));
    driver.take(click(Verdict::Redo, Some(bell)));
    // While the next attempt is made, the last verdict can be overridden, the one before cannot.
    let other = driver.try_take(click(Verdict::Redo, Some(clock)));
    assert_eq!(other, Err(Ignored::OtherAttempt));
    driver.take(click(Verdict::FurtherEdit, Some(bell)));
    assert_eq!(
        driver.rows(),
        ["write | - | v1", "write a bell | v2 (further_edit: ) | -"]
    );
}

#[test]
fn an_override_is_about_the_words_of_its_verdict() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    let unsure = |driver: &mut Driver, words: &str| {
        driver.take(Event::FeedbackGiven {
            words: words.into(),
        });
        driver.take(Event::CallFailed {
            call: driver.call(),
            problem: problem(false),
        });
    };
    unsure(&mut driver, "first words");
    unsure(&mut driver, "second words");
    driver.take(click(Verdict::Redo, None));
    driver.take(click(Verdict::FurtherEdit, None));
    assert_eq!(
        driver.rows(),
        ["write | v1 (further_edit: second words) | -"]
    );
}

fn steps(driver: &Driver) -> Vec<(String, StepStatus)> {
    let steps = &driver.session.state().steps;
    steps
        .iter()
        .map(|step| (step.text.clone(), step.status))
        .collect()
}

#[test]
fn undoing_past_an_edit_of_the_plan_keeps_the_steps_that_were_over() {
    let mut driver = Driver::working(&["a", "b", "c"]);
    for text in ["v1", "v2"] {
        driver.show("write", text);
        driver.say("good", Verdict::Accepted);
    }
    driver.take(Event::PlanEdited {
        steps: vec![planned(3, "c"), planned(4, "d")],
    });
    driver.take(Event::VerdictUndone);
    driver.take(Event::VerdictUndone);
    let expected = [
        ("a", StepStatus::Current),
        ("b", StepStatus::Waiting),
        ("c", StepStatus::Waiting),
        ("d", StepStatus::Waiting),
    ];
    assert_eq!(
        steps(&driver),
        expected.map(|(text, status)| (text.into(), status))
    );
}

#[test]
fn undoing_past_a_skipped_step_and_a_new_one_keeps_both() {
    let mut driver = Driver::working(&["a", "b"]);
    driver.show("write", "v1");
    driver.say("good", Verdict::Accepted);
    driver.take(Event::StepSkipped);
    driver.take(Event::PlanEdited {
        steps: vec![planned(3, "c")],
    });
    driver.take(Event::VerdictUndone);
    let texts: Vec<_> = steps(&driver).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["a", "b", "c"]);
}

/// The workflow allows two failed attempts.
#[test]
fn another_pool_is_a_switch_of_teacher_only_if_the_worker_is_another_one() {
    let fail = |driver: &mut Driver, text: &str| {
        driver.instruct("write");
        driver.work("write", text);
        driver.check(failed("no"));
    };
    let mut driver = Driver::working(&["a clock"]);
    fail(&mut driver, "v1");
    let pool = |names: &[&str]| Event::PoolChanged {
        agent: Agent::Worker,
        pool: names.iter().map(|name| teacher(name, false)).collect(),
    };
    driver.take(pool(&["fresh"]));
    fail(&mut driver, "v2");
    assert_eq!(driver.task(), Task::Instruct, "the count began again");
    let switch = driver.session.state().steps[0].cycles[1].switch.clone();
    assert_eq!(switch.expect("a switch").cause, SwitchCause::User);

    // The same model in another pool, or chosen once more: nothing begins again.
    driver.take(pool(&["other", "fresh"]));
    driver.take(Event::TeacherChosen {
        agent: Agent::Worker,
        place: 1,
    });
    assert_eq!(driver.worker(), "fresh");
    fail(&mut driver, "v3");
    assert_eq!(driver.session.next(), Next::User(Need::PoolExhausted));
    assert_eq!(driver.session.state().steps[0].cycles[2].switch, None);

    // At the end of the pool, choosing it once more lets it go on.
    driver.take(Event::TeacherChosen {
        agent: Agent::Worker,
        place: 1,
    });
    fail(&mut driver, "v4");
    assert_eq!(driver.task(), Task::Instruct);
}

#[test]
fn consent_is_for_a_place_not_for_a_name() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    let at = |place: &str| Event::PoolChanged {
        agent: Agent::Worker,
        pool: vec![opzest_core::session::Teacher {
            destination: place.into(),
            ..teacher("far", true)
        }],
    };
    driver.take(at("https://one.example (m)"));
    driver.take(Event::ConsentGiven {
        model: teacher("far", true).model.id,
    });
    assert_eq!(driver.task(), Task::Work);
    driver.take(at("https://two.example (m)"));
    assert!(matches!(
        driver.session.next(),
        Next::User(Need::Consent { .. })
    ));
    driver.take(at("https://one.example (m)"));
    assert_eq!(driver.task(), Task::Work, "that was allowed");
}
