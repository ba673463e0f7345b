//! Reading a worker's answers: well-formed, sloppy and hostile ones.

use super::stage::{file, workflow};
use opzest_app::agents::{Answer, FormProblem, read_answer, render_raw};
use opzest_core::artifact::{Artifact, ArtifactFile, FileName};
use proptest::prelude::*;

fn read(id: &str, raw: &str) -> Result<Answer, FormProblem> {
    read_answer(raw, &workflow(id).product, &Artifact::EMPTY)
}

/// The reasoning and the only file's text.
fn one(id: &str, raw: &str) -> (String, String) {
    let answer = read(id, raw).unwrap_or_else(|problem| panic!("{problem}: {raw}"));
    let [file] = answer.artifact.files() else {
        panic!("one file: {answer:?}");
    };
    assert_eq!(file.name, workflow(id).product.file);
    (answer.reasoning, file.text.clone())
}

fn text(id: &str, raw: &str) -> String {
    one(id, raw).1
}

#[test]
fn the_form_that_was_asked_for() {
    let raw = "I print it.\n<<<FILE main.py>>>\nprint(1)\n<<<END>>>\n";
    assert_eq!(
        one("script", raw),
        ("I print it.".into(), "print(1)\n".into())
    );
}

#[test]
fn sloppy_markers() {
    for raw in [
        "<<<FILE main.py>>>\nprint(1)\n<<<END>>>\nThis script prints one.",
        "<<<FILE main.py>>>\nprint(1)\n",
        "<<<FILE main.py>>>\nprint(1)",
        "<<<FILE main.py>>>\nprint(1)\n<<<EN",
        "<<<FILE main.py>>>\nprint(1)<<<END>>>",
        "<<<FILE: script.py>>>\nprint(1)\n<<<END>>>",
        "<<<FILE /etc/passwd>>>\nprint(1)\n<<<END>>>",
        "<<<FILE main.py>>>\n```python\nprint(1)\n```\n<<<END>>>",
        "<<<FILE main.py>>>\r\nprint(1)\n<<<END>>>\r\n",
        "<think>\n<<<FILE main.py>>>\nprint(0)\n<<<END>>>\n</think>\n<<<FILE main.py>>>\nprint(1)\n<<<END>>>",
    ] {
        assert_eq!(text("script", raw), "print(1)\n", "{raw}");
    }
}

#[test]
fn thoughts_are_reasoning() {
    let raw = "<think>hm\n</think>\n\nNow.\n<<<FILE main.py>>>\n1\n<<<END>>>";
    assert_eq!(one("script", raw).0, "hm\n\nNow.");
}

#[test]
fn fences_when_there_are_no_markers() {
    let raw = "Sure! Here it is:\n```python\nprint(1)\n```\nRun it with:\n```\npy x\n```\n";
    assert_eq!(
        one("script", raw),
        ("Sure! Here it is:".into(), "print(1)\n".into())
    );
    assert_eq!(text("script", "```python\nprint(1)"), "print(1)\n");
    assert_eq!(text("script", "~~~\nprint('```')\n~~~"), "print('```')\n");

    let raw = "```html index.html\n<p>a\n```\n```css style.css\np {}\n```";
    let names: Vec<_> = read("page", raw)
        .expect("two files")
        .artifact
        .files()
        .iter()
        .map(|file| file.name.to_string())
        .collect();
    assert_eq!(names, ["index.html", "style.css"]);
}

#[test]
fn a_documents_own_fences_are_text() {
    let inside = "# Title\n```python\nprint(1)\n```\nend\n";
    let framed = format!("<<<FILE document.md>>>\n{inside}<<<END>>>");
    assert_eq!(text("document", &framed), inside);
    assert_eq!(
        text("document", &format!("```markdown\n{inside}```\nBye")),
        inside
    );
    let problem = read("document", &format!("Look:\n{inside}")).expect_err("no document");
    assert_eq!(problem, FormProblem::NoFile);
}

#[test]
fn bare_pages_and_values() {
    let page = "<!DOCTYPE html>\n<html><body>x</body></html>";
    let raw = format!("Here:\n{page}\nEnjoy!");
    assert_eq!(one("page", &raw), ("Here:".into(), format!("{page}\n")));
    assert_eq!(text("data", " {\"a\": 1} "), "{\"a\": 1}\n");
    assert_eq!(read("script", "print(1)"), Err(FormProblem::NoFile));
}

#[test]
fn what_is_no_answer() {
    for (raw, problem) in [
        ("", FormProblem::Empty),
        (" \n\t", FormProblem::Empty),
        ("I cannot do that.", FormProblem::NoFile),
        ("<<<END>>>", FormProblem::NoFile),
        ("<<<FILE main.py>>>\n\n<<<END>>>", FormProblem::EmptyFile),
        ("<think>only thoughts", FormProblem::NoFile),
    ] {
        assert_eq!(read("script", raw), Err(problem), "{raw:?}");
    }
    let raw = "<<<FILE ../a>>>\n1\n<<<END>>>\n<<<FILE b.py>>>\n2\n<<<END>>>";
    let name = "../a".to_owned();
    assert_eq!(read("script", raw), Err(FormProblem::FileName { name }));
}

