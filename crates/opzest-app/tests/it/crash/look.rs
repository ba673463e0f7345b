//! What a killed process has left, seen from outside: on a copy, so that the next process finds it as it is.

use super::agreement::assert_agrees;
use opzest_app::dto::Verdict;
use opzest_core::session::{self, Event, Session, SessionStatus};
use opzest_store::{CheckReport, DataFolderLock, STORE_FILE, SessionFilter, Store, StoreOptions};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Something of a session that the person was told is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub session: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Begun,
    Feedback {
        words: String,
    },
    Analysed {
        words: String,
        verdict: Verdict,
    },
    Verdict {
        words: String,
        verdict: Verdict,
    },
    HandEdited {
        words: String,
    },
    /// So many verdicts of the session were taken back by this process.
    Undone {
        at_least: usize,
    },
}

impl What {
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Analysed { .. }
            | Self::Verdict { .. }
            | Self::HandEdited { .. }
            | Self::Undone { .. } => true,
            Self::Begun | Self::Feedback { .. } => false,
        }
    }
}

/// What is there.
#[derive(Debug, Default)]
pub struct Found {
    pub told: usize,
    pub sessions: u64,
    pub unfinished: u64,
    pub rows: u64,
    pub versions: u64,
    /// The newest session.
    pub last: Option<String>,
}

/// Fails if anything is damaged, half, or lost.
pub fn look(folder: &Path, told: &[Told], has_conversation: bool) -> Found {
    let copy = tempfile::tempdir().expect("a folder");
    for ending in ["", "-wal", "-journal"] {
        let name = format!("{STORE_FILE}{ending}");
        if folder.join(&name).exists() {
            std::fs::copy(folder.join(&name), copy.path().join(&name)).expect("copies");
        }
    }
    let lock = DataFolderLock::acquire(copy.path()).expect("free");
    let mut store = Store::open(lock, &StoreOptions::default()).expect("the store opens");
    assert_eq!(store.check().expect("checks"), CheckReport::default());
    let conversations = store.conversations(None, 9).expect("lists").total;
    assert_eq!(
        conversations,
        u32::from(has_conversation),
        "the older store's conversation"
    );
    let sessions = store
        .sessions(&SessionFilter::default(), 1_000, 0)
        .expect("lists")
        .items;
    let mut found = Found {
        sessions: sessions.len() as u64,
        last: sessions.first().map(|session| session.id.to_string()),
        ..Found::default()
    };
    for summary in &sessions {
        let session = assert_agrees(&store, summary.id);
        assert_traced(&store, summary.id);
        let id = summary.id.to_string();
        found.told += told_and_there(
            &session,
            told.iter()
                .filter(|told| told.session == id)
                .map(|told| &told.what),
        );
        found.unfinished += u64::from(summary.status != SessionStatus::Finished);
        found.rows += u64::from(summary.examples);
        found.versions += u64::from(summary.versions);
    }
    assert_eq!(
        found.told,
        told.len(),
        "all that was said to be saved is there"
    );
    found
}

/// The traces are of the same transaction as their text; every worker of the harness gives them.
fn assert_traced(store: &Store, id: opzest_core::ids::SessionId) {
    let filter = opzest_store::ExampleFilter {
        session: Some(id),
        ..Default::default()
    };
    let read = store.for_each_example(&filter, |row| -> Result<(), opzest_store::StoreError> {
        for side in row.chosen.iter().chain(&row.rejected) {
            assert_eq!(side.has_trace, side.generation.is_some(), "{}", side.text);
        }
        Ok(())
    });
    read.expect("reads");
}

/// How many of these are in the log: all, or it fails.
fn told_and_there<'a>(session: &Session, told: impl Iterator<Item = &'a What>) -> usize {
    let log = session.log();
    let mut there = 0;
    for what in told {
        let is_there = match what {
            What::Undone { at_least } => {
                log.iter()
                    .filter(|event| matches!(event, Event::VerdictUndone))
                    .count()
                    >= *at_least
            }
            What::Analysed { words, verdict } => was_analysed(log, words, *verdict),
            what => log.iter().any(|event| is_event_of(what, event)),
        };
        assert!(
            is_there,
            "{what:?} was told, and is not in the log of {} events",
            log.len()
        );
        there += 1;
    }
    there
}

/// The person's words are each said once.
fn is_event_of(what: &What, event: &Event) -> bool {
    match (what, event) {
        (What::Begun, Event::Started { .. }) => true,
        (What::Feedback { words }, Event::FeedbackGiven { words: said }) => words == said,
        (
            What::Verdict { words, verdict },
            Event::VerdictGiven {
                words: said,
                verdict: given,
                attempt: None,
            },
        ) => words == said && session::Verdict::from(*verdict) == *given,
        (What::HandEdited { words }, Event::HandEdited { edit }) => *words == edit.words,
        _ => false,
    }
}

fn was_analysed(log: &[Event], words: &str, verdict: Verdict) -> bool {
    let said = log
        .iter()
        .position(|event| matches!(event, Event::FeedbackGiven { words: said } if said == words));
    let after = said.map_or(&[][..], |said| &log[said..]);
    let analysed = after.iter().find_map(|event| match event {
        Event::FeedbackAnalysed { analysis, .. } => Some(analysis.verdict().0),
        _ => None,
    });
    analysed == Some(verdict.into())
}
