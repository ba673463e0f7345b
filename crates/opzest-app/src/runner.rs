//! The one model that is in memory, and what is known of model files.

use crate::dto::{ErrorCode, Settings, UiError};
use crate::error::error;
use opzest_llm::LlmError;
use opzest_llm::local::machine::Machine;
use opzest_llm::local::{LocalModel, ModelFileInfo, WorkerCommand, inspect};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;

/// A file as it was when it was read.
type FileKey = (PathBuf, Option<SystemTime>, u64);

/// What the user chose about loading; automatic choices are made once, when the model is made.
type Choices = (Option<u32>, Option<u32>, Option<bool>);

/// The model that requests go to, and what it was made for.
struct Current {
    file: FileKey,
    choices: Choices,
    model: Arc<LocalModel>,
}

pub(crate) struct ModelRunner {
    worker: WorkerCommand,
    /// An async lock: another model waits for the memory of the one before.
    current: Mutex<Option<Current>>,
    /// Metadata by file; reading it starts a short-lived worker.
    known: Mutex<HashMap<FileKey, ModelFileInfo>>,
}

impl ModelRunner {
    pub(crate) fn new(worker: WorkerCommand) -> Self {
        Self {
            worker,
            current: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// A file's metadata, read again only if the file changed.
    pub(crate) async fn info(&self, path: &Path) -> Result<ModelFileInfo, LlmError> {
        let key = file_key(path);
        if let Some(info) = self.known.lock().await.get(&key) {
            return Ok(info.clone());
        }
        // Not under the lock: a file on a slow disk must not hold up the others.
        let info = inspect(&self.worker, path).await?;
        self.known.lock().await.insert(key, info.clone());
        Ok(info)
    }

    /// The model of a file with these settings: the one at hand if it is that, otherwise another, after
    /// the one before has freed its memory. It is loaded by its first request. Busy if the one before is
    /// still writing.
    pub(crate) async fn model(
        &self,
        path: &Path,
        settings: &Settings,
    ) -> Result<Arc<LocalModel>, UiError> {
        let info = self.info(path).await?;
        let file = file_key(path);
        let choices = (settings.threads, settings.context_size, settings.memory_map);
        let mut current = self.current.lock().await;
        if let Some(Current { model, .. }) = current
            .as_ref()
            .filter(|current| current.file == file && current.choices == choices)
            && (model.is_loaded().await || in_use(model))
        {
            return Ok(Arc::clone(model));
        }
        if let Some(before) = current.as_ref() {
            if in_use(&before.model) {
                return Err(busy());
            }
            before.model.unload().await;
        }
        let options = settings.load_options(&Machine::detect(), &info);
        let model = Arc::new(LocalModel::new(self.worker.clone(), path, options));
        *current = Some(Current {
            file,
            choices,
            model: Arc::clone(&model),
        });
        Ok(model)
    }

    /// The model of a file, with nobody else using it.
    pub(crate) async fn idle_model(
        &self,
        path: &Path,
        settings: &Settings,
    ) -> Result<Arc<LocalModel>, UiError> {
        let model = self.model(path, settings).await?;
        // The runner's own handle and this one.
        if Arc::strong_count(&model) > 2 {
            return Err(busy());
        }
        Ok(model)
    }
}

/// Whether somebody besides the runner holds the model: a request that runs or is about to.
fn in_use(model: &Arc<LocalModel>) -> bool {
    Arc::strong_count(model) > 1
}

fn busy() -> UiError {
    error(
        ErrorCode::Busy,
        "The model is writing another answer.",
        "Wait for it, or stop it, and try again.",
    )
}

fn file_key(path: &Path) -> FileKey {
    let metadata = std::fs::metadata(path).ok();
    let modified = metadata
        .as_ref()
        .and_then(|metadata| metadata.modified().ok());
    (
        path.to_owned(),
        modified,
        metadata.map_or(0, |metadata| metadata.len()),
    )
}
