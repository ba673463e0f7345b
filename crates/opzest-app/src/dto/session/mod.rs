//! Sessions, as the Workshop shows them.

mod acts;
mod events;
mod view;

pub use acts::*;
pub use events::*;
pub use view::*;

use crate::dto::UiError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a session can make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowInfo {
    pub id: String,
    pub version: u32,
    pub name: String,
    pub description: String,
    pub kind: ArtifactKind,
    /// The product's main file.
    pub file_name: String,
    /// Failed attempts before the next teacher takes over.
    pub attempts: u32,
    pub templates: Vec<RequestTemplate>,
    /// The user's own file it was read from; absent for one that comes with OpZest.
    pub path: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RequestTemplate {
    pub title: String,
    pub request: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowList {
    pub workflows: Vec<WorkflowInfo>,
    /// Files of the user's folder that cannot be used, with file, line and reason.
    pub problems: Vec<UiError>,
    /// Where the user's own files belong.
    pub folder: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ArtifactKind {
    Markdown,
    Python,
    Page,
    Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UseCaseInfo {
    pub id: String,
    pub name: String,
    pub sessions: u32,
    /// Complete rows.
    pub examples: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    Private,
    Communal,
}

/// Where a session stands, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionStatus {
    /// A model or a check works.
    Working,
    /// The user is asked for something.
    NeedsYou,
    Paused,
    Finished,
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    pub id: String,
    pub title: String,
    pub status: SessionStatus,
    pub scope: Scope,
    pub use_case_id: String,
    pub use_case: String,
    /// Absent until it is chosen.
    pub workflow: Option<String>,
    /// What it makes, if its workflow is still there.
    pub kind: Option<ArtifactKind>,
    pub created_at: f64,
    pub updated_at: f64,
    /// Accepted versions of the product.
    pub versions: u32,
    /// Rows of the dataset, pending ones included.
    pub examples: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    pub items: Vec<SessionSummary>,
    pub total: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FileText {
    pub name: String,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Agent {
    Planner,
    Lead,
    Worker,
    Analyst,
}

/// What a script did when it was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub passed: bool,
    /// How it ended, in words.
    pub outcome: String,
    pub stdout: String,
    pub stderr: String,
    pub files: Vec<FileText>,
    pub wall_ms: u32,
}

/// Why nothing can be run safely here; absent where it can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SandboxInfo {
    pub ready: bool,
    pub problem: Option<UiError>,
    /// Pages can be run in a preview.
    pub preview: bool,
}

impl Agent {
    pub const ALL: [Self; 4] = [Self::Planner, Self::Lead, Self::Worker, Self::Analyst];
}

macro_rules! same_words {
    ($dto:ty, $core:ty, { $($variant:ident),+ }) => {
        impl From<$dto> for $core {
            fn from(word: $dto) -> Self {
                match word {
                    $(<$dto>::$variant => Self::$variant),+
                }
            }
        }

        impl From<$core> for $dto {
            fn from(word: $core) -> Self {
                match word {
                    $(<$core>::$variant => Self::$variant),+
                }
            }
        }
    };
}
pub(super) use same_words;

same_words!(Agent, opzest_core::workflow::Agent, { Planner, Lead, Worker, Analyst });
same_words!(Verdict, opzest_core::session::Verdict, { Redo, FurtherEdit, Accepted });
same_words!(Scope, opzest_core::conversation::Scope, { Private, Communal });
same_words!(ArtifactKind, opzest_core::workflow::ArtifactKind, { Markdown, Python, Page, Json });
