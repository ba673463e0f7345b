//! Training runs: from rows to a promoted model.

mod commands;

pub use commands::*;
