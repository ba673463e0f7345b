//! Random histories: events that fit and events that do not, in any order.
//!
//! An oracle keeps the tables by the storing rules, written a second time and in another way: it sees
//! only which events were taken, and keeps a copy of its tables for each verdict that can be undone.

use super::support::{
    artifact, attempt_id, failed, hand_edit, model, passed, planned, problem, start, teacher,
    written,
};
use opzest_core::conversation::Scope;
use opzest_core::session::{
    Analysis, CallId, Change, CheckOutcome, Effect, Event, Example, Need, Next, Phase, Session,
    State, StepStatus, Task, Verdict,
};
use opzest_core::workflow::Agent;
use proptest::prelude::*;

/// What a random history is made of: resolved against the session when its turn comes.
#[derive(Debug, Clone)]
enum Move {
    /// The answer to the task that is wanted: right, wrong in one of several ways, or a failure.
    Answer(u8),
    /// An answer that nobody waits for.
    Stale(u8),
    Words(u8),
    Click(u8),
    Edit,
    Overrule,
    Undo,
    Skip,
    Approve,
    TryAgain,
    Choose(u8, u32),
    Pool(u8, u8),
    Consent(bool, u8),
    Pause,
    Resume,
    Stop,
    Plan(Vec<u8>),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        12 => any::<u8>().prop_map(Move::Answer),
        1 => any::<u8>().prop_map(Move::Stale),
        4 => any::<u8>().prop_map(Move::Words),
        3 => any::<u8>().prop_map(Move::Click),
        1 => Just(Move::Edit),
        1 => Just(Move::Overrule),
        2 => Just(Move::Undo),
        1 => Just(Move::Skip),
        2 => Just(Move::Approve),
        2 => Just(Move::TryAgain),
        1 => (any::<u8>(), 0..3_u32).prop_map(|(agent, place)| Move::Choose(agent, place)),
        1 => any::<(u8, u8)>().prop_map(|(agent, pool)| Move::Pool(agent, pool)),
        2 => any::<(bool, u8)>().prop_map(|(yes, model)| Move::Consent(yes, model)),
        1 => Just(Move::Pause),
        2 => Just(Move::Resume),
        1 => Just(Move::Stop),
        1 => proptest::collection::vec(0..8_u8, 0..4).prop_map(Move::Plan),
    ];
    proptest::collection::vec(one, 1..70)
}

fn agent(number: u8) -> Agent {
    Agent::ALL[number as usize % Agent::ALL.len()]
}

fn verdict(number: u8) -> Verdict {
    Verdict::ALL[number as usize % Verdict::ALL.len()]
}

const NAMES: [&str; 3] = ["small", "large", "far"];

/// The event of a move; `serial` makes texts and ids distinct.
fn event(a_move: &Move, session: &Session, serial: u64) -> Option<Event> {
    let words = |number: u8| {
        if number.is_multiple_of(7) {
            " ".into()
        } else {
            format!("words {serial}")
        }
    };
    Some(match a_move {
        Move::Answer(how) => match session.next() {
            Next::Task { call, task, .. } => answer(call, task, session, *how, serial),
            Next::User(_) => return None,
        },
        Move::Stale(how) => answer(CallId(9_999), Task::Work, session, *how, serial),
        Move::Words(number) => Event::FeedbackGiven {
            words: words(*number),
        },
        Move::Click(number) => Event::VerdictGiven {
            verdict: verdict(*number),
            words: String::new(),
            // Of no attempt, the one that is shown, or one that was.
            attempt: match number % 4 {
                0 => session.state().current_attempt().map(|shown| shown.id),
                1 => Some(attempt_id(serial.saturating_sub(u64::from(*number) % 9))),
                _ => None,
            },
        },
        Move::Edit => Event::HandEdited {
            edit: Box::new(hand_edit(attempt_id(serial), &format!("hand {serial}"))),
        },
        Move::Overrule => Event::CheckOverruled {
            words: "all the same".into(),
        },
        Move::Undo => Event::VerdictUndone,
        Move::Skip => Event::StepSkipped,
        Move::Approve => Event::PlanApproved,
        Move::TryAgain => Event::TriedAgain,
        Move::Choose(number, place) => Event::TeacherChosen {
            agent: agent(*number),
            place: *place,
        },
        Move::Pool(number, pool) => Event::PoolChanged {
            agent: agent(*number),
            pool: (0..pool % 4)
                .map(|n| teacher(NAMES[(n as usize + *pool as usize) % 3], n == 2))
                .collect(),
        },
        Move::Consent(yes, number) => {
            let model = model(NAMES[*number as usize % 3]).id;
            if *yes {
                Event::ConsentGiven { model }
            } else {
                Event::ConsentRefused { model }
            }
        }
        Move::Pause => Event::Paused,
        Move::Resume => Event::Resumed,
        Move::Stop => Event::Stopped,
        Move::Plan(numbers) => Event::PlanEdited {
            steps: numbers
                .iter()
                .map(|&n| planned(u64::from(n), if n == 7 { "" } else { "step" }))
                .collect(),
        },
    })
}

