//! The data folder's care: what it takes, backups, checks.

use crate::app::App;
use crate::calls::NoArguments;
use crate::dto::{CheckReport, StorageView, UiError};
use crate::error::unfinished;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BackupArgument {
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetTracesCap {
    pub bytes: f64,
}

pub async fn storage(_: &App, _: NoArguments) -> Result<StorageView, UiError> {
    Err(unfinished())
}

pub async fn back_up_now(_: &App, _: NoArguments) -> Result<StorageView, UiError> {
    Err(unfinished())
}

pub async fn check_store(_: &App, _: NoArguments) -> Result<CheckReport, UiError> {
    Err(unfinished())
}

pub async fn restore_backup(_: &App, _: BackupArgument) -> Result<StorageView, UiError> {
    Err(unfinished())
}

pub async fn set_traces_cap(_: &App, _: SetTracesCap) -> Result<StorageView, UiError> {
    Err(unfinished())
}
