//! Deleted rows are in no file any more, and what stays still works.

use crate::dataset::{import, new_row, page};
use crate::studio::{Studio, start};
use crate::support::Folder;
use opzest_core::conversation::Scope;
use opzest_core::dataset::Side;
use opzest_core::ids::{ExampleId, SessionId};
use opzest_core::session::{Event, Session, Verdict};
use opzest_store::{
    CheckReport, DELETED, Erasure, ExampleFilter, ExampleOrder, Remains, SideEdit, Store,
    StoreError,
};

/// Start with letters that no other word here has, so that the index keeps them whole.
const REJECTED: &str = "qzxjwvrejected";
const CHOSEN: &str = "jqzwxvchosen";
const WORDS: &str = "zqjxvwwords";

fn rows(store: &Store) -> Vec<ExampleId> {
    let page = store.examples(&ExampleFilter::default(), ExampleOrder::Oldest, None, 99);
    page.expect("lists")
        .items
        .into_iter()
        .map(|row| row.id)
        .collect()
}

fn replayed(store: &Store, id: SessionId) -> Session {
    Session::replay(store.session_log(id).expect("a log")).expect("it still replays")
}

/// One step: a redo and a further edit, then accepted. Finished.
fn finished(folder: &Folder, store: &mut Store) -> SessionId {
    let mut studio = Studio::begin(folder, store, start("A poem", &["Write it"]));
    studio.traced = true;
    studio.approve();
    studio.cycle(
        "write about roses",
        &format!("first\n{REJECTED} line\nlast"),
    );
    studio.say(&format!("not {WORDS}"), Verdict::Redo);
    // The lead reads the faulty line, also after the rest was left out.
    studio.instruct(&format!("leave out: {REJECTED} line"));
    studio.work("second version");
    studio.check(None);
    studio.say("longer please", Verdict::FurtherEdit);
    studio.cycle("make it longer", &format!("third\n{CHOSEN} line"));
    studio.say("very good", Verdict::Accepted);
    studio.id
}

#[test]
fn a_deleted_row_is_in_no_file_and_its_session_replays() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = finished(&folder, &mut store);
    let before = replayed(&store, id);
    folder.back_up(&store);
    let redo = rows(&store)[0];

    let report = store.delete_examples(&[redo]).expect("deletes");
    assert_eq!((report.deleted, report.sessions), (1, vec![id]));
    // Its own, and that of the attempt whose instruction quoted it.
    assert_eq!(report.traces, 2);
    let other_rows = Remains::OtherRows {
        session: id,
        rows: 1,
    };
    let in_product = Remains::Product {
        session: id,
        versions: 1,
    };
    assert_eq!(report.remains, [other_rows, in_product]);
    assert!(folder.holds(REJECTED), "it is wiped later");
    assert_eq!(folder.erase(&store), Erasure::Complete);
    assert!(!folder.holds(REJECTED));
    assert!(!folder.holds(WORDS));
    assert!(folder.holds(CHOSEN));
    assert!(matches!(
        store.example(redo),
        Err(StoreError::NotFound { .. })
    ));

    let after = replayed(&store, id);
    assert_eq!(after.state().versions, before.state().versions);
    assert_eq!(after.state().artifact, before.state().artifact);
    let attempt = after.state().steps[0].cycles[0]
        .attempt
        .clone()
        .expect("it is still there");
    assert_eq!(attempt.written.raw, DELETED);
    let instruction = after.state().steps[0].cycles[1]
        .instruction
        .clone()
        .expect("there");
    assert_eq!(instruction.text, format!("leave out: {DELETED}"));
    // The other rows are as they were.
    let kept = store.example(rows(&store)[0]).expect("there");
    assert_eq!(kept.rejected.expect("there").text, "<<second version>>");
    assert_eq!(
        kept.chosen.expect("there").text,
        format!("<<third\n{CHOSEN} line>>")
    );
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn an_accepted_text_goes_with_the_last_of_its_rows_and_the_session() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = finished(&folder, &mut store);
    let all = rows(&store);
    let report = store.delete_examples(&all).expect("deletes");
    assert_eq!(
        report.remains,
        [Remains::Product {
            session: id,
            versions: 1
        }]
    );
    // The prompt is gone as well, and the raw answer; the product has its file.
    folder.erase(&store);
    for text in ["roses", REJECTED, WORDS, "<<third"] {
        assert!(!folder.holds(text), "{text}");
    }
    let session = replayed(&store, id);
    let file = &session.state().artifact.files()[0];
    assert_eq!(file.text, format!("third\n{CHOSEN} line"));
    assert_eq!(
        store.product(id).expect("there").versions[0]
            .version
            .artifact,
        session.state().artifact
    );

    store.delete_session(id).expect("deletes");
    folder.erase(&store);
    assert!(!folder.holds(CHOSEN));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn a_deleted_row_does_not_come_back() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
    studio.approve();
    studio.cycle("write", REJECTED);
    studio.say("no no no", Verdict::Redo);
    studio.cycle("again", CHOSEN);
    studio.say("yes", Verdict::Accepted);
    let redo = rows(studio.store)[0];
    studio.store.delete_examples(&[redo]).expect("deletes");
    assert_eq!(rows(studio.store), []);
    // The session is opened anew, as the report asks for; undone and accepted once more.
    studio.session = replayed(studio.store, studio.id);
    studio.take(Event::VerdictUndone);
    studio.judge(Verdict::Accepted);
    assert_eq!(
        rows(studio.store),
        [],
        "the step has a row, and the user has deleted it"
    );
    studio.take(Event::VerdictUndone);
    studio.judge(Verdict::Redo);
    assert_eq!(
        rows(studio.store).len(),
        1,
        "another attempt makes another row"
    );
    folder.erase(studio.store);
    assert!(!folder.holds(REJECTED));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

