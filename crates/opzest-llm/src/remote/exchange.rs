//! One generation over the network: attempts, waits and time limits around one streamed answer.
//!
//! Runs as a task that ends when the stream is dropped. A request is repeated only while nothing of
//! the answer was delivered; afterwards a failure ends the answer where it is.

use super::Inner;
use super::answer::{AnswerReader, Progress};
use super::config::JsonSchemaForm;
use super::dialect::Dialect;
use super::failure::ServerFailure;
use super::request;
use super::response::{self, Broken};
use super::retry::{NextAttempt, is_transient, next_attempt};
use super::sse::SseParser;
use super::untrusted;
use super::wire::{self, Chunk};
use crate::error::LlmError;
use crate::model::{ChatRequest, FinishReason, GenerationEvent, GenerationSummary};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub(super) type EventSender = mpsc::Sender<Result<GenerationEvent, LlmError>>;

/// How long to wait for usage and `[DONE]` once the server said that the answer is complete.
const GRACE: Duration = Duration::from_secs(5);

/// Times and contents of the generation so far; survives a cancelled attempt.
struct Course {
    started: Instant,
    first_token: Option<Instant>,
    last_token: Option<Instant>,
    answer: AnswerReader,
    trace_refusal: Option<String>,
}

/// Why an attempt ended without an answer.
enum Failed {
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
        .map_err(|error| transient(inner.broken(error)))?;
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

async fn read_stream(
    inner: &Inner,
    course: &mut Course,
    events: &EventSender,
    mut response: reqwest::Response,
    first_token: Limit<'_>,
    deadline: Instant,
) -> Result<FinishReason, Failed> {
    let timeouts = inner.config.timeouts;
    let mut limit = first_token;
    let mut parser = SseParser::new(inner.config.limits.event_bytes);
    let mut received: u64 = 0;
    let mut grace = None;
    loop {
        let piece = match limit.wait(response.chunk()).await {
            Ok(Ok(piece)) => piece,
            // What is missing now are counts and a farewell.
            _ if course.answer.has_ended() => return complete(course, events).await,
            Ok(Err(error)) => return Err(transient(inner.broken(error))),
            Err(failed) => return Err(failed),
        };
        let at_end = piece.is_none();
        let mut found = Vec::new();
        if let Some(bytes) = &piece {
            received += bytes.len() as u64;
            if received > inner.config.limits.answer_bytes {
                return Err(Failed::Final(inner.protocol("the answer has no end")));
            }
            if parser.push(bytes, &mut found).is_err() {
                return Err(Failed::Final(
                    inner.protocol("one part of the answer is too large"),
                ));
            }
        } else {
            found.extend(std::mem::replace(&mut parser, SseParser::new(0)).finish());
        }
        let mut progress = Progress::None;
        for event in found {
            let data = event.data.trim();
            if data == "[DONE]" {
                return complete(course, events).await;
            }
            if data.is_empty() {
                continue;
            }
            let chunk = match parse(inner, data) {
                Ok(chunk) => chunk,
                // The last line may be cut anywhere.
                Err(_) if at_end => break,
                Err(error) => return Err(Failed::Final(error)),
            };
            let had_ended = course.answer.has_ended();
            let brought = read_chunk(inner, course, events, chunk).await?;
            if brought != Progress::None {
                progress = brought;
            }
            if course.answer.stopped() && !had_ended {
                return complete(course, events).await;
            }
        }
        if at_end && course.answer.has_ended() {
            return complete(course, events).await;
        }
        if at_end {
            return Err(transient(LlmError::Connection {
                server: inner.server.name().to_owned(),
                reason: "the answer broke off before its end".into(),
            }));
        }
        if course.answer.has_ended() {
            let wait = GRACE.min(timeouts.between_tokens);
            limit = *grace
                .get_or_insert_with(|| Limit::new(inner, "the end of the answer", wait, deadline));
        } else if progress != Progress::None {
            limit = Limit::new(inner, "the next token", timeouts.between_tokens, deadline);
        }
    }
}

/// Reads a chunk and sends its events.
async fn read_chunk(
    inner: &Inner,
    course: &mut Course,
    events: &EventSender,
    chunk: Chunk,
) -> Result<Progress, Failed> {
    if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
        let wrapped = serde_json::json!({ "error": error });
        let failure = ServerFailure::from_json(200, &wrapped, inner.key.as_ref())
            .unwrap_or_else(|| ServerFailure::from_body(200, b"", None));
        let (status, is_final) = (failure.status, failure.is_final());
        let error = failure.into_error(inner.server.name());
        let transient = is_transient(status) && !is_final;
        return Err(if transient {
            Failed::Transient {
                error,
                retry_after: None,
            }
        } else {
            Failed::Final(error)
        });
    }
    let mut found = Vec::new();
    let progress = course.answer.read(chunk, &mut found);
    if !found.is_empty() {
        let now = Instant::now();
        course.first_token.get_or_insert(now);
        course.last_token = Some(now);
    }
    send(events, found).await?;
    Ok(progress)
}

