//! A preview's window on Linux: where it stands, what it is called, how it is reached. What is in it is `view.rs`.
//! Everything here runs on the main thread.

use super::shown::Shown;
use super::view;
use gtk::gdk::prelude::MonitorExt;
use gtk::prelude::*;
use opzest_app::preview::PreviewEnd;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use webkit2gtk::glib::Propagation;
use webkit2gtk::{WebView, WebViewExt};

const QUESTION: &str = "typeof __opzestPreview === 'function' ? __opzestPreview() : '[]'";
const SIZE: (i32, i32) = (640, 560);
const LONGEST_TITLE: usize = 80;
const GAP: i32 = 12;

#[derive(Clone)]
struct Open {
    window: gtk::Window,
    view: WebView,
}

#[derive(Clone, Copy)]
struct Placed {
    position: (i32, i32),
    size: (i32, i32),
}

thread_local! {
    /// By host. Only the main thread may touch what GTK made.
    static OPEN: RefCell<HashMap<String, Open>> = RefCell::default();
    /// Where the last preview was when it closed.
    static LAST: Cell<Option<Placed>> = const { Cell::new(None) };
}

/// Opens a window for a preview beside the main one, without taking the keyboard from it.
pub fn open(shown: Arc<Shown>, title: &str, main: Option<gtk::ApplicationWindow>) {
    let view = view::of(&shown);
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title(&window_title(title));
    window.set_focus_on_map(false);
    place(&window, main.as_ref());
    window.add(&view);
    let closed = Arc::clone(&shown);
    window.connect_delete_event(move |window, _| {
        LAST.set(Some(Placed {
            position: window.position(),
            size: window.size(),
        }));
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
    // Cloned, as what WebKit calls back may need the map.
    if let Some(Open { window, view }) = OPEN.with_borrow(|open| open.get(host).cloned()) {
        window.set_title(&window_title(title));
        view.load_uri(address);
    }
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
    if let Some(Placed { position, size }) = LAST.get() {
        window.set_default_size(size.0, size.1);
        window.move_(position.0, position.1);
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