fn answer(call: CallId, task: Task, session: &Session, how: u8, serial: u64) -> Event {
    if how.is_multiple_of(11) {
        return Event::CallFailed {
            call,
            problem: problem(how.is_multiple_of(2)),
        };
    }
    let text = format!("text {serial}");
    let agent = task.agent().unwrap_or(Agent::Worker);
    let name = session
        .state()
        .teacher(agent)
        .map_or("small", |teacher| &teacher.model.name)
        .to_owned();
    let written = written(&name, &format!("read {serial}"), &text);
    match task {
        Task::Plan => Event::PlanWritten {
            call,
            written,
            setup: start(&[]).setup.map(Box::new),
            steps: (0..u64::from(how % 4))
                .map(|n| planned(n, "planned"))
                .collect(),
        },
        Task::Instruct => Event::InstructionWritten {
            call,
            written,
            instruction: text,
        },
        Task::Work if how.is_multiple_of(5) => Event::WorkUnreadable {
            call,
            attempt: attempt_id(serial),
            written,
            problem: "unreadable".into(),
        },
        Task::Work => Event::WorkWritten {
            call,
            attempt: attempt_id(if how.is_multiple_of(13) { 1 } else { serial }),
            written,
            artifact: artifact(&text),
        },
        Task::Check => Event::Checked {
            call,
            check: match how % 3 {
                0 => failed("NameError"),
                1 => CheckOutcome::NotRun {
                    why: "no sandbox".into(),
                },
                _ => passed(),
            },
        },
        Task::Analyse => {
            let mut probabilities = [0.2; 3];
            probabilities[how as usize % 3] = if how.is_multiple_of(2) { 0.6 } else { 0.9 };
            let sum: f32 = probabilities.iter().sum();
            let probabilities = probabilities.map(|p| p / sum);
            let reason = String::new();
            Event::FeedbackAnalysed {
                call,
                analysis: Analysis {
                    probabilities,
                    reason,
                    model: model("small"),
                    prompt_version: 1,
                },
            }
        }
    }
}

/// A row as the oracle sees it: step, prompt, rejected text, chosen text.
type Row = (String, String, Option<String>, Option<String>);

#[derive(Debug, Clone, Default, PartialEq)]
struct Tables {
    rows: Vec<Row>,
    products: Vec<String>,
    /// The prompt of the current step, once it is known.
    prompt: Option<String>,
    /// The attempt that was last written: its step, its text.
    last: Option<(String, String)>,
}

/// The storing rules, told by what happens.
#[derive(Debug, Default)]
struct Oracle {
    now: Tables,
    /// Tables when the attempt was shown, for each verdict that can be undone.
    before: Vec<Tables>,
    shown: Tables,
}

impl Oracle {
    fn reject(&mut self, step: &str, text: &str) {
        let prompt = self
            .now
            .prompt
            .clone()
            .expect("a rejected attempt had a prompt");
        self.now
            .rows
            .push((step.into(), prompt, Some(text.into()), None));
    }

    fn choose(&mut self, step: &str, text: &str) {
        let prompt = self
            .now
            .prompt
            .take()
            .expect("an accepted attempt had a prompt");
        let mut any = false;
        for row in self.now.rows.iter_mut().filter(|row| row.0 == step) {
            row.3 = Some(text.into());
            any = true;
        }
        if !any {
            self.now
                .rows
                .push((step.into(), prompt, None, Some(text.into())));
        }
        self.now.products.push(text.into());
    }

    fn judge(&mut self, verdict: Verdict) {
        let (step, text) = self.now.last.clone().expect("a judged attempt");
        self.before.push(self.shown.clone());
        match verdict {
            Verdict::Redo | Verdict::FurtherEdit => self.reject(&step, &text),
            Verdict::Accepted => self.choose(&step, &text),
        }
    }

    fn undo(&mut self) {
        self.now = self.before.pop().expect("a verdict to undo");
        self.shown = self.now.clone();
    }