#[test]
fn files_that_are_not_written_stay() {
    let mut current = file("data.json", "{}\n");
    current.put(
        "schema.json".parse().expect("a name"),
        "{\"type\": \"object\"}\n",
    );
    let raw = "<<<FILE data.json>>>\n{\"a\": 1}\n<<<END>>>";
    let answer = read_answer(raw, &workflow("data").product, &current).expect("reads");
    let texts: Vec<_> = answer
        .artifact
        .files()
        .iter()
        .map(|file| &*file.text)
        .collect();
    assert_eq!(texts, ["{\"a\": 1}\n", "{\"type\": \"object\"}\n"]);
}

#[test]
fn the_main_file_comes_first() {
    let raw = "<<<FILE helper.py>>>\n2\n<<<END>>>\n<<<FILE main.py>>>\n1\n<<<END>>>";
    let answer = read("script", raw).expect("reads");
    let names: Vec<_> = answer
        .artifact
        .files()
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["main.py", "helper.py"]);
}

#[test]
fn attachments_are_not_the_product() {
    let names = |id, current: &Artifact, raw| {
        let answer = read_answer(raw, &workflow(id).product, current).expect("reads");
        let names = answer
            .artifact
            .files()
            .iter()
            .map(|file| file.name.to_string());
        names.collect::<Vec<_>>()
    };
    let raw = "<<<FILE x>>>\n1\n<<<END>>>";
    assert_eq!(
        names("script", &file("notes.txt", "a"), raw),
        ["main.py", "notes.txt"]
    );
    assert_eq!(
        names("data", &file("schema.json", "{}"), raw),
        ["data.json", "schema.json"]
    );
    let page = file("index.html", "a");
    let raw_style = "<<<FILE style.css>>>\n1\n<<<END>>>";
    assert_eq!(names("page", &page, raw_style), ["index.html", "style.css"]);
    // One of the same kind is what is worked on.
    assert_eq!(
        names("document", &file("letter.md", "a"), raw),
        ["letter.md"]
    );
    assert_eq!(names("script", &file("main.py", "a"), raw), ["main.py"]);
}

/// Lines that look like the frame, among ordinary ones.
fn tricky_line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~é漢]{0,20}",
        1 => "[<>]{0,7}(FILE|END|file|end)?[: ]{0,2}[a-z.]{0,6}[<>]{0,7}",
        1 => "[`~]{3,5}[a-z]{0,4}",
        1 => Just("<think>".to_owned()),
        1 => Just("</think>".to_owned()),
        1 => Just("\r".to_owned()),
    ]
}

fn tricky_text() -> impl Strategy<Value = String> {
    prop::collection::vec(tricky_line(), 0..12).prop_map(|lines| lines.join("\n"))
}

fn artifact() -> impl Strategy<Value = Artifact> {
    prop::collection::vec(tricky_text(), 1..4).prop_map(|texts| {
        let names = ["main.py", "b/helper.py", "c d.txt"];
        texts
            .into_iter()
            .zip(names)
            .map(|(text, name)| ArtifactFile {
                name: name.parse::<FileName>().expect("a name"),
                text,
            })
            .collect()
    })
}

/// What a file is after it went through a model: ended by a line break.
fn ended(artifact: &Artifact) -> Vec<(String, String)> {
    let end = |text: &str| match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    };
    let files = artifact.files().iter();
    files
        .map(|file| (file.name.to_string(), end(&file.text)))
        .collect()
}

proptest! {
    #[test]
    fn nothing_that_a_model_writes_stops_the_app(raw in tricky_text(), any in any::<String>()) {
        for id in ["document", "script", "page", "data"] {
            for raw in [&raw, &any] {
                if let Ok(answer) = read(id, raw) {
                    prop_assert!(!answer.artifact.is_empty());
                }
            }
        }
    }

    #[test]
    fn what_is_rendered_is_read_back(artifact in artifact(), thought in "[a-z ,.]{0,40}") {
        let raw = format!("{thought}\n{}", render_raw(&artifact));
        let wraps = |file: &ArtifactFile| file.text.trim_start().starts_with(['`', '~']);
        // A fence around a whole file is taken off on purpose.
        prop_assume!(!artifact.files().iter().any(wraps));
        let all_blank = artifact.files().iter().all(|file| file.text.trim().is_empty());
        match read("script", &raw) {
            Err(problem) => {
                prop_assert!(all_blank, "{problem}");
                prop_assert_eq!(problem, FormProblem::EmptyFile);
            }
            Ok(answer) => {
                prop_assert_eq!(ended(&answer.artifact), ended(&artifact));
                prop_assert_eq!(answer.reasoning, thought.trim());
                prop_assert!(!answer.open);
            }
        }
    }
}