/// A text of the user's for an accepted side that is undone at the moment.
#[test]
fn what_is_put_aside_is_deleted_as_well() {
    for whole_session in [false, true] {
        let folder = Folder::new();
        let mut store = folder.open();
        let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
        studio.approve();
        studio.cycle("write", "roses");
        studio.say("no", Verdict::Redo);
        studio.cycle("again", "tulips");
        studio.say("yes", Verdict::Accepted);
        let row = rows(studio.store)[0];
        let edit = SideEdit {
            text: CHOSEN,
            reasoning: "",
            artifact: None,
        };
        let edited = studio
            .store
            .edit_example(row, Side::Chosen, &edit, folder.now());
        edited.expect("saved");
        let marked = studio
            .store
            .mark_examples(&[row], Some(Scope::Communal), None, folder.now());
        marked.expect("marked");
        studio.take(Event::VerdictUndone);
        folder.erase(studio.store);
        assert!(folder.holds(CHOSEN), "it may come again");
        if whole_session {
            studio.take(Event::VerdictUndone);
            studio.store.delete_session(studio.id).expect("deletes");
        } else {
            studio.store.delete_examples(&[row]).expect("deletes");
        }
        folder.erase(studio.store);
        assert!(!folder.holds(CHOSEN));
        assert_eq!(store.check().expect("checks"), CheckReport::default());
    }
}

#[test]
fn what_is_being_worked_on_stays() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write", "Sing"]));
    studio.approve();
    studio.cycle("write", "a first verse");
    studio.say("more", Verdict::FurtherEdit);
    let row = rows(studio.store)[0];
    let report = studio.store.delete_examples(&[row]).expect("deletes");
    assert_eq!(report.remains, [Remains::InWork { session: studio.id }]);
    studio.session = replayed(studio.store, studio.id);
    assert_eq!(
        studio.session.state().artifact.files()[0].text,
        "a first verse"
    );
    // It goes on; rows of later steps have the text in their prompts.
    studio.cycle("more verses", "a first verse\na second verse");
    studio.say("good", Verdict::Accepted);
    studio.cycle("sing:\na first verse\na second verse", "lala");
    studio.say("wonderful", Verdict::Accepted);
    let all = rows(studio.store);
    assert_eq!(all.len(), 1, "the deleted row was the first step's");
    let later = studio.store.example(all[0]).expect("there");
    assert!(later.prompt[1].content.contains("a second verse"));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

