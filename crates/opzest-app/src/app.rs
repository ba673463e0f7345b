//! The running app: the store, the loaded model, the answers being written.

use crate::answer::save_unsaved;
use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use crate::opening::open_store;
use crate::preview::PreviewHost;
use crate::runner::ModelRunner;
use crate::sessions::OpenSessions;
use crate::training::Trainings;
use crate::unfinished::Unfinished;
use crate::upkeep::Upkeep;
use opzest_core::ids::{ConversationId, MessageId};
use opzest_llm::local::WorkerCommand;
use opzest_llm::remote::ApiKeyStore;
use opzest_sandbox::{Availability, Sandbox, Tools};
use opzest_store::{DataFolderLock, Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;

/// A quit does not wait longer than this for answers to be saved.
const LONGEST_SHUT_DOWN: Duration = Duration::from_secs(3);

/// How a process uses the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Writes it, alone.
    Write,
    /// Writes it if nobody else does, and reads it otherwise.
    ReadIfBusy,
}

pub struct AppOptions {
    pub data_folder: PathBuf,
    /// Where the embedded model may be, best first.
    pub model_folders: Vec<PathBuf>,
    pub worker: WorkerCommand,
    pub access: Access,
    /// Keep API keys in the system's keyring where there is one; otherwise in a private file.
    pub use_keyring: bool,
    /// Shows running pages, where the host has a window for them.
    pub preview: Option<Arc<dyn PreviewHost>>,
    /// What scripts are run with; `None`: what this computer has.
    pub tools: Option<Tools>,
    /// When the process began, for the start-up report.
    pub started: Instant,
}

/// A handle to the running app; clones are the same app.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    options: AppOptions,
    /// What runs beside the store, while that is open. Before the store: it ends first.
    upkeep: Mutex<Option<Upkeep>>,
    /// The store, or why it could not be opened. A lock of std: held only for one operation of the
    /// store, on a blocking thread.
    store: Mutex<Result<Store, UiError>>,
    unfinished: Unfinished,
    runner: ModelRunner,
    keys: ApiKeyStore,
    sessions: OpenSessions,
    training: Trainings,
    /// Found out by the first who asks.
    sandbox: OnceCell<Availability>,
}

impl App {
    /// Opens the data folder. If that fails the app runs all the same, and says why
    /// (`AppInfo::problem`).
    pub fn open(options: AppOptions) -> Self {
        let store = open_store(&options);
        if let Err(problem) = &store {
            tracing::warn!(code = ?problem.code, "the data folder could not be opened");
        }
        let runner = ModelRunner::new(options.worker.clone());
        let keys = match options.use_keyring {
            true => ApiKeyStore::new(&options.data_folder),
            false => ApiKeyStore::file_only(&options.data_folder),
        };
        let upkeep = store.as_ref().ok().and_then(Upkeep::start);
        Self(Arc::new(Inner {
            keys,
            options,
            upkeep: Mutex::new(upkeep),
            store: Mutex::new(store),
            unfinished: Unfinished::default(),
            runner,
            sessions: OpenSessions::default(),
            training: Trainings::default(),
            sandbox: OnceCell::new(),
        }))
    }

    pub fn data_folder(&self) -> &Path {
        &self.0.options.data_folder
    }

    /// Where running pages are shown, if this host can.
    pub fn preview(&self) -> Option<Arc<dyn PreviewHost>> {
        self.0.options.preview.clone()
    }

    /// Whether scripts can be run safely on this computer.
    pub(crate) async fn sandbox(&self) -> Availability {
        let detect = || async { Sandbox::detect_with(&self.tools()).await };
        self.0.sandbox.get_or_init(detect).await.clone()
    }

    pub(crate) fn tools(&self) -> Tools {
        let mut tools = self.0.options.tools.clone().unwrap_or_else(Tools::find);
        tools.private.push(self.data_folder().to_owned());
        tools
    }

    pub(crate) fn sessions(&self) -> &OpenSessions {
        &self.0.sessions
    }

    pub(crate) fn unfinished(&self) -> &Unfinished {
        &self.0.unfinished
    }

    pub(crate) fn started(&self) -> Instant {
        self.0.options.started
    }

    pub(crate) fn keys(&self) -> &ApiKeyStore {
        &self.0.keys
    }

