//! Teachers: which models each agent uses, and models on servers.

use crate::app::App;
use crate::calls::NoArguments;
use crate::dto::{Agent, TeacherTest, TeachersView, UiError};
use crate::error::unfinished;
use crate::models::ModelArgument;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetTeachers {
    pub agent: Agent,
    /// Best first.
    pub model_ids: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddRemoteModel {
    /// As shown to the user; empty: the server's own name for it.
    pub name: String,
    /// `https://host/v1`
    pub address: String,
    /// What the server calls the model.
    pub remote_name: String,
    /// Kept in the system's keyring, or in a private file; empty: none is needed.
    pub key: String,
    /// Tokens that one conversation may hold, if known.
    #[serde(default)]
    pub context_size: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListRemoteModels {
    pub address: String,
    pub key: String,
}

#[derive(Clone, Serialize, Deserialize, TS)]
pub struct SetModelKey {
    pub id: String,
    /// Empty: forget it.
    pub key: String,
}

pub async fn list_teachers(_: &App, _: NoArguments) -> Result<TeachersView, UiError> {
    Err(unfinished())
}

pub async fn set_teachers(_: &App, _: SetTeachers) -> Result<TeachersView, UiError> {
    Err(unfinished())
}

pub async fn add_remote_model(_: &App, _: AddRemoteModel) -> Result<TeachersView, UiError> {
    Err(unfinished())
}

pub async fn list_remote_models(_: &App, _: ListRemoteModels) -> Result<Vec<String>, UiError> {
    Err(unfinished())
}

pub async fn set_model_key(_: &App, _: SetModelKey) -> Result<TeachersView, UiError> {
    Err(unfinished())
}

pub async fn test_teacher(_: &App, _: ModelArgument) -> Result<TeacherTest, UiError> {
    Err(unfinished())
}
