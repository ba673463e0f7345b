//! Rows as training reads them.

use crate::dataset::{import, new_row, worked};
use crate::studio::{Studio, id, start};
use crate::support::Folder;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{Side, StoredExample};
use opzest_core::ids::{ExampleId, UseCaseId};
use opzest_core::session::Verdict;
use opzest_core::trace::TokenRecord;
use opzest_core::workflow::ArtifactKind;
use opzest_store::{
    CheckReport, ExampleFilter, ExampleOrder, NewLabel, SideEdit, Store, StoreError, TrainingRow,
    encode_trace,
};

fn read(store: &Store, use_case: UseCaseId, scope: Scope) -> Vec<TrainingRow> {
    let mut rows = Vec::new();
    let each = |row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    let count = store.for_each_training_row(use_case, scope, each);
    assert_eq!(count.expect("reads"), rows.len() as u64);
    rows
}

fn complete(store: &Store, use_case: UseCaseId) -> Vec<StoredExample> {
    let filter = ExampleFilter {
        use_case: Some(use_case),
        ..ExampleFilter::complete()
    };
    let page = store.examples(&filter, ExampleOrder::Oldest, None, 99);
    let items = page.expect("lists").items.into_iter();
    items
        .map(|row| store.example(row.id).expect("there"))
        .collect()
}

#[test]
fn complete_rows_come_whole_with_their_traces() {
    let folder = Folder::new();
    let mut store = folder.open();
    let records = vec![TokenRecord::Untraced {
        bytes: b"<<roses>>".to_vec(),
    }];
    let mut studio = Studio::begin(&folder, &mut store, start("Poems", &["One", "Two"]));
    studio.traced = true;
    studio.trace_data = encode_trace(&records).expect("encodes");
    studio.approve();
    studio.cycle("write", "weeds");
    studio.say("no", Verdict::Redo);
    studio.instruct("write about roses");
    studio.work("roses");
    studio.check(None);
    studio.say("yes", Verdict::Accepted);
    studio.cycle("pending", "nothing yet");
    studio.say("no", Verdict::Redo);
    let session = studio.id;
    let use_case = store.session(session).expect("there").use_case;
    let row = new_row(&store, 7, "elsewhere");
    import(&mut store, vec![row]);
    drop(store);

    let store = folder.read_only();
    let rows = read(&store, use_case, Scope::Private);
    let examples: Vec<_> = rows.iter().map(|row| row.example.clone()).collect();
    assert_eq!(examples, complete(&store, use_case));
    let row = &rows[0];
    assert_eq!((rows.len(), row.kind), (1, Some(ArtifactKind::Python)));
    assert_eq!(row.example.summary.group, session.to_string());
    let chosen = row.chosen_trace.as_ref().expect("a trace");
    assert_eq!(chosen.records, Ok(records));
    assert_eq!(chosen.tokenizer.as_deref(), Some("gpt2"));
    assert_eq!(
        Some(&chosen.model),
        row.example
            .chosen
            .as_ref()
            .and_then(|side| side.model.as_ref())
    );
    // What the model read differs from the prompt after a revision.
    assert_ne!(chosen.messages, row.example.prompt);
    assert_eq!(chosen.messages[1].content, "write about roses");
    let rejected = row.rejected_trace.as_ref().expect("a trace");
    assert_eq!(rejected.messages, row.example.prompt);
    assert_ne!(rejected.generation, chosen.generation);

    let imported = read(
        &store,
        store.default_use_case().expect("there"),
        Scope::Private,
    );
    assert_eq!((imported.len(), imported[0].kind), (1, None));
    assert!(imported[0].chosen_trace.is_none() && imported[0].rejected_trace.is_none());
}

#[test]
fn a_communal_model_learns_from_communal_rows() {
    let folder = Folder::new();
    let mut store = folder.open();
    let new = (1..=3).map(|number| new_row(&store, number, &format!("question {number}")));
    let new = new.collect();
    import(&mut store, new);
    let default = store.default_use_case().expect("there");
    let private = id(ExampleId::new, 2);
    let marked = store.mark_examples(&[private], Some(Scope::Private), None, 9);
    marked.expect("marked");
    let ids = |scope| -> Vec<ExampleId> {
        let rows = read(&store, default, scope).into_iter();
        rows.map(|row| row.example.summary.id).collect()
    };
    let all: Vec<_> = (1..=3).map(|number| id(ExampleId::new, number)).collect();
    assert_eq!(ids(Scope::Private), all);
    assert_eq!(ids(Scope::Communal), [all[0], all[2]]);
}