    /// `was` is the state before the event, which was taken.
    fn saw(&mut self, event: &Event, was: &State) {
        let step = was
            .current_step()
            .map(|step| step.id.to_string())
            .unwrap_or_default();
        let judging = matches!(
            was.phase,
            Phase::Judging | Phase::Analysing | Phase::Confirming
        );
        match event {
            Event::WorkWritten { written, .. } | Event::WorkUnreadable { written, .. } => {
                self.now
                    .prompt
                    .get_or_insert(written.messages[0].content.clone());
                self.now.last = Some((step.clone(), written.raw.clone()));
                if matches!(event, Event::WorkUnreadable { .. }) {
                    self.reject(&step, &written.raw);
                }
            }
            Event::Checked {
                check: CheckOutcome::Failed { .. },
                ..
            } => {
                let (step, text) = self.now.last.clone().expect("a checked attempt");
                self.reject(&step, &text);
            }
            Event::Checked { .. } => self.shown = self.now.clone(),
            Event::CallFailed { .. } if was.phase == Phase::Checking => {
                self.shown = self.now.clone()
            }
            Event::FeedbackAnalysed { analysis, .. } if analysis.verdict().1 >= 0.6 => {
                self.judge(analysis.verdict().0);
            }
            Event::VerdictGiven { verdict, .. } => {
                if !judging {
                    self.undo();
                }
                self.judge(*verdict);
            }
            Event::VerdictUndone => self.undo(),
            Event::HandEdited { edit } => {
                self.before.push(if judging {
                    self.shown.clone()
                } else {
                    self.now.clone()
                });
                self.now
                    .prompt
                    .get_or_insert(edit.messages[0].content.clone());
                if judging {
                    let (step, text) = self.now.last.clone().expect("a shown attempt");
                    self.reject(&step, &text);
                }
                self.choose(&step, &edit.raw);
            }
            Event::CheckOverruled { .. } => {
                self.before.push(self.now.clone());
                let (step, text) = self.now.last.clone().expect("a failed attempt");
                let row = self.now.rows.pop().expect("the error's row");
                assert_eq!((&row.0, &row.2), (&step, &Some(text.clone())));
                self.choose(&step, &text);
            }
            Event::StepSkipped => self.now.prompt = None,
            _ => {}
        }
    }
}

/// The tables that the session tells, in the oracle's form.
fn tables(examples: &[Example], session: &Session) -> (Vec<Row>, Vec<String>) {
    let rows = examples.iter().map(|row| {
        let rejected = row.rejected.as_ref().map(|side| side.text.clone());
        let chosen = row.chosen.as_ref().map(|side| side.text.clone());
        (
            row.step.to_string(),
            row.prompt[0].content.clone(),
            rejected,
            chosen,
        )
    });
    let versions = session.state().versions.iter();
    let products = versions.map(|version| version.artifact.files()[0].text.clone());
    (rows.collect(), products.collect())
}

/// The tables as the store keeps them: by applying changes only.
fn record(table: &mut Vec<Example>, products: &mut Vec<String>, effects: &[Effect]) {
    for effect in effects {
        let Effect::Record(change) = effect else {
            continue;
        };
        let find = |table: &mut Vec<Example>, id| {
            table
                .iter()
                .position(|row| row.id == id)
                .expect("the row is there")
        };
        match change {
            Change::AddExample(example) => {
                assert!(table.iter().all(|row| row.id != example.id), "added twice");
                table.push((**example).clone());
            }
            Change::Choose { example, chosen } => {
                let at = find(table, *example);
                table[at].chosen = chosen.as_deref().cloned();
            }
            Change::Reject { example, rejected } => {
                let at = find(table, *example);
                table[at].rejected = rejected.as_deref().cloned();
            }
            Change::RemoveExample(id) => {
                let at = find(table, *id);
                table.remove(at);
            }
            Change::AddVersion { number, version } => {
                assert_eq!(*number as usize, products.len(), "versions are contiguous");
                products.push(version.artifact.files()[0].text.clone());
            }
            Change::RemoveVersionsFrom { number } => products.truncate(*number as usize),
        }
    }
}

/// Somebody can always do something that is taken: the app its task, or the user one of these.
fn assert_not_stuck(session: &Session) {
    let need = match session.next() {
        Next::Task { .. } => return,
        Next::User(need) => need,
    };
    let way_out = match need {
        Need::ApprovePlan => Event::PlanApproved,
        Need::Judge => Event::FeedbackGiven {
            words: "good".into(),
        },
        Need::ChooseVerdict => Event::VerdictGiven {
            verdict: Verdict::Redo,
            words: String::new(),
            attempt: None,
        },
        Need::PoolExhausted | Need::Trouble => Event::TriedAgain,
        Need::Teacher(agent) => Event::PoolChanged {
            agent,
            pool: vec![teacher("new", false)],
        },
        Need::Consent { teacher, .. } => Event::ConsentGiven {
            model: teacher.model.id,
        },
        Need::Resume => Event::Resumed,
        Need::Nothing if session.state().phase == Phase::Finished => Event::PlanEdited {
            steps: vec![planned(99, "one more")],
        },
        Need::Nothing => Event::Resumed,
    };
    let taken = session.clone().handle(way_out.clone());
    assert!(
        taken.is_ok(),
        "{way_out:?} leads nowhere: {taken:?} in {:?}",
        session.state().phase
    );
}

