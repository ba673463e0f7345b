//! Which model is in use, and the way back, against a plain stack.

use crate::models_and_settings::id as model_id;
use crate::studio::id;
use crate::support::Folder;
use crate::training::{adapter, add_base};
use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, TrainingRunId, UseCaseId};
use opzest_core::training::Promotion;
use opzest_store::{CheckReport, ModelNeed, Store, StoreError};
use proptest::collection::vec;
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// With the models of [`NAMES`] and a use case of its own.
fn opened(folder: &Folder) -> (Store, UseCaseId) {
    let mut store = folder.open();
    add_base(&mut store);
    for name in NAMES {
        let added = store.add_model(&model_id(name), &adapter(name), 2);
        assert_eq!(added.expect("adds").id, model_id(name));
    }
    let letters = id(UseCaseId::new, 5);
    store.add_use_case(letters, "Letters", 5).expect("added");
    (store, letters)
}

fn promotion(use_case: UseCaseId, scope: Scope, model: Option<&str>) -> Promotion {
    Promotion {
        use_case,
        scope,
        model: model.map(model_id),
        run: None,
        forced: false,
        at: 7,
    }
}

#[test]
fn going_back_leads_through_what_was_in_use() {
    let folder = Folder::new();
    let (mut store, letters) = opened(&folder);
    let private = Scope::Private;
    assert_eq!(store.model_in_use(letters, private).expect("reads"), None);
    let error = store.rollback(letters, private, 8).expect_err("nothing");
    assert_eq!(
        error.to_string(),
        "there is nothing to go back to: the use case `Letters` has worked with no other model (private)"
    );

    let a = Promotion {
        forced: true,
        ..promotion(letters, private, Some("a"))
    };
    let b = promotion(letters, private, Some("b"));
    assert_eq!(store.promote(&a).expect("promoted"), a);
    store.promote(&b).expect("promoted");
    // Once more the same: going back does not lead to itself.
    store.promote(&b).expect("promoted");
    let back = store.rollback(letters, private, 8).expect("back");
    assert_eq!(back, Promotion { at: 8, ..a.clone() });
    let none = promotion(letters, private, None);
    let none = Promotion { at: 9, ..none };
    assert_eq!(store.rollback(letters, private, 9).expect("back"), none);
    store.rollback(letters, private, 10).expect_err("nothing");
    drop(store);

    let store = folder.open();
    let all = store.promotions(letters).expect("lists");
    assert_eq!(all, [none, back, b.clone(), b, a]);
    let default = store.default_use_case().expect("there");
    assert_eq!(store.promotions(default).expect("lists"), []);
}

#[test]
fn use_cases_and_scopes_are_apart() {
    let folder = Folder::new();
    let (mut store, letters) = opened(&folder);
    let default = store.default_use_case().expect("there");
    let places = [
        (letters, Scope::Private, "a"),
        (letters, Scope::Communal, "b"),
        (default, Scope::Private, "c"),
    ];
    for (use_case, scope, name) in places {
        let new = promotion(use_case, scope, Some(name));
        store.promote(&new).expect("promoted");
    }
    for (use_case, scope, name) in places {
        let used = store.model_in_use(use_case, scope).expect("reads");
        assert_eq!(used, Some(model_id(name)));
    }
    let used = store.model_in_use(default, Scope::Communal);
    assert_eq!(used.expect("reads"), None);
    store.rollback(letters, Scope::Private, 9).expect("back");
    let used = store.model_in_use(letters, Scope::Communal);
    assert_eq!(used.expect("reads"), Some(model_id("b")));
    assert_eq!(store.promotions(letters).expect("lists").len(), 3);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
}

#[test]
fn what_is_not_there_is_not_promoted() {
    let folder = Folder::new();
    let (mut store, letters) = opened(&folder);
    let good = promotion(letters, Scope::Private, Some("a"));
    let wrong = [
        Promotion {
            use_case: id(UseCaseId::new, 9),
            ..good.clone()
        },
        Promotion {
            model: Some(model_id("nobody")),
            ..good.clone()
        },
        Promotion {
            run: Some(id(TrainingRunId::new, 9)),
            ..good
        },
    ];
    for wrong in wrong {
        let refused = store.promote(&wrong).expect_err("it is not there");
        assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
    }
    assert_eq!(store.promotions(letters).expect("lists"), []);
}

#[derive(Debug, Clone)]
enum Act {
    Promote(Option<usize>),
    Rollback,
    Remove(usize),
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => prop::option::weighted(0.8, 0..NAMES.len()).prop_map(Act::Promote),
        6 => Just(Act::Rollback),
        1 => (0..NAMES.len()).prop_map(Act::Remove),
        1 => Just(Act::Reopen),
    ];
    vec(act, 1..40)
}

/// What was in use, the last on top; and which models there are.
#[derive(Debug)]
struct Picture {
    stack: Vec<Option<usize>>,
    there: [bool; NAMES.len()],
}

impl Picture {
    fn in_use(&self) -> Option<usize> {
        self.stack.last().copied().flatten()
    }

    /// False: nothing was in use before.
    fn go_back(&mut self) -> bool {
        let before = self.in_use();
        let is_another =
            |entry: &Option<usize>| *entry != before && entry.is_none_or(|model| self.there[model]);
        match self.stack.iter().rposition(is_another) {
            Some(at) => self.stack.truncate(at + 1),
            None if before.is_some() => self.stack.clear(),
            None => return false,
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_way_back_is_a_stack(acts in acts()) {
        let folder = Folder::new();
        let (mut store, letters) = opened(&folder);
        let scope = Scope::Communal;
        let mut picture = Picture { stack: Vec::new(), there: [true; NAMES.len()] };
        let mut entries = 0;
        for act in acts {
            match act {
                Act::Promote(model) => {
                    let new = promotion(letters, scope, model.map(|model| NAMES[model]));
                    let is_there = model.is_none_or(|model| picture.there[model]);
                    prop_assert_eq!(store.promote(&new).is_ok(), is_there);
                    if is_there {
                        entries += 1;
                        if picture.stack.is_empty() || picture.in_use() != model {
                            picture.stack.push(model);
                        }
                    }
                }
                Act::Rollback => match store.rollback(letters, scope, 8) {
                    Ok(_) => {
                        prop_assert!(picture.go_back());
                        entries += 1;
                    }
                    Err(StoreError::NothingBefore { .. }) => prop_assert!(!picture.go_back()),
                    Err(other) => panic!("{other}"),
                },
                Act::Remove(model) => match store.remove_model(&model_id(NAMES[model])) {
                    Ok(_) => {
                        prop_assert!(picture.there[model] && picture.in_use() != Some(model));
                        picture.there[model] = false;
                    }
                    Err(StoreError::ModelNeeded { by, .. }) => {
                        prop_assert_eq!(by, ModelNeed::UseCase("Letters".into()));
                        prop_assert_eq!(picture.in_use(), Some(model));
                    }
                    Err(_) => prop_assert!(!picture.there[model]),
                },
                Act::Reopen => {
                    drop(store);
                    store = folder.open();
                }
            }
            let used = store.model_in_use(letters, scope).expect("reads");
            let wanted: Option<ModelId> = picture.in_use().map(|model| model_id(NAMES[model]));
            prop_assert_eq!(used, wanted);
            prop_assert_eq!(store.promotions(letters).expect("lists").len(), entries);
        }
        prop_assert_eq!(store.check().expect("checks"), CheckReport::default());
    }
}
