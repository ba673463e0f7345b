//! The dataset in lists and searches.

use crate::studio::{Studio, artifact, id, model, start};
use crate::support::Folder;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleSide, ExampleState, Origin};
use opzest_core::ids::{ExampleId, ImportId};
use opzest_core::session::{Reason, Verdict};
use opzest_store::{
    CheckReport, ExampleCursor, ExampleFilter, ExampleOrder, ExamplePage, Imported, NewExample,
    Store, StoreError,
};

pub(crate) fn side(text: &str) -> ExampleSide {
    ExampleSide {
        text: text.to_owned(),
        reasoning: String::new(),
        artifact: Some(artifact(text)),
        words: format!("about {text}"),
        attempt: None,
        generation: None,
        model: Some(model("other")),
        prompt_version: 0,
        cycle: 0,
        edited: false,
        has_trace: false,
    }
}

pub(crate) fn new_row(store: &Store, number: u64, prompt: &str) -> NewExample {
    NewExample {
        id: id(ExampleId::new, number),
        use_case: store.default_use_case().expect("there"),
        scope: Scope::Communal,
        workflow: None,
        group: None,
        split: None,
        reason: None,
        by_hand: false,
        overruled: false,
        prompt: vec![
            ChatMessage::new(Role::System, "common preface"),
            ChatMessage::new(Role::User, prompt),
        ],
        chosen: side(&format!("good {number}")),
        rejected: Some(side(&format!("bad {number}"))),
    }
}

pub(crate) fn import(store: &mut Store, rows: Vec<NewExample>) -> Imported {
    let import = id(ImportId::new, 1);
    let rows = rows.into_iter().map(Ok::<_, StoreError>);
    store.import_examples(import, rows, 77).expect("imported")
}

pub(crate) fn page(store: &Store, filter: &ExampleFilter<'_>) -> ExamplePage {
    let page = store
        .examples(filter, ExampleOrder::Newest, None, 50)
        .expect("lists");
    if page.next.is_none() {
        assert_eq!(page.total.count as usize, page.items.len());
    }
    page
}

fn titles(store: &Store, filter: &ExampleFilter<'_>) -> Vec<String> {
    page(store, filter)
        .items
        .into_iter()
        .map(|row| row.title)
        .collect()
}

