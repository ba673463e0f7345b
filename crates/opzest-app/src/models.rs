//! The model registry: the embedded model and the user's own GGUF files.

use crate::answer::collect_speed;
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, Model, ModelKind, ModelSpeed, UiError};
use crate::error::{error, invalid};
use crate::info::NoArguments;
use crate::local_use::LocalUse;
use crate::settings::settings;
use crate::teachers::{forget_key, forget_model};
use opzest_core::ids::ModelId;
use opzest_core::model::{self as core, ModelDetails, ModelMetadata, RegisteredModel};
use opzest_llm::local::ModelFileInfo;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::UNIX_EPOCH;
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ModelArgument {
    pub id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AddModelFile {
    pub path: String,
}

/// The models on this computer, the embedded one first: those that conversations can use.
pub async fn list_models(app: &App, _: NoArguments) -> Result<Vec<Model>, UiError> {
    let models = app.store(|store| store.models()).await?;
    Ok(shown(models))
}

/// Checks a GGUF file and registers it where it lies.
pub async fn add_model_file(app: &App, file: AddModelFile) -> Result<Model, UiError> {
    let typed = file.path.trim();
    if typed.is_empty() {
        return Err(invalid("Give the path of a GGUF file."));
    }
    let path = std::path::absolute(expand_home(typed))
        .map_err(|source| invalid(format!("`{typed}` is not a path: {source}.")))?;
    let info = app.runner().info(&path).await?;
    if !info.has_chat_template {
        return Err(error(
            ErrorCode::ModelFile,
            format!(
                "{} cannot be used: it has no chat template.",
                path.display()
            ),
            "It is probably a base model; look for its \"Instruct\" or \"Chat\" version.",
        ));
    }
    let details = details_of(&path, &info);
    let wanted = ModelId::from_name(&file_stem(&path))
        .or_else(|| ModelId::from_name("model"))
        .expect("`model` is a slug");
    let added = app
        .store(move |store| store.add_model(&wanted, &details, now_ms()))
        .await?;
    let models = app.store(|store| store.models()).await?;
    shown(models)
        .into_iter()
        .find(|model| model.id == added.id.as_str())
        .ok_or_else(|| {
            error(
                ErrorCode::Internal,
                "The added model is not in the list.",
                "",
            )
        })
}

fn expand_home(path: &str) -> std::path::PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => path.into(),
    }
}

/// Forgets a model; its file stays where it is.
pub async fn remove_model(app: &App, model: ModelArgument) -> Result<Vec<Model>, UiError> {
    remove(app, model).await?;
    list_models(app, NoArguments {}).await
}

/// The same; tells the server whose key nobody needs any more, and which was forgotten.
pub(crate) async fn remove(app: &App, model: ModelArgument) -> Result<Option<String>, UiError> {
    let id: ModelId = model
        .id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let found = registered(app, &id).await?;
    if found.details.kind == core::ModelKind::Embedded {
        return Err(invalid(
            "The embedded model belongs to OpZest and cannot be removed.",
        ));
    }
    // First, so that a keyring that does not answer leaves the model, by which the key can be found again.
    let forgotten = match found.details.kind {
        core::ModelKind::Remote => forget_key(app, &id).await?,
        core::ModelKind::Embedded | core::ModelKind::File | core::ModelKind::Trained => None,
    };
    let removed = id.clone();
    app.store(move |store| store.remove_model(&removed)).await?;
    forget_model(app, &id).await?;
    Ok(forgotten)
}

/// New conversations use this model.
pub async fn select_model(app: &App, model: ModelArgument) -> Result<Vec<Model>, UiError> {
    let id: ModelId = model
        .id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let models = app
        .store(move |store| store.select_model(Some(&id)))
        .await?;
    Ok(shown(models))
}

/// Reads a text of about 500 tokens and writes 64, and tells how fast that was.
pub async fn measure_model(app: &App, model: ModelArgument) -> Result<ModelSpeed, UiError> {
    let id: ModelId = model
        .id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let found = registered(app, &id).await?;
    let used = LocalUse::of(app, &found.details).await?;
    let local = app
        .runner()
        .idle_model(&used.file, &settings(app).await?)
        .await?;
    collect_speed(&local, found.details.name).await
}

