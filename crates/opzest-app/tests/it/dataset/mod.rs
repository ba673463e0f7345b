//! The dataset's commands: rows that were imported, and rows of a session.

mod files;
mod round_trip;

use crate::sessions::support::{Workshop, app_with_teachers, request, table};
use crate::sessions::teacher_server::{Reply, TeacherServer, instructs, writes};
use crate::support::open;
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;
use serde_json::json;
use std::path::Path;

async fn first_use_case(app: &App) -> String {
    let all = list_use_cases(app, NoArguments {}).await.expect("listed");
    all[0].id.clone()
}

async fn import(app: &App, path: &Path) -> Result<ImportReport, UiError> {
    let import = ImportDataset {
        path: path.display().to_string(),
        use_case_id: first_use_case(app).await,
    };
    import_dataset(app, import).await
}

/// Writes a file with these lines and imports it.
async fn import_lines(app: &App, folder: &Path, lines: &[String]) -> Result<ImportReport, UiError> {
    let path = folder.join("rows.jsonl");
    std::fs::write(&path, lines.join("\n")).expect("written");
    import(app, &path).await
}

async fn export(app: &App, path: &Path, format: DatasetFormat) -> Result<DatasetExport, UiError> {
    let export = ExportDataset {
        filter: ExampleFilter::default(),
        format,
        path: path.display().to_string(),
    };
    export_dataset(app, export).await
}

async fn list(app: &App, filter: ExampleFilter) -> ExamplePage {
    let list = ListExamples {
        filter,
        after: None,
        limit: 50,
    };
    list_examples(app, list).await.expect("listed")
}

async fn open_row(app: &App, id: &str) -> ExampleView {
    let row = ExampleArgument { id: id.to_owned() };
    open_example(app, row).await.expect("opened")
}

fn pair(prompt: &str, chosen: &str, rejected: &str) -> String {
    json!({ "prompt": prompt, "chosen": chosen, "rejected": rejected }).to_string()
}

#[tokio::test]
async fn rows_are_found_marked_edited_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(&folder.path().join("data"));
    let lines: Vec<_> = (0..5)
        .map(|n| pair(&format!("prompt {n}"), &format!("good {n}"), "bad zebra"))
        .chain([json!({ "prompt": "alone", "chosen": "giraffe" }).to_string()])
        .collect();
    import_lines(&app, folder.path(), &lines)
        .await
        .expect("read");

    let paired = |paired| ExampleFilter {
        paired: Some(paired),
        ..ExampleFilter::default()
    };
    assert_eq!(list(&app, paired(true)).await.total, 5);
    let alone = list(&app, paired(false)).await.items.remove(0);
    assert_eq!((alone.title.as_str(), alone.traced), ("alone", false));
    let query = Some("zebra".to_owned());
    let found = ExampleFilter {
        query,
        ..ExampleFilter::default()
    };
    assert_eq!(list(&app, found).await.total, 5);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = ListExamples {
            filter: ExampleFilter::default(),
            after,
            limit: 4,
        };
        let page = list_examples(&app, page).await.expect("listed");
        seen.extend(page.items.into_iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 6);

    let mark = MarkExamples {
        ids: vec![alone.id.clone()],
        scope: Some(Scope::Communal),
        split: Some(Split::HeldOut),
    };
    mark_examples(&app, mark).await.expect("marked");
    let edit = |text: &str| EditExample {
        id: alone.id.clone(),
        side: Side::Chosen,
        text: text.to_owned(),
    };
    let edited = edit_example(&app, edit("elephant")).await.expect("saved");
    assert!(edited.summary.edited && edited.summary.scope == Scope::Communal);
    assert_eq!(edited.chosen.expect("chosen").text, "elephant");
    edit_example(&app, edit(" \n")).await.expect_err("empty");
    let trace = ExampleTrace {
        id: alone.id.clone(),
        side: Side::Chosen,
    };
    let none = example_trace(&app, trace).await.expect_err("none");
    assert_eq!(none.code, ErrorCode::NotFound);

    let stats = dataset_stats(&app, NoArguments {}).await.expect("counted");
    let own = &stats[0];
    assert_eq!(
        (own.complete, own.paired, own.pending, own.communal),
        (6, 5, 0, 1)
    );
    assert!(own.held_out >= 1 && !own.readiness.ready);
    assert!(own.readiness.words.starts_with("6 of 30 finished results."));
    let use_cases = list_use_cases(&app, NoArguments {}).await.expect("listed");
    assert_eq!((use_cases[0].sessions, use_cases[0].examples), (0, 6));

    let ids = vec![alone.id.clone()];
    let deleted = delete_examples(&app, DeleteExamples { ids: ids.clone() }).await;
    assert_eq!(
        deleted.expect("deleted"),
        DeletionView {
            deleted: 1,
            remains: Vec::new()
        }
    );
    let again = delete_examples(&app, DeleteExamples { ids })
        .await
        .expect_err("gone");
    assert_eq!(again.code, ErrorCode::NotFound);
    assert_eq!(list(&app, ExampleFilter::default()).await.total, 5);
    app.shut_down().await;
}

