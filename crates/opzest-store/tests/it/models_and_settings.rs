//! The model registry and the settings.

use crate::support::Folder;
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelKind, ModelMetadata};
use opzest_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

pub(crate) fn id(text: &str) -> ModelId {
    text.parse().expect("a slug")
}

pub(crate) fn file(name: &str, path: &str) -> ModelDetails {
    ModelDetails {
        kind: ModelKind::File,
        name: name.into(),
        location: path.into(),
        remote_name: None,
        base: None,
        metadata: ModelMetadata::default(),
    }
}

fn ids(store: &Store) -> Vec<String> {
    store
        .models()
        .expect("lists")
        .into_iter()
        .map(|model| model.id.to_string())
        .collect()
}

#[test]
fn a_model_is_kept_as_it_is_told() {
    let folder = Folder::new();
    let mut store = folder.open();
    let metadata = ModelMetadata {
        file_bytes: Some(98_000_000),
        file_modified_at: Some(1_700_000_000_000),
        architecture: Some("llama".into()),
        parameter_count: Some(134_515_008),
        quantisation: Some("Q4_1".into()),
        trained_context: Some(8192),
        licence: Some("apache-2.0".into()),
    };
    let details = ModelDetails {
        metadata,
        ..file("SmolLM2 135M", "/models/smollm2.gguf")
    };
    let added = store.add_model(&id("smollm2"), &details, 7).expect("adds");
    assert_eq!(
        (added.details, added.added_at, added.selected),
        (details, 7, false)
    );

    let server = ModelDetails {
        kind: ModelKind::Remote,
        name: "GPT at work".into(),
        location: "https://models.example.org/v1".into(),
        remote_name: Some("gpt-large".into()),
        base: None,
        metadata: ModelMetadata::default(),
    };
    store.add_model(&id("gpt"), &server, 8).expect("adds");
    assert_eq!(store.model(&id("gpt")).expect("there").details, server);
    assert_eq!(ids(&store), ["smollm2", "gpt"]);
}

#[test]
fn the_same_place_keeps_its_id_and_another_gets_its_own() {
    let folder = Folder::new();
    let mut store = folder.open();
    let first = file("Tiny", "/a/tiny.gguf");
    store.add_model(&id("tiny"), &first, 1).expect("adds");
    let second = store
        .add_model(&id("tiny"), &file("Tiny", "/b/tiny.gguf"), 2)
        .expect("adds");
    let third = store
        .add_model(&id("tiny"), &file("Tiny", "/c/tiny.gguf"), 3)
        .expect("adds");
    assert_eq!((second.id, third.id), (id("tiny-2"), id("tiny-3")));

    let renamed = ModelDetails {
        name: "Tiny, new".into(),
        ..first
    };
    let again = store
        .add_model(&id("other"), &renamed, 4)
        .expect("refreshes");
    assert_eq!((again.id, again.added_at), (id("tiny"), 1));
    assert_eq!(again.details.name, "Tiny, new");

    let moved = file("Tiny", "/d/tiny.gguf");
    let put = store.put_model(&id("tiny"), &moved, 5).expect("replaces");
    assert_eq!((put.details, put.added_at), (moved, 1));
    assert_eq!(ids(&store), ["tiny", "tiny-2", "tiny-3"]);
}

#[test]
fn one_model_is_selected_at_most() {
    let folder = Folder::new();
    let mut store = folder.open();
    store
        .add_model(&id("a"), &file("A", "/a"), 1)
        .expect("adds");
    store
        .add_model(&id("b"), &file("B", "/b"), 2)
        .expect("adds");
    let selected = |store: &mut Store, wanted: Option<&str>| -> Vec<bool> {
        let models = store
            .select_model(wanted.map(id).as_ref())
            .expect("selects");
        models.into_iter().map(|model| model.selected).collect()
    };
    assert_eq!(selected(&mut store, Some("a")), [true, false]);
    assert_eq!(selected(&mut store, Some("b")), [false, true]);

    let error = store
        .select_model(Some(&id("c")))
        .expect_err("no such model");
    assert_eq!(error.to_string(), "there is no model c");
    assert!(
        store.model(&id("b")).expect("there").selected,
        "a failed write changes nothing"
    );

    // Changed details leave the selection.
    assert!(
        store
            .put_model(&id("b"), &file("B2", "/b"), 3)
            .expect("puts")
            .selected
    );
    assert_eq!(selected(&mut store, None), [false, false]);
    assert_eq!(store.remove_model(&id("b")).expect("removes").id, id("b"));
    assert_eq!(ids(&store), ["a"]);
    assert!(matches!(
        store.remove_model(&id("b")),
        Err(StoreError::NotFound { what: "model", .. })
    ));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Looks {
    theme: String,
    size: Option<f32>,
}

#[test]
fn settings_are_json_values() {
    let folder = Folder::new();
    let mut store = folder.open();
    assert_eq!(store.setting::<Looks>("looks").expect("reads"), None);
    let looks = Looks {
        theme: "dark".into(),
        size: None,
    };
    assert!(store.set_setting("looks", &looks).expect("writes"));
    assert!(
        !store.set_setting("looks", &looks).expect("writes"),
        "nothing changed"
    );
    store
        .set_setting("welcome_finished", &true)
        .expect("writes");
    drop(store);

    let store = folder.open();
    assert_eq!(store.setting("looks").expect("reads"), Some(looks));
    assert_eq!(
        store.setting("welcome_finished").expect("reads"),
        Some(true)
    );
    let error = store.setting::<u32>("looks").expect_err("not a number");
    assert!(
        error
            .to_string()
            .starts_with("the setting `looks` cannot be read:"),
        "{error}"
    );
}
