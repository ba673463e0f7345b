//! A local model as requests use it: the file that the runtime loads, with the adapter of a trained one on top.

use crate::app::App;
use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use crate::models::registered;
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelKind, RegisteredModel};
use opzest_llm::AdapterUse;
use std::path::PathBuf;

pub(crate) struct LocalUse {
    pub(crate) file: PathBuf,
    pub(crate) adapters: Vec<AdapterUse>,
}

impl LocalUse {
    pub(crate) async fn of(app: &App, details: &ModelDetails) -> Result<Self, UiError> {
        if details.kind == ModelKind::Remote {
            return Err(error(
                ErrorCode::Model,
                format!("{} is on a server, not on this computer.", details.name),
                "Choose a model of this computer.",
            ));
        }
        let Some(base) = &details.base else {
            return Ok(Self {
                file: details.location.clone().into(),
                adapters: Vec::new(),
            });
        };
        Ok(Self {
            file: registered(app, base).await?.details.location.into(),
            adapters: vec![AdapterUse {
                path: details.location.clone().into(),
                scale: 1.0,
            }],
        })
    }
}

/// What names a local model's tokens: a trained one has those of its base.
pub(crate) fn tokenizer_of(model: &RegisteredModel) -> &ModelId {
    model.details.base.as_ref().unwrap_or(&model.id)
}