    /// How this program is started again for llama.cpp's worker and for the trainer.
    pub(crate) fn worker(&self) -> &WorkerCommand {
        &self.0.options.worker
    }

    pub(crate) fn training(&self) -> &Trainings {
        &self.0.training
    }

    pub(crate) fn runner(&self) -> &ModelRunner {
        &self.0.runner
    }

    /// Tries to open the store again if it could not be opened.
    pub(crate) async fn problem(&self) -> Option<UiError> {
        let app = self.clone();
        let retry = move || {
            let mut store = app.lock_store();
            if store.is_err() {
                *store = open_store(&app.0.options);
                *app.lock_upkeep() = store.as_ref().ok().and_then(Upkeep::start);
            }
            store.as_ref().err().cloned()
        };
        tokio::task::spawn_blocking(retry)
            .await
            .unwrap_or_else(|failed| Some(panicked(&failed)))
    }

    /// Runs one operation of the store on a blocking thread.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, UiError> {
        let app = self.clone();
        let run = move || match app.lock_store().as_mut() {
            Ok(store) => operation(store).map_err(UiError::from),
            Err(problem) => Err(problem.clone()),
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|failed| Err(panicked(&failed)))
    }

    fn lock_store(&self) -> MutexGuard<'_, Result<Store, UiError>> {
        // A panic inside an operation rolled its transaction back; the store itself is sound.
        self.0
            .store
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Has deleted text erased from the disk soon.
    pub(crate) fn erase_soon(&self) {
        if let Some(upkeep) = self.lock_upkeep().as_ref() {
            upkeep.erase_soon();
        }
    }

    /// What the check after a crash has found, if the store is damaged.
    pub fn damage(&self) -> Option<UiError> {
        self.lock_upkeep().as_ref().and_then(Upkeep::damage)
    }

    fn lock_upkeep(&self) -> MutexGuard<'_, Option<Upkeep>> {
        self.0
            .upkeep
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Stops all answers and waits until they are saved and deleted text is erased: before the app ends.
    pub async fn shut_down(&self) {
        self.unfinished().stop_all();
        let saved = async {
            self.0.sessions.close_all().await;
            self.0.training.stop().await;
            while !self.unfinished().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if let Err(error) = save_unsaved(self).await {
                tracing::error!(code = ?error.code, "an answer could not be saved before the end");
            }
        };
        if tokio::time::timeout(LONGEST_SHUT_DOWN, saved)
            .await
            .is_err()
        {
            tracing::error!("an answer did not stop in time");
        }
        let app = self.clone();
        let upkeep_ends = tokio::task::spawn_blocking(move || drop(app.lock_upkeep().take()));
        if let Err(failed) = upkeep_ends.await {
            tracing::error!(%failed, "the store's upkeep did not end as it should");
        }
    }

    /// Does something to the data folder while the store is closed, and opens it again, whatever came of it.
    pub(crate) async fn with_store_closed<T: Send + 'static>(
        &self,
        act: impl FnOnce(&DataFolderLock) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, UiError> {
        self.shut_down().await;
        let app = self.clone();
        let run = move || {
            let mut store = app.lock_store();
            *store = Err(error(
                ErrorCode::Busy,
                "The data folder is being changed.",
                "",
            ));
            let done = DataFolderLock::acquire(&app.0.options.data_folder)
                .and_then(|lock| act(&lock))
                .map_err(UiError::from);
            *store = open_store(&app.0.options);
            *app.lock_upkeep() = store.as_ref().ok().and_then(Upkeep::start);
            done
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|failed| Err(panicked(&failed)))
    }

    /// Closes the store, after [`App::shut_down`], in a process that ends without dropping the app. A store
    /// that was not closed is checked at the next start.
    pub fn close(&self) {
        *self.lock_store() = Err(error(ErrorCode::Busy, "OpZest is closing.", ""));
    }
}

pub(crate) fn panicked(failed: &tokio::task::JoinError) -> UiError {
    error(
        ErrorCode::Internal,
        format!("A part of OpZest failed: {failed}."),
        "The log has the details.",
    )
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

pub(crate) fn new_conversation_id() -> ConversationId {
    ConversationId::new(now_ms(), rand::random())
}

pub(crate) fn new_message_id() -> MessageId {
    MessageId::new(now_ms(), rand::random())
}
