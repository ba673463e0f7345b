//! What is known of a preview that is open: which version it shows, how far that has loaded, what went
//! wrong, whether it has ended.
//!
//! Knows neither windows nor clocks: the window reports here, `show` waits here.

use super::page::Page;
use opzest_app::preview::{PreviewEnd, PreviewError, PreviewEvent, PreviewReport, PreviewSink};
use std::sync::Arc;
use tokio::sync::watch;

/// A page that fails in every frame says the same for ever, or always something new.
const MOST_ERRORS: usize = 50;

/// A preview's window and what it shows. The channel lets `show` wait for what the window reports.
pub struct Shown {
    pub host: String,
    state: watch::Sender<State>,
}

pub struct State {
    pub version: u64,
    pub page: Arc<Page>,
    pub stage: Stage,
    pub ended: Option<PreviewEnd>,
    errors: Vec<PreviewError>,
    events: PreviewSink,
    /// The report is given; from now on there are events.
    reported: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The page before is still there, or none.
    Waiting,
    /// Its text arrives, its scripts run.
    Begun,
    Loaded,
}

impl Shown {
    pub fn new(host: String, version: u64, page: Page, events: PreviewSink) -> Self {
        let state = State::new(version, page, events);
        Self {
            host,
            state: watch::Sender::new(state),
        }
    }

    /// Puts another version in place of the one before.
    pub fn put(&self, version: u64, page: Page, events: PreviewSink) {
        self.state.send_modify(|state| {
            let ended = state.ended;
            *state = State::new(version, page, events);
            state.ended = ended;
        });
    }

    pub fn version(&self) -> u64 {
        self.state.borrow().version
    }

    pub fn page(&self) -> Arc<Page> {
        Arc::clone(&self.state.borrow().page)
    }

    pub fn stage(&self) -> Stage {
        self.state.borrow().stage
    }

    pub fn has_ended(&self) -> bool {
        self.state.borrow().ended.is_some()
    }

    /// Waits until `reached` holds, or for ever.
    pub async fn wait_for(&self, reached: impl FnMut(&State) -> bool) {
        // Fails only without a sender, and the sender is here.
        let _ = self.state.subscribe().wait_for(reached).await;
    }

    /// The window has got the beginning of the page with this address.
    pub fn begun(&self, address: &str) {
        self.state.send_if_modified(|state| {
            let begins = state.stage == Stage::Waiting && address == state.page.address().as_str();
            if begins {
                state.stage = Stage::Begun;
            }
            begins
        });
    }

    pub fn loaded(&self) {
        self.state.send_if_modified(|state| {
            let loads = state.stage == Stage::Begun;
            if loads {
                state.stage = Stage::Loaded;
            }
            loads
        });
    }

    /// Takes errors that a version of the page told.
    pub fn told(&self, version: u64, errors: Vec<PreviewError>) {
        let mut news = Vec::new();
        let mut listener = None;
        self.state.send_if_modified(|state| {
            for error in errors {
                let counts = state.version == version && state.stage != Stage::Waiting;
                if counts && state.errors.len() < MOST_ERRORS && !state.errors.contains(&error) {
                    state.errors.push(error.clone());
                    news.push(error);
                }
            }
            if state.reported {
                listener = Some(Arc::clone(&state.events));
            }
            false
        });
        if let Some(events) = listener {
            for error in news {
                events(PreviewEvent::Error(error));
            }
        }
    }

    /// Ends it, if it has not ended yet. Tells whether it was this that ended it.
    pub fn end(&self, how: PreviewEnd) -> bool {
        let mut listener = None;
        let ends = self.state.send_if_modified(|state| {
            let ends = state.ended.is_none();
            if ends {
                state.ended = Some(how);
                if state.reported {
                    listener = Some(Arc::clone(&state.events));
                }
            }
            ends
        });
        if let Some(events) = listener {
            events(PreviewEvent::Ended(how));
        }
        ends
    }

    /// The report of a version, once; `None` if a newer one is in its place.
    pub fn report(&self, version: u64) -> Option<PreviewReport> {
        let mut report = None;
        self.state.send_if_modified(|state| {
            if state.version == version {
                state.reported = true;
                report = Some(PreviewReport {
                    loaded: state.stage == Stage::Loaded,
                    errors: state.errors.clone(),
                    ended: state.ended,
                });
            }
            false
        });
        report
    }
}

impl State {
    fn new(version: u64, page: Page, events: PreviewSink) -> Self {
        Self {
            version,
            page: Arc::new(page),
            stage: Stage::Waiting,
            ended: None,
            errors: Vec::new(),
            events,
            reported: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_app::preview::PreviewErrorKind;
    use opzest_core::artifact::Artifact;
    use std::sync::Mutex;

    fn page(version: u64) -> Page {
        let name = "index.html".parse().expect("a name");
        Page::new("p1", version, Artifact::one(name, "<p>")).expect("a page")
    }

    fn error(message: &str) -> PreviewError {
        PreviewError {
            kind: PreviewErrorKind::Console,
            message: message.into(),
            source: None,
            line: None,
            column: None,
        }
    }

    fn opened() -> (Shown, Arc<Mutex<Vec<PreviewEvent>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let events: PreviewSink = Arc::new(move |event| {
            sink.lock().expect("no panic before").push(event);
        });
        (Shown::new("p1".into(), 1, page(1), events), seen)
    }

    fn ignore() -> PreviewSink {
        Arc::new(|_| {})
    }

    #[test]
    fn errors_go_into_the_report_and_later_ones_to_the_listener() {
        let (shown, seen) = opened();
        shown.begun("opzest-preview://p1/index.html?1");
        shown.told(1, vec![error("a"), error("a"), error("b")]);
        shown.loaded();
        let report = shown.report(1).expect("its own report");
        assert!(report.loaded && report.ended.is_none());
        assert_eq!(report.errors, [error("a"), error("b")]);
        shown.told(1, vec![error("b"), error("c")]);
        assert!(shown.end(PreviewEnd::Frozen));
        assert!(!shown.end(PreviewEnd::Closed), "it ended already");
        let seen = seen.lock().expect("no panic before");
        let ended = PreviewEvent::Ended(PreviewEnd::Frozen);
        assert_eq!(*seen, [PreviewEvent::Error(error("c")), ended]);
    }

    #[test]
    fn the_version_before_tells_nothing_of_the_new_one() {
        let (shown, seen) = opened();
        shown.begun("opzest-preview://p1/index.html?1");
        shown.loaded();
        shown.report(1).expect("its own report");
        shown.put(2, page(2), ignore());
        // Still the page of before: the window has not got the new one.
        shown.loaded();
        shown.begun("opzest-preview://p1/index.html?1");
        shown.told(1, vec![error("old")]);
        shown.told(2, vec![error("too early")]);
        assert_eq!(shown.stage(), Stage::Waiting);
        assert_eq!(shown.report(1), None);
        shown.begun("opzest-preview://p1/index.html?2");
        shown.loaded();
        assert_eq!(shown.report(2).expect("its own report").errors, []);
        assert_eq!(*seen.lock().expect("no panic before"), []);
    }

    #[test]
    fn a_flood_is_cut() {
        let (shown, _) = opened();
        shown.begun("opzest-preview://p1/index.html?1");
        shown.told(1, (0..1000).map(|n| error(&n.to_string())).collect());
        assert_eq!(shown.report(1).expect("its own report").errors.len(), 50);
    }
}
