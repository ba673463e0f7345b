//! Bad input and a broken system: a clear answer, and nothing lost.
//!
//! Broken workflow files one by one are in `agents/workflows.rs`, full disks under a chat in `faults.rs`.

use crate::faults::{TinyDisk, fill, ran_as_root};
use crate::sessions::support::{Workshop, app_with_teachers, request};
use crate::sessions::teacher_server::{TeacherServer, instructs, writes};
use crate::support::{open, options};
use opzest_app::calls::*;
use opzest_app::dto::*;
use opzest_app::{Access, App};
use opzest_sandbox::Tools;
use std::path::Path;

const MEGABYTE: usize = 1 << 20;

async fn sessions(app: &App) -> u32 {
    let list = ListSessions {
        query: None,
        limit: 10,
    };
    list_sessions(app, list).await.expect("lists").total
}

fn file(name: &str, text: impl Into<String>) -> FileText {
    FileText {
        name: name.into(),
        text: text.into(),
    }
}

fn planned(text: &str, workflow: &str) -> NewSession {
    NewSession {
        plan: vec!["Write it".into()],
        ..request(text, workflow)
    }
}

/// Teachers for any number of sessions; `work` makes each worker's answer.
async fn teachers(work: impl Fn() -> &'static str + Send + Sync + 'static) -> TeacherServer {
    TeacherServer::by_rule(move |model, _| match model {
        "lead" => instructs("write it"),
        _ => writes("main.py", work()),
    })
    .await
}

async fn accept(session: &mut Workshop) {
    session.judged().await;
    let act = SessionAct::Verdict {
        verdict: Verdict::Accepted,
        words: "Good".into(),
        attempt_id: None,
    };
    session.act(act).await;
}

#[tokio::test]
async fn requests_and_files_that_cannot_be_used_begin_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let with = |files: Vec<FileText>| NewSession {
        files,
        ..request("A clock", "script")
    };
    let long = "x".repeat(10 * MEGABYTE);
    let mut answers = Vec::new();
    for new in [
        request("", "script"),
        request(" \n\t", "script"),
        request(&long, "script"),
        request("a clock\0", "script"),
        request("A clock", "no such workflow"),
        request("A clock", "unheard-of"),
        with(vec![file("", "x")]),
        with(vec![file("../main.py", "x")]),
        with(vec![file("/etc/passwd", "x")]),
        with(vec![file("a\nb", "x")]),
        with(vec![file("a.py", "1"), file("a.py", "2")]),
        with(vec![file("picture.png", "\u{89}PNG\r\n\0\0")]),
        with(vec![file("long.txt", &*long)]),
    ] {
        let refused = new_session(&app, new).await.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::InvalidInput);
        answers.push(refused.message);
    }
    insta::assert_snapshot!(answers.join("\n"));
    assert_eq!(sessions(&app).await, 0, "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_session_cannot_use_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = teachers(|| "print(1)\n").await;
    let app = app_with_teachers(folder.path(), &server).await;
    let mut session = Workshop::begin(&app, planned("A clock", "script")).await;
    session.approve().await;
    session.judged().await;
    let before = session.now.clone();
    let long = "x".repeat(10 * MEGABYTE);
    let edit = |files| SessionAct::HandEdit {
        files,
        words: String::new(),
    };
    let mut answers = Vec::new();
    for act in [
        SessionAct::Feedback { words: " ".into() },
        SessionAct::Feedback {
            words: long.clone(),
        },
        SessionAct::Feedback {
            words: "no\0".into(),
        },
        edit(Vec::new()),
        edit(vec![file("../main.py", "x")]),
        edit(vec![file("main.py", "\0")]),
        edit(vec![file("main.py", long)]),
        SessionAct::ApprovePlan,
    ] {
        let id = session.id.clone();
        let refused = act_on_session(&app, ActOnSession { id, act }).await;
        let refused = refused.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::InvalidInput);
        answers.push(refused.to_string());
    }
    insta::assert_snapshot!(answers.join("\n"));
    session.judged().await;
    assert_eq!(session.now, before);
    accept(&mut session).await;
    session.until(|need| *need == Need::Nothing).await;
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_when_its_workflow_file_breaks() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = teachers(|| "print(1)\n").await;
    let app = app_with_teachers(folder.path(), &server).await;
    let workflows = folder.path().join("workflows");
    std::fs::create_dir_all(&workflows).expect("a folder");
    let own = workflows.join("mine.toml");
    let text = include_str!("../../../../assets/workflows/script.toml");
    let text = text.replace("id = \"script\"", "id = \"mine\"");
    std::fs::write(&own, text).expect("writes");
    let mut session = Workshop::begin(&app, planned("A clock", "mine")).await;

    std::fs::write(&own, "id = \"mine\"\nname = \n").expect("writes");
    let known = list_workflows(&app, NoArguments {}).await.expect("lists");
    assert_eq!(known.workflows.len(), 4, "the others can be used");
    let [problem] = &known.problems[..] else {
        panic!("{:?}", known.problems);
    };
    let place = format!("{}: line 2, column 8: ", own.display());
    assert!(problem.message.starts_with(&place), "{problem}");
    let refused = new_session(&app, planned("Another", "mine")).await;
    assert_eq!(
        refused.expect_err("broken").message,
        "There is no workflow `mine`."
    );

    session.approve().await;
    accept(&mut session).await;
    session.until(|need| *need == Need::Nothing).await;
    app.shut_down().await;
}

