//! The desktop shell: opens the window and hands its calls to opzest-app. No logic of its own.

mod commands;
#[cfg(target_os = "linux")]
mod preview;

use opzest_app::preview::PreviewHost;
use opzest_app::{Access, App, AppOptions, WorkerCommand, logging};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tauri::webview::NewWindowResponse;
use tauri::{Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

/// Opens the window and runs until it is closed. `started` is when the process began.
pub fn run(started: Instant) -> ExitCode {
    run_with(started, |_| {})
}

/// The same, and `ready` gets hold of the running app: for programs that test it.
pub fn run_with(started: Instant, ready: impl FnOnce(&tauri::App) + Send + 'static) -> ExitCode {
    if !has_display() {
        eprintln!(
            "OpZest cannot open a window: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is \
             set).\nThe same assistant runs in the terminal: opzest chat"
        );
        return ExitCode::FAILURE;
    }
    let data_folder = opzest_app::data_folder();
    let _log = logging::start(&data_folder, logging::LevelFilter::WARN);
    let worker = match WorkerCommand::this_program() {
        Ok(worker) => worker,
        Err(error) => {
            eprintln!("OpZest cannot find its own program file: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(commands::handler())
        .setup(move |tauri| {
            let resources = tauri.path().resource_dir().ok();
            let webview_folder = data_folder.join("webview");
            tauri.manage(App::open(AppOptions {
                data_folder,
                model_folders: opzest_app::embedded_model_folders(resources.as_deref()),
                worker,
                access: Access::Write,
                use_keyring: true,
                preview: preview_host(tauri.handle()),
                tools: None,
                started,
            }));
            open_main_window(tauri, webview_folder)?;
            ready(tauri);
            Ok(())
        })
        .build(tauri::generate_context!());
    match result {
        Ok(tauri) => {
            tauri.run(|tauri, event| {
                if let RunEvent::Exit = event {
                    #[cfg(target_os = "linux")]
                    preview::close_all();
                    // Answers that are being written are stopped and saved.
                    let app = tauri.state::<App>().inner().clone();
                    tauri::async_runtime::block_on(app.shut_down());
                    app.close();
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("OpZest's window could not be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn preview_host(tauri: &tauri::AppHandle) -> Option<Arc<dyn PreviewHost>> {
    Some(Arc::new(preview::PreviewWindows::new(tauri.clone())))
}

#[cfg(not(target_os = "linux"))]
fn preview_host(_: &tauri::AppHandle) -> Option<Arc<dyn PreviewHost>> {
    None
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The window shows OpZest's own pages and nothing else, whatever a page or a model asks for. What the pages remember,
/// such as words that are not sent yet, lies with all the rest in the data folder; where that cannot be
/// written, they remember nothing.
fn open_main_window(tauri: &tauri::App, webview_folder: PathBuf) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(tauri, "main", WebviewUrl::App("index.html".into()));
    let window = match std::fs::create_dir_all(&webview_folder) {
        Ok(()) => window.data_directory(webview_folder),
        Err(_) => window.incognito(true),
    };
    window
        .title("OpZest")
        .inner_size(1280.0, 840.0)
        .min_inner_size(420.0, 480.0)
        .on_navigation(is_our_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        // Files are written where the user says, never because a page asks for it.
        .on_download(|_, _| false)
        // The pages take files that are dropped on them.
        .disable_drag_drop_handler()
        .build()
        .map(drop)
}

fn is_our_page(url: &tauri::Url) -> bool {
    // Where a webview knows no schemes of an app's own, Tauri serves the pages under this host name.
    let by_host = cfg!(any(windows, target_os = "android"));
    url.scheme() == "tauri" || (by_host && url.host_str() == Some("tauri.localhost"))
}

#[cfg(test)]
mod tests {
    use super::is_our_page;

    #[test]
    fn only_our_own_pages_open() {
        let opens = |url: &str| is_our_page(&url.parse().expect("a URL"));
        assert!(opens("tauri://localhost/index.html"));
        for foreign in [
            "http://tauri.localhost:8080/",
            "https://example.com/",
            "file:///etc/passwd",
            "http://localhost:1420/",
            "data:text/html,x",
        ] {
            assert!(!opens(foreign), "{foreign}");
        }
    }
}
