//! The API key and the user's text appear in no log and no error.

use super::fault_server::{FaultServer, STREAM, delta, good, json, page, send};
use super::{KEY, ask, config, model, request};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_and_no_error_shows_the_key_or_the_text() {
    let captured = Captured::default();
    // Every crate, not only ours.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    // Tasks of this single-threaded runtime run on this thread.
    let _guard = tracing::subscriber::set_default(subscriber);

    let echo = format!("Incorrect API key provided: {KEY}");
    let failures = [
        json("401 Unauthorized", &json!({"error": {"message": echo}})),
        json("500 Internal Server Error", &json!({"detail": echo})),
        page("403 Forbidden", "", &format!("<html>{echo}")),
        page("200 OK", "content-type: text/html\r\n", &echo),
        vec![send(STREAM), send(format!("data: {echo}\n\n"))],
        vec![
            send(STREAM),
            send(delta("half")),
            send(json!({"error": echo}).to_string()),
            send("\n\n"),
        ],
        page("302 Found", &format!("location: http://{KEY}/\r\n"), ""),
        vec![],
    ];
    let mut shown = String::new();
    for failure in failures {
        let server = FaultServer::start(vec![failure]).await;
        let model = model(config(&server));
        let outcome = ask(&model, request()).await;
        shown.push_str(&format!(
            "{} {:?} {model:?}\n",
            outcome.error(),
            outcome.error
        ));
        if let Err(error) = model.list_models().await {
            shown.push_str(&format!("{error} {error:?}\n"));
        }
    }
    let server = FaultServer::start(vec![good("fine")]).await;
    ask(&model(config(&server)), request()).await;

    let logged = String::from_utf8(captured.0.lock().expect("lock").clone()).expect("text");
    assert!(
        logged.contains("asking again"),
        "our own events are captured:\n{logged}"
    );
    for secret in [KEY, "private words"] {
        assert!(!logged.contains(secret), "in the log:\n{logged}");
        assert!(!shown.contains(secret), "in an error:\n{shown}");
    }
}
