//! Labels after the fact: a local model reads accepted texts that it has not written, and what it would have said
//! itself is kept beside them.
//!
//! Not here: how they are computed, and what they are good for.

use crate::dataset::required_example;
use crate::error::StoreError;
use crate::soft_label;
use crate::store::Store;
use crate::trace::TraceProblem;
use opzest_core::conversation::ModelName;
use opzest_core::ids::ExampleId;
use opzest_core::trace::TokenRecord;

/// The label of a row's chosen side.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Who read the text.
    pub model: ModelName,
    /// What names the model's tokens.
    pub tokenizer: String,
    /// One for each token; a label that cannot be read is no reason to leave the row out.
    pub records: Result<Vec<TokenRecord>, TraceProblem>,
}

/// A label to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewLabel<'a> {
    pub example: ExampleId,
    /// The row's chosen text when it was read.
    pub text: &'a str,
    pub model: &'a ModelName,
    pub tokenizer: &'a str,
    /// How many tokens it has.
    pub tokens: u32,
    /// Compressed ([`crate::encode_trace`]).
    pub data: &'a [u8],
}

impl Store {
    /// Keeps a label in the place of the one that is there. `false`: the row has another text by now, and nothing is
    /// kept. [`StoreError::NotFound`] if the row is gone.
    pub fn put_label(&mut self, new: &NewLabel<'_>, now_ms: u64) -> Result<bool, StoreError> {
        self.write("saving the label", |transaction| {
            let row = required_example(transaction, new.example)?;
            let is_same = row.chosen.is_some_and(|chosen| chosen.text == new.text);
            if is_same {
                soft_label::put(transaction, new, now_ms)?;
            }
            Ok(is_same)
        })
    }
}