/// Rows: a redo and a further edit with their acceptance, one accepted at once, one pending error.
pub(crate) fn worked<'a>(folder: &'a Folder, store: &'a mut Store) -> Studio<'a> {
    let mut studio = Studio::begin(folder, store, start("A game", &["Draw", "Move", "Win"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("draw a board", "plank");
    studio.say("wrong wood", Verdict::Redo);
    studio.cycle("draw another", "chessboard");
    studio.say("bigger", Verdict::FurtherEdit);
    studio.cycle("make it bigger", "large chessboard");
    studio.say("perfect", Verdict::Accepted);
    studio.cycle("move the knight", "knight");
    studio.say("lovely", Verdict::Accepted);
    studio.instruct("win the game");
    studio.work("resign");
    studio.check(Some("SyntaxError: resign"));
    studio
}

#[test]
fn rows_are_listed_filtered_and_found() {
    let folder = Folder::new();
    let mut store = folder.open();
    let session = worked(&folder, &mut store).id;
    let rows = vec![new_row(&store, 7, "what is a zebra")];
    import(&mut store, rows);

    let all = ExampleFilter::default();
    let newest = ["what is a zebra", "Win", "Move", "Draw", "Draw"];
    assert_eq!(titles(&store, &all), newest);
    let found = |filter: ExampleFilter<'_>| titles(&store, &filter);
    let pending = Some(ExampleState::Pending);
    assert_eq!(
        found(ExampleFilter {
            state: pending,
            ..all
        }),
        ["Win"]
    );
    assert_eq!(found(ExampleFilter::complete()).len(), 4);
    let paired = Some(false);
    assert_eq!(found(ExampleFilter { paired, ..all }), ["Move"]);
    let reason = Some(Reason::FurtherEdit);
    assert_eq!(found(ExampleFilter { reason, ..all }), ["Draw"]);
    let scope = Some(Scope::Communal);
    assert_eq!(found(ExampleFilter { scope, ..all }), ["what is a zebra"]);
    assert_eq!(
        found(ExampleFilter {
            session: Some(session),
            ..all
        })
        .len(),
        4
    );
    let import = Some(id(ImportId::new, 1));
    assert_eq!(found(ExampleFilter { import, ..all }), ["what is a zebra"]);
    let other = model("other").id;
    assert_eq!(
        found(ExampleFilter {
            model: Some(&other),
            ..all
        }),
        ["what is a zebra"]
    );
    let script = "script".parse().expect("an id");
    assert_eq!(
        found(ExampleFilter {
            workflow: Some(&script),
            ..all
        })
        .len(),
        4
    );
    let use_case = Some(store.default_use_case().expect("there"));
    assert_eq!(
        found(ExampleFilter { use_case, ..all }),
        ["what is a zebra"]
    );

    let query = |text| ExampleFilter {
        query: Some(text),
        ..all
    };
    // In a prompt, in both rows of a step, in words, in an error, and only begun.
    assert_eq!(found(query("zebra")), ["what is a zebra"]);
    assert_eq!(found(query("chess large")).len(), 0);
    assert_eq!(found(query("large chess")), ["Draw", "Draw"]);
    assert_eq!(found(query("wood wrong")), ["Draw"]);
    assert_eq!(found(query("syntaxerror")), ["Win"]);
    assert_eq!(
        found(query("common")),
        Vec::<String>::new(),
        "the system's messages are not searched"
    );
    assert_eq!(
        found(query("lo")),
        Vec::<String>::new(),
        "two letters are a whole word"
    );
    assert_eq!(
        found(ExampleFilter {
            state: pending,
            ..query("kni")
        }),
        Vec::<String>::new()
    );
    assert_eq!(
        found(ExampleFilter {
            session: Some(session),
            ..query("kni")
        }),
        ["Move"]
    );
    let hit = page(&store, &query("wood")).items[0]
        .hit
        .clone()
        .expect("a hit");
    assert!(
        hit.iter().any(|part| part.matches && part.text == "wood"),
        "{hit:?}"
    );
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn a_summary_tells_what_a_row_is() {
    let folder = Folder::new();
    let mut store = folder.open();
    worked(&folder, &mut store);
    let rows = page(&store, &ExampleFilter::default()).items;
    let redo = rows.last().expect("rows");
    assert_eq!(redo.reason, Some(Reason::Redo));
    assert_eq!(redo.words, "wrong wood");
    assert_eq!(redo.origin, Origin::Session);
    let sides = [redo.chosen.as_ref(), redo.rejected.as_ref()].map(|side| side.expect("both"));
    assert!(sides.iter().all(|side| side.has_trace && !side.edited));
    assert_eq!(sides[1].model, Some(model("small")));
    assert_eq!(sides[1].bytes as usize, "<<plank>>".len());
    assert_eq!(rows[1].words, "lovely");
    assert_eq!(
        (rows[0].state, &rows[0].chosen),
        (ExampleState::Pending, &None)
    );

    let whole = store.example(redo.id).expect("there");
    assert_eq!(whole.summary, *redo);
    assert_eq!(whole.prompt[1].content, "draw a board");
    let chosen = whole.chosen.expect("chosen");
    assert_eq!(chosen.text, "<<large chessboard>>");
    assert_eq!(chosen.reasoning, "because <<large chessboard>>");
    assert_eq!(chosen.artifact, Some(artifact("large chessboard")));
    let nowhere = store
        .example(id(ExampleId::new, 999))
        .expect_err("not there");
    assert!(matches!(nowhere, StoreError::NotFound { .. }));
}

#[test]
fn pages_follow_each_other_in_both_orders() {
    let folder = Folder::new();
    let mut store = folder.open();
    let rows: Vec<_> = (0..23)
        .map(|n| new_row(&store, n, &format!("prompt {n} apple")))
        .collect();
    let all: Vec<_> = rows.iter().map(|row| row.id).collect();
    import(&mut store, rows);
    for query in [None, Some("apple"), Some("good")] {
        for order in [ExampleOrder::Oldest, ExampleOrder::Newest] {
            let filter = ExampleFilter {
                query,
                ..ExampleFilter::default()
            };
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.examples(&filter, order, after, 5).expect("lists");
                assert_eq!((page.total.count, page.total.is_exact), (23, true));
                seen.extend(page.items.iter().map(|row| row.id));
                let Some(next) = page.next else { break };
                after = Some(
                    next.to_string()
                        .parse::<ExampleCursor>()
                        .expect("it reads back"),
                );
            }
            if order == ExampleOrder::Newest {
                seen.reverse();
            }
            assert_eq!(seen, all, "{query:?} {order:?}");
        }
    }
}
