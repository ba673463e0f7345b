//! The running preview of pages that a model made, in windows that can touch neither the app nor the
//! network (docs/architecture.md, "The preview").
//!
//! These windows are not Tauri's: theirs come with the script, the message handler and the URL schemes by
//! which a page calls commands. Only WebKitGTK is done; other systems have no preview until somebody can
//! test there that theirs is as closed: `window.rs` and `view.rs` are all that they need.

mod features;
mod memory;
mod page;
mod said;
mod shown;
mod view;
mod window;

use async_trait::async_trait;
use opzest_app::preview::{
    PreviewEnd, PreviewHost, PreviewPage, PreviewProblem, PreviewReport, PreviewSink,
};
use page::Page;
use shown::{Shown, Stage, State};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tauri::{AppHandle, Manager};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{sleep, timeout};
pub use window::close_all;

/// A page that is still loading then is reported as not loaded.
const LONGEST_LOAD: Duration = Duration::from_secs(20);
/// Errors of a page often come just after it has loaded, with the first frame or the first timer.
const SETTLING: Duration = Duration::from_secs(1);
/// How often a page is asked for its errors.
const ASKING: Duration = Duration::from_millis(300);
/// A page that computes this long without a pause is taken to be in an endless loop.
const LONGEST_SILENCE: Duration = Duration::from_secs(6);
/// A page that takes longer to answer before it is replaced gets its successor in a new window.
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

/// The windows of all previews.
pub struct PreviewWindows {
    tauri: AppHandle,
    /// By the session's id. Held while a window opens, so that no session gets two.
    open: Mutex<HashMap<String, Arc<Shown>>>,
    counter: AtomicU64,
}

impl PreviewWindows {
    pub fn new(tauri: AppHandle) -> Self {
        Self {
            tauri,
            open: Mutex::default(),
            counter: AtomicU64::new(1),
        }
    }

    fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Puts the page on the screen; `version` names it from now on.
    async fn put(
        &self,
        page: PreviewPage,
        version: u64,
        events: PreviewSink,
    ) -> Result<Arc<Shown>, PreviewProblem> {
        let PreviewPage {
            id,
            title,
            artifact,
        } = page;
        let mut open = self.open.lock().await;
        open.retain(|_, shown| !shown.has_ended());
        if let Some(shown) = open.get(&id)
            && self.answers(shown).await
        {
            let next = Page::new(&shown.host, version, artifact)?;
            let address = next.address().to_string();
            shown.put(version, next, events);
            let host = shown.host.clone();
            on_main(&self.tauri, move || window::load(&host, &address, &title)).await?;
            return Ok(Arc::clone(shown));
        }
        // A host of its own gives the window an origin, and with that a storage, of its own.
        let host = format!("p{version}");
        let first = Page::new(&host, version, artifact)?;
        let shown = Arc::new(Shown::new(host, version, first, events));
        let (tauri, opened) = (self.tauri.clone(), Arc::clone(&shown));
        on_main(&self.tauri, move || {
            let main = tauri.get_webview_window("main");
            window::open(opened, &title, main.and_then(|main| main.gtk_window().ok()));
        })
        .await?;
        tauri::async_runtime::spawn(watch(self.tauri.clone(), Arc::clone(&shown)));
        open.insert(id, Arc::clone(&shown));
        Ok(shown)
    }

    /// Whether an open page still answers; one that does not is taken away.
    async fn answers(&self, shown: &Shown) -> bool {
        let answer = async { ask(&self.tauri, shown).await?.await.ok() };
        let alive = timeout(LONGEST_GOODBYE, answer)
            .await
            .ok()
            .flatten()
            .is_some();
        if !alive {
            end(&self.tauri, shown, PreviewEnd::Frozen).await;
        }
        alive
    }
}

#[async_trait]
impl PreviewHost for PreviewWindows {
    async fn show(
        &self,
        page: PreviewPage,
        events: PreviewSink,
    ) -> Result<PreviewReport, PreviewProblem> {
        let version = self.next();
        let shown = self.put(page, version, events).await?;
        let over = |state: &State| state.version != version || state.ended.is_some();
        let loaded = shown.wait_for(|state| over(state) || state.stage == Stage::Loaded);
        if timeout(LONGEST_LOAD, loaded).await.is_ok() {
            // The time running out is what usually happens: the page goes on.
            let _ = timeout(SETTLING, shown.wait_for(over)).await;
        }
        shown.report(version).ok_or(PreviewProblem::Replaced)
    }

    async fn close(&self, id: &str) {
        let shown = self.open.lock().await.remove(id);
        if let Some(shown) = shown {
            end(&self.tauri, &shown, PreviewEnd::Closed).await;
        }
    }
}

/// Asks a page for its errors until it has ended, and ends it when it does not answer any more. The question
/// runs in the page's own thread, so it is answered exactly when the page is not busy.
async fn watch(tauri: AppHandle, shown: Arc<Shown>) {
    while !shown.has_ended() {
        let (version, page) = (shown.version(), shown.page());
        let Some(mut answer) = ask(&tauri, &shown).await else {
            return;
        };
        let mut silence = Duration::ZERO;
        let said = loop {
            match timeout(ASKING, &mut answer).await {
                Ok(said) => break said,
                // Only what passes while the app itself answers counts against the page.
                Err(_) if on_main(&tauri, || {}).await.is_err() => return,
                Err(_) if shown.stage() == Stage::Waiting => {}
                Err(_) => silence += ASKING,
            }
            if silence >= LONGEST_SILENCE {
                return end(&tauri, &shown, PreviewEnd::Frozen).await;
            }
            if silence > Duration::ZERO && memory::is_exceeded() {
                return end(&tauri, &shown, PreviewEnd::Crashed).await;
            }
        };
        shown.told(version, said::read(&said.unwrap_or_default(), &page));
        sleep(ASKING).await;
    }
}

async fn ask(tauri: &AppHandle, shown: &Shown) -> Option<oneshot::Receiver<String>> {
    let host = shown.host.clone();
    on_main(tauri, move || window::ask(&host)).await.ok()?
}

async fn end(tauri: &AppHandle, shown: &Shown, how: PreviewEnd) {
    let host = shown.host.clone();
    if shown.end(how) && on_main(tauri, move || window::close(&host)).await.is_err() {
        tracing::debug!("the app ended before a preview's window was closed");
    }
}

/// Runs work on the main thread, where windows live, and waits for it.
async fn on_main<T: Send + 'static>(
    tauri: &AppHandle,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PreviewProblem> {
    let gone = |reason: String| PreviewProblem::Window { reason };
    let (done, result) = oneshot::channel();
    // Nobody waits any more where the receiver is gone.
    tauri
        .run_on_main_thread(move || drop(done.send(work())))
        .map_err(|error| gone(error.to_string()))?;
    result.await.map_err(|_| gone("OpZest is closing".into()))
}