const REDO: Reply = Reply::Letter([0.9, 0.05, 0.05]);
const ACCEPTED: Reply = Reply::Letter([0.05, 0.05, 0.9]);

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_session_have_traces_and_leave_with_their_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script("lead", ["one", "two", "three"].map(instructs));
    let scripts = ["print('wrong')\n", "print('right')\n", "print('more')\n"];
    server.script("worker-a", scripts.map(|text| writes("main.py", text)));
    server.script("analyst", [REDO, ACCEPTED]);
    let plan = vec!["Print".to_owned(), "Print more".to_owned()];
    let new = NewSession {
        plan,
        ..request("A script", "script")
    };
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    session.judged().await;
    session.say("No").await;
    session.judged().await;
    session.say("Yes").await;
    session.judged().await;
    session.act(SessionAct::Pause).await;

    let rows = table(&app).await;
    let row = &rows[0];
    assert!(row.summary.traced && row.summary.paired && !row.summary.pending);
    assert_eq!(
        row.session_title.as_deref(),
        Some(&*session.now.summary.title)
    );
    assert_eq!(row.workflow.as_deref(), Some("Script"));
    assert!(row.prompt_version.is_some());
    let rejected = row.rejected.clone().expect("there");
    assert_eq!(rejected.files[0].text, scripts[0]);
    let trace = ExampleTrace {
        id: row.summary.id.clone(),
        side: Side::Rejected,
    };
    let trace = example_trace(&app, trace).await.expect("there");
    assert_eq!(trace.tokens.len() as u32, rejected.traced_tokens);
    assert!(trace.tokens.iter().all(|token| token.top.len() <= 10));
    let text: String = trace
        .tokens
        .iter()
        .map(|token| token.text.as_str())
        .collect();
    assert_eq!(text, rejected.text);

    // A new text is read as the worker's are.
    let edit = EditExample {
        id: row.summary.id.clone(),
        side: Side::Rejected,
        text: "Why not.\n```python\nprint('worse')\n```".into(),
    };
    let edited = edit_example(&app, edit).await.expect("saved");
    let rejected = edited.rejected.expect("there");
    assert_eq!(
        (rejected.traced_tokens, &*rejected.reasoning),
        (0, "Why not.")
    );
    assert_eq!(rejected.files[0].text, "print('worse')\n");

    let ids = vec![row.summary.id.clone()];
    let deleted = delete_examples(&app, DeleteExamples { ids })
        .await
        .expect("deleted");
    assert_eq!(deleted.deleted, 1);
    assert!(
        deleted
            .remains
            .iter()
            .any(|place| place.contains("of the product")),
        "{deleted:?}"
    );
    app.shut_down().await;
}

/// A window that watches opens its session again as soon as it is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_opened_while_rows_are_deleted_does_not_have_their_texts() {
    const SECRET: &str = "qzxjwvsecret";
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script("lead", ["one", "two"].map(instructs));
    let scripts = ["print('wrong')\n", "print('right')\n"];
    server.script("worker-a", scripts.map(|text| writes("main.py", text)));
    server.script("analyst", [REDO]);
    let new = NewSession {
        plan: vec!["Print".to_owned()],
        ..request("A script", "script")
    };
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    session.judged().await;
    session.say(&format!("No {SECRET}")).await;
    session.judged().await;
    let row = list(&app, ExampleFilter::default()).await.items.remove(0);

    let (opener, id) = (app.clone(), session.id.clone());
    let opening = tokio::spawn(async move {
        loop {
            let session = SessionArgument { id: id.clone() };
            // It may be closing.
            let _ = open_session(&opener, session).await;
        }
    });
    let delete = DeleteExamples { ids: vec![row.id] };
    delete_examples(&app, delete).await.expect("deleted");
    opening.abort();
    let id = session.id.clone();
    let view = open_session(&app, SessionArgument { id }).await;
    let told = serde_json::to_string(&view.expect("opens")).expect("JSON");
    assert!(!told.contains(SECRET), "{told}");
    app.shut_down().await;
}
