//! Files of rows: what is read from them, and what is written.

use super::{export, import, import_lines, list, open_row, pair};
use crate::support::open;
use opzest_app::calls::*;
use opzest_app::dto::*;
use opzest_core::ids::UseCaseId;
use serde_json::{Value, json};
use std::path::Path;

fn said(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": text })
}

#[tokio::test]
async fn rows_of_a_file_are_judged_line_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(&folder.path().join("data"));
    let row =
        |prompt: Value, chosen: Value| json!({ "prompt": prompt, "chosen": chosen }).to_string();
    let asked = json!([said("system", "Be brief."), said("user", "A poem")]);
    let repeated = json!([said("user", "Hi"), said("assistant", "Hello")]);
    let lines = [
        pair("Say hello", "Hello", "Go away"),
        row(asked.clone(), json!([said("assistant", "Roses")])),
        // Both sides may repeat the prompt.
        row(json!([said("user", "Hi")]), repeated.clone()),
        // Other people's columns.
        json!({ "prompt": "x", "chosen": "y", "reason": "it is better", "group": 7, "split": "test",
                "chosen_files": "none", "score": [1, 2], "workflow": {} })
        .to_string(),
        pair("Say hello", "Hello", "Go away"),
        "{\"prompt\": \"cut".into(),
        "[1]".into(),
        json!({ "chosen": "y" }).to_string(),
        json!({ "prompt": "x" }).to_string(),
        row(json!("x"), json!(" ")),
        row(json!(" "), json!("y")),
        row(json!([said("tool", "x")]), json!("y")),
        row(json!([said("assistant", "x")]), json!("y")),
        row(json!("x"), json!([said("user", "y")])),
        row(json!("x"), json!([said("assistant", "y"), said("assistant", "z")])),
        row(json!(["x"]), json!("y")),
        row(json!({ "a": 1 }), json!("y")),
    ];
    let report = import_lines(&app, folder.path(), &lines)
        .await
        .expect("read");
    assert_eq!((report.added, report.duplicates, report.bad), (4, 1, 12));
    let told: Vec<_> = report
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.line, problem.message))
        .collect();
    insta::assert_snapshot!(told.join("\n"));

    let rows = list(&app, ExampleFilter::default()).await;
    assert_eq!((rows.total, rows.total_is_least), (4, false));
    let titles: Vec<_> = rows.items.iter().map(|row| row.title.as_str()).collect();
    assert_eq!(titles, ["x", "Hi", "A poem", "Say hello"]);
    let strange = open_row(&app, &rows.items[0].id).await;
    assert_eq!(strange.summary.reason, None);
    assert_eq!(strange.summary.scope, Scope::Private);
    assert_eq!(strange.chosen.expect("chosen").text, "y");
    let asked = open_row(&app, &rows.items[2].id).await;
    assert_eq!(asked.prompt[0].text, "Be brief.");
    assert_eq!(asked.rejected, None);
    app.shut_down().await;
}

/// One line must not hold the store while others wait for it.
#[tokio::test]
async fn a_line_with_too_many_files_is_bad() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(&folder.path().join("data"));
    let with = |column: &str, files: usize| {
        let files: Vec<_> = (0..files)
            .map(|number| json!({ "name": format!("{number}.txt"), "text": "" }))
            .collect();
        json!({ "prompt": "x", "chosen": column, "rejected": "z", column: files }).to_string()
    };
    let lines = [
        with("chosen_files", 80_000),
        with("rejected_files", 201),
        with("chosen_files", 200),
    ];
    let report = import_lines(&app, folder.path(), &lines)
        .await
        .expect("read");
    assert_eq!((report.added, report.bad), (1, 2));
    let told: Vec<_> = report.problems.iter().map(|it| &*it.message).collect();
    assert_eq!(
        told,
        [
            "`chosen_files` has 80000 files, and 200 is the most.",
            "`rejected_files` has 201 files, and 200 is the most.",
        ]
    );
    app.shut_down().await;
}

#[tokio::test]
async fn a_file_without_rows_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(&folder.path().join("data"));
    let path = folder.path().join("bad");
    for (bytes, told) in [
        (&b""[..], "There are no rows in"),
        (b"\n \r\n", "There are no rows in"),
        (b"PAR1 is not all", "cannot be read"),
    ] {
        std::fs::write(&path, bytes).expect("written");
        let message = import(&app, &path).await.expect_err("refused").message;
        assert!(message.contains(told), "{message}");
    }
    let folders = import(&app, folder.path()).await.expect_err("a folder");
    assert!(folders.message.contains("is not a file"), "{folders}");
    let missing = import(&app, Path::new("/nowhere/rows.jsonl"))
        .await
        .expect_err("missing");
    assert!(missing.message.contains("/nowhere/rows.jsonl"), "{missing}");

    let lines: Vec<_> = (0..150).map(|_| "nonsense".to_owned()).collect();
    let report = import_lines(&app, folder.path(), &lines)
        .await
        .expect("read");
    assert_eq!(
        (report.added, report.bad, report.problems.len()),
        (0, 150, 100)
    );
    let unknown = ImportDataset {
        path: path.display().to_string(),
        use_case_id: UseCaseId::new(1, [0; 10]).to_string(),
    };
    std::fs::write(&path, pair("a", "b", "c")).expect("written");
    let refused = import_dataset(&app, unknown)
        .await
        .expect_err("no such use case");
    assert_eq!(refused.code, ErrorCode::NotFound);
    assert_eq!(list(&app, ExampleFilter::default()).await.total, 0);
    app.shut_down().await;
}

#[tokio::test]
async fn an_export_replaces_whole_files_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(&folder.path().join("data"));
    let path = folder.path().join("out.jsonl");
    let nothing = export(&app, &path, DatasetFormat::Jsonl)
        .await
        .expect_err("no rows");
    assert_eq!(nothing.message, "There are no finished rows to export.");
    assert!(!path.exists());

    import_lines(&app, folder.path(), &[pair("a", "b", "c")])
        .await
        .expect("read");
    std::fs::write(&path, "old").expect("written");
    let done = export(&app, &path, DatasetFormat::Jsonl)
        .await
        .expect("written");
    assert_eq!((done.rows, done.pending), (1, 0));
    let text = std::fs::read_to_string(&path).expect("there");
    assert_eq!(done.bytes as usize, text.len());
    assert!(text.starts_with("{\"prompt\":[{"), "{text}");
    let row: Value = serde_json::from_str(&text).expect("one line");
    assert_eq!(row["prompt"], json!([said("user", "a")]));
    assert_eq!(row["rejected"], json!([said("assistant", "c")]));
    for (bad, told) in [
        (folder.path().join("data/opzest.db"), "own folder"),
        (
            folder.path().join("nowhere/out.jsonl"),
            "could not be written: there is no folder",
        ),
        (folder.path().join("data"), "could not be written"),
    ] {
        let refused = export(&app, &bad, DatasetFormat::Parquet)
            .await
            .expect_err("refused");
        assert!(refused.message.contains(told), "{refused}");
    }
    // Nothing is left beside it.
    let files: Vec<_> = std::fs::read_dir(folder.path()).expect("reads").collect();
    assert_eq!(files.len(), 3, "{files:?}");
    app.shut_down().await;
}
