//! Traces for those who look at them or train on them, and how much of the disk they take.

use crate::dataset::required_example;
use crate::error::{During, StoreError};
use crate::store::Store;
use crate::stored_trace::{self, StoredTrace};
use opzest_core::dataset::Side;
use opzest_core::ids::{ExampleId, GenerationId};

impl Store {
    /// The trace of a generation, if there is one.
    pub fn trace(&self, generation: GenerationId) -> Result<Option<StoredTrace>, StoreError> {
        stored_trace::one(&self.connection, generation).during("reading the trace")
    }

    /// The trace of one side of a row; `None` if there is none, or if the text was edited since.
    pub fn example_trace(
        &self,
        id: ExampleId,
        side: Side,
    ) -> Result<Option<StoredTrace>, StoreError> {
        self.read("reading the trace", |connection| {
            let row = required_example(connection, id)?;
            let side = match side {
                Side::Chosen => row.chosen,
                Side::Rejected => row.rejected,
            };
            let generation = side
                .filter(|side| side.has_trace)
                .and_then(|side| side.generation);
            Ok(match generation {
                Some(generation) => stored_trace::one(connection, generation)?,
                None => None,
            })
        })
    }

    /// How many bytes all traces take, with what their models read.
    pub fn trace_bytes(&self) -> Result<u64, StoreError> {
        stored_trace::bytes(&self.connection).during("measuring the traces")
    }
}
