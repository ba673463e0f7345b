//! The rows of a real session of the Workshop become a model that works in the next one.

use super::{asked, is_over, named, open, until};
use crate::sessions::support::{Workshop, request};
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;

/// The bundled workflow, brief and repeatable.
fn brief(data: &std::path::Path) {
    let bundled = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/workflows");
    let own = data.join("workflows");
    std::fs::create_dir_all(&own).expect("a folder");
    for entry in std::fs::read_dir(bundled).expect("workflows") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let line = |line: &str| match line.split(' ').next() {
            Some("max_tokens") => "max_tokens = 60".to_owned(),
            _ => line.to_owned(),
        };
        let text = text.lines().map(line).collect::<Vec<_>>().join("\n");
        std::fs::write(own.join(path.file_name().expect("a name")), text).expect("written");
    }
}

/// The first attempt at a request that is always the same.
async fn attempt(app: &App) -> (Workshop, AttemptView) {
    let mut new = request("Say in one line when the library opens.", "document");
    new.scope = Scope::Private;
    new.plan = vec!["Write the line".into()];
    let mut session = Workshop::begin(app, new).await;
    session.approve().await;
    session
        .until(|need| matches!(need, Need::Judge | Need::PoolExhausted))
        .await;
    let step = &session.now.steps[0];
    let cycle = step.cycles.iter().find(|cycle| cycle.attempt.is_some());
    let attempt = cycle.and_then(|cycle| cycle.attempt.clone());
    let attempt = attempt.expect("somebody tried");
    (session, attempt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_teaches_the_next_one_until_it_is_rolled_back() {
    let folder = tempfile::tempdir().expect("a folder");
    brief(&folder.path().join("data"));
    let app = open(folder.path());
    let settings = Settings {
        seed: Some(7),
        ..Settings::default()
    };
    let changed = change_settings(&app, ChangeSettings { settings }).await;
    changed.expect("saved");

    // The user writes what they wanted.
    let (mut session, before) = attempt(&app).await;
    let edit = SessionAct::HandEdit {
        files: vec![FileText {
            name: session
                .now
                .workflow
                .as_ref()
                .expect("chosen")
                .file_name
                .clone(),
            text: "The library opens at nine!\n".into(),
        }],
        words: "Like this".into(),
    };
    session.act(edit).await;
    session.until(|need| *need == Need::Nothing).await;
    let use_case = session.now.summary.use_case_id.clone();

    // A session's rows are all held out or all trained on, as chance will have it.
    let rows = crate::sessions::support::table(&app).await;
    let mark = MarkExamples {
        ids: rows.into_iter().map(|row| row.summary.id).collect(),
        scope: None,
        split: Some(Split::Train),
    };
    mark_examples(&app, mark).await.expect("marked");
    let mut plan = asked(&use_case);
    let settings = plan.settings.as_mut().expect("chosen");
    (settings.epochs, settings.batch, settings.max_tokens) = (24, 1, 1_024);
    let planned = plan_training(&app, plan.clone()).await.expect("planned");
    assert!(
        planned.examples >= 1 && planned.problem.is_none(),
        "{planned:?}"
    );
    let start = StartTraining {
        plan,
        although_not_ready: true,
    };
    let run = start_training(&app, start).await.expect("begins");
    let run = until(&app, &run, is_over).await;
    assert_eq!(run.summary.status, RunStatus::Finished, "{:?}", run.problem);
    let result = run.result.clone().expect("a result");
    assert!(result.parity.passed, "{}", result.parity.words);
    // All rows are of one session, so nothing is held out, and nothing is claimed.
    assert_eq!(result.verdict, TrainingVerdict::NotEnoughEvidence);
    let refused = promote_run(
        &app,
        PromoteRun {
            run_id: named(&run).run_id,
            although_no_win: false,
        },
    )
    .await;
    assert_eq!(
        refused.expect_err("nothing is proved").code,
        ErrorCode::Training
    );
    let promote = PromoteRun {
        run_id: named(&run).run_id,
        although_no_win: true,
    };
    promote_run(&app, promote).await.expect("promoted");

    let (_, with) = attempt(&app).await;
    assert_eq!(Some(&with.by.model_id), result.model_id.as_ref());
    println!("before {:?}\nafter {:?}", before.raw, with.raw);
    assert!(
        with.raw.contains("The library opens at nine!"),
        "{:?}",
        with.raw
    );
    assert_ne!(before.raw, with.raw);

    let rollback = Rollback {
        use_case_id: use_case,
        scope: Scope::Private,
    };
    roll_back(&app, rollback).await.expect("rolled back");
    let (_, after) = attempt(&app).await;
    assert_eq!(
        (after.by.model_id, after.raw),
        (before.by.model_id, before.raw)
    );
    app.shut_down().await;
}
