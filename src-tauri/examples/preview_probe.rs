//! The desktop app with a line to its preview, for scripts/preview_window.py: orders come in on standard
//! input and answers go out on standard output, one JSON value a line. Never part of what is shipped.

use gtk::prelude::*;
use opzest_app::App;
use opzest_app::preview::{PreviewHost, PreviewPage, PreviewSink};
use opzest_core::artifact::{Artifact, ArtifactFile};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};
use tokio::sync::oneshot;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Order {
    Show {
        id: String,
        title: String,
        files: Vec<ArtifactFile>,
    },
    Close {
        id: String,
    },
    /// What a click on a window's closing button does.
    CloseWindow {
        title: String,
    },
    /// An ordinary window of Tauri's, without the preview's locks: the control.
    Open {
        label: String,
        url: String,
    },
    /// Runs a script in one of Tauri's windows.
    Eval {
        label: String,
        script: String,
    },
}

fn main() -> ExitCode {
    if let Some(ended) = opzest_app::run_if_worker() {
        return ended;
    }
    opzest_desktop::run_with(Instant::now(), |tauri| {
        let tauri = tauri.handle().clone();
        std::thread::spawn(move || take_orders(&tauri));
    })
}

fn take_orders(tauri: &AppHandle) {
    say(&json!({ "ready": true }));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input is readable");
        let mut order: Value = serde_json::from_str(&line).expect("an order is JSON");
        let number = order["order"].take();
        let order: Order = serde_json::from_value(order).expect("an order has one of the shapes");
        let tauri = tauri.clone();
        tauri::async_runtime::spawn(async move {
            say(&json!({ "order": number, "answer": obey(&tauri, order).await }));
        });
    }
    tauri.exit(0);
}

async fn obey(tauri: &AppHandle, order: Order) -> Value {
    match order {
        Order::Show { id, title, files } => {
            let artifact: Artifact = files.into_iter().collect();
            let page = PreviewPage {
                id: id.clone(),
                title,
                artifact,
            };
            let events: PreviewSink =
                Arc::new(move |event| say(&json!({ "id": id, "event": event })));
            match host(tauri).show(page, events).await {
                Ok(report) => json!(report),
                Err(problem) => json!({ "problem": problem.to_string() }),
            }
        }
        Order::Close { id } => {
            host(tauri).close(&id).await;
            Value::Null
        }
        Order::CloseWindow { title } => {
            let click = move || {
                let titled = |window: &gtk::Window| window.title().is_some_and(|it| it == title);
                let windows = gtk::Window::list_toplevels().into_iter();
                let windows = windows.filter_map(|it| it.downcast::<gtk::Window>().ok());
                windows.filter(titled).for_each(|window| window.close());
            };
            tauri.run_on_main_thread(click).expect("the app runs");
            Value::Null
        }
        Order::Open { label, url } => {
            let url = match url.parse() {
                Ok(outside) => WebviewUrl::External(outside),
                Err(_) => WebviewUrl::App(url.into()),
            };
            let built = WebviewWindowBuilder::new(tauri, &label, url)
                .title(&label)
                .build();
            json!(built.err().map(|error| error.to_string()))
        }
        Order::Eval { label, script } => {
            let window = tauri
                .get_webview_window(&label)
                .expect("a window of that label");
            let (answer, answered) = oneshot::channel();
            let answer = std::sync::Mutex::new(Some(answer));
            let done = move |value: String| {
                let answer = answer.lock().expect("no panic before").take();
                answer.map(|answer| answer.send(value));
            };
            window
                .eval_with_callback(script, done)
                .expect("the window is there");
            json!(answered.await.ok())
        }
    }
}

fn host(tauri: &AppHandle) -> Arc<dyn PreviewHost> {
    let app = tauri.state::<App>();
    app.preview().expect("the desktop shows previews")
}

fn say(value: &Value) {
    let line = format!("{value}\n");
    // A test that has ended reads no more.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}
