//! Writes of a session as it goes on: an event, with the rows, product versions and traces that it makes, in
//! one transaction.

mod changes;

use crate::error::{Failure, StoreError};
use crate::split::split_of;
use crate::store::Store;
use crate::stored_trace::{self, NewTrace};
use crate::{product, session, session_event, use_case};
use changes::Writer;
use opzest_core::conversation::title_from;
use opzest_core::dataset::Split;
use opzest_core::ids::{ExampleId, SessionId, UseCaseId};
use opzest_core::session::{Effect, Event, Progress, Session, SessionStatus, SessionSummary};
use rusqlite::Connection;

/// A session that has just begun.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    pub id: SessionId,
    /// The user's choice; `None`: that of the workflow.
    pub use_case: Option<UseCaseId>,
    /// The id of the workflow's use case, if it has to be made.
    pub spare_use_case: UseCaseId,
    /// With its first event in the log.
    pub session: &'a Session,
}

/// An event that a session has taken.
#[derive(Debug, Clone, Copy)]
pub struct Recording<'a> {
    pub id: SessionId,
    /// After the event, which is the last of its log.
    pub session: &'a Session,
    /// What the session answered to the event; all but [`Effect::Record`] is passed over.
    pub effects: &'a [Effect],
    /// Of what was generated for this event.
    pub traces: &'a [NewTrace<'a>],
    /// The id of the workflow's use case, if it has to be made.
    pub spare_use_case: UseCaseId,
}

/// What an event has changed in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub session: SessionSummary,
    /// Rows of the dataset that were made, changed or taken back.
    pub examples: Vec<ExampleId>,
    pub product_changed: bool,
}

/// The first work of a use case is trained on, whatever its group says: else there is nothing to train on.
fn split_in(
    connection: &Connection,
    id: SessionId,
    use_case: UseCaseId,
) -> rusqlite::Result<Split> {
    Ok(
        match session::is_training_there(connection, use_case, id)? {
            true => split_of(&id.to_string()),
            false => Split::Train,
        },
    )
}

impl Store {
    /// Stores a session with the first event of its log.
    pub fn begin_session(
        &mut self,
        new: &NewSession<'_>,
        now_ms: u64,
    ) -> Result<SessionSummary, StoreError> {
        self.write("saving the session", |transaction| {
            let progress = Progress::of(new.session);
            let use_case = match (new.use_case, &progress.workflow) {
                (Some(id), _) => required_use_case(transaction, id)?,
                (None, Some(used)) => {
                    use_case::of_workflow(transaction, used, new.spare_use_case, now_ms)?
                }
                (None, None) => use_case::default(transaction)?,
            };
            let start = &new.session.state().start;
            let row = session::New {
                id: new.id,
                use_case,
                use_case_is_users: new.use_case.is_some(),
                title: &title_from(&start.request),
                request: &start.request,
                scope: start.scope,
                split: split_in(transaction, new.id, use_case)?,
                progress: &progress,
                now: now_ms,
            };
            session::insert(transaction, &row)?;
            session_event::append(transaction, new.id, 0, last_event(new.session).1, now_ms)?;
            required_session(transaction, new.id)
        })
    }

    /// Stores the last event of a session's log, with all that follows from it. If this fails, nothing of
    /// it is stored, and the caller goes on with the session as it was before the event.
    /// [`StoreError::OutOfStep`] if the store's log is not exactly one event behind.
    pub fn record(
        &mut self,
        recording: &Recording<'_>,
        now_ms: u64,
    ) -> Result<Recorded, StoreError> {
        self.write("saving the session", |transaction| {
            let id = recording.id;
            let (before, use_case_is_users) = session::one(transaction, id)?
                .ok_or_else(|| StoreError::not_found("session", id))?;
            let (number, event) = last_event(recording.session);
            if number != before.events {
                return Err(StoreError::OutOfStep {
                    id: id.to_string(),
                    found: before.events,
                    given: number,
                }
                .into());
            }
            let progress = Progress::of(recording.session);
            let use_case = match (&before.workflow, &progress.workflow) {
                (None, Some(used)) if !use_case_is_users => {
                    let spare = recording.spare_use_case;
                    let use_case = use_case::of_workflow(transaction, used, spare, now_ms)?;
                    // It has no rows yet.
                    session::set_split(transaction, id, split_in(transaction, id, use_case)?)?;
                    use_case
                }
                _ => before.use_case,
            };
            session_event::append(transaction, id, number, event, now_ms)?;
            session::advance(transaction, id, use_case, &progress, now_ms)?;
            for trace in recording.traces {
                stored_trace::insert(transaction, Some(id), trace, now_ms)?;
            }
            let summary = required_session(transaction, id)?;
            let mut writer = Writer::new(transaction, summary, now_ms);
            for effect in recording.effects {
                if let Effect::Record(change) = effect {
                    writer.apply(change)?;
                }
            }
            let is_final = progress.status == SessionStatus::Finished;
            product::set_final(transaction, id, is_final)?;
            Ok(Recorded {
                examples: writer.examples,
                product_changed: writer.product_changed || before.status != progress.status,
                session: required_session(transaction, id)?,
            })
        })
    }
}

/// The last event of a log, with its number from 0.
fn last_event(session: &Session) -> (u64, &Event) {
    let log = session.log();
    let event = log.last().expect("a session has begun with an event");
    (log.len() as u64 - 1, event)
}

pub(crate) fn required_session(
    connection: &Connection,
    id: SessionId,
) -> Result<SessionSummary, Failure> {
    let found = session::one(connection, id)?;
    Ok(found
        .map(|(summary, _)| summary)
        .ok_or_else(|| StoreError::not_found("session", id))?)
}

pub(crate) fn required_use_case(
    connection: &Connection,
    id: UseCaseId,
) -> Result<UseCaseId, Failure> {
    let found = use_case::one(connection, id)?;
    Ok(found
        .map(|found| found.id)
        .ok_or_else(|| StoreError::not_found("use case", id))?)
}