/// A registered model by its id.
pub(crate) async fn registered(app: &App, id: &ModelId) -> Result<RegisteredModel, UiError> {
    let wanted = id.clone();
    app.store(move |store| store.model(&wanted)).await
}

/// The model that new conversations use: the chosen one, otherwise the embedded one.
pub(crate) async fn selected_model(app: &App) -> Result<RegisteredModel, UiError> {
    let models = app.store(|store| store.models()).await?;
    let embedded = |model: &&RegisteredModel| model.details.kind == core::ModelKind::Embedded;
    models
        .iter()
        .find(|model| model.selected)
        .or_else(|| models.iter().find(embedded))
        .cloned()
        .ok_or_else(|| {
            error(
                ErrorCode::ModelMissing,
                "There is no model yet.",
                "Open a GGUF file in the model menu.",
            )
        })
}

fn details_of(path: &Path, info: &ModelFileInfo) -> ModelDetails {
    let modified = std::fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok())
        .map(|since| since.as_millis() as u64);
    ModelDetails {
        kind: core::ModelKind::File,
        name: info
            .name
            .clone()
            .filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| file_stem(path)),
        location: path.to_string_lossy().into_owned(),
        remote_name: None,
        base: None,
        metadata: ModelMetadata {
            file_bytes: Some(info.file_bytes),
            file_modified_at: modified,
            architecture: Some(info.architecture.clone()),
            parameter_count: Some(info.parameters),
            quantisation: Some(info.quantisation.clone()),
            trained_context: Some(info.trained_context),
            licence: info.licence.clone(),
        },
    }
}

fn file_stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The registry as the user sees it: embedded first, exactly one selected.
fn shown(mut models: Vec<RegisteredModel>) -> Vec<Model> {
    models.retain(|model| model.details.kind != core::ModelKind::Remote);
    models.sort_by_key(|model| {
        (
            model.details.kind != core::ModelKind::Embedded,
            model.added_at,
        )
    });
    let chosen = models.iter().position(|model| model.selected).unwrap_or(0);
    models
        .into_iter()
        .enumerate()
        .map(|(index, model)| to_dto(model, index == chosen))
        .collect()
}

pub(crate) fn to_dto(model: RegisteredModel, selected: bool) -> Model {
    let RegisteredModel { id, details, .. } = model;
    let metadata = details.metadata;
    Model {
        id: id.to_string(),
        problem: file_problem(details.kind, &details.location, metadata.file_bytes),
        name: details.name,
        kind: match details.kind {
            core::ModelKind::Embedded => ModelKind::Embedded,
            core::ModelKind::File => ModelKind::File,
            core::ModelKind::Remote => ModelKind::Remote,
            core::ModelKind::Trained => ModelKind::Trained,
        },
        location: details.location,
        file_bytes: metadata.file_bytes.map(|bytes| bytes as f64),
        architecture: metadata.architecture,
        parameters: metadata.parameter_count.map(short_count),
        quantisation: metadata.quantisation,
        trained_context: metadata.trained_context,
        licence: metadata.licence,
        selected,
    }
}

/// What can be seen without opening the file.
fn file_problem(kind: core::ModelKind, location: &str, bytes: Option<u64>) -> Option<UiError> {
    if kind == core::ModelKind::Remote {
        return None;
    }
    let hint = match kind {
        core::ModelKind::Embedded => "Run `make model`, or install OpZest again.",
        core::ModelKind::Trained => "Train it again, or remove it from the list.",
        _ => "Put it back, or remove it from the list.",
    };
    match std::fs::metadata(location) {
        Err(_) => Some(error(
            ErrorCode::ModelMissing,
            format!("The file {location} is gone."),
            hint,
        )),
        Ok(found) if kind == core::ModelKind::Embedded && Some(found.len()) != bytes => {
            Some(error(
                ErrorCode::ModelFile,
                format!("The embedded model's file {location} is damaged: its size is wrong."),
                hint,
            ))
        }
        Ok(_) => None,
    }
}

/// 134515008 -> "135M".
pub(crate) fn short_count(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{}K", count / 1_000),
        1_000_000..1_000_000_000 => format!("{:.0}M", count as f64 / 1e6),
        _ => format!("{:.1}B", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_are_short() {
        assert_eq!(super::short_count(134_515_008), "135M");
        assert_eq!(super::short_count(1_720_000_000), "1.7B");
    }
}
