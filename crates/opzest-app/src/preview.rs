//! The running preview of a page that a model made: what a host with a window has to offer, and what a
//! session learns from it.
//!
//! How a page is kept apart from the app is the host's work (`src-tauri/src/preview`). Hosts without a
//! window (terminal, browser tests) have none, and no preview is shown there.

use async_trait::async_trait;
use opzest_core::artifact::Artifact;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// A page to show: the artifact's main file, with its other files beside it.
#[derive(Debug, Clone)]
pub struct PreviewPage {
    /// The session. A page of a session that is already shown takes the place of the older one.
    pub id: String,
    pub title: String,
    pub artifact: Artifact,
}

/// What a page did until it had loaded, and in the second after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewReport {
    pub loaded: bool,
    /// In the order in which they happened, each once, and only the first ones of many.
    pub errors: Vec<PreviewError>,
    /// Set when the preview is already gone.
    pub ended: Option<PreviewEnd>,
}

impl PreviewReport {
    /// The page did not answer any more, as with an endless loop.
    pub fn frozen(&self) -> bool {
        self.ended == Some(PreviewEnd::Frozen)
    }
}

/// What went wrong in a page. The page itself can make these up: they are as untrusted as the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewError {
    pub kind: PreviewErrorKind,
    pub message: String,
    /// The artifact's file.
    pub source: Option<String>,
    /// From 1, as in the artifact's file.
    pub line: Option<u32>,
    pub column: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PreviewErrorKind {
    /// An error of a script that nothing caught.
    Uncaught,
    /// A promise that failed without anybody taking note.
    Rejection,
    /// The page's own `console.error`.
    Console,
    /// A file of the page that is not there.
    Missing,
    /// Something that no preview may do, as reaching the network.
    Refused,
}

/// Why a preview is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PreviewEnd {
    /// It did not answer any more, so its window was taken away.
    Frozen,
    /// Its process died, or took too much memory.
    Crashed,
    /// The user closed it, or `close` did.
    Closed,
}

/// What happens after the report, as long as the page is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PreviewEvent {
    Error(PreviewError),
    Ended(PreviewEnd),
}

/// Takes a page's events. It must not block.
pub type PreviewSink = Arc<dyn Fn(PreviewEvent) + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum PreviewProblem {
    #[error("there is no page to show: the artifact is empty")]
    NoPage,
    #[error("the page has {bytes} bytes; a preview shows at most {most}")]
    TooLarge { bytes: usize, most: usize },
    #[error("a newer version of the page took this one's place before it had loaded")]
    Replaced,
    #[error("the preview's window could not be opened: {reason}")]
    Window { reason: String },
}

/// Shows pages in a place where they can touch neither the app nor the network.
#[async_trait]
pub trait PreviewHost: Send + Sync {
    /// Shows a page, in the same window as the older version if there is one, and reports once it has
    /// loaded and settled. What happens later goes to `events`, until the next `show` of the same id.
    async fn show(
        &self,
        page: PreviewPage,
        events: PreviewSink,
    ) -> Result<PreviewReport, PreviewProblem>;

    /// Closes a session's preview, if one is open.
    async fn close(&self, id: &str);
}
