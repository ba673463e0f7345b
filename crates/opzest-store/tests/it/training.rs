//! Training runs, from their rows to a model.

use crate::dataset::{import, new_row};
use crate::models_and_settings::{file, id as model_id};
use crate::studio::id;
use crate::support::Folder;
use opzest_core::conversation::Scope;
use opzest_core::dataset::Split;
use opzest_core::ids::{ExampleId, TrainingRunId, UseCaseId};
use opzest_core::model::{ModelDetails, ModelKind};
use opzest_core::training::{Promotion, RunRow, RunStatus, TrainingRun};
use opzest_store::{
    CheckReport, ExampleFilter, ExampleOrder, FinishedRun, ModelNeed, NewRun, RunChange, RunEnd,
    Store, StoreError,
};
use serde_json::{Value, json};

pub(crate) fn add_base(store: &mut Store) {
    let base = file("Base", "/models/base.gguf");
    store
        .put_model(&model_id("base"), &base, 1)
        .expect("adds the base");
}

pub(crate) fn adapter(name: &str) -> ModelDetails {
    ModelDetails {
        kind: ModelKind::Trained,
        base: Some(model_id("base")),
        ..file(name, &format!("/models/{name}.gguf"))
    }
}

pub(crate) fn run_id(number: u64) -> TrainingRunId {
    id(TrainingRunId::new, number)
}

pub(crate) fn rows(store: &Store) -> Vec<ExampleId> {
    let page = store.examples(&ExampleFilter::default(), ExampleOrder::Oldest, None, 99);
    let items = page.expect("lists").items;
    items.into_iter().map(|row| row.id).collect()
}

pub(crate) fn train_on(examples: &[ExampleId]) -> Vec<RunRow> {
    let rows = examples.iter().map(|&example| RunRow {
        example,
        split: Split::Train,
    });
    rows.collect()
}

pub(crate) fn create(
    store: &mut Store,
    number: u64,
    rows: &[RunRow],
) -> Result<TrainingRun, StoreError> {
    let new = NewRun {
        id: run_id(number),
        use_case: store.default_use_case().expect("there"),
        scope: Scope::Private,
        base: &model_id("base"),
        name: "My letters",
        plan: &json!({"rank": 8}),
        data: &json!({"rows": rows.len()}),
    };
    store.create_run(&new, rows, 100 + number)
}

pub(crate) fn finish(
    store: &mut Store,
    number: u64,
    name: &str,
) -> Result<FinishedRun, StoreError> {
    let end = RunEnd {
        result: &json!({"verdict": "win"}),
        model: &model_id(name),
        details: &adapter(name),
    };
    store.finish_run(run_id(number), &end, 200 + number)
}

/// A store with imported rows and a base, and a run that has made the model `mine` of the first rows.
pub(crate) fn trained(folder: &Folder, learned: usize) -> (Store, Vec<ExampleId>) {
    let mut store = folder.open();
    add_base(&mut store);
    let new = (1..=4).map(|number| new_row(&store, number, &format!("question {number}")));
    let new = new.collect();
    import(&mut store, new);
    let examples = rows(&store);
    create(&mut store, 1, &train_on(&examples[..learned])).expect("created");
    finish(&mut store, 1, "mine").expect("finished");
    (store, examples)
}

fn promote(store: &mut Store, model: Option<&str>) {
    let promotion = Promotion {
        use_case: store.default_use_case().expect("there"),
        scope: Scope::Private,
        model: model.map(model_id),
        run: model.map(|_| run_id(1)),
        forced: false,
        at: 300,
    };
    store.promote(&promotion).expect("promoted");
}

