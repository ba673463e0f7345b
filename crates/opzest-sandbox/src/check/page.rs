//! Pages: HTML with the JavaScript and CSS in it and beside it, which must work without a network.

use super::address::addresses;
use super::content::shows_something;
use super::html::{self, Piece, Pieces, Start};
use super::structure::Structure;
use super::{Place, Problem, css, json, place, script, tidy};
use opzest_core::artifact::{Artifact, ArtifactFile};
use script::{Kind, Mistake};

const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Pieces of JavaScript that are read, attributes such as `onclick` included; each is a work of its own.
const MOST_SCRIPTS: usize = 300;
/// More than are shown, as the errors among them are shown first.
const MOST_PROBLEMS: usize = 200;
/// Mistakes that are shown of one piece of JavaScript: later ones mostly follow from the first.
const MOST_MISTAKES_OF_A_SCRIPT: usize = 3;

/// Everything in an artifact that a browser reads: pages, scripts, style sheets and JSON.
pub fn check_html(artifact: &Artifact) -> Vec<Problem> {
    let mut problems = Vec::new();
    let pages = artifact
        .files()
        .iter()
        .filter(|file| kind(file) == FileKind::Page)
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Page,
    Script(Kind),
    Style,
    Json,
    /// Nothing that a browser reads.
    Other,
}

fn kind(file: &ArtifactFile) -> FileKind {
    let name = file.name.as_str().to_ascii_lowercase();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html" | "htm") => FileKind::Page,
        // Which of the two it is shows only where it is used.
        Some("js") if is_module(&file.text) => FileKind::Script(Kind::Module),
        Some("js") => FileKind::Script(Kind::Classic),
        Some("mjs") => FileKind::Script(Kind::Module),
        Some("css") => FileKind::Style,
        Some("json") => FileKind::Json,
        Some(_) | None => FileKind::Other,
    }
}

fn check_file(file: &ArtifactFile, artifact: &Artifact) -> Vec<Problem> {
    let start = Place { line: 1, column: 1 };
    let mut page = Page::new(&file.text, artifact);
    match kind(file) {
        FileKind::Page => page.check(),
        FileKind::Script(kind) => page.script(&file.text, kind, start),
        FileKind::Style => page.style(&file.text, start),
        FileKind::Json => {
            page.problems = json::check_json(&file.text, None).expect("there is no schema");
        }
        FileKind::Other => {}
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
    scripts_left: usize,
}

impl<'a> Page<'a> {
    fn new(source: &'a str, artifact: &'a Artifact) -> Self {
        Self {
            source,
            lines: source.lines().collect(),
            artifact,
            problems: Vec::new(),
            scripts_left: MOST_SCRIPTS,
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
        let source = html::line_to_search(&self.lines, line);
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
        for problem in problems {
            let place = problem.place.map(|inner| place::within(start, inner));
            self.add(Problem { place, ..problem });
        }
    }

    fn script(&mut self, source: &str, kind: Kind, start: Place) {
        let checked = self.parse(source, kind, start);
        let what = |mistake: Mistake| {
            let what = mistake.message.trim_end_matches('.');
            Problem::error(mistake.place, format!("JavaScript: {what}."))
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
        let addresses = addresses(start);
        let is_handler = |name: &str| name.len() > 2 && name.starts_with("on");
        let handlers = start.attributes.iter().filter(|(name, _)| is_handler(name));
        let mut handlers = handlers.peekable();
        if addresses.is_empty() && handlers.peek().is_none() {
            return;
        }
        let place = html::place_of_tag(&self.lines, line, &start.name);
        for address in addresses {
            self.address(address, place);
        }
        for (name, source) in handlers {
            self.handler(name, source, place);
        }
    }

    fn handler(&mut self, name: &str, source: &str, place: Place) {
        if let Some(mistake) = self.parse(source, Kind::Handler, place).mistakes.first() {
            let what = mistake.message.trim_end_matches('.');
            let message = format!("JavaScript in `{name}`: {what}.");
            self.add(Problem::error(place, message));
        }
    }

    /// Nothing, once the scripts of this file were too many or one of them too long.
    fn parse(&mut self, source: &str, kind: Kind, start: Place) -> script::Checked {
        if self.scripts_left == 0 {
            return script::Checked::default();
        }
        self.scripts_left -= 1;
        script::check(source, kind).unwrap_or_else(|script::TooLong| {
            self.scripts_left = 0;
            let message = "JavaScript: this is too long or too deeply nested to be checked.";
            self.add(Problem::warning(start, message));
            script::Checked::default()
        })
    }

    fn add(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
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
            self.add(Problem::error(place, message));
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
            self.add(Problem::error(place, message));
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
            self.add(Problem::warning(Place { line, column: 1 }, message));
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
