//! Whether a store holds exactly what a session's log demands: no more, no less, nothing half.
//!
//! Only for sessions whose rows nobody has edited or deleted in the dataset.

use opzest_core::conversation::title_from;
use opzest_core::dataset::{ExampleSide, ExampleState, StoredExample};
use opzest_core::ids::SessionId;
use opzest_core::session::{Chosen, Example, Progress, Rejected, Session, Version};
use opzest_store::{ExampleFilter, Store, StoreError};
use std::collections::BTreeMap;

/// Compares everything that is kept of a session with what its log makes, field by field; the session.
pub fn assert_agrees(store: &Store, id: SessionId) -> Session {
    let log = store.session_log(id).expect("the log has no gap");
    let events = log.len() as u64;
    let session = Session::replay(log).expect("the log replays");
    let wanted = session.examples();
    let mut rows = rows(store, id);
    let summary = store.session(id).expect("a session");
    assert_eq!(summary.events, events);
    assert_eq!(summary.examples as usize, wanted.len());
    assert_eq!(summary.status, Progress::of(&session).status);
    for example in &wanted {
        let row = rows
            .remove(&example.id.to_string())
            .unwrap_or_else(|| panic!("the row of {example:?} is missing"));
        assert_row(&row, example);
    }
    assert!(rows.is_empty(), "rows that no event has made: {rows:?}");
    assert_eq!(versions(store, id), session.state().versions);
    session
}

fn rows(store: &Store, id: SessionId) -> BTreeMap<String, StoredExample> {
    let filter = ExampleFilter {
        session: Some(id),
        ..ExampleFilter::default()
    };
    let mut rows = BTreeMap::new();
    let read = store.for_each_example(&filter, |row| -> Result<(), StoreError> {
        rows.insert(row.summary.id.to_string(), row);
        Ok(())
    });
    read.expect("the rows can be read");
    rows
}

/// A session without an accepted step may have no product yet.
fn versions(store: &Store, id: SessionId) -> Vec<Version> {
    match store.product(id) {
        Ok(product) => product
            .versions
            .into_iter()
            .map(|stored| stored.version)
            .collect(),
        Err(StoreError::NotFound { .. }) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

fn assert_row(row: &StoredExample, wanted: &Example) {
    assert_eq!(row.prompt, wanted.prompt);
    assert_eq!(row.summary.title, title_from(&wanted.asked));
    assert_eq!(row.summary.step, Some(wanted.step));
    assert_eq!(
        row.summary.state == ExampleState::Complete,
        wanted.chosen.is_some()
    );
    assert_eq!(
        row.summary.reason,
        wanted.rejected.as_ref().map(|rejected| rejected.reason)
    );
    assert_eq!(
        row.summary.overruled,
        wanted
            .chosen
            .as_ref()
            .is_some_and(|chosen| chosen.overruled)
    );
    assert_eq!(
        row.summary.by_hand,
        wanted
            .chosen
            .as_ref()
            .is_some_and(|chosen| chosen.generation.is_none())
    );
    assert_side(row.chosen.as_ref(), wanted.chosen.as_ref().map(chosen_side));
    assert_side(
        row.rejected.as_ref(),
        wanted.rejected.as_ref().map(rejected_side),
    );
}

/// Whether there is a trace is not in the log.
fn assert_side(side: Option<&ExampleSide>, wanted: Option<ExampleSide>) {
    let side = side.map(|side| ExampleSide {
        has_trace: false,
        ..side.clone()
    });
    assert_eq!(side, wanted);
}

fn chosen_side(chosen: &Chosen) -> ExampleSide {
    ExampleSide {
        text: chosen.text.clone(),
        reasoning: chosen.reasoning.clone(),
        artifact: Some(chosen.artifact.clone()),
        words: chosen.words.clone(),
        attempt: Some(chosen.attempt),
        generation: chosen.generation,
        model: chosen.model.clone(),
        prompt_version: chosen.prompt_version,
        cycle: chosen.cycle,
        edited: false,
        has_trace: false,
    }
}

fn rejected_side(rejected: &Rejected) -> ExampleSide {
    ExampleSide {
        text: rejected.text.clone(),
        reasoning: rejected.reasoning.clone(),
        artifact: rejected.artifact.clone(),
        words: rejected.words.clone(),
        attempt: Some(rejected.attempt),
        generation: Some(rejected.generation),
        model: Some(rejected.model.clone()),
        prompt_version: rejected.prompt_version,
        cycle: rejected.cycle,
        edited: false,
        has_trace: false,
    }
}
