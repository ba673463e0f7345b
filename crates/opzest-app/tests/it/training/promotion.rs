//! From rows to a model that does the work, and back.

use super::{asked, import, is_over, named, open, until};
use opzest_app::calls::*;
use opzest_app::dto::*;
use opzest_app::{App, Events};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

async fn answer(app: &App, text: &str) -> String {
    let question = SendMessage {
        conversation_id: None,
        model_id: None,
        text: text.into(),
    };
    let outcome = send_message(app, question, Events::ignored()).await;
    let outcome = outcome.expect("answered");
    outcome.answer.text.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_become_a_model_that_answers_until_it_is_rolled_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let use_case = import(&app, folder.path(), 48).await;
    let plan = plan_training(&app, asked(&use_case))
        .await
        .expect("planned");
    assert_eq!(
        (plan.rows, plan.examples, plan.held_out, plan.pairs),
        (48, 33, 15, 33)
    );
    assert_eq!(plan.problem, None);
    assert!(plan.seconds > 0.5 && plan.memory_bytes > 2e8, "{plan:?}");

    labels_after_the_fact(&app, &use_case).await;
    // The model's own labels teach it nothing: the answers themselves do.
    let mut wanted = asked(&use_case);
    if let Some(settings) = &mut wanted.settings {
        settings.soft_labels = false;
    }
    let start = StartTraining {
        plan: wanted,
        although_not_ready: true,
    };
    let run = start_training(&app, start).await.expect("it begins");
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let events = Events::new(Arc::new(move |event| {
        heard.lock().expect("sound").push(event)
    }));
    let began = Instant::now();
    watch_run(&app, named(&run), events).await.expect("watched");
    println!(
        "{:.1} s, planned {:.1} s of training",
        began.elapsed().as_secs_f64(),
        plan.seconds
    );
    let run = until(&app, &run, is_over).await;
    println!("{:#?}", run.result);
    println!("{:?} {:?}", run.summary, run.problem);
    assert_eq!(run.summary.status, RunStatus::Finished);
    let told = told.lock().expect("sound").len();
    assert!(told > 20, "{told} events");

    let steps = run
        .metrics
        .iter()
        .filter(|metric| metric.kind == MetricKind::Step);
    assert_eq!(steps.count(), 18);
    let held_out = run
        .metrics
        .iter()
        .filter(|metric| metric.kind == MetricKind::HeldOut);
    let held_out: Vec<_> = held_out.collect();
    assert_eq!(held_out.len(), 3);
    assert!(
        held_out[2].chosen_nll < held_out[0].chosen_nll / 2.0,
        "{held_out:?}"
    );
    let result = run.result.clone().expect("a result");
    assert!(result.parity.passed, "{}", result.parity.words);
    assert!(!result.samples.is_empty());

    // It answers where it is promoted, and not after it was rolled back.
    let model_id = result.model_id.clone().expect("a model");
    let promote = PromoteRun {
        run_id: run.summary.id.clone(),
        although_no_win: true,
    };
    let overview = promote_run(&app, promote).await.expect("promoted");
    assert_eq!(overview.use_cases[0].in_use[0].model_id, model_id);
    let before = answer(&app, "Colour 99: green. Say it in one word.").await;
    let select = |id: String| select_model(&app, ModelArgument { id });
    select(model_id).await.expect("selected");
    let after = answer(&app, "Colour 99: green. Say it in one word.").await;
    println!("before {before:?}, after {after:?}");
    assert_ne!(before, after);
    assert_eq!(after, "GREEN!");
    in_place_of_one_on_another_base(&app, folder.path(), &use_case, &result).await;

    // Judged once more, it is held against its base again: the same figures.
    let again = judge_run(&app, named(&run)).await.expect("judged");
    let again = again.result.expect("a result");
    assert_eq!(again.comparisons, result.comparisons);
    assert_eq!(again.adapter_path, result.adapter_path);

    let rollback = Rollback {
        use_case_id: use_case,
        scope: Scope::Private,
    };
    let overview = roll_back(&app, rollback).await.expect("rolled back");
    assert_eq!(overview.use_cases[0].in_use, []);

    // Nothing of the texts is left beside the adapter.
    let files = std::fs::read_dir(app.data_folder().join("training").join(&run.summary.id));
    let mut files: Vec<_> = files
        .expect("it is there")
        .flatten()
        .map(|file| file.file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    assert_eq!(files, ["adapter.gguf", "job.json"]);
    app.shut_down().await;
}

/// Imported rows have no traces; the embedded model reads some of them.
async fn labels_after_the_fact(app: &App, use_case: &str) {
    let asked_plan = plan_training(app, asked(use_case)).await.expect("planned");
    assert_eq!(asked_plan.soft_share, 0.0);
    let label = |scope| LabelRows {
        use_case_id: use_case.to_owned(),
        scope,
        model_id: asked_plan.base_id.clone(),
        again: false,
    };
    let report = label_rows(app, label(Scope::Private), Events::ignored()).await;
    let report = report.expect("labelled");
    assert_eq!((report.labelled, report.left_out), (48, 0), "{report:?}");
    // They have labels now.
    let again = label_rows(app, label(Scope::Private), Events::ignored()).await;
    assert_eq!(again.expect("looked at"), LabelReport::default());
    let plan = plan_training(app, asked(use_case)).await.expect("planned");
    assert_eq!(plan.soft_share, 1.0, "{:?}", plan.omitted);
    assert_eq!(plan.omitted, []);
}

/// A run on another base than that of the model in use is compared with that model, in the tokens of its base.
async fn in_place_of_one_on_another_base(
    app: &App,
    folder: &Path,
    use_case: &str,
    in_use: &RunResult,
) {
    let embedded = crate::support::model_folder().join("SmolLM2-135M-Instruct.Q4_1.gguf");
    let file = folder.join("mine.gguf");
    std::fs::copy(&embedded, &file).expect("copied");
    let path = file.to_string_lossy().into_owned();
    let added = add_model_file(app, AddModelFile { path }).await;
    let mut plan = PlanTraining {
        base_id: Some(added.expect("added").id),
        ..asked(use_case)
    };
    if let Some(settings) = &mut plan.settings {
        (settings.epochs, settings.soft_labels) = (1, false);
    }
    let start = StartTraining {
        plan,
        although_not_ready: true,
    };
    let run = start_training(app, start).await.expect("it begins");
    let run = until(app, &run, is_over).await;
    let result = run.result.expect("a result");
    for (one, other) in in_use.comparisons.iter().zip(&result.comparisons) {
        let ratio = other.before / one.after;
        assert_eq!(one.name, other.name);
        assert!(
            one.name.contains("ordinary") || (ratio - 1.0).abs() < 1e-6,
            "{one:?} {other:?}"
        );
    }
    assert!(result.comparisons.len() > 2, "{:?}", result.comparisons);
}
