//! `opzest teachers`.

use super::Output;
use clap::{Subcommand, ValueEnum};
use opzest_app::dto::Agent;

/// Who a teacher works as.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AgentName {
    Planner,
    Lead,
    Worker,
    Analyst,
}

impl From<AgentName> for Agent {
    fn from(name: AgentName) -> Self {
        match name {
            AgentName::Planner => Self::Planner,
            AgentName::Lead => Self::Lead,
            AgentName::Worker => Self::Worker,
            AgentName::Analyst => Self::Analyst,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum TeachersCommand {
    /// All teachers, what they give, and who uses which
    List(Output),
    /// Add a model on a server; nothing is sent yet
    Add {
        /// Such as https://host/v1
        address: String,
        /// What the server calls the model
        model: String,
        /// Your own name for it
        #[arg(long)]
        name: Option<String>,
        /// Read the server's key from standard input, one line
        #[arg(long)]
        key: bool,
        /// Tokens that one conversation may hold
        #[arg(long, value_name = "TOKENS")]
        context: Option<u32>,
        #[command(flatten)]
        output: Output,
    },
    /// Take a teacher off the list
    Remove { id: String },
    /// Choose an agent's teachers, the best first; none: the model that you talk with
    Set {
        agent: AgentName,
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Ask a teacher something small, and find out what it gives
    Test {
        id: String,
        #[command(flatten)]
        output: Output,
    },
}

impl TeachersCommand {
    pub(super) fn writes(&self) -> bool {
        match self {
            // A test's findings are kept.
            Self::Add { .. } | Self::Remove { .. } | Self::Set { .. } | Self::Test { .. } => true,
            Self::List(_) => false,
        }
    }
}
