//! Pages that work, and pages that do not.

use super::super::{Severity, error_text, has_errors};
use super::*;

fn page(text: &str) -> Vec<Problem> {
    check_html(&Artifact::one("index.html".parse().expect("a name"), text))
}

fn texts(text: &str) -> Vec<String> {
    page(text).iter().map(ToString::to_string).collect()
}

const GAME: &str = r##"<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Catch & run</title>
  <link rel="icon" href="data:,">
  <style>
    canvas { border: 1px solid #333; background: url(data:image/gif;base64,R0lGODlhAQABAAAAACw=) }
  </style>
  <script type="importmap">{"imports": {}}</script>
</head>
<body onload="start()">
  <h1>Catch
  <p>One<p>Two <b>bold</b>
  <ul><li>a<li>b</ul>
  <table><tr><td>1<td>2</table>
  </h1>
  <canvas id="c" width="300" height="200"></canvas>
  <svg viewBox="0 0 1 1"><title>a</title><path d="M0 0"/><use href="#x"/></svg>
  <a href="https://example.org">more</a> <input type="text" disabled>
  <button onclick="return false">Go</button>
  <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">
  <script>
    function start() { if (1 < 2 && "</b>") document.title = "<p>"; }
  </script>
  <script type="module">const a = await 1; export {};</script>
  <script type="text/x-template"><div>{{ nothing to parse }}</script>
</body>
</html>
"##;

#[test]
fn a_whole_page_is_fine() {
    assert_eq!(texts(GAME), [""; 0]);
    assert_eq!(texts("<p>Hello"), [""; 0]);
    assert_eq!(texts("<script>document.write('hi')</script>"), [""; 0]);
    assert_eq!(texts("<body><canvas></canvas></body>"), [""; 0]);
}

#[test]
fn empty_pages_are_errors() {
    for (text, message) in [
        (" \n", "index.html: The page is empty."),
        (
            "Sure, here is your page.",
            "index.html: This is plain text, not a page: it has no HTML tags.",
        ),
        (
            "<!doctype html><html><head><title>A</title><style>a { color: red }</style></head><body> <div></div> </body></html>",
            "index.html: The page shows nothing: its body has no content.",
        ),
    ] {
        assert_eq!(texts(text), [message]);
        assert!(has_errors(&page(text)));
    }
    let problems = check_html(&Artifact::one("main.py".parse().expect("a name"), "x"));
    assert_eq!(
        problems[0].to_string(),
        "There is no page: no file ends in .html."
    );
}

#[test]
fn mistakes_in_scripts_are_counted_in_the_file() {
    let text = "<p>a</p>\n<div><script>let a = (;\n</script></div>\n<script>\n\n  foo(;\n</script>\n<b onclick='go('>b</b>\n";
    assert_eq!(
        texts(text),
        [
            "index.html: line 2, column 23: JavaScript: Unexpected token.",
            "index.html: line 6, column 7: JavaScript: Unexpected token.",
            "index.html: line 8, column 1: JavaScript in `onclick`: Expected `)` but found `EOF`.",
        ]
    );
}

#[test]
fn mistakes_in_styles_are_counted_in_the_file() {
    let text = "<p>a</p>\n<style>\np { color red }\n</style><style>a {</style>";
    let problems = page(text);
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.severity, problem.to_string()))
        .collect();
    assert_eq!(
        found,
        [
            (
                Severity::Warning,
                "index.html: line 3, column 10: CSS: `red` is not expected here.".into()
            ),
            (
                Severity::Error,
                "index.html: line 4, column 16: CSS: this block is never closed: `}` is missing."
                    .into()
            ),
        ]
    );
}

#[test]
fn elements_left_open_are_named() {
    assert_eq!(
        texts("<div>\n<section><i>a</i>\n</div></em>\n<p>x<br></br></p>"),
        [
            "index.html: line 2, column 1: `<section>` is never closed.",
            "index.html: line 3, column 7: `</em>` ends an element that was not begun.",
        ]
    );
    let problems = page("<p>a</p>\n<script>\nlet a = 1;\n");
    assert_eq!(
        problems[0].to_string(),
        "index.html: line 2, column 1: `<script>` is never closed and swallows the rest of the page."
    );
    assert!(has_errors(&problems));
    assert!(has_errors(&page("<p>a</p><div class='a")));
}

