//! Training runs, with the embedded model and the real processes.

mod bad_input;
mod interrupted;
mod promotion;
mod session;

use crate::support::options;
use opzest_app::calls::*;
use opzest_app::dto::*;
use opzest_app::{Access, App, WorkerCommand};
use opzest_core::ids::UseCaseId;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// With the terminal's program as the worker: it dispatches llama.cpp's worker and the trainer.
pub(super) fn open(folder: &Path) -> App {
    let mut options = options(&folder.join("data"), Access::Write);
    options.worker = WorkerCommand::new(program());
    App::open(options)
}

/// The terminal's.
pub(super) fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program's path");
    let built = own
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps");
    let program = built.join("opzest");
    assert!(
        program.exists(),
        "{} is missing: build the whole workspace",
        program.display()
    );
    program
}

pub(super) async fn assistant(app: &App) -> UseCaseId {
    let all = list_use_cases(app, NoArguments {}).await.expect("listed");
    all[0].id.parse().expect("an id")
}

/// Rows in which one word is answered by another, the rejected answers chatter.
pub(super) async fn import(app: &App, folder: &Path, count: usize) -> String {
    let lines: Vec<String> = (0..count)
        .map(|number| {
            let word = ["red", "green", "blue", "grey"][number % 4];
            json!({
                "prompt": format!("Colour {number}: {word}. Say it in one word."),
                "chosen": format!("{}!", word.to_uppercase()),
                "rejected": format!("Well, I think that the colour is {word}."),
                "group": format!("group {}", number / 3),
                "split": if number / 3 % 3 == 2 { "held_out" } else { "train" },
            })
            .to_string()
        })
        .collect();
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
    assert_eq!(report.await.expect("imported").added as usize, count);
    use_case_id
}

pub(super) fn asked(use_case_id: &str) -> PlanTraining {
    PlanTraining {
        use_case_id: use_case_id.to_owned(),
        scope: Scope::Private,
        base_id: None,
        settings: Some(TrainingSettings {
            rank: 4,
            learning_rate: 2e-3,
            epochs: 2,
            batch: 4,
            lambda: 0.1,
            seed: 1,
            threads: 1,
            max_tokens: 256,
            soft_labels: true,
            card: None,
        }),
    }
}

pub(super) fn named(run: &TrainingRun) -> RunArgument {
    RunArgument {
        run_id: run.summary.id.clone(),
    }
}

pub(super) async fn until(
    app: &App,
    run: &TrainingRun,
    wanted: impl Fn(&TrainingRun) -> bool,
) -> TrainingRun {
    let end = Instant::now() + Duration::from_secs(400);
    loop {
        let now = open_run(app, named(run)).await.expect("it is there");
        if wanted(&now) {
            return now;
        }
        assert!(Instant::now() < end, "{:?}", now.summary);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) fn is_over(run: &TrainingRun) -> bool {
    !matches!(
        run.summary.status,
        RunStatus::Preparing | RunStatus::Running | RunStatus::Judging
    )
}
