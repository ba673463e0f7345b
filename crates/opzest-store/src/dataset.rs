//! The dataset as lists and exports read it, and what the user changes in it. Deleting is in `deletion/`.

use crate::error::{Failure, StoreError};
use crate::example::{self, ExampleCursor, ExampleFilter, ExampleOrder, Total};
use crate::store::Store;
use crate::{session, soft_label, stored_trace};
use opzest_core::artifact::Artifact;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleSummary, Side, Split, StoredExample};
use opzest_core::ids::ExampleId;
use rusqlite::Connection;

/// Rows of the dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct ExamplePage {
    pub items: Vec<ExampleSummary>,
    pub total: Total,
    /// `None` on the last page.
    pub next: Option<ExampleCursor>,
}

/// The user's own text for one side of a row.
#[derive(Debug, Clone, Copy)]
pub struct SideEdit<'a> {
    /// Everything, as a model would have written it.
    pub text: &'a str,
    pub reasoning: &'a str,
    pub artifact: Option<&'a Artifact>,
}

impl Store {
    /// One page of the dataset, behind `after`.
    pub fn examples(
        &self,
        filter: &ExampleFilter<'_>,
        order: ExampleOrder,
        after: Option<ExampleCursor>,
        limit: u32,
    ) -> Result<ExamplePage, StoreError> {
        self.read("listing the examples", |connection| {
            let (items, next) = example::page(connection, filter, order, after, limit)?;
            let total = match (after, next) {
                (None, None) if limit > 0 => Total::exact(items.len()),
                _ => example::count(connection, filter, order)?,
            };
            Ok(ExamplePage { items, total, next })
        })
    }

    /// A row with its texts.
    pub fn example(&self, id: ExampleId) -> Result<StoredExample, StoreError> {
        self.read("opening the example", |connection| {
            required_example(connection, id)
        })
    }

    /// Gives every row that the filter means to `each`, oldest first, until it fails. Rows are read one at a
    /// time, all in the same state of the store. Returns how many there were.
    pub fn for_each_example<E: From<StoreError>>(
        &self,
        filter: &ExampleFilter<'_>,
        each: impl FnMut(StoredExample) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.read("reading the examples", |connection| {
            Ok(example::for_each(connection, filter, each)?)
        })?
    }

    /// Puts the user's text in the place of one side's. Its trace is dropped, because it is not of this text.
    /// The session's log keeps what was written there at the time; deleting takes that away, too.
    pub fn edit_example(
        &mut self,
        id: ExampleId,
        side: Side,
        edit: &SideEdit<'_>,
        now_ms: u64,
    ) -> Result<StoredExample, StoreError> {
        self.write("saving the example", |transaction| {
            let mut row = required_example(transaction, id)?;
            let changed = match side {
                Side::Chosen => row.chosen.as_mut(),
                Side::Rejected => row.rejected.as_mut(),
            };
            let changed =
                changed.ok_or_else(|| StoreError::not_found("text on this side of example", id))?;
            changed.text = edit.text.to_owned();
            changed.reasoning = edit.reasoning.to_owned();
            changed.artifact = edit.artifact.cloned();
            changed.edited = true;
            let generation = changed.generation;
            row.summary.updated_at = row.summary.updated_at.max(now_ms);
            example::replace(transaction, &row)?;
            if side == Side::Chosen {
                soft_label::delete(transaction, id)?;
            }
            if let Some(generation) = generation {
                stored_trace::delete_if_unused(transaction, generation)?;
            }
            required_example(transaction, id)
        })
    }

    /// Sets who may ever see these rows, and what they are used for; `None` leaves it. The split is that of
    /// whole sessions and groups: it changes for all rows that share one with these. Gives the rows that
    /// were named, as they are now.
    pub fn mark_examples(
        &mut self,
        ids: &[ExampleId],
        scope: Option<Scope>,
        split: Option<Split>,
        now_ms: u64,
    ) -> Result<Vec<ExampleSummary>, StoreError> {
        self.write("marking the examples", |transaction| {
            for &id in ids {
                let row = required_example(transaction, id)?.summary;
                if let Some(scope) = scope {
                    example::set_scope(transaction, id, scope, now_ms)?;
                }
                if let Some(split) = split {
                    example::set_split_of_group(transaction, &row.group, split)?;
                    if let Some(session) = row.session {
                        session::set_split(transaction, session, split)?;
                    }
                }
            }
            let rows = ids.iter().map(|&id| required_example(transaction, id));
            rows.map(|row| Ok(row?.summary)).collect()
        })
    }
}

pub(crate) fn required_example(
    connection: &Connection,
    id: ExampleId,
) -> Result<StoredExample, Failure> {
    Ok(example::one(connection, id)?.ok_or_else(|| StoreError::not_found("example", id))?)
}
