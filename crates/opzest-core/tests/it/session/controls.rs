//! What the user can do beside giving feedback.

use super::support::{
    Driver, attempt_id, failed, hand_edit, passed, planned, pools, start, sure, teacher, written,
};
use opzest_core::session::{
    Analysis, Effect, Event, Ignored, Need, Next, Session, SwitchCause, Task, Verdict,
};
use opzest_core::workflow::Agent;

#[test]
fn the_planner_plans_and_chooses_the_workflow() {
    let mut start = start(&[]);
    let setup = start.setup.take().expect("a setup");
    let (mut session, effects) = Session::begin(Event::Started {
        start: Box::new(start),
    })
    .expect("begins");
    let Next::Task {
        call,
        task: Task::Plan,
        ..
    } = session.next()
    else {
        panic!("{effects:?}");
    };
    let plan = |setup| Event::PlanWritten {
        call,
        written: written("small", "plan", "1. clock"),
        setup,
        steps: vec![planned(1, "clock")],
    };
    assert_eq!(session.handle(plan(None)), Err(Ignored::NeedsWorkflow));
    session.handle(plan(Some(Box::new(setup)))).expect("a plan");
    assert_eq!(session.next(), Next::User(Need::ApprovePlan));
    session.handle(Event::PlanApproved).expect("approved");
    assert!(matches!(
        session.next(),
        Next::Task {
            task: Task::Instruct,
            ..
        }
    ));
}

#[test]
fn the_plan_can_be_edited_before_and_during_the_work() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    driver.show("clock", "v1");
    // The current step stays the first, named or not.
    driver.take(Event::PlanEdited {
        steps: vec![planned(3, "a hand"), planned(2, "a louder bell")],
    });
    let texts = |driver: &Driver| -> Vec<String> {
        driver
            .session
            .state()
            .steps
            .iter()
            .map(|step| step.text.clone())
            .collect()
    };
    assert_eq!(texts(&driver), ["a clock", "a hand", "a louder bell"]);
    driver.say("yes", Verdict::Accepted);
    let gone = driver.try_take(Event::PlanEdited {
        steps: vec![planned(1, "again")],
    });
    assert_eq!(gone, Err(Ignored::StepIsOver));
    let twice = driver.try_take(Event::PlanEdited {
        steps: vec![planned(5, "a"), planned(5, "b")],
    });
    assert_eq!(twice, Err(Ignored::StepTwice));
    // A finished session goes on with new steps.
    driver.take(Event::StepSkipped);
    driver.take(Event::StepSkipped);
    assert_eq!(driver.session.next(), Next::User(Need::Nothing));
    driver.take(Event::PlanEdited {
        steps: vec![planned(7, "paint it")],
    });
    assert_eq!(driver.task(), Task::Instruct);
}

#[test]
fn undo_shows_the_attempt_again_and_takes_the_rows_back() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    driver.show("write", "v1");
    let shown = driver.session.state().clone();
    driver.say("good", Verdict::Accepted);
    driver.instruct("bell");
    driver.work("bell", "v2");
    driver.check(failed("error"));
    assert_eq!(driver.rows().len(), 2);
    let effects = driver.take(Event::VerdictUndone);
    assert_eq!(*driver.session.state(), shown);
    assert!(driver.rows().is_empty());
    assert!(matches!(effects.last(), Some(Effect::Ask(Need::Judge))));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(_))),
        "the lead is stopped"
    );
    assert_eq!(
        driver.try_take(Event::VerdictUndone),
        Err(Ignored::NothingToUndo)
    );
    driver.say("good after all", Verdict::Accepted);
    assert_eq!(driver.rows(), ["write | - | v1"]);
}

#[test]
fn undo_keeps_later_edits_of_the_plan() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    driver.show("write", "v1");
    driver.say("good", Verdict::Accepted);
    driver.take(Event::PlanEdited {
        steps: vec![planned(2, "a bell"), planned(3, "a hand")],
    });
    driver.take(Event::VerdictUndone);
    let texts: Vec<_> = driver
        .session
        .state()
        .steps
        .iter()
        .map(|step| &*step.text)
        .collect();
    assert_eq!(texts, ["a clock", "a bell", "a hand"]);
}

