//! What is exported is imported again.

use super::{export, import};
use crate::support::open;
use opzest_app::dto::DatasetFormat;
use opzest_core::artifact::Artifact;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::dataset::{ExampleSide, StoredExample};
use opzest_core::ids::{ExampleId, ImportId, UseCaseId};
use opzest_core::session::Reason;
use opzest_store::{DataFolderLock, ExampleFilter, NewExample, Store, StoreError, StoreOptions};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// A store in a folder, without an app.
fn store_in(folder: &Path) -> Store {
    let lock = DataFolderLock::acquire(folder).expect("free");
    Store::open(lock, &StoreOptions::default()).expect("opens")
}

fn stored(folder: &Path) -> Vec<StoredExample> {
    let store = store_in(folder);
    let mut rows = Vec::new();
    let all = store.for_each_example(&ExampleFilter::default(), |row| {
        rows.push(row);
        Ok::<_, StoreError>(())
    });
    all.expect("reads");
    rows
}

/// A row without what is its own in each store.
fn content(mut row: StoredExample) -> StoredExample {
    let summary = &mut row.summary;
    summary.id = ExampleId::new(0, [0; 10]);
    summary.use_case = UseCaseId::new(0, [0; 10]);
    summary.import = None;
    (summary.created_at, summary.updated_at) = (0, 0);
    row
}

fn any_text() -> impl Strategy<Value = String> {
    // With line breaks, zeros, quotes, and characters outside of Unicode's first plane.
    "(?s)[a-z\"\\\\\n\r\t\u{0}\u{2028}é🍋]{0,12}"
}

fn any_side() -> impl Strategy<Value = ExampleSide> {
    let files = proptest::collection::vec(any_text(), 0..3);
    let model = proptest::option::of("[a-z]{1,6}");
    let parts = (
        any_text(),
        any_text(),
        proptest::option::of(files),
        model,
        0..9u32,
        any::<bool>(),
    );
    parts.prop_map(|(text, more, files, model, number, edited)| ExampleSide {
        text: format!("{text}."),
        reasoning: more.clone(),
        artifact: files.map(artifact),
        words: more,
        attempt: None,
        generation: None,
        model: model.map(|name| ModelName {
            id: name.parse().expect("a slug"),
            name: name.to_uppercase(),
        }),
        prompt_version: number,
        cycle: number / 2,
        edited,
        has_trace: false,
    })
}

fn artifact(texts: Vec<String>) -> Artifact {
    let mut artifact = Artifact::EMPTY;
    for (number, text) in texts.into_iter().enumerate() {
        artifact.put(format!("file{number}.txt").parse().expect("a name"), text);
    }
    artifact
}

fn any_row() -> impl Strategy<Value = NewExample> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0..4_usize);
    let group = proptest::option::of("[a-z]{1,3}");
    let parts = (
        any_text(),
        any_text(),
        any_side(),
        proptest::option::of(any_side()),
        flags,
        group,
    );
    parts.prop_map(
        |(system, user, chosen, rejected, (scope, by_hand, overruled, reason), group)| NewExample {
            id: ExampleId::new(0, [0; 10]),
            use_case: UseCaseId::new(0, [0; 10]),
            scope: if scope {
                Scope::Communal
            } else {
                Scope::Private
            },
            workflow: by_hand.then(|| "script".parse().expect("an id")),
            group,
            split: None,
            reason: rejected.as_ref().map(|_| Reason::ALL[reason]),
            by_hand,
            overruled,
            prompt: vec![
                ChatMessage::new(Role::System, system),
                ChatMessage::new(Role::User, format!("{user}?")),
            ],
            chosen,
            rejected,
        },
    )
}

/// Puts rows into a store, exports them, imports the file elsewhere, and gives what both stores have.
fn round_trip(rows: Vec<NewExample>, format: DatasetFormat) -> [Vec<StoredExample>; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    for data in [&first, &second] {
        std::fs::create_dir(data).expect("made");
    }
    let mut store = store_in(&first);
    let use_case = store.default_use_case().expect("there");
    let rows = (1..).zip(rows).map(|(number, row)| {
        Ok::<_, StoreError>(NewExample {
            id: ExampleId::new(number, [1; 10]),
            use_case,
            ..row
        })
    });
    let made = ImportId::new(1, [1; 10]);
    store.import_examples(made, rows, 5).expect("added");
    drop(store);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let file: PathBuf = folder.path().join("rows");
    runtime.block_on(async {
        let app = open(&first);
        export(&app, &file, format).await.expect("exported");
        app.close();
        let app = open(&second);
        let report = import(&app, &file).await.expect("imported");
        assert_eq!((report.bad, report.duplicates), (0, 0), "{report:?}");
        app.close();
    });
    [first, second].map(|data| stored(&data).into_iter().map(content).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn what_is_exported_is_imported_again(rows in proptest::collection::vec(any_row(), 1..12)) {
        for format in [DatasetFormat::Jsonl, DatasetFormat::Parquet] {
            let [before, after] = round_trip(rows.clone(), format);
            prop_assert_eq!(before, after);
        }
    }
}
