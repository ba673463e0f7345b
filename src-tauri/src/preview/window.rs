//! A preview's window on Linux: GTK and WebKitGTK without anything of Tauri's, and as little of WebKit as a
//! page needs. Everything here runs on the main thread.
//!
//! Each lock stands for itself: the page's own policy (`page.rs`), no message handlers and one URL scheme, no
//! navigation, windows, downloads, dialogs or permissions, settings, a proxy that no one can reach.

use super::page::{HEADERS, SCHEME};
use super::shown::Shown;
use gtk::gdk::prelude::MonitorExt;
use gtk::prelude::*;
use opzest_app::preview::{PreviewEnd, PreviewError, PreviewErrorKind};
use soup::{MessageHeaders, MessageHeadersType};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use webkit2gtk::glib::{self, Propagation};
use webkit2gtk::{
    CacheModel, DownloadExt, FileChooserRequestExt, LoadEvent, MemoryPressureSettings,
    NavigationPolicyDecision, NavigationPolicyDecisionExt, NetworkProxyMode, NetworkProxySettings,
    PermissionRequestExt, PolicyDecision, PolicyDecisionExt, PolicyDecisionType,
    ResponsePolicyDecision, ResponsePolicyDecisionExt, SecurityManagerExt, Settings, SettingsExt,
    URIRequestExt, URISchemeRequest, URISchemeRequestExt, URISchemeResponse, URISchemeResponseExt,
    UserContentInjectedFrames, UserContentManager, UserContentManagerExt, UserScript,
    UserScriptInjectionTime, WebContext, WebContextExt, WebView, WebViewExt, WebsiteDataManager,
    WebsiteDataManagerExt,
};

const BOOTSTRAP: &str = include_str!("bootstrap.js");
const QUESTION: &str = "typeof __opzestPreview === 'function' ? __opzestPreview() : '[]'";
/// Nothing listens on port 0: what got through everything else would end here, without a look-up.
const NOWHERE: &str = "http://127.0.0.1:0";
const MOST_MEMORY_MB: u32 = 1024;
const MEMORY_CHECK_S: f64 = 1.0;
const SIZE: (i32, i32) = (640, 560);
const LONGEST_TITLE: usize = 80;
const GAP: i32 = 12;

struct Open {
    window: gtk::Window,
    view: WebView,
}

thread_local! {
    /// By host. Only the main thread may touch what GTK made.
    static OPEN: RefCell<HashMap<String, Open>> = RefCell::default();
    /// Where the last preview was when it closed: position and size.
    static LAST: Cell<Option<((i32, i32), (i32, i32))>> = const { Cell::new(None) };
}

/// Opens a window for a preview beside the main one, without taking the keyboard from it.
pub fn open(shown: Arc<Shown>, title: &str, main: Option<gtk::ApplicationWindow>) {
    let view = web_view(&shown);
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title(&window_title(title));
    window.set_focus_on_map(false);
    place(&window, main.as_ref());
    window.add(&view);
    let closed = Arc::clone(&shown);
    window.connect_delete_event(move |window, _| {
        LAST.set(Some((window.position(), window.size())));
        closed.end(PreviewEnd::Closed);
        forget(&closed.host);
        Propagation::Proceed
    });
    view.load_uri(shown.page().address().as_str());
    window.show_all();
    OPEN.with_borrow_mut(|open| open.insert(shown.host.clone(), Open { window, view }));
}

/// Shows another page in a window that is open, where it is.
pub fn load(host: &str, address: &str, title: &str) {
    OPEN.with_borrow(|open| {
        if let Some(Open { window, view }) = open.get(host) {
            window.set_title(&window_title(title));
            view.load_uri(address);
        }
    });
}

/// Asks a page for its errors. The answer comes when its scripts pause.
pub fn ask(host: &str) -> Option<oneshot::Receiver<String>> {
    let view = OPEN.with_borrow(|open| open.get(host).map(|open| open.view.clone()))?;
    let (answer, answered) = oneshot::channel();
    let nothing = None::<&webkit2gtk::gio::Cancellable>;
    view.evaluate_javascript(QUESTION, None, None, nothing, move |result| {
        // A page that fails at this has still answered.
        let said = result.map(|value| value.to_string()).unwrap_or_default();
        drop(answer.send(said));
    });
    Some(answered)
}

