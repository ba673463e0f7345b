//! The browser tests' development host: the built window and its commands over loopback HTTP.
//!
//! Not part of the app as shipped. It listens on 127.0.0.1 only, and answers only calls that carry the
//! token printed at start and come for the address it listens on.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use opzest_app::App;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tower_http::services::ServeDir;

/// The header that must carry the token.
pub const TOKEN_HEADER: &str = "x-opzest-token";

/// The window's own policy, so that the browser tests see what the window sees.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    connect-src 'self'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'";

struct Host {
    app: App,
    token: String,
    address: SocketAddr,
}

/// The host's routes: `POST /api/call/{name}`, and the built window in `ui`.
pub fn router(app: App, ui: &std::path::Path, token: String, address: SocketAddr) -> Router {
    let host = Arc::new(Host {
        app,
        token,
        address,
    });
    Router::new()
        .route("/api/call/{name}", post(call))
        .fallback_service(ServeDir::new(ui))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&host),
            only_for_us,
        ))
        .with_state(host)
}

/// Refuses requests under another host name (DNS rebinding), and sets the window's policy.
async fn only_for_us(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|name| name.to_str().ok());
    if named != Some(host.address.to_string().as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Runs a command. The answer is one JSON object a line: `{"event": ...}` any number of times, then
/// `{"result": ...}` or `{"error": ...}`.
async fn call(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(arguments): Json<Value>,
) -> Response {
    let token = headers
        .get(TOKEN_HEADER)
        .and_then(|token| token.to_str().ok());
    if token != Some(host.token.as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    // Unbounded: a slow page must not stop the model.
    let (lines, receiver) = mpsc::unbounded_channel::<Value>();
    let events = lines.clone();
    tokio::spawn(async move {
        let sink = Arc::new(move |event| drop(events.send(json!({ "event": event }))));
        let last = match opzest_app::commands::dispatch(&host.app, &name, arguments, sink).await {
            Ok(result) => json!({ "result": result }),
            Err(error) => json!({ "error": error }),
        };
        // A page that is gone needs no answer.
        let _ = lines.send(last);
    });
    let body = UnboundedReceiverStream::new(receiver)
        .map(|line| Ok::<_, std::convert::Infallible>(Bytes::from(format!("{line}\n"))));
    (
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(body),
    )
        .into_response()
}
