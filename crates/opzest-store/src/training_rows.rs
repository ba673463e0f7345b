//! The rows of a use case as training reads them, with the traces of both sides.
//!
//! Not here: what is made of them (tokens, splits of long ones, what is left out).

use crate::error::StoreError;
use crate::example::{self, ExampleFilter};
use crate::soft_labels::Label;
use crate::store::Store;
use crate::trace::{TraceProblem, decode_trace};
use crate::{session, soft_label, stored_trace};
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::dataset::{ExampleSide, StoredExample};
use opzest_core::ids::{GenerationId, UseCaseId};
use opzest_core::trace::TokenRecord;
use opzest_core::workflow::ArtifactKind;
use rusqlite::Connection;

/// A complete row, with all that is known of how its sides were written.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingRow {
    /// Its prompt, both sides, split and group.
    pub example: StoredExample,
    /// What its session makes; `None`: it was imported.
    pub kind: Option<ArtifactKind>,
    /// `None`: there is none, or the text was edited since.
    pub chosen_trace: Option<TrainingTrace>,
    pub rejected_trace: Option<TrainingTrace>,
    /// What a local model said of the chosen text afterwards.
    pub label: Option<Label>,
}

/// The trace of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingTrace {
    pub generation: GenerationId,
    pub model: ModelName,
    /// `None`: the model ran on this computer.
    pub server: Option<String>,
    /// What names the model's tokens; `None`: not known.
    pub tokenizer: Option<String>,
    /// What the model really read.
    pub messages: Vec<ChatMessage>,
    /// One for each token; a trace that cannot be read is no reason to leave the row out.
    pub records: Result<Vec<TokenRecord>, TraceProblem>,
}

impl Store {
    /// Gives every complete row of a use case that a model of this scope may learn from to `each`, oldest first, until it
    /// fails: a private model learns from all rows, a communal one from communal rows. Rows are read one at a time, all
    /// in the same state of the store. Returns how many there were.
    pub fn for_each_training_row<E: From<StoreError>>(
        &self,
        use_case: UseCaseId,
        scope: Scope,
        mut each: impl FnMut(TrainingRow) -> Result<(), E>,
    ) -> Result<u64, E> {
        let filter = ExampleFilter {
            use_case: Some(use_case),
            scope: match scope {
                Scope::Private => None,
                Scope::Communal => Some(Scope::Communal),
            },
            ..ExampleFilter::complete()
        };
        const DOING: &str = "reading the rows to train on";
        self.read(DOING, |connection| {
            let read = example::for_each(connection, &filter, |example| {
                let row = with_traces(connection, example)
                    .map_err(|error| StoreError::from_sqlite(DOING, error))?;
                each(row)
            })?;
            Ok(read)
        })?
    }
}

fn with_traces(connection: &Connection, example: StoredExample) -> rusqlite::Result<TrainingRow> {
    let kind = match example.summary.session {
        Some(session) => session::artifact_kind(connection, session)?,
        None => None,
    };
    Ok(TrainingRow {
        kind,
        chosen_trace: trace_of(connection, example.chosen.as_ref())?,
        rejected_trace: trace_of(connection, example.rejected.as_ref())?,
        label: soft_label::one(connection, example.summary.id)?,
        example,
    })
}

fn trace_of(
    connection: &Connection,
    side: Option<&ExampleSide>,
) -> rusqlite::Result<Option<TrainingTrace>> {
    let generation = side
        .filter(|side| side.has_trace)
        .and_then(|side| side.generation);
    let Some(generation) = generation else {
        return Ok(None);
    };
    let stored = stored_trace::one(connection, generation)?;
    Ok(stored.map(|stored| TrainingTrace {
        generation,
        model: stored.model,
        server: stored.server,
        tokenizer: stored.tokenizer,
        messages: stored.messages,
        records: decode_trace(&stored.data),
    }))
}
