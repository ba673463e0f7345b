//! The app's side of a local model: starts the worker when it is needed, again if it died, and hands
//! each request its own stream of events.

use crate::error::LlmError;
use crate::local::info::{LoadedModel, ModelFileInfo, QuantisedType, Vocabulary};
use crate::local::jobs::{Jobs, Reply};
use crate::local::process::{self, WorkerCommand, WorkerProcess, absolute};
use crate::local::protocol::{FromWorker, JobId, LoadOptions, Task, ToTokenise, ToWorker};
use crate::model::{Capabilities, ChatModel, ChatRequest, Generation, ScoreRequest};
use async_trait::async_trait;
use futures::StreamExt;
use opzest_core::chat::ChatMessage;
use opzest_core::trace::TokenTrace;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Reads a GGUF file's metadata, in a worker: a hostile header may abort the process that reads it.
pub async fn inspect(command: &WorkerCommand, file: &Path) -> Result<ModelFileInfo, LlmError> {
    let file = absolute(file);
    let mut worker = WorkerProcess::start(command, Task::Inspect { file }).await?;
    match worker.result().await? {
        FromWorker::Inspected(info) => Ok(info),
        other => Err(unexpected(&other)),
    }
}

/// Writes `source` to `target` in another precision, whole or not at all. Returns the new file's size
/// in bytes. A quantised source is dequantised first: that adds its error to the new one's.
pub async fn quantise(
    command: &WorkerCommand,
    source: &Path,
    target: &Path,
    to: QuantisedType,
    threads: u32,
) -> Result<u64, LlmError> {
    let (source, target) = (absolute(source), absolute(target));
    let task = Task::Quantise {
        source,
        target,
        to,
        threads,
    };
    let mut worker = WorkerProcess::start(command, task).await?;
    match worker.result().await? {
        FromWorker::Quantised { bytes } => Ok(bytes),
        other => Err(unexpected(&other)),
    }
}

fn out_of_turn() -> LlmError {
    LlmError::WorkerStart {
        reason: "it answered out of turn".into(),
    }
}

fn unexpected(frame: &FromWorker) -> LlmError {
    LlmError::WorkerStart {
        reason: format!("it answered out of turn ({frame:?})"),
    }
}

/// A GGUF model on this computer. Cheap to make: the worker starts with the first request.
pub struct LocalModel {
    command: WorkerCommand,
    path: PathBuf,
    options: LoadOptions,
    /// One start at a time; requests that come meanwhile wait for it.
    connection: tokio::sync::Mutex<Option<Connection>>,
}

#[derive(Clone)]
struct Connection {
    loaded: LoadedModel,
    process_id: Option<u32>,
    requests: mpsc::UnboundedSender<ToWorker>,
    jobs: Arc<Jobs>,
    /// Dropping the last connection kills the worker.
    _alive: Arc<DropGuard>,
    /// Ends the worker at once.
    stop: CancellationToken,
    /// Cancelled when the worker is gone.
    gone: CancellationToken,
}

