//! Models on servers: how they are reached, and their keys.

use crate::app::{App, now_ms};
use crate::dto::{RemovedTeacher, TeachersView, UiError};
use crate::error::{error, invalid};
use crate::info::NoArguments;
use crate::models::{self, ModelArgument, registered};
use crate::teachers::list_teachers;
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelKind, ModelMetadata};
use opzest_llm::remote::{ApiKey, RemoteConfig, RemoteModel, ServerAddress};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddRemoteModel {
    /// As shown to the user; empty: the server's own name for it.
    pub name: String,
    /// `https://host/v1`
    pub address: String,
    /// What the server calls the model.
    pub remote_name: String,
    /// Kept in the system's keyring, or in a private file; empty: none is needed, or the one that is
    /// already kept for this server.
    pub key: String,
    /// Tokens that one conversation may hold, if known.
    #[serde(default)]
    pub context_size: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListRemoteModels {
    pub address: String,
    /// Empty: the one that is kept for this server, if there is one.
    pub key: String,
}

#[derive(Clone, Serialize, Deserialize, TS)]
pub struct SetModelKey {
    pub id: String,
    /// Empty: forget it.
    pub key: String,
}

/// What is kept of a remote model beside its place in the registry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RemoteRecord {
    pub(super) config: RemoteConfig,
    /// The features are what a test found, not what is usual.
    pub(super) tested: bool,
    pub(super) has_key: bool,
}

fn setting_of(id: &ModelId) -> String {
    format!("remote_model.{id}")
}

pub(super) async fn record(app: &App, id: &ModelId) -> Result<RemoteRecord, UiError> {
    let setting = setting_of(id);
    let kept = app
        .store(move |store| store.setting::<RemoteRecord>(&setting))
        .await?;
    if let Some(record) = kept {
        return Ok(record);
    }
    let details = registered(app, id).await?.details;
    let name = details.remote_name.unwrap_or_default();
    Ok(RemoteRecord {
        config: RemoteConfig::new(details.location, name),
        tested: false,
        has_key: false,
    })
}

pub(super) async fn keep(app: &App, id: &ModelId, record: &RemoteRecord) -> Result<(), UiError> {
    let (setting, record) = (setting_of(id), record.clone());
    app.store(move |store| store.set_setting(&setting, &record))
        .await
        .map(drop)
}

/// The model behind the trait. Reads its key, but opens no socket yet.
pub(crate) async fn remote_model(app: &App, id: &ModelId) -> Result<RemoteModel, UiError> {
    let record = record(app, id).await?;
    let server = address(&record.config)?;
    let key = match record.has_key {
        true => app.keys().load(&server.origin()).await?.map(|(key, _)| key),
        false => None,
    };
    Ok(RemoteModel::new(record.config, key)?)
}

fn address(config: &RemoteConfig) -> Result<ServerAddress, UiError> {
    Ok(ServerAddress::parse(
        &config.base_url,
        config.plain_http_anywhere,
    )?)
}

/// Registers a model on a server. Sends nothing.
pub async fn add_remote_model(app: &App, add: AddRemoteModel) -> Result<TeachersView, UiError> {
    let (base_url, remote_name) = (add.address.trim(), add.remote_name.trim());
    if base_url.is_empty() || remote_name.is_empty() {
        return Err(invalid(
            "Give the server's address and the model's name there.",
        ));
    }
    let mut config = RemoteConfig::new(base_url, remote_name);
    config.context_size = add.context_size;
    let server = address(&config)?;
    let has_key = keep_key(app, &server, add.key.trim()).await?;
    let name = Some(add.name.trim()).filter(|name| !name.is_empty());
    let name = name.unwrap_or(remote_name).to_owned();
    let wanted = ModelId::from_name(&name)
        .or_else(|| ModelId::from_name("remote"))
        .expect("`remote` is a slug");
    let details = ModelDetails {
        base: None,
        kind: ModelKind::Remote,
        name,
        location: base_url.to_owned(),
        remote_name: Some(remote_name.to_owned()),
        metadata: ModelMetadata::default(),
    };
    let added = app
        .store(move |store| store.add_model(&wanted, &details, now_ms()))
        .await?;
    let record = RemoteRecord {
        config,
        tested: false,
        has_key,
    };
    keep(app, &added.id, &record).await?;
    list_teachers(app, NoArguments {}).await
}

/// Keeps a new key, and tells whether there is one now.
async fn keep_key(app: &App, server: &ServerAddress, key: &str) -> Result<bool, UiError> {
    if key.is_empty() {
        return Ok(app.keys().load(&server.origin()).await?.is_some());
    }
    app.keys().save(&server.origin(), &ApiKey::new(key)).await?;
    Ok(true)
}

/// Asks a server which models it has.
pub async fn list_remote_models(app: &App, list: ListRemoteModels) -> Result<Vec<String>, UiError> {
    let config = RemoteConfig::new(list.address.trim(), "");
    let server = address(&config)?;
    let key = match list.key.trim() {
        "" => app.keys().load(&server.origin()).await?.map(|(key, _)| key),
        key => Some(ApiKey::new(key)),
    };
    let models = RemoteModel::new(config, key)?.list_models().await?;
    Ok(models.into_iter().map(|model| model.id).collect())
}

/// Takes a model off the list, with the key that only it has used.
pub async fn remove_teacher(app: &App, model: ModelArgument) -> Result<RemovedTeacher, UiError> {
    let forgot_key_of = models::remove(app, model).await?;
    Ok(RemovedTeacher {
        teachers: list_teachers(app, NoArguments {}).await?,
        forgot_key_of,
    })
}

/// Forgets the key of a model's server if no other model uses it, and tells the server.
pub(crate) async fn forget_key(app: &App, id: &ModelId) -> Result<Option<String>, UiError> {
    let record = record(app, id).await?;
    if !record.has_key {
        return Ok(None);
    }
    let origin = address(&record.config)?.origin();
    let registered = app.store(|store| store.models()).await?;
    let others = registered
        .iter()
        .filter(|model| model.id != *id && model.details.kind == ModelKind::Remote);
    for other in others {
        let other = self::record(app, &other.id).await?;
        if other.has_key && address(&other.config)?.origin() == origin {
            return Ok(None);
        }
    }
    app.keys().remove(&origin).await?;
    let without = RemoteRecord {
        has_key: false,
        ..record
    };
    keep(app, id, &without).await?;
    Ok(Some(origin))
}

/// Replaces or forgets the key of a model's server; other models of that server share it.
pub async fn set_model_key(app: &App, set: SetModelKey) -> Result<TeachersView, UiError> {
    let id: ModelId = set
        .id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let model = registered(app, &id).await?;
    if model.details.kind != ModelKind::Remote {
        return Err(error(
            crate::dto::ErrorCode::InvalidInput,
            format!(
                "{} is on this computer and needs no key.",
                model.details.name
            ),
            "",
        ));
    }
    let mut record = record(app, &id).await?;
    let server = address(&record.config)?;
    record.has_key = match set.key.trim() {
        "" => {
            app.keys().remove(&server.origin()).await?;
            false
        }
        key => keep_key(app, &server, key).await?,
    };
    keep(app, &id, &record).await?;
    list_teachers(app, NoArguments {}).await
}