/// A finished session in a folder that nobody has open.
async fn finished_session(folder: &Path, server: &TeacherServer) {
    let app = app_with_teachers(folder, server).await;
    let mut session = Workshop::begin(&app, planned("A clock", "script")).await;
    session.approve().await;
    accept(&mut session).await;
    session.until(|need| *need == Need::Nothing).await;
    app.shut_down().await;
    app.close();
}

/// The app says `code`, begins nothing, and works again once `mend` has been called.
async fn refused_until_mended(folder: &Path, code: ErrorCode, mend: impl FnOnce()) {
    let app = open(folder);
    let info = app_info(&app, NoArguments {}).await.expect("info");
    let problem = info.problem.expect("a problem");
    assert_eq!(problem.code, code, "{problem}");
    assert!(!problem.hint.is_empty(), "{problem}");
    let refused = new_session(&app, planned("Another", "script")).await;
    assert_eq!(refused.expect_err("refused"), problem);
    mend();
    let info = app_info(&app, NoArguments {}).await.expect("info");
    assert_eq!(info.problem, None);
    let list = ListSessions {
        query: None,
        limit: 10,
    };
    let kept = list_sessions(&app, list).await.expect("lists").items;
    assert_eq!(kept.len(), 1, "the session is there");
    assert_eq!((kept[0].examples, kept[0].versions), (1, 1), "with its row");
    app.shut_down().await;
    app.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_folder_is_told_and_left_as_it_is() {
    if ran_as_root("bad_input::a_read_only_folder_is_told_and_left_as_it_is") {
        return;
    }
    let disk = TinyDisk::mount("20m");
    let server = teachers(|| "print(1)\n").await;
    finished_session(disk.path(), &server).await;
    disk.read_only(true);
    let mend = || disk.read_only(false);
    refused_until_mended(disk.path(), ErrorCode::DataFolderUnusable, mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_version_is_told_and_left_as_it_is() {
    /// https://www.sqlite.org/fileformat2.html#user_version_number
    const VERSION: std::ops::Range<usize> = 60..64;
    let folder = tempfile::tempdir().expect("a folder");
    let server = teachers(|| "print(1)\n").await;
    finished_session(folder.path(), &server).await;
    let path = folder.path().join(opzest_store::STORE_FILE);
    let present = std::fs::read(&path).expect("reads");
    let mut newer = present.clone();
    newer[VERSION].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, &newer).expect("writes");
    let mend = || {
        assert!(
            std::fs::read(&path).expect("reads") == newer,
            "not a byte of it has changed"
        );
        std::fs::write(&path, &present).expect("writes");
    };
    refused_until_mended(folder.path(), ErrorCode::StoreTooNew, mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_finds_the_disk_full_is_kept_and_stored_later() {
    if ran_as_root("bad_input::a_result_that_finds_the_disk_full_is_kept_and_stored_later") {
        return;
    }
    let disk = TinyDisk::mount("20m");
    let path = disk.path().to_owned();
    let filled = std::sync::Once::new();
    let work = move || {
        filled.call_once(|| fill(&path));
        "print('worth keeping')\n"
    };
    let server = teachers(work).await;
    let app = app_with_teachers(disk.path(), &server).await;
    let mut session = Workshop::begin(&app, planned("A clock", "script")).await;
    session.approve().await;
    session.until(|need| *need == Need::Resume).await;
    let unsaved = session.now.unsaved.clone().expect("the user is told");
    assert_eq!(unsaved.code, ErrorCode::DiskFull, "{unsaved}");
    assert!(unsaved.hint.contains("Free some space"), "{unsaved}");
    let id = session.id.clone();
    let still_full = ActOnSession {
        id: id.clone(),
        act: SessionAct::Resume,
    };
    let refused = act_on_session(&app, still_full).await;
    assert_eq!(refused.expect_err("still full").code, ErrorCode::DiskFull);

    disk.free();
    let asked = server.seen().len();
    session.act(SessionAct::Resume).await;
    assert_eq!(session.now.unsaved, None);
    session.judged().await;
    assert_eq!(server.seen().len(), asked, "the model is not asked again");
    accept(&mut session).await;
    session.until(|need| *need == Need::Nothing).await;
    let kept = &session.now.versions[0].files[0].text;
    assert_eq!(kept, "print('worth keeping')\n");
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_stores_what_the_full_disk_has_held_up() {
    if ran_as_root("bad_input::closing_stores_what_the_full_disk_has_held_up") {
        return;
    }
    let disk = TinyDisk::mount("20m");
    let path = disk.path().to_owned();
    let filled = std::sync::Once::new();
    let work = move || {
        filled.call_once(|| fill(&path));
        "print('worth keeping')\n"
    };
    let server = teachers(work).await;
    let app = app_with_teachers(disk.path(), &server).await;
    let mut session = Workshop::begin(&app, planned("A clock", "script")).await;
    session.approve().await;
    session.until(|need| *need == Need::Resume).await;
    disk.free();
    let asked = server.seen().len();
    let id = session.id.clone();
    app.shut_down().await;
    app.close();
    drop((session, app));

    let app = open(disk.path());
    let opened = open_session(&app, SessionArgument { id }).await;
    let mut session = Workshop::watch(&app, opened.expect("opens")).await;
    session.act(SessionAct::Resume).await;
    session.judged().await;
    assert_eq!(server.seen().len(), asked, "the model is not asked again");
    app.shut_down().await;
}

/// Without the programs that run scripts, results are shown unchecked, and the user is told what to install.
#[tokio::test(flavor = "multi_thread")]
async fn without_python_or_bubblewrap_sessions_go_on_unchecked() {
    let found = Tools::find();
    for (tools, missing, hint) in [
        (
            Tools {
                bubblewrap: None,
                ..found.clone()
            },
            "bubblewrap (bwrap), which isolates scripts, is not installed",
            "Install the package `bubblewrap`",
        ),
        (
            Tools {
                python: None,
                ..found
            },
            "Python 3 (python3), which runs scripts, is not installed",
            "Install Python 3",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = teachers(|| "print(1)\n").await;
        app_with_teachers(folder.path(), &server).await.close();
        let app = App::open(opzest_app::AppOptions {
            tools: Some(tools),
            ..options(folder.path(), Access::Write)
        });
        let info = sandbox_info(&app, NoArguments {}).await.expect("info");
        let problem = info.problem.expect("a problem");
        assert!(!info.ready);
        assert_eq!(problem.code, ErrorCode::SandboxMissing);
        assert!(problem.message.contains(missing), "{problem}");
        assert!(problem.hint.contains(hint), "{problem}");

        let mut session = Workshop::begin(&app, planned("A clock", "script")).await;
        session.approve().await;
        session.judged().await;
        let attempt = session.now.steps[0].cycles[0].attempt.as_ref();
        let check = attempt.expect("an attempt").check.clone();
        let Some(CheckView::NotRun { why }) = check else {
            panic!("{check:?}");
        };
        assert!(why.contains(missing) && why.contains(hint), "{why}");
        accept(&mut session).await;
        session.until(|need| *need == Need::Nothing).await;
        app.shut_down().await;
    }
}