#[test]
fn a_verdict_can_be_overridden_after_it_was_applied() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.say("hmm, larger", Verdict::Redo);
    driver.take(Event::VerdictGiven {
        verdict: Verdict::FurtherEdit,
        words: String::new(),
        attempt: None,
    });
    assert_eq!(
        driver.rows(),
        ["write | v1 (further_edit: hmm, larger) | -"]
    );
    assert_eq!(
        driver.session.state().artifact,
        super::support::artifact("v1")
    );
    driver.take(Event::VerdictGiven {
        verdict: Verdict::Accepted,
        words: String::new(),
        attempt: None,
    });
    assert_eq!(driver.rows(), ["write | - | v1"]);
    driver.take(Event::VerdictUndone);
    assert_eq!(driver.session.next(), Next::User(Need::Judge));
}

/// The prompt is that of the first instruction, and so is what its rows are called.
#[test]
fn rows_keep_what_their_prompt_asked_for_when_the_step_is_renamed() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.say("no", Verdict::Redo);
    driver.take(Event::PlanEdited {
        steps: vec![planned(1, "a sundial")],
    });
    driver.show("another", "v2");
    driver.say("no", Verdict::Redo);
    assert_eq!(driver.session.state().steps[0].text, "a sundial");
    let asked: Vec<_> = driver.session.examples();
    let asked: Vec<_> = asked.iter().map(|row| &*row.asked).collect();
    assert_eq!(asked, ["a clock", "a clock"]);
}

/// The last judged cycle's analysis, by its words.
fn analysis(driver: &Driver) -> Option<(String, Analysis)> {
    let steps = &driver.session.state().steps;
    let mut cycles = steps.iter().flat_map(|step| &step.cycles);
    let cycle = cycles.rfind(|cycle| cycle.feedback.is_some())?;
    let analysis = driver.session.analysis(cycle)?.clone();
    Some((cycle.feedback.as_ref()?.words.clone(), analysis))
}

#[test]
fn what_the_analyst_found_stays_known_after_an_override() {
    let mut driver = Driver::working(&["a clock", "a bell"]);
    let click = |words: &str| Event::VerdictGiven {
        verdict: Verdict::Accepted,
        words: words.to_owned(),
        attempt: None,
    };
    driver.show("write", "v1");
    driver.say("hmm, larger", Verdict::Redo);
    let found = Some(("hmm, larger".to_owned(), sure(Verdict::Redo)));
    assert_eq!(analysis(&driver), found);
    driver.take(click(""));
    assert_eq!(analysis(&driver), found);

    // Also when a later verdict is taken back, and the session is opened anew.
    driver.show("write a bell", "v2");
    driver.take(click(""));
    driver.take(Event::VerdictUndone);
    assert_eq!(analysis(&driver), found);
    let replayed = Session::replay(driver.session.log().iter().cloned()).expect("replays");
    assert_eq!(replayed, driver.session);

    // Other words are not those that it has read.
    driver.take(Event::VerdictUndone);
    driver.take(click("good"));
    assert_eq!(analysis(&driver), None);
}

#[test]
fn an_unsure_analyst_asks_the_user() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.take(Event::FeedbackGiven { words: "hm".into() });
    let analysis = Analysis {
        probabilities: [0.4, 0.35, 0.25],
        ..sure(Verdict::Redo)
    };
    driver.take(Event::FeedbackAnalysed {
        call: driver.call(),
        analysis: analysis.clone(),
    });
    assert_eq!(driver.session.next(), Next::User(Need::ChooseVerdict));
    driver.take(Event::VerdictGiven {
        verdict: Verdict::Redo,
        words: String::new(),
        attempt: None,
    });
    assert_eq!(driver.rows(), ["write | v1 (redo: hm) | -"]);
    let bad = Analysis {
        probabilities: [f32::NAN, 0.5, 0.5],
        ..analysis
    };
    driver.show("again", "v2");
    driver.take(Event::FeedbackGiven { words: "hm".into() });
    let refused = driver.try_take(Event::FeedbackAnalysed {
        call: driver.call(),
        analysis: bad,
    });
    assert_eq!(refused, Err(Ignored::NotProbabilities));
}

#[test]
fn an_analyst_that_cannot_be_reached_leaves_the_verdict_to_the_user() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.take(Event::FeedbackGiven { words: "hm".into() });
    driver.take(Event::CallFailed {
        call: driver.call(),
        problem: super::support::problem(false),
    });
    assert_eq!(driver.session.next(), Next::User(Need::ChooseVerdict));
}

