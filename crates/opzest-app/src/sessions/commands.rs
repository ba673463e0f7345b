//! The session commands' arguments.

use crate::dto::{FileText, Scope, SessionAct};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListSessions {
    /// Words to be found in the title or the request.
    #[serde(default)]
    pub query: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    pub request: String,
    /// What is to be worked on.
    #[serde(default)]
    pub files: Vec<FileText>,
    /// Absent: the planner chooses.
    #[serde(default)]
    pub workflow: Option<String>,
    /// Absent: the workflow's own use case.
    #[serde(default)]
    pub use_case_id: Option<String>,
    pub scope: Scope,
    /// The user's own plan; empty: the planner makes one.
    #[serde(default)]
    pub plan: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SessionArgument {
    pub id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RenameSession {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ActOnSession {
    pub id: String,
    pub act: SessionAct,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunArtifact {
    pub id: String,
    pub files: Vec<FileText>,
    #[serde(default)]
    pub stdin: String,
    /// The user was told that there is no sandbox, and wants this one run all the same.
    #[serde(default)]
    pub without_sandbox: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ShowPreview {
    pub id: String,
    pub files: Vec<FileText>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExportProduct {
    pub id: String,
    /// From 1; absent: the last.
    #[serde(default)]
    pub version: Option<u32>,
    /// A folder, where each file is written; nothing there is replaced.
    pub folder: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CreateUseCase {
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RenameUseCase {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MoveSession {
    pub id: String,
    pub use_case_id: String,
}
