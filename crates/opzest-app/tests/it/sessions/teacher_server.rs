//! An OpenAI-compatible server that plays good and bad teachers: each model has its answers in order, or a
//! rule makes them.

use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A whole answer, streamed word by word, each token with log-probabilities.
    Says(String),
    /// The same, from a model without log-probabilities.
    SaysUntraced(String),
    /// A letter as the first token, with these probabilities of A, B and C, as an analyst answers.
    Letter([f32; 3]),
    Status(u16),
    /// The connection breaks in the middle of the answer.
    Cut(String),
    /// Nothing comes, for ever.
    Silence,
    /// Bytes that are no answer.
    Garbage,
}

pub fn says(text: impl Into<String>) -> Reply {
    Reply::Says(text.into())
}

/// A worker's answer.
pub fn writes(file: &str, text: &str) -> Reply {
    says(format!(
        "I will write it.\n<<<FILE {file}>>>\n{text}<<<END>>>\n"
    ))
}

pub fn instructs(text: &str) -> Reply {
    says(json!({ "reasoning": "It is what is wanted.", "instruction": text }).to_string())
}

/// The answer of a model to a request's body.
type Rule = Box<dyn Fn(&str, &Value) -> Reply + Send + Sync>;

#[derive(Default)]
struct Play {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    /// For requests that no scripted answer is left for.
    rule: Option<Rule>,
    seen: Mutex<Vec<Value>>,
}

/// Listens until it is dropped.
pub struct TeacherServer {
    port: u16,
    play: Arc<Play>,
    task: tokio::task::JoinHandle<()>,
}

impl TeacherServer {
    pub async fn start() -> Self {
        Self::play(Play::default()).await
    }

    /// Answers any number of requests by a rule.
    pub async fn by_rule(rule: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> Self {
        let rule: Rule = Box::new(rule);
        Self::play(Play {
            rule: Some(rule),
            ..Play::default()
        })
        .await
    }

    async fn play(play: Play) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let play = Arc::new(play);
        let task = tokio::spawn(serve(listener, Arc::clone(&play)));
        Self { port, play, task }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// More answers of a model.
    pub fn script(&self, model: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut all = self.play.replies.lock().expect("not poisoned");
        all.entry(model.to_owned()).or_default().extend(replies);
    }

    /// The bodies of all requests so far.
    pub fn seen(&self) -> Vec<Value> {
        self.play.seen.lock().expect("not poisoned").clone()
    }

    /// Answers that nobody has asked for.
    pub fn left(&self) -> usize {
        let all = self.play.replies.lock().expect("not poisoned");
        all.values().map(VecDeque::len).sum()
    }
}

impl Drop for TeacherServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, play: Arc<Play>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        connections.spawn(connection(socket, Arc::clone(&play)));
    }
}

async fn connection(mut socket: TcpStream, play: Arc<Play>) {
    let Some(body) = read_body(&mut socket).await else {
        return;
    };
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let scripted = play
        .replies
        .lock()
        .expect("not poisoned")
        .get_mut(&model)
        .and_then(VecDeque::pop_front);
    let by_rule = || play.rule.as_ref().map(|rule| rule(&model, &body));
    let reply = scripted.or_else(by_rule).unwrap_or(Reply::Status(404));
    play.seen.lock().expect("not poisoned").push(body);
    let _ = answer(&mut socket, reply).await;
}

async fn answer(socket: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    const HEAD: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    match reply {
        Reply::Status(status) => {
            let body = json!({ "error": { "message": "not now" } }).to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            socket.write_all((head + &body).as_bytes()).await
        }
        Reply::Silence => {
            let mut rest = [0; 64];
            while !matches!(socket.read(&mut rest).await, Ok(0) | Err(_)) {}
            Ok(())
        }
        Reply::Garbage => {
            socket.write_all(HEAD.as_bytes()).await?;
            socket.write_all(b"data: {\"choices\": 7\n\n").await
        }
        Reply::Cut(text) => {
            socket.write_all(HEAD.as_bytes()).await?;
            for chunk in chunks(&text, true) {
                socket.write_all(chunk.as_bytes()).await?;
            }
            Ok(())
        }
        Reply::Says(text) => whole(socket, HEAD, chunks(&text, true)).await,
        Reply::SaysUntraced(text) => whole(socket, HEAD, chunks(&text, false)).await,
        Reply::Letter(probabilities) => whole(socket, HEAD, vec![letter(probabilities)]).await,
    }
}

async fn whole(socket: &mut TcpStream, head: &str, chunks: Vec<String>) -> std::io::Result<()> {
    socket.write_all(head.as_bytes()).await?;
    for chunk in chunks {
        socket.write_all(chunk.as_bytes()).await?;
    }
    let end = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
    });
    let usage = json!({
        "choices": [],
        "usage": { "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 },
    });
    let end = format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    socket.write_all(end.as_bytes()).await
}

/// One chunk for each word.
fn chunks(text: &str, traced: bool) -> Vec<String> {
    let token = |piece: &str| {
        let top = [(piece, 0.9_f32), ("☃", 0.05)];
        chunk(piece, traced.then_some(&top[..]))
    };
    text.split_inclusive([' ', '\n']).map(token).collect()
}

fn letter([a, b, c]: [f32; 3]) -> String {
    let mut top = [("A", a), ("B", b), ("C", c)];
    top.sort_by(|x, y| y.1.total_cmp(&x.1));
    chunk(top[0].0, Some(&top))
}

fn chunk(piece: &str, top: Option<&[(&str, f32)]>) -> String {
    let entry = |(text, probability): &(&str, f32)| json!({ "token": text, "logprob": probability.ln(), "bytes": text.as_bytes() });
    let logprobs = top.map(|top| {
        let mut written = entry(&top[0]);
        written["top_logprobs"] = top.iter().map(entry).collect();
        json!({ "content": [written] })
    });
    let chunk = json!({
        "choices": [{ "index": 0, "delta": { "content": piece }, "logprobs": logprobs }],
    });
    format!("data: {chunk}\n\n")
}

async fn read_body(socket: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = socket
            .read(&mut buffer)
            .await
            .ok()
            .filter(|&read| read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return serde_json::from_slice(&bytes[end + 4..end + 4 + length]).ok();
        }
    }
}
