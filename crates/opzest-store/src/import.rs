//! Rows from elsewhere, into the dataset.
//!
//! Not here: reading files and judging lines; what comes here is valid.

use crate::error::StoreError;
use crate::example;
use crate::recording::required_use_case;
use crate::split::split_of;
use crate::store::Store;
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{
    ExampleSide, ExampleState, ExampleSummary, Origin, Split, StoredExample,
};
use opzest_core::ids::{ExampleId, ImportId, UseCaseId};
use opzest_core::session::Reason;
use opzest_core::workflow::WorkflowId;

/// A row to be imported. It has something chosen: others are of no use.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExample {
    pub id: ExampleId,
    pub use_case: UseCaseId,
    pub scope: Scope,
    pub workflow: Option<WorkflowId>,
    /// Rows of one group are kept for the same use; `None`: those with the same prompt are one.
    pub group: Option<String>,
    /// `None`: decided by the group. A group that is there already keeps the split that it has.
    pub split: Option<Split>,
    pub reason: Option<Reason>,
    pub by_hand: bool,
    pub overruled: bool,
    pub prompt: Vec<ChatMessage>,
    pub chosen: ExampleSide,
    pub rejected: Option<ExampleSide>,
}

/// What an import has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub added: u32,
    /// Said just what another row says.
    pub duplicates: u32,
}

impl Store {
    /// Adds all these rows, or none if anything fails, reading them included. A row that says what another one says (the same prompt
    /// and texts) is passed over.
    pub fn import_examples<E: From<StoreError>>(
        &mut self,
        import: ImportId,
        rows: impl IntoIterator<Item = Result<NewExample, E>>,
        now_ms: u64,
    ) -> Result<Imported, E> {
        self.write_unless("importing the examples", |transaction| {
            let mut done = Imported {
                added: 0,
                duplicates: 0,
            };
            for new in rows {
                let mut row = match new {
                    Ok(new) => row_of(new, import, now_ms),
                    Err(error) => return Ok(Err(error)),
                };
                if example::is_known(transaction, &row)? {
                    done.duplicates += 1;
                    continue;
                }
                required_use_case(transaction, row.summary.use_case)?;
                if let Some(split) = example::split_of_group(transaction, &row.summary.group)? {
                    row.summary.split = split;
                }
                example::add(transaction, &row)?;
                done.added += 1;
            }
            Ok(Ok(done))
        })
    }
}

fn row_of(new: NewExample, import: ImportId, now: u64) -> StoredExample {
    let group = new
        .group
        .unwrap_or_else(|| example::prompt_group(&new.prompt));
    StoredExample {
        summary: ExampleSummary {
            id: new.id,
            origin: Origin::Imported,
            session: None,
            step: None,
            import: Some(import),
            use_case: new.use_case,
            workflow: new.workflow,
            scope: new.scope,
            split: new.split.unwrap_or_else(|| split_of(&group)),
            group,
            state: ExampleState::Complete,
            reason: new.reason,
            by_hand: new.by_hand,
            overruled: new.overruled,
            title: example::title_of(&new.prompt),
            words: String::new(),
            prompt_bytes: 0,
            chosen: None,
            rejected: None,
            created_at: now,
            updated_at: now,
            hit: None,
        },
        prompt: new.prompt,
        chosen: Some(new.chosen),
        rejected: new.rejected,
    }
}
