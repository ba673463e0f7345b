//! What deleting rows and sessions says of the models that have learned them.

use crate::dataset::worked;
use crate::models_and_settings::id as model_id;
use crate::studio::{Studio, start};
use crate::support::Folder;
use crate::training::{add_base, create, finish, rows, run_id, train_on, trained};
use opzest_core::dataset::Split;
use opzest_core::ids::{ExampleId, ModelId};
use opzest_core::session::{Event, Verdict};
use opzest_store::CheckReport;

#[test]
fn deleting_rows_tells_which_models_have_learned_them() {
    let folder = Folder::new();
    let (mut store, examples) = trained(&folder, 2);
    // Judged by the first, trained on the third; and one without a model.
    let mut second = train_on(&[examples[0], examples[2]]);
    second[0].split = Split::HeldOut;
    create(&mut store, 2, &second).expect("created");
    finish(&mut store, 2, "other").expect("finished");
    create(&mut store, 3, &train_on(&examples)).expect("created");

    let mut learned = |examples: &[ExampleId]| -> Vec<ModelId> {
        store.delete_examples(examples).expect("deletes").learned_by
    };
    assert_eq!(learned(&examples[3..]), [] as [ModelId; 0]);
    assert_eq!(learned(&examples[..1]), [model_id("mine")]);
    assert_eq!(
        learned(&examples[1..3]),
        [model_id("mine"), model_id("other")]
    );
    assert_eq!(store.rows_of_run(run_id(3)).expect("reads").len(), 4);
    assert_eq!(store.runs_with_any(&examples).expect("lists").len(), 1);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn deleting_a_session_tells_it_also_of_rows_that_are_gone() {
    for gone in ["nothing", "deleted", "undone"] {
        let folder = Folder::new();
        let mut store = folder.open();
        add_base(&mut store);
        let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
        studio.approve();
        studio.cycle("write", "roses");
        studio.say("no", Verdict::Redo);
        studio.cycle("again", "tulips");
        studio.say("yes", Verdict::Accepted);
        let examples = rows(studio.store);
        create(studio.store, 1, &train_on(&examples)).expect("created");
        finish(studio.store, 1, "mine").expect("finished");
        match gone {
            "deleted" => {
                studio.store.delete_examples(&examples).expect("deletes");
            }
            "undone" => {
                studio.take(Event::VerdictUndone);
                studio.take(Event::VerdictUndone);
            }
            _ => {}
        }
        assert_eq!(rows(studio.store).is_empty(), gone != "nothing");
        let learned = studio.store.delete_session(studio.id).expect("deletes");
        assert_eq!(learned, [model_id("mine")], "{gone}");
    }
}

#[test]
fn a_session_that_nothing_was_trained_on_tells_nothing() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = worked(&folder, &mut store).id;
    assert_eq!(
        store.delete_session(id).expect("deletes"),
        [] as [ModelId; 0]
    );
}