/// What must hold in every state.
fn assert_sound(session: &Session) {
    let state = session.state();
    let current = state
        .steps
        .iter()
        .filter(|step| step.status == StepStatus::Current);
    assert!(current.count() <= 1, "two current steps");
    assert!(
        state.failed_attempts <= state.attempts_before_switch(),
        "more attempts than allowed"
    );
    let all_chosen = |step: &opzest_core::session::Step| {
        let rows: Vec<_> = session
            .examples()
            .into_iter()
            .filter(|row| row.step == step.id)
            .collect();
        rows.iter()
            .all(|row| row.chosen.is_some() && row.chosen == rows[0].chosen)
    };
    for step in state
        .steps
        .iter()
        .filter(|step| step.status == StepStatus::Done)
    {
        assert!(all_chosen(step), "a done step has a row without its choice");
        let ended = step.cycles.iter().all(|cycle| cycle.end.is_some());
        assert!(ended, "a done step has an open cycle");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_rules(moves in moves(), remote: bool, planner: bool) {
        let mut start = start(if planner { &[] } else { &["a clock", "a bell"] });
        if planner {
            start.setup = None;
        }
        if remote {
            start.pools.worker.insert(1, teacher("far", true));
            start.scope = Scope::Private;
        }
        let (mut session, _) = Session::begin(Event::Started { start: Box::new(start) }).expect("begins");
        let (mut table, mut products) = (Vec::new(), Vec::new());
        let mut oracle = Oracle::default();
        // The state in which each attempt was shown, for each verdict that can be undone; forgotten
        // where an event in between stays in force.
        let mut shown: Vec<Option<State>> = Vec::new();
        let mut at_show = None;
        for (serial, a_move) in (10..).zip(&moves) {
            let Some(event) = event(a_move, &session, serial) else { continue };
            let was = session.clone();
            let effects = match session.handle(event.clone()) {
                Ok(effects) => effects,
                Err(_) => {
                    prop_assert_eq!(&session, &was, "an ignored event left a trace");
                    continue;
                }
            };
            prop_assert_eq!(session.log().len(), was.log().len() + 1);
            record(&mut table, &mut products, &effects);
            oracle.saw(&event, was.state());
            let examples = session.examples();
            let sorted = |rows: &[Example]| {
                let mut rows = rows.to_vec();
                rows.sort_by_key(|row| row.id);
                rows
            };
            prop_assert_eq!(sorted(&table), sorted(&examples), "the changes do not add up");
            let (rows, versions) = tables(&examples, &session);
            prop_assert_eq!(&products, &versions);
            prop_assert_eq!(&versions, &oracle.now.products);
            prop_assert_eq!(in_order(rows), in_order(oracle.now.rows.clone()), "after {:?}", event);
            assert_not_stuck(&session);
            assert_sound(&session);
            follow_undo(&event, &was, &session, &mut shown, &mut at_show);
        }
        let replayed = Session::replay(session.log().to_vec()).expect("a log replays");
        prop_assert_eq!(&replayed, &session);
        let json = serde_json::to_string(session.log()).expect("events are JSON");
        let events: Vec<Event> = serde_json::from_str(&json).expect("and come back");
        prop_assert_eq!(&events[..], session.log());
    }
}

fn in_order(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

/// Undoing shows exactly the state that the verdict was given in.
fn follow_undo(
    event: &Event,
    was: &Session,
    now: &Session,
    shown: &mut Vec<Option<State>>,
    at_show: &mut Option<State>,
) {
    let judging = |state: &State| {
        matches!(
            state.phase,
            Phase::Judging | Phase::Analysing | Phase::Confirming
        )
    };
    let stays = matches!(
        event,
        Event::PlanEdited { .. }
            | Event::PoolChanged { .. }
            | Event::ConsentGiven { .. }
            | Event::ConsentRefused { .. }
    );
    if stays {
        shown.iter_mut().for_each(|state| *state = None);
        *at_show = None;
        return;
    }
    if matches!(event, Event::VerdictUndone) {
        if let Some(Some(state)) = shown.pop() {
            assert_eq!(*now.state(), state, "undo is not exact");
        }
        *at_show = judging(now.state()).then(|| now.state().clone());
        return;
    }
    if matches!(event, Event::VerdictGiven { .. }) && !judging(was.state()) {
        // The same attempt, judged once more.
        return;
    }
    let verdict = match event {
        Event::VerdictGiven { .. } | Event::HandEdited { .. } | Event::CheckOverruled { .. } => {
            true
        }
        Event::FeedbackAnalysed { .. } => now.state().phase != Phase::Confirming,
        _ => false,
    };
    if verdict {
        shown.push(if judging(was.state()) {
            at_show.take()
        } else {
            Some(was.state().clone())
        });
    } else if now.state().phase == Phase::Judging && was.state().phase == Phase::Checking {
        *at_show = Some(now.state().clone());
    }
}
