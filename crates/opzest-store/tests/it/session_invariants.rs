//! Whatever happens in a session, and whatever the user edits, marks and deletes meanwhile, the tables are what
//! the session says, with what the user has set and without what was deleted.

use crate::studio::{Studio, start};
use crate::support::Folder;
use opzest_core::artifact::Artifact;
use opzest_core::conversation::{Scope, title_from};
use opzest_core::dataset::{ExampleSide, Side, StoredExample};
use opzest_core::ids::{AttemptId, ExampleId};
use opzest_core::session::{Event, Next, Session, Task, Verdict};
use opzest_store::{CheckReport, ExampleFilter, SideEdit, Store, StoreError};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is tried next; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Act {
    /// Whatever task the session waits for, with this text.
    Go(String, bool),
    Judge(usize, String),
    HandEdit(String),
    Overrule,
    Undo,
    Skip,
    TryAgain,
    Delete(usize),
    /// The user's own text for a side of a row.
    Edit(usize, bool),
    /// Who may see a row.
    Mark(usize, bool),
    Reopen,
}

/// What the user has done to rows.
#[derive(Default)]
struct Users {
    deleted: BTreeSet<ExampleId>,
    /// By row, chosen side or not, and attempt.
    texts: BTreeMap<(ExampleId, bool, AttemptId), String>,
    /// Texts that were put aside when a row was deleted: they may have gone along.
    uncertain: BTreeMap<(ExampleId, bool, AttemptId), String>,
    scopes: BTreeMap<ExampleId, Scope>,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    // Few lines, so that texts share some.
    let line = prop_oneof!["[ab]{1,2}", "a long line of [abc]", "another line"];
    let text = vec(line, 1..4).prop_map(|lines| lines.join("\n"));
    let act = prop_oneof![
        12 => (text.clone(), prop::bool::weighted(0.8)).prop_map(|(text, fine)| Act::Go(text, fine)),
        8 => (0..3_usize, text.clone()).prop_map(|(verdict, words)| Act::Judge(verdict, words)),
        1 => text.prop_map(Act::HandEdit),
        1 => Just(Act::Overrule),
        3 => Just(Act::Undo),
        1 => Just(Act::Skip),
        1 => Just(Act::TryAgain),
        2 => any::<usize>().prop_map(Act::Delete),
        2 => any::<(usize, bool)>().prop_map(|(which, chosen)| Act::Edit(which, chosen)),
        2 => any::<(usize, bool)>().prop_map(|(which, private)| Act::Mark(which, private)),
        1 => Just(Act::Reopen),
    ];
    vec(act, 1..50)
}

fn go(studio: &mut Studio<'_>, text: &str, fine: bool) {
    let Next::Task { task, .. } = studio.session.next() else {
        return;
    };
    match task {
        Task::Instruct => studio.instruct(text),
        Task::Work if fine => {
            studio.work(text);
        }
        Task::Work => studio.unreadable(text),
        Task::Check => studio.check((!fine).then_some(text)),
        Task::Plan | Task::Analyse => unreachable!("there is a plan, and no analyst"),
    }
}

/// Takes an event if it fits.
fn attempt(studio: &mut Studio<'_>, event: Event) {
    if studio.session.clone().handle(event.clone()).is_ok() {
        studio.take(event);
    }
}

fn any_of(store: &Store, which: usize) -> Option<StoredExample> {
    let mut rows = rows(store);
    (!rows.is_empty()).then(|| rows.swap_remove(which % rows.len()))
}

fn edit(studio: &mut Studio<'_>, users: &mut Users, row: StoredExample, chosen: bool) {
    let (side, before) = match chosen {
        true => (Side::Chosen, row.chosen),
        false => (Side::Rejected, row.rejected),
    };
    let Some(attempt) = before.and_then(|before| before.attempt) else {
        return;
    };
    let now = studio.folder.now();
    let text = format!("edited at {now}");
    let edit = SideEdit {
        text: &text,
        reasoning: "",
        artifact: None,
    };
    let id = row.summary.id;
    let edited = studio.store.edit_example(id, side, &edit, now);
    edited.expect("edits");
    users.texts.insert((id, chosen, attempt), text);
}

