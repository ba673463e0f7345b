//! The one model that is in memory, and what is known of model files.

use crate::dto::{Settings, UiError};
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

pub(crate) struct ModelRunner {
    worker: WorkerCommand,
    /// An async lock: loading another model waits for the one before to go.
    current: Mutex<Option<Arc<LocalModel>>>,
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
        let mut known = self.known.lock().await;
        if let Some(info) = known.get(&key) {
            return Ok(info.clone());
        }
        let info = inspect(&self.worker, path).await?;
        known.insert(key, info.clone());
        Ok(info)
    }

    /// The model of a file, with these settings: the one in memory if it is that, otherwise another,
    /// after the one before has been let go. It is loaded by its first request.
    pub(crate) async fn model(
        &self,
        path: &Path,
        settings: &Settings,
    ) -> Result<Arc<LocalModel>, UiError> {
        let info = self.info(path).await?;
        let mut current = self.current.lock().await;
        if let Some(model) = current.as_ref() {
            // What is free now excludes the loaded model, so automatic choices are not made again
            // while it is in memory.
            let kept = model.options();
            let same = model.path() == path
                && settings
                    .threads
                    .is_none_or(|threads| threads == kept.threads)
                && settings
                    .context_size
                    .is_none_or(|size| size.next_multiple_of(256) == kept.context_size)
                && settings.memory_map.is_none_or(|map| map == kept.memory_map)
                && self.chosen_freely(settings, kept, &info);
            if same && model.is_loaded().await {
                return Ok(Arc::clone(model));
            }
            model.unload().await;
        }
        let options = settings.load_options(&Machine::detect(), &info);
        let model = Arc::new(LocalModel::new(self.worker.clone(), path, options));
        *current = Some(Arc::clone(&model));
        Ok(model)
    }

    /// Whether automatic choices would come out the same on an idle computer.
    fn chosen_freely(
        &self,
        settings: &Settings,
        kept: &opzest_llm::local::LoadOptions,
        info: &ModelFileInfo,
    ) -> bool {
        let mut idle = Machine::detect();
        idle.available_bytes = idle.memory_bytes;
        let fresh = settings.load_options(&idle, info);
        fresh.threads == kept.threads
            && fresh.memory_map == kept.memory_map
            && kept.context_size <= fresh.context_size
    }
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
