//! What is in a preview's window: WebKitGTK without anything of Tauri's, and as little of it as a page needs.
//!
//! Each lock stands for itself: the page's own policy (`page.rs`), no message handlers and one URL scheme, no
//! navigation, windows, downloads, dialogs or permissions, settings, a proxy that no one can reach.

use super::page::{HEADERS, SCHEME};
use super::shown::Shown;
use super::{features, memory, window};
use gtk::prelude::*;
use opzest_app::preview::{PreviewEnd, PreviewError, PreviewErrorKind};
use soup::{MessageHeaders, MessageHeadersType};
use std::sync::Arc;
use webkit2gtk::glib;
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
/// A proxy without an address: whatever wants out of here fails before it has a socket. That is the last lock;
/// preconnecting a clicked link, for one, has no switch.
const NOWHERE: &str = "nowhere:";
/// These ask neither the page's policy nor the proxy, or would outlive the page.
const SWITCHED_OFF: [&str; 7] = [
    "LinkDNSPrefetch",
    "LinkPreconnect",
    "LinkPreconnectEarlyHints",
    "LinkPrefetch",
    "PushAPI",
    "ServiceWorkers",
    "WebTransport",
];
const MEMORY_CHECK_S: f64 = 1.0;

/// The web view of a preview, still empty.
pub fn of(shown: &Arc<Shown>) -> WebView {
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
    let mut limits = MemoryPressureSettings::new();
    limits.set_memory_limit(memory::MOST_MB);
    limits.set_kill_threshold(1.0);
    limits.set_poll_interval(MEMORY_CHECK_S);
    let data = WebsiteDataManager::new_ephemeral();
    let mut nowhere = NetworkProxySettings::new(Some(NOWHERE), &[]);
    data.set_network_proxy_settings(NetworkProxyMode::Custom, Some(&mut nowhere));
    let context = WebContext::builder()
        .website_data_manager(&data)
        .memory_pressure_settings(&limits)
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
    features::switch_off(&settings, &SWITCHED_OFF);
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
    // WebKit believes `nosniff` only what is among the headers.
    headers.append("Content-Type", file.content_type);
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
            window::close(&crashed.host);
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