impl LocalModel {
    pub fn new(command: WorkerCommand, path: impl AsRef<Path>, options: LoadOptions) -> Self {
        Self {
            command,
            path: absolute(path.as_ref()),
            options,
            connection: tokio::sync::Mutex::new(None),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn options(&self) -> &LoadOptions {
        &self.options
    }

    /// Loads the model now, unless it is loaded.
    pub async fn load(&self) -> Result<LoadedModel, LlmError> {
        self.connect().await.map(|connection| connection.loaded)
    }

    /// Whether the next request needs no loading.
    pub async fn is_loaded(&self) -> bool {
        self.connection
            .lock()
            .await
            .as_ref()
            .is_some_and(|connection| !connection.jobs.ended())
    }

    /// Ends the worker and returns when its memory is free. Requests under way fail; the next one loads
    /// again.
    pub async fn unload(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            connection.stop.cancel();
            connection.gone.cancelled().await;
        }
    }

    /// The worker's process, if one runs.
    pub async fn process_id(&self) -> Option<u32> {
        self.connection
            .lock()
            .await
            .as_ref()
            .and_then(|connection| connection.process_id)
    }

    /// The tokens that the model reads for these messages: its own template and tokenizer.
    pub async fn prompt_tokens(&self, messages: Vec<ChatMessage>) -> Result<Vec<u32>, LlmError> {
        self.tokenise(ToTokenise::Prompt(messages)).await
    }

    /// An answer's tokens, without the end of turn; special tokens in it are ordinary text.
    pub async fn answer_tokens(&self, text: String) -> Result<Vec<u32>, LlmError> {
        self.tokenise(ToTokenise::Answer(text)).await
    }

    async fn tokenise(&self, what: ToTokenise) -> Result<Vec<u32>, LlmError> {
        match self.ask(|job| ToWorker::Tokenise { job, what }).await? {
            Reply::Tokens(tokens) => Ok(tokens),
            _ => Err(out_of_turn()),
        }
    }

    /// All tokens of the model.
    pub async fn vocabulary(&self) -> Result<Vocabulary, LlmError> {
        match self.ask(|job| ToWorker::ReadVocabulary { job }).await? {
            Reply::Vocabulary(vocabulary) => Ok(vocabulary),
            _ => Err(out_of_turn()),
        }
    }

    /// One request, one answer.
    async fn ask(&self, request: impl FnOnce(JobId) -> ToWorker) -> Result<Reply, LlmError> {
        let connection = self.connect().await?;
        let (job, mut replies) = connection.jobs.open()?;
        let _ = connection.requests.send(request(job));
        match replies.recv().await {
            Some(Reply::Failed(error)) => Err(error),
            Some(reply) => Ok(reply),
            None => Err(out_of_turn()),
        }
    }

    async fn connect(&self) -> Result<Connection, LlmError> {
        let mut current = self.connection.lock().await;
        if let Some(connection) = current
            .as_ref()
            .filter(|connection| !connection.jobs.ended())
        {
            return Ok(connection.clone());
        }
        let task = Task::Serve {
            model: self.path.clone(),
            options: self.options,
        };
        let mut worker = WorkerProcess::start(&self.command, task).await?;
        let loaded = match worker.result().await? {
            FromWorker::Loaded(loaded) => loaded,
            other => return Err(unexpected(&other)),
        };
        let (requests, outbox) = mpsc::unbounded_channel();
        let jobs = Arc::new(Jobs::default());
        let alive = CancellationToken::new();
        let process_id = worker.child.id();
        let gone = CancellationToken::new();
        tokio::spawn({
            let (jobs, alive, gone) = (Arc::clone(&jobs), alive.clone(), gone.clone());
            async move {
                carry(worker, outbox, jobs, alive).await;
                gone.cancel();
            }
        });
        let connection = Connection {
            loaded,
            process_id,
            requests,
            jobs,
            stop: alive.clone(),
            _alive: Arc::new(alive.drop_guard()),
            gone,
        };
        *current = Some(connection.clone());
        Ok(connection)
    }

    fn capabilities() -> Capabilities {
        Capabilities {
            max_trace_k: u32::MAX,
            score: true,
            grammar: true,
            json_schema: true,
            adapters: true,
            remote: false,
        }
    }
}

/// Carries frames both ways until the worker ends or nobody needs it.
async fn carry(
    worker: WorkerProcess,
    mut outbox: mpsc::UnboundedReceiver<ToWorker>,
    jobs: Arc<Jobs>,
    alive: CancellationToken,
) {
    let WorkerProcess {
        mut child,
        mut sender,
        mut receiver,
    } = worker;
    let writing = async {
        while let Some(request) = outbox.recv().await {
            match process::send(&mut sender, &request).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                    let failed = LlmError::InvalidRequest {
                        what: "request".into(),
                        reason: error.to_string(),
                    };
                    jobs.deliver(request.job(), Reply::Failed(failed));
                }
                Err(_) => break,
            }
        }
        // The reading side sees the worker's end and tells it.
        std::future::pending::<()>().await;
    };
    let reading = async {
        while let Some(Ok(bytes)) = receiver.next().await {
            match crate::local::protocol::decode(&bytes) {
                Ok(FromWorker::Generation { job, event }) => jobs.deliver(job, Reply::Event(event)),
                Ok(FromWorker::Scored { job, traces }) => jobs.deliver(job, Reply::Scored(traces)),
                Ok(FromWorker::Tokens { job, tokens }) => jobs.deliver(job, Reply::Tokens(tokens)),
                Ok(FromWorker::Vocabulary { job, vocabulary }) => {
                    jobs.deliver(job, Reply::Vocabulary(vocabulary));
                }
                Ok(FromWorker::JobFailed { job, error }) => jobs.deliver(job, Reply::Failed(error)),
                Ok(other) => tracing::warn!(?other, "a frame out of turn from the worker"),
                Err(error) => {
                    tracing::error!(%error, "the worker sent nonsense");
                    break;
                }
            }
        }
    };
    tokio::select! {
        () = reading => {
            // Its output is closed or useless; make sure that it is gone before saying how it ended.
            let error = match tokio::time::timeout(std::time::Duration::from_secs(2), child.wait()).await {
                Ok(_) => process::died(&mut child).await,
                Err(_) => LlmError::WorkerDied { how: "it stopped answering".into() },
            };
            tracing::error!(%error, "a model's process ended");
            jobs.end(error);
        }
        () = writing => {}
        () = alive.cancelled() => jobs.end(LlmError::WorkerDied { how: "the model was unloaded".into() }),
    }
    let _ = child.kill().await;
}