async fn complete(course: &mut Course, events: &EventSender) -> Result<FinishReason, Failed> {
    let mut held = Vec::new();
    let finish = course.answer.finish(&mut held);
    send(events, held).await?;
    Ok(finish)
}

async fn send(events: &EventSender, found: Vec<GenerationEvent>) -> Result<(), Failed> {
    for event in found {
        events.send(Ok(event)).await.map_err(|_| Failed::Unheard)?;
    }
    Ok(())
}

/// What follows a refusal before the answer began.
fn refused(
    inner: &Inner,
    request: &ChatRequest,
    dialect: &mut Dialect,
    failure: ServerFailure,
    retry_after: Option<Duration>,
    sent: &Value,
) -> Failed {
    let constrained = request.constraint.is_some() && matches!(failure.status, 400 | 422);
    let names_constraint = ["response_format", "json_schema", "grammar"]
        .iter()
        .any(|field| failure.names(field));
    if constrained && names_constraint && failure.message.to_lowercase().contains("schema for") {
        return Failed::Final(LlmError::InvalidRequest {
            what: "JSON schema".into(),
            reason: format!("{} says: {}", inner.server.name(), failure.message),
        });
    }
    if constrained && names_constraint {
        dialect.json_schema = JsonSchemaForm::Unsupported;
        dialect.grammar = false;
        inner.remember(dialect);
        let what = format!("a fixed form of the answer ({})", failure.message);
        return Failed::Final(request::unsupported(&inner.config, &what));
    }
    if failure.overflow().is_none() && dialect.adapt(&failure, sent) {
        tracing::debug!(
            server = inner.server.name(),
            "asking again without the refused field"
        );
        return Failed::Adapted;
    }
    let is_final = failure.is_final() || failure.overflow().is_some();
    let transient = is_transient(failure.status) && !is_final;
    let error = failure.into_error(inner.server.name());
    if transient {
        Failed::Transient { error, retry_after }
    } else {
        Failed::Final(error)
    }
}

fn transient(error: LlmError) -> Failed {
    Failed::Transient {
        error,
        retry_after: None,
    }
}

fn broken_answer(inner: &Inner, broken: Broken) -> Failed {
    match broken {
        Broken::Connection(error) => transient(error),
        Broken::TooLarge => Failed::Final(inner.protocol("the answer is too large")),
    }
}

fn parse(inner: &Inner, data: &str) -> Result<Chunk, LlmError> {
    wire::parse_chunk(data).map_err(|_| {
        let start = untrusted::excerpt(data, 80, inner.key.as_ref());
        inner.protocol(&format!("`{start}` instead of JSON"))
    })
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

/// The nearest of two time limits, with the words that say which one passed.
#[derive(Clone, Copy)]
struct Limit<'a> {
    inner: &'a Inner,
    what: &'static str,
    after: Duration,
    until: Instant,
}

impl<'a> Limit<'a> {
    fn new(inner: &'a Inner, what: &'static str, after: Duration, deadline: Instant) -> Self {
        let until = Instant::now() + after;
        if until <= deadline {
            return Self {
                inner,
                what,
                after,
                until,
            };
        }
        Self {
            inner,
            what: "the whole answer",
            after: inner.config.timeouts.total,
            until: deadline,
        }
    }

    async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Failed> {
        // A future that is always ready would never let the timer speak.
        if Instant::now() >= self.until {
            return Err(self.passed());
        }
        tokio::time::timeout_at(self.until, future)
            .await
            .map_err(|_| self.passed())
    }

    fn passed(&self) -> Failed {
        Failed::Final(LlmError::Timeout {
            server: self.inner.server.name().to_owned(),
            what: self.what.to_owned(),
            after: self.after,
        })
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
