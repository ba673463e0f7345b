//! What cannot be trained on is told before anything starts, and nothing is lost.

use super::{asked, assistant, open, until};
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;
use serde_json::{Value, json};
use std::path::Path;

async fn import(app: &App, folder: &Path, rows: &[Value]) -> String {
    let lines: Vec<_> = rows.iter().map(Value::to_string).collect();
    let path = folder.join("rows.jsonl");
    std::fs::write(&path, lines.join("\n")).expect("written");
    let use_case_id = assistant(app).await.to_string();
    let report = import_dataset(
        app,
        ImportDataset {
            path: path.to_string_lossy().into_owned(),
            use_case_id: use_case_id.clone(),
        },
    );
    report.await.expect("imported");
    use_case_id
}

fn row(prompt: &str, chosen: &str, rejected: &str) -> Value {
    json!({ "prompt": prompt, "chosen": chosen, "rejected": rejected, "group": prompt, "split": "train" })
}

async fn planned(app: &App, use_case: &str) -> TrainingPlan {
    plan_training(app, asked(use_case)).await.expect("planned")
}

fn start(use_case: &str, although_not_ready: bool) -> StartTraining {
    StartTraining {
        plan: asked(use_case),
        although_not_ready,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rows_and_one_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let use_case = assistant(&app).await.to_string();
    let plan = planned(&app, &use_case).await;
    let problem = plan.problem.expect("nothing can start");
    assert_eq!(
        (plan.rows, problem.message.as_str()),
        (0, "There is nothing to train on yet.")
    );
    let refused = start_training(&app, start(&use_case, true)).await;
    assert_eq!(refused.expect_err("refused"), problem);

    import(&app, folder.path(), &[row("Say yes.", "Yes.", "No.")]).await;
    let plan = planned(&app, &use_case).await;
    assert_eq!((plan.rows, plan.examples, plan.problem), (1, 1, None));
    assert!(!plan.missing.is_empty());
    let refused = start_training(&app, start(&use_case, false)).await;
    let refused = refused.expect_err("it is not worth while");
    assert!(refused.message.contains(&plan.missing[0]), "{refused}");
    // The user may insist.
    let run = start_training(&app, start(&use_case, true)).await;
    let run = run.expect("begins");
    until(&app, &run, |run| !run.metrics.is_empty()).await;
    let argument = RunArgument {
        run_id: run.summary.id.clone(),
    };
    cancel_run(&app, argument.clone()).await.expect("cancelled");
    let overview = delete_run(&app, argument).await.expect("deleted");
    assert_eq!(overview.runs, []);
    let left = std::fs::read_dir(app.data_folder().join("training"));
    assert_eq!(left.expect("a folder").count(), 0, "files are left");
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_teach_nothing_are_left_out_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let long = "word ".repeat(600);
    let rows = [
        row("Say yes.", "Yes.", "No."),
        row("Say it again.", "Again.", "Again."),
        row("Say nothing good.", "Good.", ""),
        row("Say nothing at all.", "", "All."),
        row("Say much.", &long, "Much."),
        row(&long, "Short.", "Shorter."),
        row("Say much badly.", "Much.", &long),
    ];
    let use_case = import(&app, folder.path(), &rows).await;
    let plan = planned(&app, &use_case).await;
    let told: Vec<_> = plan
        .omitted
        .iter()
        .map(|rows| format!("{}: {}", rows.count, rows.reason))
        .collect();
    println!("{told:#?}");
    let count = |words: &str| -> u32 {
        let of = |rows: &&OmittedRows| rows.reason.contains(words);
        plan.omitted.iter().filter(of).map(|rows| rows.count).sum()
    };
    assert_eq!(
        count("the rejected answer is the chosen one")
            + count("The rejected answer is the chosen one"),
        1
    );
    assert_eq!(count("longer than 256 tokens"), 3);
    assert_eq!(plan.problem, None);
    // Those whose rejected answer alone is of no use are still learned from.
    assert_eq!((plan.examples, plan.pairs), (4, 1), "{told:?}");
    for rows in &plan.omitted {
        let id = rows.example_id.clone();
        open_example(&app, ExampleArgument { id })
            .await
            .expect("it is there to look at");
    }
    app.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_gone_or_another_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let rows = [
        row("Say yes.", "Yes.", "No."),
        row("Say no.", "No.", "Yes."),
    ];
    let use_case = import(&app, folder.path(), &rows).await;
    let nobody = PlanTraining {
        base_id: Some("nobody".into()),
        ..asked(&use_case)
    };
    let refused = plan_training(&app, nobody).await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::NotFound, "{refused}");

    // A file of the user's own, with a copy of the model.
    let embedded = crate::support::model_folder().join("SmolLM2-135M-Instruct.Q4_1.gguf");
    let file = folder.path().join("mine.gguf");
    std::fs::copy(&embedded, &file).expect("copied");
    let add = AddModelFile {
        path: file.to_string_lossy().into_owned(),
    };
    let model = add_model_file(&app, add).await.expect("added");
    let mine = PlanTraining {
        base_id: Some(model.id.clone()),
        ..asked(&use_case)
    };
    let start = StartTraining {
        plan: mine.clone(),
        although_not_ready: true,
    };
    let run = start_training(&app, start).await.expect("begins");
    let argument = RunArgument {
        run_id: run.summary.id.clone(),
    };
    until(&app, &run, |run| !run.metrics.is_empty()).await;
    pause_run(&app, argument.clone()).await.expect("pauses");

    // Replaced under the run by one that differs in its last byte, then gone: the run waits, and goes on with the right one.
    let bytes = std::fs::read(&file).expect("read");
    let mut other = bytes.clone();
    *other.last_mut().expect("not empty") ^= 1;
    for (change, words) in [
        (Some(other), "is not the file that the run began with"),
        (None, "cannot be read"),
    ] {
        match change {
            Some(bytes) => std::fs::write(&file, bytes).expect("written"),
            None => std::fs::remove_file(&file).expect("removed"),
        }
        resume_run(&app, argument.clone()).await.expect("tried");
        let failed = until(&app, &run, |run| run.summary.status == RunStatus::Paused).await;
        let problem = failed.problem.expect("it says so");
        assert!(problem.message.contains(words), "{problem}");
    }
    let refused = plan_training(&app, mine).await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::Training, "{refused}");
    assert!(refused.message.contains("cannot be trained"), "{refused}");
    std::fs::write(&file, bytes).expect("written");
    resume_run(&app, argument.clone()).await.expect("goes on");
    let status = until(&app, &run, |run| run.summary.status != RunStatus::Running).await;
    assert_eq!(status.problem, None);
    cancel_run(&app, argument).await.expect("cancelled");
    app.shut_down().await;
}
