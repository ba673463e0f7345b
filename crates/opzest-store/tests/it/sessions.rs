//! Lists of sessions and products, use cases, names.

use crate::studio::{Studio, setup, start};
use crate::support::Folder;
use opzest_core::dataset::Split;
use opzest_core::ids::{StepId, UseCaseId};
use opzest_core::session::{Event, Next, PlannedStep, SessionStatus, Verdict, Written};
use opzest_store::{CheckReport, SessionFilter, Store, StoreError};

fn titles(store: &Store, filter: &SessionFilter<'_>) -> Vec<String> {
    let page = store.sessions(filter, 50, 0).expect("lists");
    assert_eq!(page.total as usize, page.items.len());
    page.items.into_iter().map(|item| item.title).collect()
}

#[test]
fn sessions_are_listed_found_and_filtered() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut done = Studio::begin(
        &folder,
        &mut store,
        start("Write a héllo world", &["Write"]),
    );
    done.approve();
    done.cycle("write", "hello");
    done.judge(Verdict::Accepted);
    let request = format!(
        "A letter\n{} to the landlord",
        "about the heating ".repeat(20)
    );
    Studio::begin(&folder, &mut store, start(&request, &["Write"]));
    assert_eq!(
        titles(&store, &SessionFilter::default()),
        ["A letter", "Write a héllo world"]
    );
    let by_status = |status| SessionFilter {
        status: Some(status),
        ..SessionFilter::default()
    };
    assert_eq!(
        titles(&store, &by_status(SessionStatus::Finished)),
        ["Write a héllo world"]
    );
    assert_eq!(
        titles(&store, &by_status(SessionStatus::NeedsUser)),
        ["A letter"]
    );
    let by_query = |query| SessionFilter {
        query: Some(query),
        ..SessionFilter::default()
    };
    assert_eq!(titles(&store, &by_query("landl")), ["A letter"]);
    let page = store.sessions(&by_query("hello"), 1, 0).expect("finds");
    let hit = page.items[0].hit.as_ref().expect("a hit");
    assert!(
        hit.iter().any(|part| part.matches && part.text == "héllo"),
        "{hit:?}"
    );
    assert_eq!(page.items[0].versions, 1);
    assert_eq!(page.items[0].examples, 1);

    let page = store
        .sessions(&SessionFilter::default(), 1, 1)
        .expect("lists");
    assert_eq!(
        (page.total, &*page.items[0].title),
        (2, "Write a héllo world")
    );
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn each_workflow_gets_a_use_case_unless_the_user_chooses() {
    let folder = Folder::new();
    let mut store = folder.open();
    let assistant = store.default_use_case().expect("there");
    let first = Studio::begin(&folder, &mut store, start("One", &["Write"])).id;
    let second = Studio::begin(&folder, &mut store, start("Two", &["Write"])).id;
    let of = |store: &Store, id| store.session(id).expect("there").use_case;
    let scripts = of(&store, first);
    assert_eq!(of(&store, second), scripts);
    assert_ne!(scripts, assistant);
    let names: Vec<_> = store
        .use_cases()
        .expect("lists")
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["Assistant", "SCRIPT"]);

    let own = UseCaseId::new(folder.now(), [5; 10]);
    store
        .add_use_case(own, "Python helpers", folder.now())
        .expect("added");
    let taken = store.add_use_case(own, "python HELPERS", folder.now());
    // The same id with the same name is the same use case.
    assert!(taken.is_err());
    let other = UseCaseId::new(folder.now(), [5; 10]);
    let taken = store.add_use_case(other, "python HELPERS", folder.now());
    assert!(matches!(taken, Err(StoreError::NameTaken { .. })));
    let taken = store
        .rename_use_case(scripts, "assistant")
        .expect_err("taken");
    assert_eq!(
        taken.to_string(),
        "there is already a use case called `assistant`"
    );
    store
        .rename_use_case(scripts, "Script")
        .expect("only its own letters change");

    let third = Studio::begin_in(&folder, &mut store, start("Three", &["Write"]), Some(own)).id;
    assert_eq!(of(&store, third), own);
    let of_own = SessionFilter {
        use_case: Some(own),
        ..SessionFilter::default()
    };
    assert_eq!(titles(&store, &of_own), ["Three"]);
    store.move_session(first, own).expect("moved");
    assert_eq!(titles(&store, &of_own).len(), 2);
    let nowhere = store
        .move_session(first, other)
        .expect_err("no such use case");
    assert!(matches!(nowhere, StoreError::NotFound { .. }));
}

