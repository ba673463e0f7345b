//! What an event changes in the tables beside the log.

use crate::ids::ExampleId;
use crate::session::examples::{Chosen, Example, Rejected};
use crate::session::state::{State, Version};

/// One change. A row that the user has deleted from the dataset is not made again by the changes after
/// [`Change::AddExample`]: they then have nothing to change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    AddExample(Box<Example>),
    /// Writes the chosen side, or takes it back.
    Choose {
        example: ExampleId,
        chosen: Option<Box<Chosen>>,
    },
    /// The same attempt was rejected for another reason.
    Reject {
        example: ExampleId,
        rejected: Option<Box<Rejected>>,
    },
    /// Undone.
    RemoveExample(ExampleId),
    /// The product's version with this number, from 0.
    AddVersion {
        number: u32,
        version: Box<Version>,
    },
    /// Undone: this version and all after it.
    RemoveVersionsFrom {
        number: u32,
    },
}

/// What leads from one state's tables to the other's.
pub(super) fn changes(before: &State, after: &State) -> Vec<Change> {
    let mut changes = version_changes(&before.versions, &after.versions);
    let (old, new) = (before.examples(), after.examples());
    for example in &old {
        if !new.iter().any(|row| row.id == example.id) {
            changes.push(Change::RemoveExample(example.id));
        }
    }
    for example in new {
        match old.iter().find(|row| row.id == example.id) {
            None => changes.push(Change::AddExample(Box::new(example))),
            Some(row) => {
                let id = example.id;
                if row.rejected != example.rejected {
                    let rejected = example.rejected.map(Box::new);
                    changes.push(Change::Reject {
                        example: id,
                        rejected,
                    });
                }
                if row.chosen != example.chosen {
                    let chosen = example.chosen.map(Box::new);
                    changes.push(Change::Choose {
                        example: id,
                        chosen,
                    });
                }
            }
        }
    }
    changes
}

fn version_changes(before: &[Version], after: &[Version]) -> Vec<Change> {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let mut changes = Vec::new();
    if same < before.len() {
        changes.push(Change::RemoveVersionsFrom {
            number: same as u32,
        });
    }
    for (number, version) in after.iter().enumerate().skip(same) {
        changes.push(Change::AddVersion {
            number: number as u32,
            version: Box::new(version.clone()),
        });
    }
    changes
}