fn act(studio: &mut Studio<'_>, users: &mut Users, act: &Act) {
    match act {
        Act::Go(text, fine) => go(studio, text, *fine),
        Act::Judge(verdict, words) => attempt(
            studio,
            Event::VerdictGiven {
                verdict: Verdict::ALL[*verdict],
                words: words.clone(),
                attempt: None,
            },
        ),
        Act::HandEdit(text) => {
            let event = studio.hand_edit_event(text, text);
            attempt(studio, event);
        }
        Act::Overrule => {
            let words = "all the same".into();
            attempt(studio, Event::CheckOverruled { words });
        }
        Act::Undo => attempt(studio, Event::VerdictUndone),
        Act::Skip => attempt(studio, Event::StepSkipped),
        Act::TryAgain => attempt(studio, Event::TriedAgain),
        Act::Delete(which) => {
            let Some(row) = any_of(studio.store, *which) else {
                return;
            };
            let id = row.summary.id;
            studio.store.delete_examples(&[id]).expect("deletes");
            users.deleted.insert(id);
            // Texts that are put aside may go along with what they have in common.
            let rows = rows(studio.store);
            let is_there =
                |side: Option<&ExampleSide>, text: &str| side.is_some_and(|side| side.text == text);
            let put_aside = users.texts.extract_if(.., |(id, chosen, _), text| {
                let row = rows.iter().find(|row| row.summary.id == *id);
                !row.is_some_and(|row| match chosen {
                    true => is_there(row.chosen.as_ref(), text),
                    false => is_there(row.rejected.as_ref(), text),
                })
            });
            users.uncertain.extend(put_aside);
            let log = studio.store.session_log(studio.id).expect("a log");
            studio.session = Session::replay(log).expect("replays");
        }
        Act::Edit(which, chosen) => {
            if let Some(row) = any_of(studio.store, *which) {
                edit(studio, users, row, *chosen);
            }
        }
        Act::Mark(which, private) => {
            let Some(row) = any_of(studio.store, *which) else {
                return;
            };
            let id = row.summary.id;
            let scope = match private {
                true => Scope::Private,
                false => Scope::Communal,
            };
            let now = studio.folder.now();
            let marked = studio.store.mark_examples(&[id], Some(scope), None, now);
            marked.expect("marks");
            users.scopes.insert(id, scope);
        }
        Act::Reopen => {
            let log = studio.store.session_log(studio.id).expect("a log");
            assert_eq!(Session::replay(log).expect("replays"), studio.session);
        }
    }
}

fn rows(store: &Store) -> Vec<StoredExample> {
    let mut rows = Vec::new();
    store
        .for_each_example(&ExampleFilter::default(), |row| {
            rows.push(row);
            Ok::<_, StoreError>(())
        })
        .expect("reads");
    rows
}

/// The tables against the session and what the user did.
fn compare(studio: &Studio<'_>, users: &Users) {
    let mut wanted = studio.session.examples();
    wanted.retain(|row| !users.deleted.contains(&row.id));
    wanted.sort_by_key(|row| row.id);
    let mut found = rows(studio.store);
    found.sort_by_key(|row| row.summary.id);
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(
            (found.summary.id, found.summary.step),
            (wanted.id, Some(wanted.step))
        );
        let scope = users.scopes.get(&wanted.id).copied();
        assert_eq!(found.summary.scope, scope.unwrap_or(Scope::Private));
        assert_eq!(found.prompt, wanted.prompt);
        assert_eq!(found.summary.title, title_from(&wanted.asked));
        let edited = |chosen, attempt| {
            let key = (wanted.id, chosen, attempt);
            let side = match chosen {
                true => found.chosen.as_ref(),
                false => found.rejected.as_ref(),
            };
            let perhaps = users.uncertain.get(&key);
            let perhaps = perhaps.filter(|text| side.is_some_and(|side| side.text == **text));
            users.texts.get(&key).or(perhaps)
        };
        let given = wanted.chosen.as_ref();
        assert_eq!(
            found.chosen.as_ref().map(told),
            given.map(|side| match edited(true, side.attempt) {
                Some(text) => (text, &side.words, None),
                None => (&side.text, &side.words, Some(&side.artifact)),
            })
        );
        let given = wanted.rejected.as_ref();
        assert_eq!(
            found.rejected.as_ref().map(told),
            given.map(|side| match edited(false, side.attempt) {
                Some(text) => (text, &side.words, None),
                None => (&side.text, &side.words, side.artifact.as_ref()),
            })
        );
        assert_eq!(found.summary.reason, given.map(|side| side.reason));
    }
    let versions = match studio.store.product(studio.id) {
        Ok(product) => product.versions.into_iter().map(|it| it.version).collect(),
        Err(StoreError::NotFound { .. }) => Vec::new(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(versions, studio.session.state().versions);
    let summary = studio.store.session(studio.id).expect("there");
    assert_eq!(summary.events as usize, studio.session.log().len());
    assert_eq!(summary.examples as usize, found.len());
}

fn told(side: &ExampleSide) -> (&String, &String, Option<&Artifact>) {
    (&side.text, &side.words, side.artifact.as_ref())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_are_what_the_session_says(acts in acts()) {
        let folder = Folder::new();
        let mut store = folder.open();
        let mut studio = Studio::begin(&folder, &mut store, start("Poems", &["One", "Two", "Three"]));
        studio.traced = true;
        studio.approve();
        let mut users = Users::default();
        for step in &acts {
            act(&mut studio, &mut users, step);
            compare(&studio, &users);
        }
        prop_assert_eq!(store.check().expect("checks"), CheckReport::default());
    }
}
