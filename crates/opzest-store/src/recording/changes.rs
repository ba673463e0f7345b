//! What an event changes in the tables beside the log.

use crate::error::Failure;
use crate::{example, product, put_aside, soft_label};
use opzest_core::conversation::title_from;
use opzest_core::dataset::{
    ExampleSide, ExampleState, ExampleSummary, Origin, Side, StoredExample,
};
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
            Change::RemoveExample(example) => self.remove(*example)?,
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
        self.set_chosen(&mut row, example.chosen.as_ref())?;
        self.set_rejected(&mut row, example.rejected.as_ref())?;
        if let Some(scope) = put_aside::take_scope(self.connection, example.id)? {
            row.summary.scope = scope;
        }
        example::add(self.connection, &row)?;
        self.changed(example.id);
        Ok(())
    }

    /// What the user has set on the row is put aside until it comes again.
    fn remove(&mut self, id: ExampleId) -> Result<(), Failure> {
        let Some(row) = example::one(self.connection, id)? else {
            return Ok(());
        };
        let session = self.session.id;
        if row.summary.scope != self.session.scope {
            put_aside::put_scope(self.connection, session, id, row.summary.scope)?;
        }
        self.put_aside(id, Side::Chosen, row.chosen.as_ref())?;
        self.put_aside(id, Side::Rejected, row.rejected.as_ref())?;
        example::delete(self.connection, [id])?;
        self.changed(id);
        Ok(())
    }

    fn put_aside(
        &self,
        id: ExampleId,
        side: Side,
        before: Option<&ExampleSide>,
    ) -> Result<(), Failure> {
        if let Some(before) = before {
            put_aside::put_text(self.connection, self.session.id, id, side, before)?;
        }
        Ok(())
    }

    /// Puts one side in the place of another. A text that the user has edited stands as long as the side is the
    /// same attempt's, and comes again with that attempt.
    fn exchange(
        &self,
        id: ExampleId,
        side: Side,
        before: Option<ExampleSide>,
        given: Option<ExampleSide>,
    ) -> Result<Option<ExampleSide>, Failure> {
        self.put_aside(id, side, before.as_ref())?;
        let take = |given| put_aside::take_text(self.connection, id, side, given);
        Ok(given.map(take).transpose()?)
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
        soft_label::delete(self.connection, id)?;
        self.change(id, |writer, row| writer.set_chosen(row, chosen))
    }

    fn reject(&mut self, id: ExampleId, rejected: Option<&Rejected>) -> Result<(), Failure> {
        self.change(id, |writer, row| writer.set_rejected(row, rejected))
    }

    /// Changes a row, if the user has not deleted it.
    fn change(
        &mut self,
        id: ExampleId,
        change: impl FnOnce(&Self, &mut StoredExample) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let Some(mut row) = example::one(self.connection, id)? {
            change(self, &mut row)?;
            row.summary.updated_at = row.summary.updated_at.max(self.now);
            example::replace(self.connection, &row)?;
            self.changed(id);
        }
        Ok(())
    }

    fn set_chosen(&self, row: &mut StoredExample, chosen: Option<&Chosen>) -> Result<(), Failure> {
        row.summary.by_hand = chosen.is_some_and(|chosen| chosen.generation.is_none());
        row.summary.overruled = chosen.is_some_and(|chosen| chosen.overruled);
        let given = chosen.map(|chosen| ExampleSide {
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
        });
        row.chosen = self.exchange(row.summary.id, Side::Chosen, row.chosen.take(), given)?;
        Ok(())
    }

    fn set_rejected(
        &self,
        row: &mut StoredExample,
        rejected: Option<&Rejected>,
    ) -> Result<(), Failure> {
        row.summary.reason = rejected.map(|rejected| rejected.reason);
        let given = rejected.map(|rejected| ExampleSide {
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
        });
        row.rejected = self.exchange(row.summary.id, Side::Rejected, row.rejected.take(), given)?;
        Ok(())
    }
}