pub fn close(host: &str) {
    // Out of the map first: closing calls back into it.
    if let Some(Open { window, view }) = forget(host) {
        view.terminate_web_process();
        window.close();
    }
}

/// Closes all previews: before the app ends.
pub fn close_all() {
    let hosts: Vec<_> = OPEN.with_borrow(|open| open.keys().cloned().collect());
    for host in hosts {
        close(&host);
    }
}

fn forget(host: &str) -> Option<Open> {
    OPEN.with_borrow_mut(|open| open.remove(host))
}

fn window_title(title: &str) -> String {
    let clean: String = title
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_TITLE)
        .collect();
    format!("Preview: {}", clean.trim())
}

/// Where the last one was, else beside the main window.
fn place(window: &gtk::Window, main: Option<&gtk::ApplicationWindow>) {
    if let Some(((x, y), (width, height))) = LAST.get() {
        window.set_default_size(width, height);
        window.move_(x, y);
        return;
    }
    window.set_default_size(SIZE.0, SIZE.1);
    let Some(main) = main else { return };
    window.set_icon(main.icon().as_ref());
    let monitor = main
        .window()
        .and_then(|surface| main.display().monitor_at_window(&surface));
    if let Some(area) = monitor.map(|monitor| monitor.workarea()) {
        let (left, top) = main.position();
        let x = beside((left, main.size().0), (area.x(), area.width()));
        window.move_(x, top);
    }
}

/// The left edge of a preview: right of the main window where there is room, else at the screen's edge.
/// Both arguments are a left edge and a width.
fn beside(main: (i32, i32), screen: (i32, i32)) -> i32 {
    let last = screen.0 + screen.1 - SIZE.0 - GAP;
    (main.0 + main.1 + GAP).min(last).max(screen.0)
}

fn web_view(shown: &Arc<Shown>) -> WebView {
    let content = UserContentManager::new();
    content.add_script(&UserScript::new(
        BOOTSTRAP,
        UserContentInjectedFrames::TopFrame,
        UserScriptInjectionTime::Start,
        &[],
        &[],
    ));
    let view = WebView::builder()
        .web_context(&context(shown))
        .user_content_manager(&content)
        .settings(&settings())
        .build();
    report(&view, shown);
    refuse(&view, shown);
    view
}

/// A context of its own: its own process, nothing kept on the disk, the one scheme.
fn context(shown: &Arc<Shown>) -> WebContext {
    let mut memory = MemoryPressureSettings::new();
    memory.set_memory_limit(MOST_MEMORY_MB);
    memory.set_kill_threshold(1.0);
    memory.set_poll_interval(MEMORY_CHECK_S);
    let data = WebsiteDataManager::new_ephemeral();
    let mut nowhere = NetworkProxySettings::new(Some(NOWHERE), &[]);
    data.set_network_proxy_settings(NetworkProxyMode::Custom, Some(&mut nowhere));
    let context = WebContext::builder()
        .website_data_manager(&data)
        .memory_pressure_settings(&memory)
        .build();
    context.set_cache_model(CacheModel::DocumentViewer);
    context.connect_download_started(|_, download| download.cancel());
    if let Some(security) = context.security_manager() {
        // As a page saved to the disk has it: without, the clipboard and others are missing.
        security.register_uri_scheme_as_secure(SCHEME);
    }
    let served = Arc::clone(shown);
    context.register_uri_scheme(SCHEME, move |request| serve(&served, request));
    context
}

fn settings() -> Settings {
    let settings = Settings::new();
    settings.set_enable_webrtc(false);
    settings.set_enable_media_stream(false);
    settings.set_enable_dns_prefetching(false);
    settings.set_enable_developer_extras(false);
    settings.set_enable_fullscreen(false);
    settings.set_enable_page_cache(false);
    settings.set_enable_html5_database(false);
    settings.set_enable_offline_web_application_cache(false);
    settings.set_allow_modal_dialogs(false);
    settings.set_allow_file_access_from_file_urls(false);
    settings.set_allow_universal_access_from_file_urls(false);
    settings.set_allow_top_navigation_to_data_urls(false);
    settings.set_javascript_can_access_clipboard(false);
    settings.set_javascript_can_open_windows_automatically(false);
    settings.set_enable_webgl(true);
    settings.set_enable_webaudio(true);
    settings
}

