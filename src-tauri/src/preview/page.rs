//! One version of a page as its window's own URL scheme serves it: which addresses exist, and what a
//! page may load.
//!
//! Knows no window. A page's text is served byte for byte, so that lines and columns of errors are those
//! of the artifact's file.

use opzest_app::preview::PreviewProblem;
use opzest_core::artifact::{Artifact, FileName};
use std::collections::HashMap;
use tauri::Url;

pub const SCHEME: &str = "opzest-preview";
const MOST_BYTES: usize = 64 << 20;

/// What a page may load: what it brings itself. Sandboxed, so that nothing opens beside it; with an
/// origin of its own, so that it has a (passing) storage; its scripts may `eval`, as small calculators do,
/// which gives them nothing that they have not.
const POLICY: &str = "default-src 'none'; \
    script-src 'self' 'unsafe-inline' 'unsafe-eval'; \
    style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; \
    media-src 'self' data: blob:; \
    font-src 'self' data:; \
    connect-src 'self' data: blob:; \
    worker-src 'none'; child-src 'none'; frame-src 'none'; object-src 'none'; \
    base-uri 'none'; form-action 'none'; \
    sandbox allow-scripts allow-same-origin allow-forms";

pub const HEADERS: [(&str, &str); 5] = [
    ("Content-Security-Policy", POLICY),
    ("X-DNS-Prefetch-Control", "off"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];

pub struct Page {
    address: Url,
    /// By the path of their address.
    files: HashMap<String, Served>,
}

pub struct Served {
    pub name: FileName,
    pub text: String,
    pub content_type: &'static str,
}

impl Page {
    /// `host` is this window's alone. The version in the address tells a new page from the one before.
    pub fn new(host: &str, version: u64, artifact: Artifact) -> Result<Self, PreviewProblem> {
        let bytes = artifact.bytes();
        if bytes > MOST_BYTES {
            return Err(PreviewProblem::TooLarge {
                bytes,
                most: MOST_BYTES,
            });
        }
        let main = artifact.main_file().ok_or(PreviewProblem::NoPage)?;
        let mut address = address_of(host, &main.name);
        address.set_query(Some(&version.to_string()));
        let mut files: HashMap<_, _> = artifact
            .files()
            .iter()
            .map(|file| {
                let served = Served {
                    name: file.name.clone(),
                    text: file.text.clone(),
                    content_type: content_type(file.name.as_str()),
                };
                (address_of(host, &file.name).path().to_owned(), served)
            })
            .collect();
        // Whatever it is called, it is the page.
        if let Some(page) = files.get_mut(address.path()) {
            page.content_type = HTML;
        }
        Ok(Self { address, files })
    }

    pub fn address(&self) -> &Url {
        &self.address
    }

    /// The file behind an address, if it is one of this page's.
    pub fn file(&self, address: &str) -> Option<&Served> {
        let address: Url = address.parse().ok()?;
        let ours = address.scheme() == SCHEME && address.host_str() == self.address.host_str();
        self.files.get(address.path()).filter(|_| ours)
    }

    /// Whether the window may go there. Everything else stays closed: the web, files, the app itself.
    pub fn may_open(&self, address: &str) -> bool {
        self.file(address)
            .is_some_and(|file| file.content_type == HTML)
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" | "htm" => HTML,
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        // A text is shown as one whatever its name says.
        _ => "text/plain; charset=utf-8",
    }
}

fn address_of(host: &str, name: &FileName) -> Url {
    let mut address: Url = format!("{SCHEME}://{host}/")
        .parse()
        .expect("a host of letters and digits");
    address
        .path_segments_mut()
        .expect("an address with a host has a path")
        .clear()
        .extend(name.as_str().split('/'));
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_core::artifact::ArtifactFile;

    fn page(files: &[(&str, &str)]) -> Page {
        let file = |(name, text): &(&str, &str)| ArtifactFile {
            name: name.parse().expect("a name"),
            text: (*text).into(),
        };
        Page::new("p1", 3, files.iter().map(file).collect()).expect("a page")
    }

    #[test]
    fn the_page_and_its_files_have_addresses() {
        let page = page(&[("index.html", "<p>"), ("data/Brief Omä.json", "{}")]);
        assert_eq!(page.address().as_str(), "opzest-preview://p1/index.html?3");
        let text = |address| page.file(address).map(|file| file.text.as_str());
        assert_eq!(
            text("opzest-preview://p1/index.html?other#place"),
            Some("<p>")
        );
        assert_eq!(
            text("opzest-preview://p1/data/Brief%20Om%C3%A4.json"),
            Some("{}")
        );
        for foreign in [
            "opzest-preview://p2/index.html",
            "opzest-preview://p1/missing.js",
            "opzest-preview://p1/",
            "tauri://p1/index.html",
            "not an address",
        ] {
            assert_eq!(text(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn the_window_opens_only_this_pages_own_pages() {
        let page = page(&[("start", "<p>"), ("more.html", ""), ("app.js", "")]);
        for own in ["start?3", "start#top", "more.html"] {
            assert!(
                page.may_open(&format!("opzest-preview://p1/{own}")),
                "{own}"
            );
        }
        for closed in [
            "opzest-preview://p1/app.js",
            "opzest-preview://p2/start",
            "https://example.com/start",
            "tauri://localhost/index.html",
            "ipc://localhost/call",
            "file:///etc/passwd",
            "about:blank",
            "data:text/html,x",
            "javascript:alert(1)",
            "blob:opzest-preview://p1/0",
        ] {
            assert!(!page.may_open(closed), "{closed}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_told() {
        let problem = |artifact| Page::new("p1", 1, artifact).err().map(|it| it.to_string());
        assert_eq!(
            problem(Artifact::EMPTY).as_deref(),
            Some("there is no page to show: the artifact is empty")
        );
        let name: FileName = "index.html".parse().expect("a name");
        let large = Artifact::one(name, "x".repeat(MOST_BYTES + 1));
        assert!(problem(large).is_some_and(|text| text.contains("67108865 bytes")));
    }
}
