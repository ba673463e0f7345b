//! The runtime's model for training's purposes, when nobody else uses another one.

use crate::app::App;
use crate::dto::{ErrorCode, UiError};
use crate::settings::settings;
use opzest_llm::local::LocalModel;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often a runtime that is busy with another model is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

pub(super) async fn local(app: &App, file: &Path) -> Result<Arc<LocalModel>, UiError> {
    let settings = settings(app).await?;
    loop {
        match app.runner().model(file, &settings).await {
            Err(error) if error.code == ErrorCode::Busy => tokio::time::sleep(ASK_AGAIN).await,
            found => return found,
        }
    }
}
