//! Whole sessions with teachers on a server: exactly the rows that the storing rules demand.

use super::support::{Workshop, app_with_teachers, line, replace_model, request, table};
use super::teacher_server::{Reply, TeacherServer, instructs, says, writes};
use opzest_app::dto::*;
use serde_json::json;

const REDO: Reply = Reply::Letter([0.9, 0.05, 0.05]);
const FURTHER_EDIT: Reply = Reply::Letter([0.05, 0.9, 0.05]);
const ACCEPTED: Reply = Reply::Letter([0.05, 0.05, 0.9]);

fn plans(steps: &[&str]) -> Reply {
    says(json!({ "reasoning": "It is simple.", "steps": steps }).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_session_with_good_and_bad_teachers() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script(
        "planner",
        [
            Reply::Status(429),
            plans(&["Print the time", "Ring a bell"]),
        ],
    );
    server.script(
        "lead",
        [
            instructs("one"),
            instructs("two"),
            // Cut twice, then whole: no row comes of it.
            Reply::Cut("{\"reas".into()),
            Reply::Cut("{\"reas".into()),
            instructs("three"),
            Reply::Silence,
            instructs("four"),
            instructs("five"),
            instructs("six"),
        ],
    );
    server.script(
        "worker-a",
        [
            writes("main.py", "print(tme)\n"),
            // No artifact in it, not even when asked again.
            says("I am sorry, I cannot do that."),
            says("Really not."),
            writes("main.py", "print('hello')\n"),
            writes("main.py", "print('12:00 dong')\n"),
        ],
    );
    server.script(
        "worker-b",
        [
            Reply::Garbage,
            Reply::Status(503),
            Reply::SaysUntraced("Here.\n<<<FILE main.py>>>\nprint('12')\n<<<END>>>".into()),
            writes("main.py", "print('12:00')\n"),
        ],
    );
    server.script("analyst", [REDO, FURTHER_EDIT, ACCEPTED, ACCEPTED]);

    let mut session = Workshop::begin(&app, request("A clock that rings", "script")).await;
    session.approve().await;
    // Two errors and a redo: worker-a has had its three attempts.
    session.judged().await;
    session.say("That is no clock").await;
    session.judged().await;
    assert_eq!(session.now.summary.examples, 3);
    session.say("Show the minutes, too").await;
    session.judged().await;
    session.say("Yes").await;
    // The next step is worker-a's again.
    session.judged().await;
    session.say("Lovely").await;
    session.until(|need| *need == Need::Nothing).await;

    assert_eq!(session.now.summary.status, SessionStatus::Finished);
    let rows = table(&app).await;
    let lines: Vec<_> = rows.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
    for row in &rows[..4] {
        assert_eq!(
            row.prompt, rows[0].prompt,
            "the first instruction is the prompt of all"
        );
        assert_eq!(row.chosen, rows[0].chosen);
    }
    assert!(
        rows.iter()
            .all(|row| row.summary.scope == Scope::Communal && !row.summary.pending)
    );
    let versions: Vec<_> = session
        .now
        .versions
        .iter()
        .map(|v| v.files[0].text.trim())
        .collect();
    assert_eq!(versions, ["print('12:00')", "print('12:00 dong')"]);
    assert!(session.now.versions[1].is_final && !session.now.versions[0].is_final);
    let switches: Vec<_> = session.now.steps[0]
        .cycles
        .iter()
        .filter_map(|c| c.switch.clone())
        .collect();
    assert_eq!(
        switches,
        [TeacherSwitchView {
            from: Some("worker-a".into()),
            to: Some("worker-b".into()),
            cause: SwitchCause::Failures
        }]
    );
    assert_eq!(server.left(), 0, "every answer was asked for");
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_session_with_good_and_bad_teachers() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script("lead", ["one", "two", "three", "four"].map(instructs));
    let page = |script: &str| {
        format!(
            "<!doctype html>\n<title>Ball</title>\n<h1>Ball</h1>\n<script>\n{script}\n</script>\n"
        )
    };
    server.script(
        "worker-a",
        [
            writes("index.html", &page("let x = ;")),
            writes("index.html", &page("let x = 1;")),
            writes("index.html", &page("let x = 2;")),
        ],
    );
    server.script("worker-b", [writes("index.html", &page("let x = 3;"))]);
    server.script("analyst", [REDO, REDO, ACCEPTED]);

    let mut new = request("A bouncing ball", "page");
    new.plan = vec!["Draw a ball that bounces".into()];
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    session.judged().await;
    session.say("It does not bounce").await;
    session.judged().await;
    session.say("Still not").await;
    session.judged().await;
    session.say("It bounces").await;
    session.until(|need| *need == Need::Nothing).await;
    let lines: Vec<_> = table(&app).await.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n---\n"));
    assert_eq!(server.left(), 0);
    app.shut_down().await;
}

/// A model's name can be given to another one, on this computer or elsewhere: what was allowed was for the first.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_another_server_under_the_name_of_an_allowed_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let other = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script("lead", [instructs("one")]);
    let mut new = request("My secret diary", "document");
    new.scope = Scope::Private;
    new.plan = vec!["Write the diary".into()];
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    session
        .until(|need| matches!(need, Need::Consent { .. }))
        .await;
    session.act(SessionAct::Pause).await;
    replace_model(&app, "lead", &other).await;
    session
        .act(SessionAct::Consent {
            model_id: "lead".into(),
            allow: true,
        })
        .await;
    session.act(SessionAct::Resume).await;
    session
        .until(|need| matches!(need, Need::Trouble { .. }))
        .await;
    let Need::Trouble { problem, .. } = session.now.need.clone() else {
        panic!("{:?}", session.now.need);
    };
    assert!(
        problem.message.contains("is another one now"),
        "{problem:?}"
    );
    assert!(server.seen().is_empty() && other.seen().is_empty());
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_session_sends_nothing_without_consent() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TeacherServer::start().await;
    let app = app_with_teachers(folder.path(), &server).await;
    server.script("lead", [instructs("one")]);
    let mut new = request("My secret diary", "document");
    new.scope = Scope::Private;
    new.plan = vec!["Write the diary".into()];
    let mut session = Workshop::begin(&app, new).await;
    session.approve().await;
    session
        .until(|need| matches!(need, Need::Consent { .. }))
        .await;
    let Need::Consent {
        agent,
        model_id,
        destination,
        messages,
        ..
    } = session.now.need.clone()
    else {
        panic!("{:?}", session.now.need);
    };
    assert_eq!((agent, model_id.as_str()), (Agent::Lead, "lead"));
    assert_eq!(destination, format!("{} (lead)", server.address()));
    assert!(
        messages
            .iter()
            .any(|message| message.text.contains("Write the diary")),
        "{messages:?}"
    );
    assert!(server.seen().is_empty(), "nothing was sent");
    let shown = messages.clone();
    session
        .act(SessionAct::Consent {
            model_id,
            allow: true,
        })
        .await;
    // Each server is asked for on its own.
    session
        .until(|need| {
            matches!(
                need,
                Need::Consent {
                    agent: Agent::Worker,
                    ..
                }
            )
        })
        .await;
    let sent = server.seen();
    assert_eq!(sent.len(), 1);
    let texts: Vec<_> = sent[0]["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| m["content"].as_str().expect("text"))
        .collect();
    let shown: Vec<_> = shown.iter().map(|message| &*message.text).collect();
    assert_eq!(texts, shown, "what was shown is what was sent");
    for model_id in ["worker-a", "worker-b"] {
        session
            .act(SessionAct::Consent {
                model_id: model_id.into(),
                allow: false,
            })
            .await;
    }
    assert_eq!(
        session.now.need,
        Need::Teacher {
            agent: Agent::Worker
        }
    );
    assert_eq!(server.seen().len(), 1);
    app.shut_down().await;
}
