//! Reads responses with every limit on: pages up to a size, no compression, no redirects.

use super::Inner;
use super::failure::ServerFailure;
use super::retry::parse_retry_after;
use super::untrusted;
use crate::error::LlmError;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, Url};
use std::time::{Duration, SystemTime};

/// Bytes read of an error page.
const ERROR_BYTES: usize = 64 << 10;

/// Why a page could not be read.
pub(super) enum Broken {
    Connection(LlmError),
    TooLarge,
}

/// The whole body, if it is not larger than `max` and the configured limit.
pub(super) async fn page(
    inner: &Inner,
    mut response: Response,
    max: usize,
) -> Result<Vec<u8>, Broken> {
    let max = max.min(inner.config.limits.page_bytes);
    let mut page = Vec::new();
    while let Some(bytes) = response
        .chunk()
        .await
        .map_err(|error| Broken::Connection(inner.broken(error)))?
    {
        if page.len() + bytes.len() > max {
            return Err(Broken::TooLarge);
        }
        page.extend_from_slice(&bytes);
    }
    Ok(page)
}

/// The beginning of the body, however it ends.
async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut page = Vec::new();
    while let Ok(Some(bytes)) = response.chunk().await {
        let room = ERROR_BYTES - page.len();
        page.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if page.len() >= ERROR_BYTES {
            break;
        }
    }
    page
}

/// What a response without success says.
pub(super) async fn failure(inner: &Inner, mut response: Response) -> ServerFailure {
    let status = response.status();
    if status.is_redirection() {
        let target = header(&response, &LOCATION)
            .and_then(|target| response.url().join(&target).ok())
            .as_ref()
            .and_then(Url::host_str)
            .map(|host| untrusted::message(host, inner.key.as_ref()));
        let body = match target {
            Some(host) => format!(
                "it redirects to {host}; redirects are not followed, enter the final address"
            ),
            None => "it redirects to nowhere".to_owned(),
        };
        return ServerFailure::from_body(status.as_u16(), body.as_bytes(), None);
    }
    if is_encoded(&response) {
        return ServerFailure::from_body(status.as_u16(), b"", None);
    }
    let body = beginning(&mut response).await;
    ServerFailure::from_body(status.as_u16(), &body, inner.key.as_ref())
}

/// How long the server asks to wait.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    parse_retry_after(&header(response, &RETRY_AFTER)?, SystemTime::now())
}

/// Refuses compressed answers, which were not asked for.
pub(super) fn check_encoding(inner: &Inner, response: &Response) -> Result<(), LlmError> {
    if is_encoded(response) {
        return Err(inner.protocol("a compressed answer, which was not asked for"));
    }
    Ok(())
}

fn is_encoded(response: &Response) -> bool {
    header(response, &CONTENT_ENCODING).is_some_and(|encoding| {
        !matches!(
            encoding.trim().to_ascii_lowercase().as_str(),
            "" | "identity"
        )
    })
}

pub(super) fn is_json(response: &Response) -> bool {
    media_type(response).is_some_and(|media| media == "application/json")
}

/// Event streams, and answers that do not say what they are.
pub(super) fn may_be_events(response: &Response) -> bool {
    media_type(response).is_none_or(|media| {
        matches!(
            media.as_str(),
            "text/event-stream"
                | "application/octet-stream"
                | "application/x-ndjson"
                | "text/plain"
        )
    })
}

/// The error for a successful response that is something else, a web page for example.
pub(super) async fn not_events(inner: &Inner, mut response: Response) -> LlmError {
    let media = media_type(&response).unwrap_or_default();
    let reading = tokio::time::timeout(Duration::from_secs(2), beginning(&mut response));
    let page = reading.await.unwrap_or_default();
    let text = untrusted::page_text(&String::from_utf8_lossy(&page));
    inner.protocol(&format!("{}: {text}", untrusted::one_line(&media, 60)))
}

fn media_type(response: &Response) -> Option<String> {
    let value = header(response, &CONTENT_TYPE)?;
    let media = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    (!media.is_empty()).then_some(media)
}

fn header(response: &Response, name: &reqwest::header::HeaderName) -> Option<String> {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
