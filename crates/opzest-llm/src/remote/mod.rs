//! Models on OpenAI-compatible servers: OpenAI, vLLM, llama-server, Ollama, LM Studio and others.
//!
//! [`RemoteModel`] streams chat completions with their log-probabilities; [`RemoteModel::list_models`] and
//! [`RemoteModel::probe`] tell what a server has; [`ApiKeyStore`] keeps keys. Creating any of them
//! opens no socket: a private session simply never asks.
//!
//! Everything that a server sends is untrusted: bounded in size, checked, and cleaned before it is
//! shown. The API key is in no error and no log. The user's text is in no log.
//!
//! It deliberately does not know consent, prices or which teacher may be trained on: the app decides
//! before it calls.

mod answer;
mod api_key;
mod config;
mod dialect;
mod exchange;
mod failure;
mod http;
mod key_file;
mod key_store;
mod limit;
mod models;
mod probe;
mod refusal;
mod request;
mod response;
mod retry;
mod server;
mod sse;
mod stop;
mod stream;
mod traces;
mod untrusted;
mod wire;

pub use api_key::ApiKey;
pub use config::{
    JsonSchemaForm, LengthField, Limits, RemoteConfig, RetryPolicy, ServerFeatures, Timeouts,
    USUAL_MAX_TRACE_K,
};
pub use key_store::{ApiKeyStore, KeyStorage};
pub use models::RemoteModelInfo;
pub use probe::{ServerReport, TraceReport};
pub use server::ServerAddress;

use crate::error::LlmError;
use crate::model::{Capabilities, ChatModel, ChatRequest, Generation, ScoreRequest};
use async_trait::async_trait;
use dialect::Dialect;
use opzest_core::trace::TokenTrace;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, mpsc};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Events that wait for a slow reader; the connection is read no further meanwhile.
const WAITING_EVENTS: usize = 64;

/// One model on one server. Cheap to clone; the clones share connections.
#[derive(Clone)]
pub struct RemoteModel {
    inner: Arc<Inner>,
}

struct Inner {
    config: RemoteConfig,
    server: ServerAddress,
    key: Option<ApiKey>,
    client: OnceCell<reqwest::Client>,
    /// What the server turned out to accept; a lock because concurrent requests share what one of
    /// them learned. Never held across an await.
    dialect: Mutex<Dialect>,
}

impl RemoteModel {
    /// Checks the address and nothing else: no socket, no look-up, no file.
    pub fn new(config: RemoteConfig, key: Option<ApiKey>) -> Result<Self, LlmError> {
        let server = ServerAddress::parse(&config.base_url, config.plain_http_anywhere)?;
        let dialect = Mutex::new(Dialect::new(&config, &server));
        let inner = Inner {
            config,
            server,
            key,
            client: OnceCell::new(),
            dialect,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    pub fn config(&self) -> &RemoteConfig {
        &self.inner.config
    }

    pub fn server(&self) -> &ServerAddress {
        &self.inner.server
    }
}

impl std::fmt::Debug for RemoteModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteModel")
            .field("server", &self.inner.server.name())
            .field("model", &self.inner.config.model)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn client(&self) -> Result<&reqwest::Client, LlmError> {
        self.client
            .get_or_try_init(|| async {
                http::client(&self.server, self.key.as_ref(), &self.config.timeouts)
            })
            .await
    }

    fn dialect(&self) -> Dialect {
        self.dialect
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn remember(&self, dialect: &Dialect) {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = dialect.clone();
    }

    /// A failure below HTTP.
    fn broken(&self, error: reqwest::Error) -> LlmError {
        let server = self.server.name().to_owned();
        let error = error.without_url();
        if error.is_connect() && error.is_timeout() {
            let after = self.config.timeouts.connect;
            return LlmError::Timeout {
                server,
                what: "the connection".into(),
                after,
            };
        }
        let reason = untrusted::message(&untrusted::chain(&error), self.key.as_ref());
        LlmError::Connection { server, reason }
    }

    fn protocol(&self, detail: &str) -> LlmError {
        LlmError::Protocol {
            server: self.server.name().to_owned(),
            detail: untrusted::message(detail, self.key.as_ref()),
        }
    }
}

#[async_trait]
impl ChatModel for RemoteModel {
    fn capabilities(&self) -> Capabilities {
        let dialect = self.inner.dialect();
        Capabilities {
            max_trace_k: dialect.trace_k.unwrap_or(0),
            score: false,
            grammar: dialect.grammar,
            json_schema: dialect.json_schema != JsonSchemaForm::Unsupported,
            adapters: false,
            remote: true,
        }
    }

    /// Fails at once only for requests that cannot be sent; everything that the network brings comes
    /// through the stream. Dropping the stream closes the connection.
    ///
    /// A seed is passed on, but hosted models promise no more than an attempt to repeat themselves.
    /// A stop string that the server found itself is named only where the server names it (vLLM);
    /// elsewhere that end looks like the end of the turn.
    async fn generate(
        &self,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<Generation, LlmError> {
        request::body(&request, &self.inner.config, &self.inner.dialect())?;
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        let inner = Arc::clone(&self.inner);
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            exchange::run(&inner, request, cancel, sender).await;
        }));
        let events = ReceiverStream::new(receiver).map(move |event| {
            // The task lives as long as the stream that holds it.
            let _task = &task;
            event
        });
        Ok(Box::pin(events))
    }

    async fn score(
        &self,
        _request: ScoreRequest,
        _cancel: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError> {
        Err(request::unsupported(
            &self.inner.config,
            "scoring a given answer",
        ))
    }
}
