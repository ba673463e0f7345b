//! A session of each workflow with the embedded model alone: a small model writes poor work, so the
//! verdicts and hand edits are scripted, and the structure is asserted, not the model's words.

use super::support::{Workshop, line, request, table};
use crate::support::open;
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;

/// The workflows as they come with OpZest, with short answers: the user's own files stand in their place.
fn short_answers(folder: &std::path::Path) {
    let bundled = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/workflows");
    let own = folder.join("workflows");
    std::fs::create_dir_all(&own).expect("a folder");
    for entry in std::fs::read_dir(bundled).expect("workflows") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let lines = text
            .lines()
            .map(|line| match line.starts_with("max_tokens") {
                true => "max_tokens = 60",
                false => line,
            });
        let text = lines.collect::<Vec<_>>().join("\n");
        std::fs::write(own.join(path.file_name().expect("a name")), text).expect("written");
    }
}

/// What a user would have written.
fn own_version(workflow: &str) -> FileText {
    let (name, text) = match workflow {
        "document" => ("document.md", "# Hello\n\nDear Ana, see you on Monday.\n"),
        "script" => ("main.py", "print('12:00')\n"),
        "page" => (
            "index.html",
            "<!doctype html>\n<title>Clock</title>\n<p>12:00</p>\n",
        ),
        "data" => ("data.json", "{\"city\": \"Split\"}\n"),
        other => panic!("no version for {other}"),
    };
    FileText {
        name: name.into(),
        text: text.into(),
    }
}

/// The first attempt is sent back, the second is replaced by the user's own version.
async fn session_of(app: &App, workflow: &str) -> Workshop {
    let mut new = request("Something small about the time 12:00.", workflow);
    new.scope = Scope::Private;
    new.plan = vec!["Write it in three lines".into()];
    let mut session = Workshop::begin(app, new).await;
    session.approve().await;
    session
        .until(|need| matches!(need, Need::Judge | Need::PoolExhausted))
        .await;
    if session.now.need == Need::Judge {
        session
            .act(SessionAct::Verdict {
                verdict: Verdict::Redo,
                words: "Shorter".into(),
                attempt_id: None,
            })
            .await;
        session
            .until(|need| matches!(need, Need::Judge | Need::PoolExhausted))
            .await;
    }
    let mut files = vec![own_version(workflow)];
    files[0].name = session
        .now
        .workflow
        .as_ref()
        .expect("chosen")
        .file_name
        .clone();
    session
        .act(SessionAct::HandEdit {
            files,
            words: "Like this".into(),
        })
        .await;
    session.until(|need| *need == Need::Nothing).await;
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn every_workflow_reaches_a_product_with_the_embedded_model() {
    let folder = tempfile::tempdir().expect("a folder");
    short_answers(folder.path());
    let app = open(folder.path());
    for workflow in ["document", "script", "page", "data"] {
        let session = session_of(&app, workflow).await;
        assert_eq!(session.now.summary.status, SessionStatus::Finished);
        assert_eq!(session.now.versions.len(), 1);
        let rows: Vec<_> = table(&app)
            .await
            .into_iter()
            .filter(|row| row.session_id.as_ref() == Some(&session.id))
            .collect();
        assert!(
            rows.len() >= 2,
            "{workflow}: {:?}",
            rows.iter().map(line).collect::<Vec<_>>()
        );
        for row in &rows {
            let chosen = row
                .chosen
                .as_ref()
                .expect("every row has the user's version");
            assert_eq!(chosen.files[0].text, own_version(workflow).text);
            assert_eq!((chosen.traced_tokens, row.summary.by_hand), (0, true));
            let rejected = row.rejected.as_ref().expect("every attempt was rejected");
            assert!(
                rejected.traced_tokens > 0,
                "{workflow}: local models are traced"
            );
        }
        let product = folder.path().join("out").join(workflow);
        let export = ExportProduct {
            id: session.id.clone(),
            version: None,
            folder: product.display().to_string(),
        };
        let written = export_product(&app, export.clone()).await.expect("exports");
        assert_eq!(
            std::fs::read_to_string(&written[0]).expect("is there"),
            own_version(workflow).text
        );
        let again = export_product(&app, export)
            .await
            .expect_err("nothing is replaced");
        assert!(again.message.contains("is there already"), "{again}");
    }
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_after_the_app_was_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    short_answers(folder.path());
    let app = open(folder.path());
    let mut new = request("A poem about the sea", "document");
    new.plan = vec!["Write two lines".into()];
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    // In the middle of whatever it does.
    app.shut_down().await;
    // Tasks that are ending still hold the app; its data folder is free all the same.
    app.close();
    let id = session.id.clone();
    drop(session);
    drop(app);

    let app = open(folder.path());
    let opened = open_session(&app, SessionArgument { id })
        .await
        .expect("opens");
    assert_eq!(opened.need, Need::Resume, "nothing begins by itself");
    let mut session = Workshop::watch(&app, opened).await;
    session.act(SessionAct::Resume).await;
    session
        .until(|need| matches!(need, Need::Judge | Need::PoolExhausted))
        .await;
    app.shut_down().await;
}
