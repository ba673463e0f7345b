//! `opzest dataset`.

use super::Output;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Which rows are meant; all, if nothing is said.
#[derive(Debug, Default, Args)]
pub struct RowFilter {
    /// Only rows of this use case
    #[arg(long, value_name = "NAME")]
    pub use_case: Option<String>,
    /// Only rows that contain these words
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only rows that still wait for a result that you accept
    #[arg(long, conflicts_with = "complete")]
    pub pending: bool,
    /// Only rows with a result that you accepted
    #[arg(long)]
    pub complete: bool,
}

#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// The latest rows
    List {
        #[command(flatten)]
        filter: RowFilter,
        /// At most this many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Print a row: an ID, or a number of `opzest dataset list`
    Show {
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// How much there is of each use case, and what is missing to train
    Stats(Output),
    /// Have a model read accepted texts that have no probabilities, so that training learns from what it knows
    Label {
        /// The kind of work: a name of `opzest dataset stats`
        use_case: String,
        /// Who reads: an ID of `opzest models list`
        #[arg(long, value_name = "ID")]
        model: String,
        /// Communal rows only
        #[arg(long)]
        communal: bool,
        /// Also rows that another model has read afterwards
        #[arg(long)]
        again: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Write finished rows to a file that ends in .jsonl or .parquet
    Export {
        file: PathBuf,
        #[command(flatten)]
        filter: RowFilter,
        /// Replace the file if it is there
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Add the rows of a JSON Lines or Parquet file
    Import {
        file: PathBuf,
        /// The kind of work that they belong to; made if there is none of this name
        #[arg(long, value_name = "NAME")]
        use_case: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Delete rows with their texts for good
    Delete {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        output: Output,
    },
}

impl DatasetCommand {
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Import { .. } | Self::Label { .. } | Self::Delete { .. } => true,
            Self::List { .. } | Self::Show { .. } | Self::Stats(_) | Self::Export { .. } => false,
        }
    }
}
