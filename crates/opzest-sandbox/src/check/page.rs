//! Pages: HTML with the JavaScript and CSS in it and beside it, which must work without a network.

use super::html::{self, Piece, Pieces, Start};
use super::structure::Structure;
use super::{Place, Problem, css, json, place, script, tidy};
use opzest_core::artifact::{Artifact, ArtifactFile};
use script::{Kind, Mistake};

const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Attributes such as `onclick` that are read; each is a small work of its own.
const MOST_HANDLERS: usize = 200;
/// Mistakes that are shown of one piece of JavaScript: later ones mostly follow from the first.
const MOST_MISTAKES_OF_A_SCRIPT: usize = 3;

/// Elements that show something without any text.
const SHOWS: [&str; 17] = [
    "img", "svg", "canvas", "video", "audio", "input", "button", "textarea", "select", "iframe",
    "object", "embed", "hr", "progress", "meter", "math", "table",
];
/// Elements whose text is not shown.
const HIDES: [&str; 6] = ["script", "style", "title", "template", "noscript", "head"];

/// Everything in an artifact that a browser reads: pages, scripts, style sheets and JSON.
pub fn check_html(artifact: &Artifact) -> Vec<Problem> {
    let mut problems = Vec::new();
    let pages = artifact
        .files()
        .iter()
        .filter(|file| kind(file) == "html")
        .count();
    if pages == 0 {
        problems.push(Problem::error(
            None,
            "There is no page: no file ends in .html.",
        ));
    }
    for file in artifact.files() {
        let found = if file.text.len() > MOST_BYTES {
            let most = MOST_BYTES / (1024 * 1024);
            vec![Problem::error(
                None,
                format!("The file is larger than {most} MB and was not checked."),
            )]
        } else {
            check_file(file, artifact)
        };
        problems.extend(tidy(found).into_iter().map(|problem| Problem {
            file: Some(file.name.clone()),
            ..problem
        }));
    }
    problems
}

fn kind(file: &ArtifactFile) -> &'static str {
    let extension = file
        .name
        .as_str()
        .rsplit_once('.')
        .map(|(_, extension)| extension);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("html" | "htm") => "html",
        Some("js") => "js",
        Some("mjs") => "mjs",
        Some("css") => "css",
        Some("json") => "json",
        Some(_) | None => "",
    }
}

fn check_file(file: &ArtifactFile, artifact: &Artifact) -> Vec<Problem> {
    let start = Place { line: 1, column: 1 };
    let mut page = Page::new(&file.text, artifact);
    match kind(file) {
        "html" => page.check(),
        // Which of the two it is shows only where it is used.
        "js" => {
            let kind = if is_module(&file.text) {
                Kind::Module
            } else {
                Kind::Classic
            };
            page.script(&file.text, kind, start);
        }
        "mjs" => page.script(&file.text, Kind::Module, start),
        "css" => page.style(&file.text, start),
        "json" => page.problems = json::check_json(&file.text, None).expect("there is no schema"),
        _ => {}
    }
    page.problems
}

fn is_module(source: &str) -> bool {
    let mut lines = source.lines().map(str::trim_start);
    lines.any(|line| {
        line.starts_with("import ") || line.starts_with("import{") || line.starts_with("export ")
    })
}

struct Page<'a> {
    source: &'a str,
    lines: Vec<&'a str>,
    artifact: &'a Artifact,
    problems: Vec<Problem>,
    handlers: usize,
}

impl<'a> Page<'a> {
    fn new(source: &'a str, artifact: &'a Artifact) -> Self {
        Self {
            source,
            lines: source.lines().collect(),
            artifact,
            problems: Vec::new(),
            handlers: 0,
        }
    }

    fn check(&mut self) {
        if self.source.trim().is_empty() {
            self.problems
                .push(Problem::error(None, "The page is empty."));
            return;
        }
        let Ok(pieces) = html::pieces(self.source) else {
            let message = "The page is too complicated to be checked.";
            self.problems.push(Problem::error(None, message));
            return;
        };
        if !pieces
            .iter()
            .any(|(piece, _)| matches!(piece, Piece::Start(_)))
        {
            let message = "This is plain text, not a page: it has no HTML tags.";
            self.problems.push(Problem::error(None, message));
            return;
        }
        let structure = Structure::check(&pieces, &self.lines);
        self.problems.extend(structure.problems);
        self.contents(&pieces);
        if !shows_something(&pieces) {
            self.problems.push(Problem::error(
                None,
                "The page shows nothing: its body has no content.",
            ));
        }
    }

