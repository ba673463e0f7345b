//! Workflows: which agents take part in a session, what they are told, what is made and how it is
//! checked. Data, read from TOML files; nothing here performs anything.

use crate::artifact::FileName;
use crate::ids::{InvalidId, ModelId};
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

mod parse;

pub use parse::{Place, WorkflowError, place_of};

/// A workflow's name in files and commands: lower-case letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkflowId(String);

impl WorkflowId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WorkflowId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let valid = (1..=40).contains(&text.len())
            && text
                .chars()
                .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
        if valid {
            Ok(Self(text))
        } else {
            Err(InvalidId {
                kind: "workflow",
                text,
            })
        }
    }
}

impl From<WorkflowId> for String {
    fn from(id: WorkflowId) -> String {
        id.0
    }
}

impl std::str::FromStr for WorkflowId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for WorkflowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is made, and with that how it is checked: Markdown is parsed, Python is run in the sandbox, a
/// page is parsed and run in the preview, JSON is validated against the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    Markdown,
    Python,
    Page,
    Json,
}

words!(ArtifactKind, "kind of artifact", {
    Markdown => "markdown",
    Python => "python",
    Page => "page",
    Json => "json",
});

/// The parts that language models play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    Planner,
    Lead,
    Worker,
    Analyst,
}

words!(Agent, "agent", {
    Planner => "planner",
    Lead => "lead",
    Worker => "worker",
    Analyst => "analyst",
});

/// One agent of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// Raised with every change of the texts; stored with what was written from them.
    pub prompt_version: u32,
    /// Jinja templates of the role messages.
    pub system: String,
    pub user: String,
    /// Models by id, best first; empty: the user's own order of teachers.
    #[serde(default)]
    pub pool: Vec<ModelId>,
    #[serde(default = "usual_temperature")]
    pub temperature: f32,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
}

fn usual_temperature() -> f32 {
    0.7
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    pub planner: AgentSpec,
    pub lead: AgentSpec,
    pub worker: AgentSpec,
    pub analyst: AgentSpec,
}

impl Agents {
    pub fn get(&self, agent: Agent) -> &AgentSpec {
        match agent {
            Agent::Planner => &self.planner,
            Agent::Lead => &self.lead,
            Agent::Worker => &self.worker,
            Agent::Analyst => &self.analyst,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductForm {
    pub kind: ArtifactKind,
    /// The artifact's main file.
    pub file: FileName,
    /// For JSON: the schema that the product must follow, as JSON text.
    #[serde(default)]
    pub schema: Option<String>,
}

/// A request to start from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub title: String,
    pub request: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    pub id: WorkflowId,
    pub version: u32,
    /// As shown to the user.
    pub name: String,
    /// For the user, and for the planner that chooses.
    pub description: String,
    pub product: ProductForm,
    /// Failed attempts at a step before the next teacher of the pool takes over.
    #[serde(default = "usual_attempts")]
    pub attempts: u32,
    /// The analyst's verdict is taken without asking from this probability on.
    #[serde(default = "usual_confidence")]
    pub confidence: f32,
    pub agents: Agents,
    #[serde(default)]
    pub templates: Vec<Template>,
}

fn usual_attempts() -> u32 {
    3
}

fn usual_confidence() -> f32 {
    0.75
}
