//! The app on a temporary data folder, with the real embedded model and this program's own worker.

use opzest_app::calls::{SendMessage, send_message};
use opzest_app::dto::{ChatEvent, ChatOutcome, UiError};
use opzest_app::{Access, App, AppOptions, Events, WorkerCommand};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub fn model_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let file = folder.join("SmolLM2-135M-Instruct.Q4_1.gguf");
    assert!(
        file.exists(),
        "{} is missing: run `make model` first",
        file.display()
    );
    folder
}

/// The worker of opzest-llm's own tests: a test program has no `main` of ours.
pub fn worker() -> WorkerCommand {
    let own = std::env::current_exe().expect("this program's path");
    let built = own
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps");
    let worker = built.join("opzest-llm-worker");
    assert!(
        worker.exists(),
        "{} is missing: build the whole workspace",
        worker.display()
    );
    WorkerCommand::new(worker)
}

pub fn options(folder: &Path, access: Access) -> AppOptions {
    AppOptions {
        data_folder: folder.to_owned(),
        model_folders: vec![model_folder()],
        worker: worker(),
        access,
        use_keyring: false,
        preview: None,
        tools: None,
        started: Instant::now(),
    }
}

pub fn open_with(folder: &Path, access: Access) -> App {
    App::open(options(folder, access))
}

pub fn open(folder: &Path) -> App {
    open_with(folder, Access::Write)
}

/// Events of a command, in order.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<ChatEvent>>>);

impl Seen {
    pub fn events(&self) -> Events<ChatEvent> {
        self.with(|_| {})
    }

    /// Also calls `act` for each event.
    pub fn with(&self, act: impl Fn(&ChatEvent) + Send + Sync + 'static) -> Events<ChatEvent> {
        let seen = Arc::clone(&self.0);
        Events::new(Arc::new(move |value| {
            let event: ChatEvent = serde_json::from_value(value).expect("a chat event");
            act(&event);
            seen.lock().expect("not poisoned").push(event);
        }))
    }

    pub fn all(&self) -> Vec<ChatEvent> {
        self.0.lock().expect("not poisoned").clone()
    }

    pub fn text(&self) -> String {
        let text = |event| match event {
            ChatEvent::Delta { text, .. } => Some(text),
            _ => None,
        };
        self.all().into_iter().filter_map(text).collect()
    }
}

pub fn question(conversation: Option<&str>, text: &str) -> SendMessage {
    SendMessage {
        conversation_id: conversation.map(str::to_owned),
        model_id: None,
        text: text.to_owned(),
    }
}

pub async fn ask(
    app: &App,
    conversation: Option<&str>,
    text: &str,
) -> Result<ChatOutcome, UiError> {
    send_message(app, question(conversation, text), Events::ignored()).await
}
