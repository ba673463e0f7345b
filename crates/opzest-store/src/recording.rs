//! Writes of a session as it goes on: an event, with the rows, product versions and traces that it makes, in
//! one transaction.

use crate::error::{Failure, StoreError};
use crate::split::split_of;
use crate::store::Store;
use crate::stored_trace::{self, NewTrace};
use crate::{example, product, session, session_event, use_case};
use opzest_core::conversation::title_from;
use opzest_core::dataset::{ExampleSide, ExampleState, ExampleSummary, Origin, StoredExample};
use opzest_core::ids::{ExampleId, SessionId, UseCaseId};
use opzest_core::session::{
    Change, Chosen, Effect, Event, Example, Progress, Rejected, Session, SessionStatus,
    SessionSummary,
};
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
                split: split_of(&new.id.to_string()),
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
                    use_case::of_workflow(transaction, used, recording.spare_use_case, now_ms)?
                }
                _ => before.use_case,
            };
            session_event::append(transaction, id, number, event, now_ms)?;
            session::advance(transaction, id, use_case, &progress, now_ms)?;
            for trace in recording.traces {
                stored_trace::insert(transaction, Some(id), trace, now_ms)?;
            }
            let mut writer = Writer {
                connection: transaction,
                session: required_session(transaction, id)?,
                now: now_ms,
                examples: Vec::new(),
                product_changed: false,
            };
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

/// Applies the changes of one event.
struct Writer<'a> {
    connection: &'a Connection,
    session: SessionSummary,
    now: u64,
    examples: Vec<ExampleId>,
    product_changed: bool,
}

impl Writer<'_> {
    fn apply(&mut self, change: &Change) -> Result<(), Failure> {
        let id = self.session.id;
        match change {
            Change::AddExample(example) => self.add(example)?,
            Change::Choose { example, chosen } => self.choose(*example, chosen.as_deref())?,
            Change::Reject { example, rejected } => self.reject(*example, rejected.as_deref())?,
            Change::RemoveExample(example) => {
                example::delete(self.connection, *example)?;
                self.changed(*example);
            }
            Change::AddVersion { number, version } => {
                let version = (*number, &**version);
                product::add_version(self.connection, id, &self.session.title, version, self.now)?;
                self.product_changed = true;
            }
            Change::RemoveVersionsFrom { number } => {
                product::remove_versions(self.connection, id, *number, self.now)?;
                self.product_changed = true;
            }
        }
        Ok(())
    }

    fn changed(&mut self, id: ExampleId) {
        if !self.examples.contains(&id) {
            self.examples.push(id);
        }
    }

    fn add(&mut self, example: &Example) -> Result<(), Failure> {
        if example::is_deleted(self.connection, example.id)? {
            return Ok(());
        }
        let mut row = StoredExample {
            summary: self.summary(example),
            prompt: example.prompt.clone(),
            chosen: None,
            rejected: None,
        };
        set_chosen(&mut row, example.chosen.as_ref());
        set_rejected(&mut row, example.rejected.as_ref());
        example::add(self.connection, &row)?;
        self.changed(example.id);
        Ok(())
    }

    /// What every row of the session has.
    fn summary(&self, example: &Example) -> ExampleSummary {
        let session = &self.session;
        ExampleSummary {
            id: example.id,
            origin: Origin::Session,
            session: Some(session.id),
            step: Some(example.step),
            import: None,
            use_case: session.use_case,
            workflow: session.workflow.as_ref().map(|used| used.id.clone()),
            scope: session.scope,
            split: session.split,
            group: session.id.to_string(),
            state: ExampleState::Pending,
            reason: None,
            by_hand: false,
            overruled: false,
            title: example::title_of(&example.prompt),
            words: String::new(),
            prompt_bytes: 0,
            chosen: None,
            rejected: None,
            created_at: self.now,
            updated_at: self.now,
            hit: None,
        }
    }

    fn choose(&mut self, id: ExampleId, chosen: Option<&Chosen>) -> Result<(), Failure> {
        self.change(id, |row| set_chosen(row, chosen))
    }

    fn reject(&mut self, id: ExampleId, rejected: Option<&Rejected>) -> Result<(), Failure> {
        self.change(id, |row| set_rejected(row, rejected))
    }

    /// Changes a row, if the user has not deleted it.
    fn change(
        &mut self,
        id: ExampleId,
        change: impl FnOnce(&mut StoredExample),
    ) -> Result<(), Failure> {
        if let Some(mut row) = example::one(self.connection, id)? {
            change(&mut row);
            row.summary.updated_at = row.summary.updated_at.max(self.now);
            example::replace(self.connection, &row)?;
            self.changed(id);
        }
        Ok(())
    }
}

/// A side that the user has edited in the dataset keeps its text as long as it is the same attempt's.
fn set_chosen(row: &mut StoredExample, chosen: Option<&Chosen>) {
    row.summary.by_hand = chosen.is_some_and(|chosen| chosen.generation.is_none());
    row.summary.overruled = chosen.is_some_and(|chosen| chosen.overruled);
    let before = row.chosen.take();
    row.chosen = chosen.map(|chosen| {
        let given = ExampleSide {
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
        };
        kept_if_edited(before, given)
    });
}

fn set_rejected(row: &mut StoredExample, rejected: Option<&Rejected>) {
    row.summary.reason = rejected.map(|rejected| rejected.reason);
    let before = row.rejected.take();
    row.rejected = rejected.map(|rejected| {
        let given = ExampleSide {
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
        };
        kept_if_edited(before, given)
    });
}

fn kept_if_edited(before: Option<ExampleSide>, given: ExampleSide) -> ExampleSide {
    match before {
        Some(before) if before.edited && before.attempt == given.attempt => ExampleSide {
            words: given.words,
            cycle: given.cycle,
            ..before
        },
        _ => given,
    }
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