/// Words that were taken back are about the deleted row all the same.
#[test]
fn what_was_undone_or_overridden_is_deleted_as_well() {
    const OVERRIDDEN: &str = "xwqzjvoverridden";
    const FAILED: &str = "wvqxzjfailed";
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write", "Sing"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("write", "roses");
    studio.say(&format!("with {WORDS}"), Verdict::Redo);
    studio.instruct(&format!("they say: with {WORDS}"));
    studio.take(Event::VerdictUndone);
    studio.say("make it formal", Verdict::Redo);
    let words = format!("no, {OVERRIDDEN}");
    let verdict = Verdict::FurtherEdit;
    studio.take(Event::VerdictGiven {
        verdict,
        words,
        attempt: None,
    });
    let words = "make it very formal".to_owned();
    let verdict = Verdict::Redo;
    studio.take(Event::VerdictGiven {
        verdict,
        words,
        attempt: None,
    });
    // A check that failed until it was overruled.
    studio.instruct("again, with dignity");
    studio.work("dear roses");
    studio.check(Some(&format!("{FAILED}: line 1")));
    studio.instruct(&format!("mend this: {FAILED}: line 1"));
    studio.take(Event::CheckOverruled {
        words: "it is right".into(),
    });
    studio.instruct("sing");
    let id = studio.id;
    let row = rows(&store)[0];
    store.delete_examples(&[row]).expect("deletes");
    folder.erase(&store);
    for text in [WORDS, OVERRIDDEN, FAILED, "formal"] {
        assert!(!folder.holds(text), "{text}");
    }
    replayed(&store, id);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

/// What a check printed, and for another attempt, too.
#[test]
fn what_was_said_about_rows_that_stay_stays() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write", "Sing"]));
    studio.approve();
    for text in ["roses", "tulips", "daisies"] {
        studio.instruct(text);
        studio.work(text);
        studio.check(Some("SyntaxError: not Python"));
    }
    let (id, all) = (studio.id, rows(&store));
    assert_eq!(all.len(), 3);
    let error = |store: &Store, place: usize| {
        let session = replayed(store, id);
        let attempt = session.state().steps[0].cycles[place].attempt.clone();
        attempt.expect("there").check
    };
    let told = error(&store, 0);
    store.delete_examples(&all[..1]).expect("deletes");
    assert_eq!(error(&store, 1), told);
    store.delete_examples(&all[1..]).expect("deletes");
    assert!((0..3).all(|place| error(&store, place) != told));
    folder.erase(&store);
    assert!(!folder.holds("SyntaxError"));
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn hand_edits_and_overruled_checks_can_be_deleted() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("Tools", &["One", "Two"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("make a hammer", REJECTED);
    studio.hand_edit(CHOSEN, &format!("like this {WORDS}"));
    studio.instruct("make a saw");
    studio.unreadable(&format!("I will not make a {REJECTED}"));
    studio.instruct("do make a saw");
    studio.work("a saw");
    studio.check(Some("it does not cut"));
    studio.take(Event::CheckOverruled {
        words: "it does".into(),
    });
    let id = studio.id;
    let all = rows(&store);
    assert_eq!(all.len(), 2);
    let report = store.delete_examples(&all).expect("deletes");
    assert_eq!(report.traces, 2);
    folder.erase(&store);
    for text in [REJECTED, WORDS, "make a hammer", "<<a saw>>"] {
        assert!(!folder.holds(text), "{text}");
    }
    assert_eq!(replayed(&store, id).state().versions.len(), 2);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn all_rows_are_deleted_or_none() {
    let folder = Folder::new();
    let mut store = folder.open();
    finished(&folder, &mut store);
    let mut ids = rows(&store);
    ids.push(ExampleId::new(1, [0; 10]));
    let error = store.delete_examples(&ids).expect_err("one is not there");
    assert!(matches!(error, StoreError::NotFound { .. }));
    assert_eq!(rows(&store).len(), 2);
    let nothing = store.delete_examples(&[]).expect("nothing to do");
    assert_eq!(nothing.deleted, 0);
    assert!(!store.needs_erasing().expect("reads"));
}

/// Many at once, in another order than they were stored in: the search index and the others stay whole.
#[test]
fn many_rows_are_deleted_at_once() {
    let folder = Folder::new();
    let mut store = folder.open();
    // Several imports leave the index in several parts.
    for batch in (0..6).rev() {
        let numbers = (batch * 10..batch * 10 + 10).rev();
        let new = |number| new_row(&store, number, &format!("question{number:02} common"));
        let new = numbers.map(new).collect();
        import(&mut store, new);
    }
    let number_of = |id: &ExampleId| {
        let title = store.example(*id).expect("there").summary.title;
        let number = title
            .strip_prefix("question")
            .expect("a title")
            .replace(" common", "");
        number.parse::<u64>().expect("a number")
    };
    let is_doomed = |id: &ExampleId| number_of(id) % 3 > 0;
    let (doomed, kept): (Vec<_>, Vec<_>) = rows(&store).into_iter().partition(is_doomed);
    assert_eq!((doomed.len(), kept.len()), (40, 20));
    let unknown = [&doomed[..], &[ExampleId::new(1, [8; 10])]].concat();
    let error = store
        .delete_examples(&unknown)
        .expect_err("one is not there");
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    assert_eq!(rows(&store).len(), 60, "all or none");

    assert_eq!(store.delete_examples(&doomed).expect("deletes").deleted, 40);
    assert_eq!(rows(&store), kept);
    let found = |query| {
        let all = ExampleFilter::default();
        let query = Some(query);
        page(&store, &ExampleFilter { query, ..all }).total.count
    };
    assert_eq!(
        (found("common"), found("question01"), found("question03")),
        (20, 0, 1)
    );
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}
