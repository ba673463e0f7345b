//! From the dataset's rows to what training works on. Pure: rows and a tokenizer come in, examples and a report of
//! everything that was left out go out.
//!
//! - One example for each distinct (prompt, chosen); every different rejected answer of its rows is one of its pairs.
//! - Splits are the rows' own, made by group. What is held out is taken from training even if a row of another group
//!   repeats it.
//! - Every answer ends with the end of turn, also one that was cut: else the preference would learn who ends.
//!
//! Not here: reading the store, words for the user, and which rows are wanted.

mod align;
mod prepare;
pub mod readiness;
mod report;
mod row;
#[cfg(test)]
mod tests;
mod trace;

pub use prepare::{Preparation, PrepareError, PrepareSettings, Prepared};
pub use report::{Alignment, Kept, Loses, Omission, Reason, Report};
pub use row::{Row, Tokenize, TokenizeError, Trace, Written};
pub use trace::TraceFault;
