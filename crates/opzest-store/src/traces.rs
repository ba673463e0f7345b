//! Traces for those who look at them or train on them, and how much of the disk they take.

use crate::dataset::required_example;
use crate::error::{During, StoreError};
use crate::store::Store;
use crate::stored_trace::{self, StoredTrace};
use opzest_core::dataset::Side;
use opzest_core::ids::{ExampleId, GenerationId};

/// What making room has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    pub traces: u32,
    pub bytes: u64,
    /// What is left.
    pub left_bytes: u64,
}

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

    /// Deletes traces until the others take no more than this. First go those that no row uses, then those of
    /// pending rows and of work that is not judged yet, then those of rejected texts, and those of
    /// accepted texts only if there is nothing else left; of each kind the oldest first. The rows keep their
    /// texts. The file does not become smaller, but what is free in it is used again.
    pub fn prune_traces(&mut self, max_bytes: u64) -> Result<Pruned, StoreError> {
        self.write("making room among the traces", |transaction| {
            let mut pruned = Pruned {
                left_bytes: stored_trace::bytes(transaction)?,
                ..Pruned::default()
            };
            if pruned.left_bytes <= max_bytes {
                return Ok(pruned);
            }
            for (generation, bytes) in stored_trace::dispensable(transaction)? {
                if pruned.left_bytes <= max_bytes {
                    break;
                }
                stored_trace::delete(transaction, generation)?;
                pruned.traces += 1;
                pruned.bytes += bytes;
                pruned.left_bytes = pruned.left_bytes.saturating_sub(bytes);
            }
            Ok(pruned)
        })
    }
}
