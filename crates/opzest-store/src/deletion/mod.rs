//! Deleting rows of the dataset, so that what the user has deleted is nowhere any more.
//!
//! A row's text also stands in the log of its session: as what a model wrote, in what later calls were given
//! to read, in the user's words. So a deletion takes away, in one transaction:
//!
//! - the row with its texts and its words in the search index; its id is kept, so that an undone and repeated
//!   verdict does not bring it back;
//! - in every event of the session, its texts, all that was ever said about them (words and verdicts that were taken
//!   back, what checks found, the analyst's reasons), and the single lines of these, replaced by a marker. The events
//!   stay, so the session still replays; a session that is open in memory has to be opened anew
//!   ([`DeletionReport::sessions`]);
//! - the traces of its generations, and those whose models read a part of it;
//! - the user's own texts for the same attempts and those with a part of it, which are put aside while their rows
//!   are undone.
//!
//! What belongs to something else as well stays, and the report says where: an accepted text is shared by all
//! rows of its step and goes with the last of them; rows of later steps may have it in their prompts; the
//! product and the work in progress have it as files, which the log then keeps, too. Deleting the whole
//! session takes all of that. A line that also stands in something that is kept is not replaced, and pieces
//! of less than some letters cannot be told from chance.
//!
//! What a model has learned from a row, no deletion takes from it; the report says which models did.
//!
//! The files and backups are wiped by the next [`crate::Upkeep::erase`], as after every deletion.

mod doomed;
mod events;
mod needles;
mod said;

use crate::dataset::required_example;
use crate::erase::mark_deletion;
use crate::error::{Failure, StoreError};
use crate::store::Store;
use crate::{example, product, put_aside, session_event, stored_trace, training_run_row};
use doomed::Doomed;
use needles::Needles;
use opzest_core::artifact::Artifact;
use opzest_core::dataset::StoredExample;
use opzest_core::ids::{ExampleId, ModelId, SessionId};
use opzest_core::session::{Event, Ignored, Session};
use rusqlite::Connection;
use said::Said;
use std::collections::{BTreeMap, BTreeSet};

/// Stands where text was deleted.
pub const DELETED: &str = "[deleted]";

/// What a deletion of rows has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletionReport {
    pub deleted: u32,
    /// Their logs were rewritten: an open one has to be opened anew.
    pub sessions: Vec<SessionId>,
    /// How many traces went as well.
    pub traces: u32,
    /// Where texts of the deleted rows still stand.
    pub remains: Vec<Remains>,
    /// Models that were trained on the deleted rows: what they have learned, deleting does not take from them.
    pub learned_by: Vec<ModelId>,
}

/// A place in which a text of a deleted row still stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remains {
    /// The accepted text, as chosen of this many other rows of its step.
    OtherRows { session: SessionId, rows: u32 },
    /// A file of it, in the prompts of this many rows of later steps.
    LaterPrompts { session: SessionId, rows: u32 },
    /// A file of it, in this many versions of the session's product.
    Product { session: SessionId, versions: u32 },
    /// A file of it, as what the session is working on.
    InWork { session: SessionId },
}

impl Store {
    /// Deletes rows of the dataset with their texts, wherever these stand for nothing else. All of them, or
    /// none if one is not there.
    pub fn delete_examples(&mut self, ids: &[ExampleId]) -> Result<DeletionReport, StoreError> {
        // A transaction of its own: in the same one, measured, the deletion gained nothing from it.
        self.write("preparing the search index", |transaction| {
            Ok(example::merge_search(transaction)?)
        })?;
        self.write("deleting the examples", |transaction| {
            let mut report = DeletionReport {
                learned_by: training_run_row::learned_by(transaction, ids)?,
                ..DeletionReport::default()
            };
            let ids: BTreeSet<_> = ids.iter().copied().collect();
            let mut of_sessions: BTreeMap<SessionId, Vec<StoredExample>> = BTreeMap::new();
            for &id in &ids {
                let row = required_example(transaction, id)?;
                report.deleted += 1;
                if let Some(session) = row.summary.session {
                    put_aside::forget(transaction, id)?;
                    example::remember_deleted(transaction, id, session)?;
                    of_sessions.entry(session).or_default().push(row);
                }
            }
            example::delete(transaction, ids.iter().copied())?;
            for (session, rows) in of_sessions {
                forget(transaction, session, &rows, &mut report)?;
                report.sessions.push(session);
            }
            if let Some(first) = ids.first() {
                mark_deletion(transaction, &format!("{first} {}", ids.len()))?;
            }
            Ok(report)
        })
    }
}

/// Takes the texts of rows, which are deleted already, out of the log and the traces of their session.
fn forget(
    connection: &Connection,
    id: SessionId,
    rows: &[StoredExample],
    report: &mut DeletionReport,
) -> Result<(), Failure> {
    let mut log = session_event::of_session(connection, id)?;
    let session = replayed(id, &log)?;
    let kept_rows = example::of_session(connection, id)?;
    let versions = product::versions(connection, id)?;
    let said = Said::ever(&log).map_err(|unfit| unfit_event(id, unfit))?;
    let doomed = Doomed::of(rows, &kept_rows, &versions, &session, &log, &said);
    let needles = Needles::new(&doomed.texts, &doomed.kept);

    for (number, event) in (0..).zip(&mut log) {
        let before = event.clone();
        events::forget(event, &doomed, &needles);
        if *event != before {
            session_event::rewrite(connection, id, number, event)?;
        }
    }
    replayed(id, &log)?;
    for trace in stored_trace::read_by(connection, id)? {
        let read = |message: &str| needles.is_in(message);
        let is_doomed = doomed.generations.contains(&trace.generation)
            || trace.messages.iter().any(|message| read(&message.content));
        if is_doomed {
            stored_trace::delete(connection, trace.generation)?;
            report.traces += 1;
        }
    }
    for put_aside in put_aside::texts_of_session(connection, id)? {
        let files = put_aside.artifact.iter().flat_map(Artifact::files);
        let mut texts = files
            .map(|file| &file.text)
            .chain([&put_aside.text, &put_aside.reasoning]);
        if doomed.attempts.contains(&put_aside.attempt) || texts.any(|text| needles.is_in(text)) {
            put_aside::delete_text(connection, put_aside.seq)?;
        }
    }
    report.remains.extend(doomed.remains(id));
    Ok(())
}

fn replayed(id: SessionId, log: &[Event]) -> Result<Session, Failure> {
    Session::replay(log.iter().cloned()).map_err(|unfit| unfit_event(id, unfit))
}

fn unfit_event(id: SessionId, (number, ignored): (usize, Ignored)) -> Failure {
    StoreError::UnfitEvent {
        id: id.to_string(),
        number: number as u64,
        ignored,
    }
    .into()
}