#[test]
fn pausing_cancels_and_resuming_asks_anew() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    let call = driver.call();
    let effects = driver.take(Event::Paused);
    assert_eq!(effects, [Effect::Cancel(call), Effect::Ask(Need::Resume)]);
    let late = driver.try_take(Event::WorkWritten {
        call,
        attempt: attempt_id(1),
        written: written("small", "write", "v1"),
        artifact: super::support::artifact("v1"),
    });
    assert_eq!(late, Err(Ignored::StaleCall));
    driver.take(Event::Resumed);
    assert_ne!(driver.call(), call);
}

#[test]
fn a_stopped_session_can_be_opened_again() {
    let mut driver = Driver::working(&["a clock"]);
    driver.show("write", "v1");
    driver.say("no", Verdict::Redo);
    driver.take(Event::Stopped);
    assert_eq!(driver.session.next(), Next::User(Need::Nothing));
    assert_eq!(
        driver.rows(),
        ["write | v1 (redo: no) | -"],
        "pending, not lost"
    );
    driver.take(Event::Resumed);
    assert_eq!(driver.task(), Task::Instruct);
}

#[test]
fn remote_teachers_of_a_private_session_wait_for_consent() {
    let mut driver = Driver::working(&["a clock"]);
    driver.instruct("write");
    let pool = vec![teacher("far", true), teacher("near", false)];
    driver.take(Event::PoolChanged {
        agent: Agent::Worker,
        pool,
    });
    let teacher = teacher("far", true);
    let far = teacher.model.id.clone();
    assert_eq!(
        driver.session.next(),
        Next::User(Need::Consent {
            agent: Agent::Worker,
            teacher
        })
    );
    let mut refused = driver.session.clone();
    driver.take(Event::ConsentGiven { model: far.clone() });
    assert_eq!(
        (driver.task(), driver.worker().as_str()),
        (Task::Work, "far")
    );

    refused
        .handle(Event::ConsentRefused { model: far })
        .expect("fits");
    let Next::Task {
        task: Task::Work,
        teacher: Some(near),
        ..
    } = refused.next()
    else {
        panic!("{:?}", refused.next());
    };
    assert_eq!(near.model.name, "near");
    let switch = refused
        .state()
        .current_cycle()
        .and_then(|cycle| cycle.switch.clone());
    assert_eq!(switch.expect("a switch").cause, SwitchCause::NoConsent);
}

#[test]
fn without_any_teacher_the_user_is_asked_for_one() {
    let mut driver = Driver::working(&["a clock"]);
    driver.take(Event::PoolChanged {
        agent: Agent::Lead,
        pool: Vec::new(),
    });
    assert_eq!(
        driver.session.next(),
        Next::User(Need::Teacher(Agent::Lead))
    );
    driver.take(Event::PoolChanged {
        agent: Agent::Lead,
        pool: pools().lead,
    });
    assert_eq!(driver.task(), Task::Instruct);
}

#[test]
fn what_does_not_fit_is_ignored_and_changes_nothing() {
    let mut driver = Driver::working(&["a clock"]);
    let before = driver.session.clone();
    let nonsense = [
        (
            Event::Started {
                start: Box::new(start(&["x"])),
            },
            Ignored::Start,
        ),
        (Event::PlanApproved, Ignored::NotNow),
        (
            Event::FeedbackGiven {
                words: "good".into(),
            },
            Ignored::NotNow,
        ),
        (
            Event::VerdictGiven {
                verdict: Verdict::Accepted,
                words: String::new(),
                attempt: None,
            },
            Ignored::NotNow,
        ),
        (Event::VerdictUndone, Ignored::NothingToUndo),
        (
            Event::CheckOverruled {
                words: String::new(),
            },
            Ignored::NothingToOverrule,
        ),
        (Event::TriedAgain, Ignored::NotNow),
        (Event::Resumed, Ignored::NotNow),
        (
            Event::TeacherChosen {
                agent: Agent::Lead,
                place: 7,
            },
            Ignored::NoSuchTeacher,
        ),
    ];
    for (event, why) in nonsense {
        assert_eq!(driver.try_take(event.clone()), Err(why), "{event:?}");
        assert_eq!(driver.session, before, "{event:?}");
    }
    let first = driver.show("write", "v1");
    assert_eq!(
        driver.try_take(Event::FeedbackGiven {
            words: " \n".into()
        }),
        Err(Ignored::NoWords)
    );
    let again = driver.try_take(Event::HandEdited {
        edit: Box::new(hand_edit(first, "x")),
    });
    assert_eq!(again, Err(Ignored::AttemptTwice));
    assert_eq!(
        driver.try_take(Event::Checked {
            call: opzest_core::session::CallId(0),
            check: passed()
        }),
        Err(Ignored::StaleCall)
    );
}