fn serve(shown: &Shown, request: &URISchemeRequest) {
    let page = shown.page();
    let Some(file) = request.uri().and_then(|uri| page.file(&uri)) else {
        let missing = "the page has no such file";
        request.finish_error(&mut glib::Error::new(glib::FileError::Noent, missing));
        return;
    };
    let bytes = glib::Bytes::from(file.text.as_bytes());
    let stream = webkit2gtk::gio::MemoryInputStream::from_bytes(&bytes);
    let length = i64::try_from(file.text.len()).expect("a page's size is limited");
    let response = URISchemeResponse::new(&stream, length);
    response.set_status(200, None);
    response.set_content_type(file.content_type);
    let headers = MessageHeaders::new(MessageHeadersType::Response);
    for (name, value) in HEADERS {
        headers.append(name, value);
    }
    response.set_http_headers(headers);
    request.finish_with_response(&response);
}

/// What the window tells about its page.
fn report(view: &WebView, shown: &Arc<Shown>) {
    let loading = Arc::clone(shown);
    view.connect_load_changed(move |view, event| match event {
        LoadEvent::Committed => loading.begun(&view.uri().unwrap_or_default()),
        LoadEvent::Finished => loading.loaded(),
        // The types are WebKit's and may grow; before the page begins there is nothing to tell.
        _ => {}
    });
    // WebKit would show a page of its own about what failed.
    view.connect_load_failed(|_, _, _, _| true);
    let crashed = Arc::clone(shown);
    view.connect_web_process_terminated(move |_, _| {
        if crashed.end(PreviewEnd::Crashed) {
            close(&crashed.host);
        }
    });
}

/// What the window does not do for its page: all that reaches beyond it.
fn refuse(view: &WebView, shown: &Arc<Shown>) {
    let policy = Arc::clone(shown);
    view.connect_decide_policy(move |_, decision, kind| {
        if allows(&policy, decision, kind) {
            decision.use_();
        } else {
            decision.ignore();
        }
        true
    });
    view.connect_create(|_, _| None);
    view.connect_close(|_| {});
    view.connect_script_dialog(|_, _| true);
    view.connect_print(|_, _| true);
    view.connect_enter_fullscreen(|_| true);
    view.connect_show_notification(|_, _| true);
    view.connect_context_menu(|_, _, _, _| true);
    view.connect_permission_request(|_, request| {
        request.deny();
        true
    });
    view.connect_run_file_chooser(|_, request| {
        request.cancel();
        true
    });
}

fn allows(shown: &Shown, decision: &PolicyDecision, kind: PolicyDecisionType) -> bool {
    match kind {
        PolicyDecisionType::NavigationAction => decision
            .downcast_ref::<NavigationPolicyDecision>()
            .and_then(NavigationPolicyDecisionExt::navigation_action)
            .is_some_and(|action| {
                let to = action.request().and_then(|request| request.uri());
                let to = to.unwrap_or_default();
                let allowed = shown.page().may_open(&to);
                if !allowed && !action.is_user_gesture() {
                    shown.told(shown.version(), vec![refused_navigation(&to)]);
                }
                allowed
            }),
        PolicyDecisionType::Response => decision
            .downcast_ref::<ResponsePolicyDecision>()
            .is_some_and(|response| {
                let from = response.request().and_then(|request| request.uri());
                from.is_some_and(|from| shown.page().may_open(&from))
            }),
        // New windows, and kinds that WebKit may add.
        _ => false,
    }
}

fn refused_navigation(to: &str) -> PreviewError {
    let to: String = to.chars().take(200).collect();
    PreviewError {
        kind: PreviewErrorKind::Refused,
        message: format!("the page wants to leave for {to}; a preview stays where it is"),
        source: None,
        line: None,
        column: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_stands_beside_the_main_window_and_on_the_screen() {
        assert_eq!(beside((0, 1120), (0, 1920)), 1132);
        assert_eq!(beside((300, 1120), (0, 1920)), 1920 - 640 - 12);
        assert_eq!(beside((1920, 1120), (1920, 3840)), 3052);
        assert_eq!(beside((0, 600), (0, 600)), 0);
    }

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(window_title(" Snake\n\u{1b}[1m "), "Preview: Snake[1m");
        assert_eq!(window_title(&"x".repeat(500)).len(), "Preview: ".len() + 80);
    }
}
