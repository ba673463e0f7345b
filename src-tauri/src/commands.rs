//! The window's commands: one adapter for the whole command table, and the file dialogs that only a
//! desktop has.

use opzest_app::App;
use opzest_app::dto::{ErrorCode, UiError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tauri::ipc::{Channel, Invoke};
use tauri::{AppHandle, Runtime, State};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

pub fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        call,
        pick_model_file,
        pick_folder,
        pick_open_path,
        pick_save_path,
        save_text_file
    ]
}

/// Runs a command of opzest-app's table; its events go to the channel.
#[tauri::command]
async fn call(
    app: State<'_, App>,
    name: String,
    args: Value,
    events: Channel<Value>,
) -> Result<Value, UiError> {
    let sink = move |event| {
        if let Err(error) = events.send(event) {
            tracing::debug!(%error, "the window no longer listens");
        }
    };
    opzest_app::commands::dispatch(&app, &name, args, Arc::new(sink)).await
}

/// Lets the user choose a GGUF file. `None` if they changed their mind.
#[tauri::command]
async fn pick_model_file<R: Runtime>(tauri: AppHandle<R>) -> Result<Option<String>, UiError> {
    let (chosen, answer) = oneshot::channel();
    tauri
        .dialog()
        .file()
        .set_title("Open a GGUF model")
        .add_filter("GGUF models", &["gguf"])
        .add_filter("All files", &["*"])
        .pick_file(move |file| drop(chosen.send(file)));
    shown(answer.await)
}

/// Lets the user choose a folder to write to. `None` if they changed their mind.
#[tauri::command]
async fn pick_folder<R: Runtime>(
    tauri: AppHandle<R>,
    title: String,
) -> Result<Option<String>, UiError> {
    let (chosen, answer) = oneshot::channel();
    tauri
        .dialog()
        .file()
        .set_title(title)
        .pick_folder(move |folder| drop(chosen.send(folder)));
    shown(answer.await)
}

/// Lets the user choose a file to read, by the endings of its name. `None` if they changed their mind.
#[tauri::command]
async fn pick_open_path<R: Runtime>(
    tauri: AppHandle<R>,
    endings: Vec<String>,
) -> Result<Option<String>, UiError> {
    let (chosen, answer) = oneshot::channel();
    let endings: Vec<_> = endings.iter().map(String::as_str).collect();
    tauri
        .dialog()
        .file()
        .set_title("Open")
        .add_filter("Files that OpZest reads", &endings)
        .add_filter("All files", &["*"])
        .pick_file(move |file| drop(chosen.send(file)));
    shown(answer.await)
}

/// Lets the user choose where a file is to be written. `None` if they changed their mind.
#[tauri::command]
async fn pick_save_path<R: Runtime>(
    tauri: AppHandle<R>,
    name: String,
) -> Result<Option<String>, UiError> {
    let (chosen, answer) = oneshot::channel();
    tauri
        .dialog()
        .file()
        .set_title("Save")
        .set_file_name(name)
        .save_file(move |file| drop(chosen.send(file)));
    shown(answer.await)
}

fn shown(
    answer: Result<Option<FilePath>, oneshot::error::RecvError>,
) -> Result<Option<String>, UiError> {
    Ok(path_of(answer)?.map(|path| path.to_string_lossy().into_owned()))
}

/// Lets the user choose where a text is saved, and saves it. `None` if they changed their mind.
#[tauri::command]
async fn save_text_file<R: Runtime>(
    tauri: AppHandle<R>,
    name: String,
    content: String,
) -> Result<Option<String>, UiError> {
    let (chosen, answer) = oneshot::channel();
    tauri
        .dialog()
        .file()
        .set_title("Export")
        .set_file_name(name)
        .save_file(move |file| drop(chosen.send(file)));
    let Some(path) = path_of(answer.await)? else {
        return Ok(None);
    };
    write_whole(&path, &content)
        .await
        .map_err(|source| UiError {
            code: if source.kind() == std::io::ErrorKind::StorageFull {
                ErrorCode::DiskFull
            } else {
                ErrorCode::InvalidInput
            },
            message: format!("{} could not be written: {source}.", path.display()),
            hint: "Choose another place.".into(),
        })?;
    Ok(Some(path.to_string_lossy().into_owned()))
}

/// Writes beside the file and renames, so that a full disk leaves the old file as it was.
async fn write_whole(path: &Path, content: &str) -> std::io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let written = tokio::fs::write(&aside, content).await;
    let result = match written {
        Ok(()) => tokio::fs::rename(&aside, path).await,
        Err(error) => Err(error),
    };
    if result.is_err() {
        let _ = tokio::fs::remove_file(&aside).await;
    }
    result
}

fn path_of(
    answer: Result<Option<FilePath>, oneshot::error::RecvError>,
) -> Result<Option<PathBuf>, UiError> {
    let failed = |message: String| UiError {
        code: ErrorCode::Internal,
        message,
        hint: String::new(),
    };
    answer
        .map_err(|_| failed("The file dialog closed without an answer.".into()))?
        .map(|file| {
            file.into_path()
                .map_err(|error| failed(format!("That is not a file: {error}.")))
        })
        .transpose()
}
