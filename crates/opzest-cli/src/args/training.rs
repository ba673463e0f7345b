//! `opzest train`, `runs`, `eval`, `promote`, `rollback`, `export-model`.

use super::Output;
use clap::{Args, Subcommand, ValueEnum};
use opzest_app::calls::TrainedFormat;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct TrainArguments {
    /// The kind of work to train for: a name of `opzest dataset stats`
    #[arg(value_name = "USE_CASE")]
    pub use_case: String,
    /// Learn from communal rows only, for a model that may be shared
    #[arg(long)]
    pub communal: bool,
    /// The model to train: an ID of `opzest models list`
    #[arg(long, value_name = "ID")]
    pub base: Option<String>,
    /// Only tell what would be trained, and what it costs
    #[arg(long)]
    pub plan: bool,
    /// Although there is not enough yet for it to be worth while
    #[arg(long)]
    pub anyway: bool,
    /// Passes over the examples
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// Examples of one step
    #[arg(long, value_name = "N")]
    pub batch: Option<u32>,
    /// Size of the adapter
    #[arg(long, value_name = "N")]
    pub rank: Option<u32>,
    /// How far one step goes: more learns faster, and forgets more
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// Weight of preferring accepted over rejected
    #[arg(long, value_name = "WEIGHT")]
    pub lambda: Option<f64>,
    /// The same seed, rows and settings give the same model
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Threads of the processor; a paused run goes on with as many
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Let the NVIDIA card of that number, from 0, work the numbers out; needs a program built with the feature `cuda`
    #[arg(long, value_name = "N")]
    pub card: Option<u32>,
    /// Longer rows are left out, in tokens
    #[arg(long, value_name = "TOKENS")]
    pub longest: Option<u32>,
    /// Do not learn from the teachers' probabilities
    #[arg(long)]
    pub hard_labels: bool,
    #[command(flatten)]
    pub output: Output,
}

/// RUN is a number of `opzest runs list`, a name or an ID.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// All runs, newest first
    List(Output),
    /// One run: its plan, how it went, and what came of it
    Show {
        run: String,
        #[command(flatten)]
        output: Output,
    },
    /// Go on with a paused run
    Resume { run: String },
    /// End a run that is not over; what was trained is lost
    Cancel { run: String },
    /// Delete a run with the model that came of it
    Delete { run: String },
}

impl RunsCommand {
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::List(_) | Self::Show { .. } => false,
            Self::Resume { .. } | Self::Cancel { .. } | Self::Delete { .. } => true,
        }
    }
}

#[derive(Debug, Args)]
pub struct EvalArguments {
    /// A number of `opzest runs list`, a name or an ID
    pub run: String,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct PromoteArguments {
    /// A number of `opzest runs list`, a name or an ID
    pub run: String,
    /// Although it was not shown to be better
    #[arg(long)]
    pub anyway: bool,
}

#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// A name of `opzest dataset stats`
    pub use_case: String,
    /// Of the communal model
    #[arg(long)]
    pub communal: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatName {
    /// The adapter alone, for llama.cpp
    Adapter,
    /// The adapter alone, for transformers
    Peft,
    /// One whole model file in 16 bits
    F16,
    /// One whole model file in 8 bits
    Q8,
    /// One whole model file in 4 bits
    Q4,
}

impl From<FormatName> for TrainedFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Adapter => Self::AdapterGguf,
            FormatName::Peft => Self::Peft,
            FormatName::F16 => Self::MergedF16,
            FormatName::Q8 => Self::MergedQ8,
            FormatName::Q4 => Self::MergedQ4,
        }
    }
}

#[derive(Debug, Args)]
pub struct ExportModelArguments {
    /// A number of `opzest runs list`, a name or an ID
    pub run: String,
    /// Into this folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    #[arg(long, value_enum, default_value_t = FormatName::Adapter)]
    pub format: FormatName,
}