    /// Scripts, styles, attributes and the texts between them.
    fn contents(&mut self, pieces: &Pieces) {
        let mut previous: Option<(&Start, u32)> = None;
        for (piece, line) in pieces {
            match piece {
                Piece::Start(start) => {
                    self.tag(start, *line);
                    previous = Some((start, *line));
                    continue;
                }
                Piece::Text(text) => {
                    let raw = previous
                        .filter(|(start, _)| matches!(start.name.as_str(), "script" | "style"));
                    match raw {
                        Some((start, line)) => self.raw(start, text, line),
                        None => self.text(text, *line),
                    }
                }
                Piece::End(_) | Piece::CutOff => {}
            }
            previous = None;
        }
    }

    /// The text of a `script` or `style` element, whose tag ends on `line`.
    fn raw(&mut self, start: &Start, text: &str, line: u32) {
        let place = self.place_of_text(text, line);
        if start.name == "style" {
            return self.style(text, place);
        }
        let language = start
            .attribute("type")
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        match language.as_str() {
            // The text of a script that is loaded is ignored.
            _ if start.attribute("src").is_some() => {}
            "" | "text/javascript" | "application/javascript" => {
                self.script(text, Kind::Classic, place)
            }
            "module" => self.script(text, Kind::Module, place),
            "application/json" | "importmap" => {
                let found = json::check_json(text, None).expect("there is no schema");
                self.add_within(place, found);
            }
            // Data for some library; no browser reads it.
            _ => {}
        }
    }

    /// Where a text begins that follows a tag on this line.
    fn place_of_text(&self, text: &str, line: u32) -> Place {
        let first = text.lines().next().unwrap_or("");
        let source = self.lines.get(line as usize - 1).copied().unwrap_or("");
        let at = if first.is_empty() {
            None
        } else {
            source.rfind(first)
        };
        let before = at.map_or(0, |at| source[..at].chars().count());
        Place {
            line,
            column: place::number(before + 1),
        }
    }

    fn add_within(&mut self, start: Place, problems: Vec<Problem>) {
        self.problems
            .extend(problems.into_iter().map(|problem| Problem {
                place: problem.place.map(|inner| place::within(start, inner)),
                ..problem
            }));
    }

    fn script(&mut self, source: &str, kind: Kind, start: Place) {
        let Ok(checked) = script::check(source, kind) else {
            let message = "JavaScript: this is too long or too deeply nested to be checked.";
            self.problems.push(Problem::warning(start, message));
            return;
        };
        let what = |mistake: Mistake| {
            Problem::error(
                mistake.place,
                format!("JavaScript: {}.", mistake.message.trim_end_matches('.')),
            )
        };
        let mistakes = checked.mistakes.into_iter().take(MOST_MISTAKES_OF_A_SCRIPT);
        self.add_within(start, mistakes.map(what).collect());
        for (address, inner) in checked.imports {
            self.address(&address, place::within(start, inner));
        }
    }

    fn style(&mut self, source: &str, start: Place) {
        let checked = css::check(source);
        self.add_within(start, checked.problems);
        for (address, inner) in checked.addresses {
            self.address(&address, place::within(start, inner));
        }
    }

    fn tag(&mut self, start: &Start, line: u32) {
        let place = html::place_of_tag(&self.lines, line, &start.name);
        for address in addresses(start) {
            self.address(address, place);
        }
        for (name, value) in &start.attributes {
            if name.len() > 2 && name.starts_with("on") && self.handlers < MOST_HANDLERS {
                self.handlers += 1;
                self.handler(name, value, place);
            }
        }
    }