#[test]
fn a_workflow_that_the_planner_chooses_decides_the_use_case() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut open = start("Something", &[]);
    open.setup = None;
    open.pools = crate::studio::pools();
    let mut studio = Studio::begin(&folder, &mut store, open);
    let before = studio.store.session(studio.id).expect("there");
    assert_eq!(before.workflow, None);
    assert_eq!(before.status, SessionStatus::Working);
    let Next::Task { call, .. } = studio.session.next() else {
        panic!("it plans");
    };
    let written = Written {
        generation: crate::studio::id(opzest_core::ids::GenerationId::new, 1),
        model: crate::studio::model("planner"),
        prompt_version: 1,
        messages: Vec::new(),
        raw: "a plan".into(),
        reasoning: String::new(),
        left_out: Vec::new(),
        prompt_tokens: 0,
        answer_tokens: 0,
        took_ms: 0,
    };
    let step = PlannedStep {
        id: crate::studio::id(StepId::new, 1),
        text: "Write".into(),
    };
    let recorded = studio.take(Event::PlanWritten {
        call,
        written: Box::new(written),
        setup: Some(Box::new(setup())),
        steps: vec![step],
    });
    let used = recorded.session.workflow.expect("chosen");
    assert_eq!((used.id.as_str(), used.version), ("script", 2));
    assert_ne!(recorded.session.use_case, before.use_case);
    assert_eq!(
        (recorded.session.steps, recorded.session.steps_over),
        (1, 0)
    );
}

#[test]
fn names_and_splits_can_be_changed() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A tool", &["Write"]));
    studio.approve();
    studio.cycle("write", "tool");
    studio.judge(Verdict::Accepted);
    let id = studio.id;
    store.rename_session(id, "My tool").expect("renames");
    assert_eq!(store.product(id).expect("there").summary.name, "My tool");
    store.rename_product(id, "Hammer").expect("renames");
    store.rename_session(id, "Tools").expect("renames");
    let product = store.product(id).expect("there");
    assert_eq!(product.summary.name, "Hammer");
    assert!(product.summary.is_final);
    assert_eq!(product.versions.len(), 1);
    assert_eq!(store.products(None, 9, 0).expect("lists").total, 1);

    for &split in Split::ALL {
        assert_eq!(
            store.set_session_split(id, split).expect("set").split,
            split
        );
    }
    store.delete_session(id).expect("deletes");
    assert_eq!(store.products(None, 9, 0).expect("lists").total, 0);
    assert!(matches!(
        store.session_log(id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        store.product(id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        store.delete_session(id),
        Err(StoreError::NotFound { .. })
    ));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn a_reader_sees_sessions_and_cannot_write() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = Studio::begin(&folder, &mut store, start("A tool", &["Write"])).id;
    let mut reader = folder.read_only();
    assert_eq!(reader.session_log(id).expect("reads").len(), 1);
    let error = reader.rename_session(id, "x").expect_err("read only");
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[test]
fn the_first_session_of_a_use_case_is_trained_on_and_later_ones_by_their_group() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begin = |store: &mut Store| {
        let id = Studio::begin(&folder, store, start("A game", &["Draw"])).id;
        (id, store.session(id).expect("there").split)
    };
    for _ in 0..40 {
        let (id, split) = begin(&mut store);
        assert_eq!(split, Split::Train);
        store.delete_session(id).expect("deleted");
    }
    let splits: Vec<Split> = (0..40).map(|_| begin(&mut store).1).collect();
    assert_eq!(splits[0], Split::Train);
    // About one in five.
    let held_out = splits.iter().filter(|split| **split == Split::HeldOut);
    assert!((1..20).contains(&held_out.count()), "{splits:?}");
}
