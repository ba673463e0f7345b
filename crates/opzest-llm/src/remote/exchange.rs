//! One generation over the network: attempts, waits and time limits around one streamed answer.
//!
//! Runs as a task that ends when the stream is dropped. A request is repeated only while nothing of
//! the answer was delivered; afterwards a failure ends the answer where it is.

use super::Inner;
use super::answer::AnswerReader;
use super::dialect::Dialect;
use super::limit::Limit;
use super::refusal::refused;
use super::request;
use super::response::{self, Broken};
use super::retry::{NextAttempt, next_attempt};
use super::stream::{complete, parse, read_chunk, read_stream};
use crate::error::LlmError;
use crate::model::{ChatRequest, FinishReason, GenerationEvent, GenerationSummary};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub(super) type EventSender = mpsc::Sender<Result<GenerationEvent, LlmError>>;

/// Times and contents of the generation so far; survives a cancelled attempt.
pub(super) struct Course {
    started: Instant,
    pub(super) first_token: Option<Instant>,
    pub(super) last_token: Option<Instant>,
    pub(super) answer: AnswerReader,
    trace_refusal: Option<String>,
}

/// Why an attempt ended without an answer.
pub(super) enum Failed {
    /// Send again at once, in the changed dialect.
    Adapted,
    /// Send again later.
    Transient {
        error: LlmError,
        retry_after: Option<Duration>,
    },
    Final(LlmError),
    /// The receiver is gone.
    Unheard,
}

/// Runs a generation to its last event.
pub(super) async fn run(
    inner: &Inner,
    request: ChatRequest,
    cancel: CancellationToken,
    events: EventSender,
) {
    let mut course = Course {
        started: Instant::now(),
        first_token: None,
        last_token: None,
        answer: AnswerReader::new(&[], None),
        trace_refusal: None,
    };
    let ended = tokio::select! {
        biased;
        () = cancel.cancelled() => Ok(FinishReason::Cancelled),
        ended = attempts(inner, &request, &mut course, &events) => match ended {
            Ok(finish) => Ok(finish),
            Err(Some(error)) => Err(error),
            Err(None) => return,
        },
    };
    let last = ended.map(|finish| GenerationEvent::Finished(course.summary(inner, finish)));
    // A receiver that is gone needs no last event.
    let _gone = events.send(last).await;
}

/// `Err(None)`: nobody listens any more.
async fn attempts(
    inner: &Inner,
    request: &ChatRequest,
    course: &mut Course,
    events: &EventSender,
) -> Result<FinishReason, Option<LlmError>> {
    let deadline = course.started + inner.config.timeouts.total;
    let mut dialect = inner.dialect();
    let mut attempt = 1;
    loop {
        let (error, retry_after) =
            match one_attempt(inner, request, &mut dialect, course, events, deadline).await {
                Ok(finish) => return Ok(finish),
                Err(Failed::Adapted) => continue,
                Err(Failed::Final(error)) => return Err(Some(error)),
                Err(Failed::Unheard) => return Err(None),
                Err(Failed::Transient { error, .. }) if course.answer.tokens() > 0 => {
                    return Err(Some(error));
                }
                Err(Failed::Transient { error, retry_after }) => (error, retry_after),
            };
        match next_attempt(&inner.config.retry, attempt, retry_after, rand::random()) {
            NextAttempt::After(wait) if Instant::now() + wait < deadline => {
                tracing::info!(server = inner.server.name(), attempt, ?wait, "asking again");
                sleep(wait).await;
            }
            NextAttempt::After(_) | NextAttempt::None => return Err(Some(error)),
            NextAttempt::TooLong(wait) => return Err(Some(asked_to_wait(error, wait))),
        }
        attempt += 1;
    }
}

async fn one_attempt(
    inner: &Inner,
    request: &ChatRequest,
    dialect: &mut Dialect,
    course: &mut Course,
    events: &EventSender,
    deadline: Instant,
) -> Result<FinishReason, Failed> {
    let timeouts = inner.config.timeouts;
    let body = request::body(request, &inner.config, dialect).map_err(Failed::Final)?;
    let client = inner.client().await.map_err(Failed::Final)?;
    let trace_k = request::trace_k(request, dialect);
    course.trace_refusal = missing_trace(request, dialect);
    course.answer = AnswerReader::new(&request.stop, trace_k);
    let limit = Limit::new(inner, "the first token", timeouts.first_token, deadline);

    let sending = client
        .post(inner.server.endpoint("/chat/completions"))
        .json(&body)
        .send();
    let response = limit
        .wait(sending)
        .await?
        .map_err(|error| Failed::transient(inner.broken(error)))?;
    let status = response.status().as_u16();
    if !response.status().is_success() {
        let retry_after = response::retry_after(&response);
        let failure = limit.wait(response::failure(inner, response)).await?;
        tracing::debug!(
            server = inner.server.name(),
            status,
            "the request was refused"
        );
        return Err(refused(
            inner,
            request,
            dialect,
            failure,
            retry_after,
            &body,
        ));
    }
    inner.remember(dialect);
    response::check_encoding(inner, &response).map_err(Failed::Final)?;
    if response::is_json(&response) {
        let page = limit
            .wait(response::page(inner, response, usize::MAX))
            .await?;
        let page = page.map_err(|broken| broken_answer(inner, broken))?;
        let text = String::from_utf8_lossy(&page).into_owned();
        let chunk = parse(inner, &text).map_err(Failed::Final)?;
        if chunk.choices.is_none() && chunk.error.is_none() {
            return Err(Failed::Final(inner.protocol(&text)));
        }
        read_chunk(inner, course, events, chunk).await?;
        return complete(course, events).await;
    }
    if !response::may_be_events(&response) {
        return Err(Failed::Final(response::not_events(inner, response).await));
    }
    read_stream(inner, course, events, response, limit, deadline).await
}

fn broken_answer(inner: &Inner, broken: Broken) -> Failed {
    match broken {
        Broken::Connection(error) => Failed::transient(error),
        Broken::TooLarge => Failed::Final(inner.protocol("the answer is too large")),
    }
}

fn asked_to_wait(error: LlmError, wait: Duration) -> LlmError {
    match error {
        LlmError::Server {
            server,
            status,
            message,
        } => LlmError::Server {
            server,
            status,
            message: format!(
                "{message} (it asks to wait {} s)",
                wait.as_secs_f64().ceil()
            ),
        },
        other => other,
    }
}

/// Why the answer will have no traces, although they were asked for.
fn missing_trace(request: &ChatRequest, dialect: &Dialect) -> Option<String> {
    if request.trace_top_k.is_none() || dialect.trace_k.is_some() {
        return None;
    }
    Some(match &dialect.trace_refusal {
        Some(message) => format!("the server gives no log-probabilities: {message}"),
        None => "this model is set up without log-probabilities".into(),
    })
}

impl Failed {
    pub(super) fn transient(error: LlmError) -> Self {
        Self::Transient {
            error,
            retry_after: None,
        }
    }
}

impl Course {
    fn summary(&self, inner: &Inner, finish: FinishReason) -> GenerationSummary {
        let first = self.first_token.unwrap_or_else(Instant::now);
        GenerationSummary {
            finish,
            usage: self.answer.usage(),
            reading: first - self.started,
            generating: self.last_token.map_or(Duration::ZERO, |last| last - first),
            context_size: inner.config.context_size,
            trace_problem: self
                .trace_refusal
                .clone()
                .or_else(|| self.answer.trace_problem()),
        }
    }
}