#[test]
fn a_run_is_kept_from_its_rows_to_its_model() {
    let folder = Folder::new();
    let mut store = folder.open();
    add_base(&mut store);
    let new = vec![new_row(&store, 2, "two"), new_row(&store, 1, "one")];
    import(&mut store, new);
    let held_out = RunRow {
        example: id(ExampleId::new, 1),
        split: Split::HeldOut,
    };
    let used = [train_on(&[id(ExampleId::new, 2)])[0], held_out];
    let made = create(&mut store, 1, &used).expect("created");
    let default = store.default_use_case().expect("there");
    let wanted = TrainingRun {
        id: run_id(1),
        use_case: default,
        scope: Scope::Private,
        base: model_id("base"),
        name: "My letters".into(),
        status: RunStatus::Preparing,
        created_at: 101,
        updated_at: 101,
        active_ms: 0,
        plan: json!({"rank": 8}),
        data: json!({"rows": 2}),
        progress: Value::Null,
        result: Value::Null,
        problem: None,
        model: None,
    };
    assert_eq!(made, wanted);
    assert_eq!(
        store.rows_of_run(run_id(1)).expect("reads"),
        [held_out, used[0]]
    );

    let running = RunChange {
        status: Some(RunStatus::Running),
        progress: Some(&json!({"step": 3})),
        active_ms: Some(5_000),
        ..RunChange::default()
    };
    let changed = store.change_run(run_id(1), &running, 150).expect("changed");
    let wanted = TrainingRun {
        status: RunStatus::Running,
        progress: json!({"step": 3}),
        active_ms: 5_000,
        updated_at: 150,
        ..wanted
    };
    assert_eq!(changed, wanted);

    let losses = [json!({"loss": 2.5}), json!({"loss": 2.25})];
    assert_eq!(store.append_metrics(run_id(1), &losses).expect("kept"), 2);
    assert_eq!(
        store.append_metrics(run_id(1), &losses[..1]).expect("kept"),
        3
    );
    assert_eq!(store.append_metrics(run_id(1), &[]).expect("kept"), 3);
    drop(store);

    let mut store = folder.open();
    assert_eq!(store.run(run_id(1)).expect("there"), wanted);
    let metrics = store.metrics(run_id(1)).expect("reads");
    assert_eq!(metrics, [&losses[..], &losses[..1]].concat());

    let done = finish(&mut store, 1, "mine").expect("finished");
    assert_eq!(done.run.status, RunStatus::Finished);
    assert_eq!(done.run.model, Some(model_id("mine")));
    assert_eq!(done.run.result, json!({"verdict": "win"}));
    assert_eq!(done.run.progress, wanted.progress);
    assert_eq!(done.model.details, adapter("mine"));
    assert_eq!(store.run(run_id(1)).expect("there"), done.run);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn a_problem_is_that_of_a_status() {
    let folder = Folder::new();
    let mut store = folder.open();
    add_base(&mut store);
    create(&mut store, 1, &[]).expect("created");
    let mut change = |status, problem, now| {
        let change = RunChange {
            status,
            problem,
            ..RunChange::default()
        };
        store.change_run(run_id(1), &change, now).expect("changed")
    };
    let paused = change(Some(RunStatus::Paused), Some("The battery is low."), 500);
    assert_eq!(paused.problem.as_deref(), Some("The battery is low."));
    let untouched = change(None, None, 400);
    assert_eq!(
        (untouched.problem, untouched.updated_at),
        (paused.problem, 500)
    );
    assert_eq!(
        change(None, Some("It is hot."), 501).problem.as_deref(),
        Some("It is hot.")
    );
    assert_eq!(change(Some(RunStatus::Running), None, 502).problem, None);
}

#[test]
fn what_comes_late_does_not_bring_a_run_back() {
    let folder = Folder::new();
    let mut store = folder.open();
    add_base(&mut store);
    let status = |status| RunChange {
        status: Some(status),
        ..RunChange::default()
    };
    for (number, is_final) in [
        (1, RunStatus::Finished),
        (2, RunStatus::Cancelled),
        (3, RunStatus::Failed),
    ] {
        create(&mut store, number, &[]).expect("created");
        let run = run_id(number);
        store
            .change_run(run, &status(is_final), 1)
            .expect("it was not over");
        store
            .change_run(run, &status(is_final), 1)
            .expect("the same");
        finish(&mut store, number, "late").expect_err("it is over");
        let late = store.change_run(run, &status(RunStatus::Running), 1);
        match is_final {
            RunStatus::Failed => assert_eq!(late.expect("goes on").status, RunStatus::Running),
            _ => assert!(matches!(late, Err(StoreError::RunIsOver { .. }))),
        }
    }
    let judged = RunChange {
        result: Some(&json!({"verdict": "loss"})),
        ..RunChange::default()
    };
    let changed = store.change_run(run_id(1), &judged, 2).expect("changed");
    assert_eq!(changed.status, RunStatus::Finished);
}

#[test]
fn runs_are_listed_newest_first_and_what_is_not_over_is_found() {
    let folder = Folder::new();
    let mut store = folder.open();
    add_base(&mut store);
    let new = (1..=3).map(|number| new_row(&store, number, &format!("question {number}")));
    let new = new.collect();
    import(&mut store, new);
    let examples = rows(&store);
    let other = id(UseCaseId::new, 5);
    store.add_use_case(other, "Letters", 5).expect("added");
    for (number, status) in (1..).zip(RunStatus::ALL.iter().copied()) {
        create(&mut store, number, &train_on(&examples[..2])).expect("created");
        let change = RunChange {
            status: Some(status),
            ..RunChange::default()
        };
        store
            .change_run(run_id(number), &change, 900)
            .expect("changed");
    }
    let numbers = |runs: Vec<TrainingRun>| -> Vec<u64> {
        let number = |run: &TrainingRun| (1..9).find(|&number| run.id == run_id(number));
        runs.iter().filter_map(number).collect()
    };
    assert_eq!(
        numbers(store.runs(None).expect("lists")),
        [7, 6, 5, 4, 3, 2, 1]
    );
    let default = store.default_use_case().expect("there");
    assert_eq!(store.runs(Some(default)).expect("lists").len(), 7);
    assert_eq!(store.runs(Some(other)).expect("lists"), []);
    assert_eq!(
        numbers(store.unfinished_runs().expect("lists")),
        [4, 3, 2, 1]
    );
    let with = |examples: &[ExampleId]| numbers(store.runs_with_any(examples).expect("lists"));
    assert_eq!(with(&examples[1..]), [4, 3, 2, 1]);
    assert_eq!(with(&examples[2..]), [0_u64; 0]);
    assert_eq!(with(&[]), [0_u64; 0]);
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let folder = Folder::new();
    let mut store = folder.open();
    let refused = create(&mut store, 1, &[]).expect_err("no base");
    assert_eq!(refused.to_string(), "there is no model base");
    add_base(&mut store);

    let gone = train_on(&[id(ExampleId::new, 8)]);
    let refused = create(&mut store, 1, &gone).expect_err("a row was deleted meanwhile");
    assert!(matches!(
        refused,
        StoreError::NotFound {
            what: "example",
            ..
        }
    ));
    let row = new_row(&store, 8, "eight");
    import(&mut store, vec![row]);
    let twice = [gone[0], gone[0]];
    create(&mut store, 1, &twice).expect_err("a row is used once");
    assert_eq!(store.runs(None).expect("lists"), [], "nothing half");
    create(&mut store, 1, &gone).expect("created");
    create(&mut store, 1, &gone).expect_err("the id is taken");

    let unknown = run_id(9);
    let change = RunChange::default();
    let metrics = [json!(1)];
    for refused in [
        store.run(unknown).map(drop),
        store.change_run(unknown, &change, 1).map(drop),
        store.append_metrics(unknown, &metrics).map(drop),
        store.metrics(unknown).map(drop),
        store.rows_of_run(unknown).map(drop),
        store.delete_run(unknown).map(drop),
        finish(&mut store, 9, "mine").map(drop),
    ] {
        let refused = refused.expect_err("there is none");
        assert!(matches!(
            refused,
            StoreError::NotFound {
                what: "training run",
                ..
            }
        ));
    }
    let nobody = model_id("nobody");
    let change = RunChange {
        model: Some(&nobody),
        ..RunChange::default()
    };
    store
        .change_run(run_id(1), &change, 1)
        .expect_err("no such model");

    // A trained model has a base, no other has one, and it must be there.
    let end = |details| RunEnd {
        result: &Value::Null,
        model: &nobody,
        details,
    };
    let orphan = ModelDetails {
        base: None,
        ..adapter("orphan")
    };
    let strange = ModelDetails {
        kind: ModelKind::File,
        ..adapter("strange")
    };
    let lost = ModelDetails {
        base: Some(nobody.clone()),
        ..adapter("lost")
    };
    for wrong in [&orphan, &strange, &lost] {
        store
            .finish_run(run_id(1), &end(wrong), 1)
            .expect_err("refused");
        store.put_model(&nobody, wrong, 1).expect_err("refused");
        store.add_model(&nobody, wrong, 1).expect_err("refused");
    }
    assert_eq!(store.models().expect("lists").len(), 1, "nothing half");
    assert!(!store.run(run_id(1)).expect("there").status.is_over());

    finish(&mut store, 1, "mine").expect("finished");
    let again = finish(&mut store, 1, "mine").expect_err("it is over");
    assert!(matches!(
        again,
        StoreError::RunIsOver {
            status: RunStatus::Finished,
            ..
        }
    ));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn models_that_something_needs_stay() {
    let folder = Folder::new();
    let mut store = folder.open();
    add_base(&mut store);
    create(&mut store, 1, &[]).expect("created");
    let needed = |result: Result<_, StoreError>| match result.map(drop) {
        Err(StoreError::ModelNeeded { by, .. }) => by,
        other => panic!("it is needed, and not {other:?}"),
    };
    let by = needed(store.remove_model(&model_id("base")));
    assert_eq!(by, ModelNeed::Run("My letters".into()));
    finish(&mut store, 1, "mine").expect("finished");
    let error = store.remove_model(&model_id("base")).expect_err("its base");
    assert_eq!(
        error.to_string(),
        "the model base cannot be removed: the model `mine` was trained on top of it"
    );

    promote(&mut store, Some("mine"));
    let in_use = ModelNeed::UseCase("Assistant".into());
    assert_eq!(needed(store.remove_model(&model_id("mine"))), in_use);
    let run = store.run(run_id(1)).expect("there");
    assert_eq!(
        needed(
            store
                .delete_run(run.id)
                .map(|_| store.models().expect("lists").remove(0))
        ),
        in_use
    );
    assert_eq!(store.run(run.id).expect("still there"), run);

    let default = store.default_use_case().expect("there");
    let back = store.rollback(default, Scope::Private, 400).expect("back");
    assert_eq!((back.model, back.run), (None, None));
    store.remove_model(&model_id("mine")).expect("removed");
    assert_eq!(store.run(run.id).expect("it stays").model, None);
    store.remove_model(&model_id("base")).expect("removed");
}

#[test]
fn a_deleted_run_takes_its_model_and_leaves_no_trace() {
    let folder = Folder::new();
    let (mut store, examples) = trained(&folder, 2);
    store.append_metrics(run_id(1), &[json!(1)]).expect("kept");
    let run = store.run(run_id(1)).expect("there");
    let deleted = store.delete_run(run_id(1)).expect("deleted");
    assert_eq!(deleted.run, run);
    let model = deleted.model.expect("it had one");
    assert_eq!(model.details.location, "/models/mine.gguf");
    assert_eq!(store.models().expect("lists").len(), 1);
    assert_eq!(store.runs(None).expect("lists"), []);

    // Nothing of the first is taken for the second's.
    create(&mut store, 1, &train_on(&examples[3..])).expect("created");
    assert_eq!(store.metrics(run_id(1)).expect("reads"), [] as [Value; 0]);
    assert_eq!(store.rows_of_run(run_id(1)).expect("reads").len(), 1);
    assert_eq!(store.delete_run(run_id(1)).expect("deleted").model, None);
    assert_eq!(rows(&store), examples, "no row of the dataset goes along");
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn an_id_that_was_promoted_is_not_given_again() {
    let folder = Folder::new();
    let (mut store, _) = trained(&folder, 2);
    promote(&mut store, Some("mine"));
    promote(&mut store, None);
    store.remove_model(&model_id("mine")).expect("removed");
    create(&mut store, 2, &[]).expect("created");
    let second = finish(&mut store, 2, "mine").expect("finished");
    assert_eq!(second.model.id, model_id("mine-2"));
}