#[test]
fn what_comes_from_the_network_is_an_error() {
    for text in [
        "<script src='https://cdn.example.org/x.js'></script><p>a",
        "<p>a<link rel=stylesheet href=//example.org/a.css>",
        "<img src='HTTP://example.org/a.png'>",
        "<img srcset='a.png 1x, https://example.org/b.png 2x'>",
        "<p>a<style>@import 'https://example.org/a.css';</style>",
        "<p>a<style>p { background: url(http://example.org/a.png) }</style>",
        "<p>a<script type=module>import a from 'https://example.org/a.js';</script>",
        "<iframe src='https://example.org'></iframe>",
        "<video poster='https://example.org/a.png'></video>",
        "<svg><image xlink:href='https://example.org/a.png'/></svg>",
        "<base href='https://example.org/'><p>a",
    ] {
        let problems = page(text);
        assert!(has_errors(&problems), "{text}");
        assert!(
            error_text(&problems).is_some_and(|text| text.contains("must work offline")),
            "{text}"
        );
    }
}

#[test]
fn files_of_the_artifact_are_found_and_checked() {
    let name = |text: &str| text.parse().expect("a name");
    let mut artifact = Artifact::one(
        name("index.html"),
        "<p>a<script src='./js/a.js?1'></script><script src='b.js'></script>",
    );
    artifact.put(name("js/a.js"), "let a = ;");
    artifact.put(name("m.js"), "export const a = 1;");
    artifact.put(name("a.css"), "p { color: red");
    artifact.put(name("a.json"), "{");
    let found: Vec<_> = check_html(&artifact)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "index.html: line 1, column 5: `b.js` is not part of this artifact: put its content into the page.",
            "js/a.js: line 1, column 9: JavaScript: Unexpected token.",
            "a.css: line 1, column 1: CSS: this block is never closed: `}` is missing.",
            "a.json: line 1, column 1: This is not valid JSON: EOF while parsing an object",
        ]
    );
}

#[test]
fn a_fence_around_the_page_is_noticed() {
    assert_eq!(
        texts("```html\n<p>a</p>\n```\n"),
        [
            "index.html: line 1, column 1: The page shows ``` as text: this is Markdown around the page, not part of it.",
            "index.html: line 3, column 1: The page shows ``` as text: this is Markdown around the page, not part of it.",
        ]
    );
}

#[test]
fn depth_and_size_are_bounded() {
    for part in ["<div>", "[", "<!--", "<"] {
        assert!(page(&part.repeat(100_000)).len() <= 20, "{part}");
    }
    for part in [
        "<b>",
        "<p>",
        "<a href=x>",
        "</b>",
        "<table>",
        "<svg>",
        "&",
        "<script>",
        "<style>a{",
        "<select>",
        "<img src=x>",
        "<script>(</script>",
        "<style>a</style>",
        "<i></b>",
    ] {
        assert!(page(&part.repeat(2_000)).len() <= 20, "{part}");
    }
    for part in ["(", "[", "a=>", "!"] {
        page(&format!("<p>a<script>{}</script>", part.repeat(100_000)));
    }
    page(&"<b onclick='('>a</b>".repeat(5_000));
    assert!(texts(&"x".repeat(MOST_BYTES + 1))[0].contains("larger than 2 MB"));
}

#[test]
fn the_text_for_the_lead_is_short_and_has_the_errors_first() {
    let warnings = "<section>\n".repeat(500);
    let problems = page(&format!("{warnings}<p>a<script>(</script>"));
    let text = error_text(&problems).expect("there are problems");
    assert!(
        text.len() <= 2_100 && text.starts_with("index.html: line 501"),
        "{text}"
    );
    assert_eq!(error_text(&[]), None);
}
