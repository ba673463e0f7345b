//! What an event changes in the tables beside the log.

use crate::error::Failure;
use crate::{example, product};
use opzest_core::conversation::title_from;
use opzest_core::dataset::{ExampleSide, ExampleState, ExampleSummary, Origin, StoredExample};
use opzest_core::ids::ExampleId;
use opzest_core::session::{Change, Chosen, Example, Rejected, SessionSummary};
use rusqlite::Connection;

/// Applies the changes of one event.
pub(super) struct Writer<'a> {
    connection: &'a Connection,
    session: SessionSummary,
    now: u64,
    pub(super) examples: Vec<ExampleId>,
    pub(super) product_changed: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(connection: &'a Connection, session: SessionSummary, now: u64) -> Self {
        Self {
            connection,
            session,
            now,
            examples: Vec::new(),
            product_changed: false,
        }
    }

    pub(super) fn apply(&mut self, change: &Change) -> Result<(), Failure> {
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
            // The prompt begins the same in all rows of a workflow.
            title: title_from(&example.asked),
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