    fn handler(&mut self, name: &str, source: &str, place: Place) {
        let mistakes = script::check(source, Kind::Handler).map(|checked| checked.mistakes);
        if let Some(mistake) = mistakes.unwrap_or_default().first() {
            let message = format!(
                "JavaScript in `{name}`: {}.",
                mistake.message.trim_end_matches('.')
            );
            self.problems.push(Problem::error(place, message));
        }
    }

    /// Everything that the page loads must be in the artifact.
    fn address(&mut self, address: &str, place: Place) {
        let address = address.trim();
        let lower = address.to_ascii_lowercase();
        if ["http:", "https:", "ws:", "wss:", "//"]
            .iter()
            .any(|scheme| lower.starts_with(scheme))
        {
            let message = format!(
                "The page must work offline, and this is loaded from the network: {address}"
            );
            self.problems.push(Problem::error(place, message));
            return;
        }
        let inside = ["data:", "blob:", "about:", "javascript:", "#"];
        if address.is_empty() || inside.iter().any(|scheme| lower.starts_with(scheme)) {
            return;
        }
        let path = address.split(['?', '#']).next().unwrap_or("");
        let path = path.trim_start_matches("./");
        if !self
            .artifact
            .files()
            .iter()
            .any(|file| file.name.as_str() == path)
        {
            let message =
                format!("`{address}` is not part of this artifact: put its content into the page.");
            self.problems.push(Problem::error(place, message));
        }
    }

    fn text(&mut self, text: &str, end: u32) {
        let lines = place::number(text.matches('\n').count());
        let fence = text
            .lines()
            .position(|line| line.trim_start().starts_with("```"));
        if let Some(fence) = fence {
            let line = (end.saturating_sub(lines) + place::number(fence)).max(1);
            let message =
                "The page shows ``` as text: this is Markdown around the page, not part of it.";
            self.problems
                .push(Problem::warning(Place { line, column: 1 }, message));
        }
    }
}

/// What an element makes a browser load.
fn addresses(start: &Start) -> Vec<&str> {
    let get = |name: &str| start.attribute(name);
    let set = |name: &str| {
        let set = get(name).filter(|set| !set.trim_start().starts_with("data:"));
        let each = set.into_iter().flat_map(|set| set.split(','));
        each.filter_map(|one| one.split_whitespace().next())
    };
    match start.name.as_str() {
        "script" | "audio" | "track" | "iframe" | "embed" | "input" => {
            get("src").into_iter().collect()
        }
        "img" | "source" => get("src").into_iter().chain(set("srcset")).collect(),
        "video" => get("src").into_iter().chain(get("poster")).collect(),
        "object" => get("data").into_iter().collect(),
        "image" | "use" => get("href").into_iter().chain(get("xlink:href")).collect(),
        "base" => get("href").into_iter().collect(),
        "link" if loads(get("rel").unwrap_or("")) => get("href").into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Links of other kinds only say something about the page.
fn loads(relation: &str) -> bool {
    let mut words = relation.split_whitespace();
    words.any(|word| {
        [
            "stylesheet",
            "icon",
            "preload",
            "modulepreload",
            "prefetch",
            "preconnect",
            "dns-prefetch",
            "manifest",
        ]
        .iter()
        .any(|kind| word.eq_ignore_ascii_case(kind))
    })
}

fn shows_something(pieces: &Pieces) -> bool {
    let mut hidden: Vec<&str> = Vec::new();
    for (piece, _) in pieces {
        match piece {
            Piece::Start(start) if HIDES.contains(&start.name.as_str()) => {
                // A script may make the content.
                if start.name == "script" && start.attribute("src").is_some() {
                    return true;
                }
                hidden.push(&start.name);
            }
            Piece::Start(start) => {
                if start.name == "body" {
                    hidden.clear();
                }
                if hidden.is_empty() && SHOWS.contains(&start.name.as_str()) {
                    return true;
                }
            }
            Piece::End(name) => {
                if let Some(at) = hidden.iter().rposition(|open| open == name) {
                    hidden.truncate(at);
                }
            }
            Piece::Text(text) => {
                let read = hidden.is_empty() || hidden.last() == Some(&"script");
                if read && !text.trim().is_empty() {
                    return true;
                }
            }
            Piece::CutOff => {}
        }
    }
    false
}
