//! A server that plays a script: one answer per connection, byte by byte as written.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One thing that the server does on a connection.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Sends these bytes again and again, until the client has enough.
    SendForever(Vec<u8>),
    /// Says nothing more, and notices when the client closes.
    Stall,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Record {
    seen: Mutex<Vec<Seen>>,
    closed_by_client: Notify,
}

/// Listens until it is dropped. Connections beyond the script get the last answer again.
pub(crate) struct FaultServer {
    port: u16,
    record: Arc<Record>,
    task: tokio::task::JoinHandle<()>,
}

impl FaultServer {
    pub(crate) async fn start(answers: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let record = Arc::new(Record::default());
        let task = tokio::spawn(serve(listener, answers, Arc::clone(&record)));
        Self { port, record, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.record.seen.lock().expect("lock").clone()
    }

    /// Resolves when a client closes a connection on which the server stalls.
    pub(crate) async fn closed_by_client(&self) {
        self.record.closed_by_client.notified().await;
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, answers: Vec<Vec<Step>>, record: Arc<Record>) {
    let mut connections = tokio::task::JoinSet::new();
    let mut number = 0;
    while let Ok((socket, _)) = listener.accept().await {
        let steps = answers[number.min(answers.len() - 1)].clone();
        number += 1;
        connections.spawn(connection(socket, steps, Arc::clone(&record)));
    }
}

async fn connection(mut socket: TcpStream, steps: Vec<Step>, record: Arc<Record>) {
    let Some(seen) = read_request(&mut socket).await else {
        return;
    };
    record.seen.lock().expect("lock").push(seen);
    for step in steps {
        match step {
            Step::Send(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
                // Lets the client read piece by piece.
                tokio::task::yield_now().await;
            }
            Step::SendForever(bytes) => while socket.write_all(&bytes).await.is_ok() {},
            Step::Stall => {
                let mut rest = [0; 64];
                while !matches!(socket.read(&mut rest).await, Ok(0) | Err(_)) {}
                record.closed_by_client.notify_one();
                return;
            }
        }
    }
    let _closed = socket.shutdown().await;
}

async fn read_request(socket: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().expect("a length"));
    while bytes.len() < head_end + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[head_end..]).unwrap_or(Value::Null);
    Some(Seen { head, body })
}

/// The head of an event stream that ends with its connection.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub(crate) fn send(text: impl AsRef<[u8]>) -> Step {
    Step::Send(text.as_ref().to_vec())
}

/// A whole response with a body.
pub(crate) fn page(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![send(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))]
}

pub(crate) fn json(status: &str, body: &Value) -> Vec<Step> {
    page(
        status,
        "content-type: application/json\r\n",
        &body.to_string(),
    )
}

/// A chunk with this text.
pub(crate) fn delta(text: &str) -> String {
    event(&serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

pub(crate) fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// The last chunk, the counts and the farewell.
pub(crate) fn farewell(reason: &str) -> String {
    let last = event(
        &serde_json::json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}),
    );
    let usage = event(
        &serde_json::json!({"choices": [], "usage": {"prompt_tokens": 5,
        "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}}),
    );
    format!("{last}{usage}data: [DONE]\n\n")
}

/// A whole, good answer.
pub(crate) fn good(text: &str) -> Vec<Step> {
    vec![send(STREAM), send(delta(text)), send(farewell("stop"))]
}
