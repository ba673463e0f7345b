//! The dataset imported, edited and marked.

use crate::dataset::{import, new_row, page, worked};
use crate::studio::{Studio, artifact, id, start};
use crate::support::Folder;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{Side, Split, StoredExample};
use opzest_core::ids::{ExampleId, ImportId};
use opzest_core::session::{Event, Reason, Start, Verdict};
use opzest_store::{
    CheckReport, ExampleFilter, ExampleOrder, Imported, NewExample, SideEdit, Store, StoreError,
};

#[test]
fn an_import_is_whole_and_knows_its_duplicates() {
    let folder = Folder::new();
    let mut store = folder.open();
    let rows = |store: &Store| {
        let mut rows: Vec<_> = (0..6).map(|n| new_row(store, n, "same")).collect();
        rows.push(NewExample {
            id: id(ExampleId::new, 50),
            ..rows[0].clone()
        });
        rows
    };
    let first = rows(&store);
    assert_eq!(
        import(&mut store, first),
        Imported {
            added: 6,
            duplicates: 1
        }
    );
    let mut again = rows(&store);
    for (row, number) in again.iter_mut().zip(100..) {
        row.id = id(ExampleId::new, number);
    }
    assert_eq!(
        import(&mut store, again),
        Imported {
            added: 0,
            duplicates: 7
        }
    );

    // The second row has the id of one that is there: nothing is added.
    let bad = vec![new_row(&store, 200, "new"), new_row(&store, 0, "other")];
    store
        .import_examples(
            id(ImportId::new, 2),
            bad.into_iter().map(Ok::<_, StoreError>),
            5,
        )
        .expect_err("the id is taken");
    assert_eq!(
        store
            .examples(&ExampleFilter::default(), ExampleOrder::Newest, None, 9)
            .expect("lists")
            .total
            .count,
        6
    );

    // The split is the group's, or that of the prompt; or as it is said.
    let splits: Vec<_> = page(&store, &ExampleFilter::default())
        .items
        .into_iter()
        .map(|row| row.split)
        .collect();
    assert!(splits.windows(2).all(|pair| pair[0] == pair[1]));
    for (&split, number) in Split::ALL.iter().zip(300..) {
        let mut said = new_row(&store, number, &format!("said {number}"));
        said.split = Some(split);
        let id = said.id;
        let mut later = new_row(&store, number + 100, &format!("said {number}"));
        later.split = Split::ALL.iter().copied().find(|&other| other != split);
        let later_id = later.id;
        import(&mut store, vec![said, later]);
        for id in [id, later_id] {
            let found = store.example(id).expect("there").summary.split;
            assert_eq!(found, split, "the group keeps the split of its first row");
        }
    }
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn what_is_read_whole_is_what_was_imported() {
    let folder = Folder::new();
    let mut store = folder.open();
    let rows: Vec<_> = (0..9)
        .map(|n| new_row(&store, n, &format!("{n}")))
        .collect();
    import(&mut store, rows.clone());
    let mut read = Vec::new();
    let count = store
        .for_each_example(&ExampleFilter::complete(), |row: StoredExample| {
            read.push((row.summary.id, row.prompt, row.chosen, row.rejected));
            Ok::<_, StoreError>(())
        })
        .expect("reads");
    assert_eq!(count, 9);
    let given: Vec<_> = rows
        .into_iter()
        .map(|row| (row.id, row.prompt, Some(row.chosen), row.rejected))
        .collect();
    assert_eq!(read, given);
    // It ends with the first failure.
    let mut seen = 0;
    let failed = store.for_each_example(
        &ExampleFilter {
            query: Some("good"),
            ..ExampleFilter::complete()
        },
        |_| {
            seen += 1;
            Err(StoreError::StillAnswering)
        },
    );
    assert!(matches!(failed, Err(StoreError::StillAnswering)));
    assert_eq!(seen, 1);
}

#[test]
fn an_edited_side_keeps_its_text_and_loses_its_trace() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("write", "roses");
    let recorded = studio.say("no", Verdict::Redo);
    let row = recorded.examples[0];
    let edit = SideEdit {
        text: "<<red roses>>",
        reasoning: "",
        artifact: Some(&artifact("red roses")),
    };
    let missing = studio.store.edit_example(row, Side::Chosen, &edit, 5);
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
    let edited = studio
        .store
        .edit_example(row, Side::Rejected, &edit, folder.now())
        .expect("saved");
    let rejected = edited.rejected.expect("still there");
    assert_eq!(
        (rejected.text.as_str(), rejected.edited, rejected.has_trace),
        ("<<red roses>>", true, false)
    );

    // Another reason for the same attempt leaves the user's text.
    studio.judge(Verdict::FurtherEdit);
    let after = studio.store.example(row).expect("there");
    assert_eq!(after.summary.reason, Some(Reason::FurtherEdit));
    assert_eq!(after.rejected.expect("there").text, "<<red roses>>");
    let found = ExampleFilter {
        query: Some("red"),
        ..ExampleFilter::default()
    };
    assert_eq!(page(studio.store, &found).items.len(), 1);
    assert!(
        page(studio.store, &found).items[0]
            .rejected
            .as_ref()
            .expect("there")
            .edited
    );
    // The row goes, and comes again with the user's text.
    studio.take(Event::VerdictUndone);
    assert_eq!(page(studio.store, &found).items.len(), 0);
    studio.judge(Verdict::Redo);
    let again = studio.store.example(row).expect("there");
    let rejected = again.rejected.expect("there");
    assert_eq!((&*rejected.text, rejected.edited), ("<<red roses>>", true));
    assert_eq!(rejected.artifact, Some(artifact("red roses")));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn rows_are_marked_one_by_one_and_splits_session_by_session() {
    let folder = Folder::new();
    let mut store = folder.open();
    let session = worked(&folder, &mut store).id;
    let rows = page(&store, &ExampleFilter::default()).items;
    let before = rows[0].split;
    let other = Split::ALL
        .iter()
        .copied()
        .find(|&split| split != before)
        .expect("two");
    let marked = store
        .mark_examples(
            &[rows[0].id],
            Some(Scope::Communal),
            Some(other),
            folder.now(),
        )
        .expect("marked");
    assert_eq!(marked[0].scope, Scope::Communal);
    let rows = page(&store, &ExampleFilter::default()).items;
    assert!(rows.iter().all(|row| row.split == other));
    assert_eq!(
        rows.iter()
            .filter(|row| row.scope == Scope::Communal)
            .count(),
        1
    );
    assert_eq!(store.session(session).expect("there").split, other);
    // What comes later is used for the same.
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn what_the_user_set_on_a_row_stands_when_it_comes_again() {
    let folder = Folder::new();
    let mut store = folder.open();
    let communal = Start {
        scope: Scope::Communal,
        ..start("A poem", &["Write"])
    };
    let mut studio = Studio::begin(&folder, &mut store, communal);
    studio.approve();
    studio.cycle("write", "roses");
    let row = studio.say("yes", Verdict::Accepted).examples[0];
    let before = studio.store.example(row).expect("there").summary;
    assert_eq!(before.scope, Scope::Communal);
    let mut splits = Split::ALL.iter().copied();
    let other = splits.find(|&split| split != before.split);
    let marked = studio
        .store
        .mark_examples(&[row], Some(Scope::Private), other, folder.now());
    marked.expect("marked");
    let mine = SideEdit {
        text: "<<my roses>>",
        reasoning: "mine",
        artifact: Some(&artifact("my roses")),
    };
    let edited = studio
        .store
        .edit_example(row, Side::Chosen, &mine, folder.now());
    edited.expect("saved");

    // Undone and repeated, also with another verdict between.
    for between in [None, Some(Verdict::Redo)] {
        studio.take(Event::VerdictUndone);
        if let Some(verdict) = between {
            studio.judge(verdict);
            let row = studio.store.example(row).expect("there");
            assert_eq!(row.summary.scope, Scope::Private);
            assert_eq!(row.rejected.expect("there").text, "<<roses>>");
            studio.take(Event::VerdictUndone);
        }
        assert_eq!(page(studio.store, &ExampleFilter::default()).items, []);
        studio.judge(Verdict::Accepted);
        let again = studio.store.example(row).expect("there");
        assert_eq!(
            (again.summary.scope, Some(again.summary.split)),
            (Scope::Private, other)
        );
        let chosen = again.chosen.expect("there");
        assert_eq!(
            (&*chosen.text, &*chosen.reasoning, chosen.edited),
            ("<<my roses>>", "mine", true)
        );
        assert_eq!(chosen.artifact, Some(artifact("my roses")));
    }
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

/// The row stays, and its accepted side goes and comes again.
#[test]
fn an_edited_accepted_text_stands_when_it_is_accepted_again() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
    studio.approve();
    studio.cycle("write", "roses");
    let row = studio.say("no", Verdict::Redo).examples[0];
    studio.cycle("again", "tulips");
    studio.say("yes", Verdict::Accepted);
    let mine = SideEdit {
        text: "<<my tulips>>",
        reasoning: "",
        artifact: None,
    };
    let edited = studio
        .store
        .edit_example(row, Side::Chosen, &mine, folder.now());
    edited.expect("saved");
    let chosen = |store: &Store| {
        let chosen = store.example(row).expect("there").chosen;
        chosen.map(|side| side.text)
    };
    studio.take(Event::VerdictUndone);
    assert_eq!(chosen(studio.store), None);
    studio.judge(Verdict::Accepted);
    assert_eq!(chosen(studio.store).as_deref(), Some("<<my tulips>>"));
    // What another attempt wrote is not what the user has edited.
    studio.take(Event::VerdictUndone);
    studio.judge(Verdict::FurtherEdit);
    studio.cycle("more", "many tulips");
    studio.judge(Verdict::Accepted);
    assert_eq!(chosen(studio.store).as_deref(), Some("<<many tulips>>"));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}