#[test]
fn what_was_edited_or_cannot_be_read_has_no_records() {
    let folder = Folder::new();
    let mut store = folder.open();
    // Its traces are bytes that mean nothing.
    let use_case = {
        let studio = worked(&folder, &mut store);
        studio.store.session(studio.id).expect("there").use_case
    };
    let rows = read(&store, use_case, Scope::Private);
    let unreadable = rows[0].chosen_trace.as_ref().expect("it is there");
    unreadable.records.as_ref().expect_err("damaged");

    let edit = SideEdit {
        text: "mine",
        reasoning: "",
        artifact: None,
    };
    let edited = rows[0].example.summary.id;
    store
        .edit_example(edited, Side::Chosen, &edit, folder.now())
        .expect("saved");
    let rows = read(&store, use_case, Scope::Private);
    assert!(rows[0].chosen_trace.is_none());
    assert!(
        rows[1].chosen_trace.is_some(),
        "another row has the same text unedited"
    );
}

#[test]
fn a_label_is_that_of_one_text() {
    let folder = Folder::new();
    let mut store = folder.open();
    let row = new_row(&store, 1, "question");
    let (row_id, text) = (row.id, row.chosen.text.clone());
    import(&mut store, vec![row]);
    let default = store.default_use_case().expect("there");
    let label = |store: &Store| {
        let row = read(store, default, Scope::Private).swap_remove(0);
        row.label
            .map(|label| (label.model.name, label.tokenizer, label.records))
    };
    assert_eq!(label(&store), None);
    let records = vec![TokenRecord::Untraced {
        bytes: text.clone().into_bytes(),
    }];
    let (data, named) = (
        encode_trace(&records).expect("encodes"),
        crate::support::model(),
    );
    let new = NewLabel {
        example: row_id,
        text: &text,
        model: &named,
        tokenizer: "reader",
        tokens: 1,
        data: &data,
    };
    let put = |store: &mut Store, new: &NewLabel<'_>| store.put_label(new, folder.now());
    assert!(put(&mut store, &new).expect("kept"));
    // Once more, in its place.
    assert!(put(&mut store, &new).expect("kept"));
    let kept = (named.name.clone(), "reader".to_owned(), Ok(records));
    assert_eq!(label(&store), Some(kept.clone()));

    // Of another text it is none, and nobody can give it one that it does not have any more.
    let edit = SideEdit {
        text: "mine",
        reasoning: "",
        artifact: None,
    };
    let edited = store.edit_example(row_id, Side::Rejected, &edit, folder.now());
    edited.expect("saved");
    assert_eq!(label(&store), Some(kept));
    let edited = store.edit_example(row_id, Side::Chosen, &edit, folder.now());
    edited.expect("saved");
    assert_eq!(label(&store), None);
    assert!(!put(&mut store, &new).expect("looked at"));
    let mine = NewLabel {
        text: "mine",
        ..new
    };
    assert!(put(&mut store, &mine).expect("kept"));

    // It goes with its row.
    store.delete_examples(&[row_id]).expect("deleted");
    assert_eq!(store.check().expect("checked"), CheckReport::default());
    let gone = put(&mut store, &mine).expect_err("there is no row");
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
}

#[test]
fn reading_ends_where_the_caller_fails() {
    let folder = Folder::new();
    let mut store = folder.open();
    let new = (1..=3).map(|number| new_row(&store, number, &format!("question {number}")));
    let new = new.collect();
    import(&mut store, new);
    let mut seen = 0;
    let default = store.default_use_case().expect("there");
    let stopped = store.for_each_training_row(default, Scope::Private, |_| {
        seen += 1;
        match seen {
            2 => Err(StoreError::StillAnswering),
            _ => Ok(()),
        }
    });
    assert!(matches!(stopped, Err(StoreError::StillAnswering)));
    assert_eq!(seen, 2);
}
