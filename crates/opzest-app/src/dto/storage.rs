//! The data folder: what it takes, its backups and its health.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    pub database_bytes: f64,
    pub traces_bytes: f64,
    pub backups_bytes: f64,
    /// The most that traces may take.
    pub traces_cap_bytes: f64,
    pub free_bytes: Option<f64>,
    pub backups: Vec<BackupView>,
    /// What the last check found; absent: none since the start.
    pub check: Option<CheckReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// Its file name, which names it in commands.
    pub name: String,
    pub made_at: f64,
    pub bytes: f64,
    pub conversations: Option<u32>,
    pub examples: Option<u32>,
    /// Why it cannot be restored.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    pub sound: bool,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    pub took_ms: u32,
}