/// Tells the worker to stop when the reader of a generation goes away.
struct CancelOnDrop {
    job: JobId,
    requests: mpsc::UnboundedSender<ToWorker>,
    _connection: Connection,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // A finished job ignores it; a dead worker needs none.
        let _ = self.requests.send(ToWorker::Cancel { job: self.job });
    }
}

#[async_trait]
impl ChatModel for LocalModel {
    fn capabilities(&self) -> Capabilities {
        Self::capabilities()
    }

    async fn generate(
        &self,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<Generation, LlmError> {
        let connection = self.connect().await?;
        let (job, replies) = connection.jobs.open()?;
        let requests = connection.requests.clone();
        let _ = requests.send(ToWorker::Generate { job, request });
        let guard = CancelOnDrop {
            job,
            requests: requests.clone(),
            _connection: connection,
        };
        let cancelling = tokio::spawn(async move {
            cancel.cancelled().await;
            let _ = requests.send(ToWorker::Cancel { job });
        });
        let cancelling = AbortOnDrop(cancelling);
        let stream = UnboundedReceiverStream::new(replies).map(move |reply| {
            let _held = (&guard, &cancelling);
            match reply {
                Reply::Event(event) => Ok(event),
                Reply::Failed(error) => Err(error),
                Reply::Scored(_) | Reply::Tokens(_) | Reply::Vocabulary(_) => Err(out_of_turn()),
            }
        });
        Ok(stream.boxed())
    }

    async fn count_tokens(&self, messages: Vec<ChatMessage>) -> Result<Option<u32>, LlmError> {
        let tokens = self.prompt_tokens(messages).await?;
        Ok(Some(u32::try_from(tokens.len()).unwrap_or(u32::MAX)))
    }

    async fn score(
        &self,
        request: ScoreRequest,
        cancel: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError> {
        let connection = self.connect().await?;
        let (job, mut replies) = connection.jobs.open()?;
        let requests = connection.requests.clone();
        let _ = requests.send(ToWorker::Score { job, request });
        let _guard = CancelOnDrop {
            job,
            requests,
            _connection: connection,
        };
        let reply = tokio::select! {
            reply = replies.recv() => reply,
            () = cancel.cancelled() => return Err(LlmError::Cancelled),
        };
        match reply {
            Some(Reply::Scored(traces)) => Ok(traces),
            Some(Reply::Failed(error)) => Err(error),
            Some(_) | None => Err(out_of_turn()),
        }
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
