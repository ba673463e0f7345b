//! Reads one streamed answer, from the first byte to `[DONE]`.

use super::answer::Progress;
use super::exchange::{Course, EventSender, Failed};
use super::failure::ServerFailure;
use super::limit::Limit;
use super::retry::is_transient;
use super::sse::SseParser;
use super::wire::{self, Chunk};
use super::{Inner, untrusted};
use crate::error::LlmError;
use crate::model::{FinishReason, GenerationEvent};
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for usage and `[DONE]` once the server said that the answer is complete.
const GRACE: Duration = Duration::from_secs(5);

/// Reads the events of an answer up to its end.
pub(super) async fn read_stream(
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
            Ok(Err(error)) => return Err(Failed::transient(inner.broken(error))),
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
            return Err(Failed::transient(LlmError::Connection {
                server: inner.server.name().to_owned(),
                reason: "it was lost before the end of the answer".into(),
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
pub(super) async fn read_chunk(
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

/// Gives out what was held back, and tells how the answer ended.
pub(super) async fn complete(
    course: &mut Course,
    events: &EventSender,
) -> Result<FinishReason, Failed> {
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

pub(super) fn parse(inner: &Inner, data: &str) -> Result<Chunk, LlmError> {
    wire::parse_chunk(data).map_err(|_| {
        let start = untrusted::excerpt(data, 80, inner.key.as_ref());
        inner.protocol(&format!("`{start}` instead of JSON"))
    })
}
