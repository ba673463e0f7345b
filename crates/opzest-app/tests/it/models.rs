//! The model registry.

use crate::support::{ask, model_folder, open};
use opzest_app::calls::*;
use opzest_app::dto::{ErrorCode, ModelKind, Settings};

#[tokio::test]
async fn the_embedded_model_is_there_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let models = list_models(&app, NoArguments {}).await.expect("lists");
    assert_eq!(models.len(), 1);
    let embedded = &models[0];
    assert_eq!(embedded.kind, ModelKind::Embedded);
    assert!(
        embedded.selected && embedded.problem.is_none(),
        "{embedded:?}"
    );
    assert_eq!(embedded.parameters.as_deref(), Some("135M"));
    let id = embedded.id.clone();
    let error = remove_model(&app, ModelArgument { id })
        .await
        .expect_err("it stays");
    assert_eq!(error.code, ErrorCode::InvalidInput);
}

/// Models of one server share its key; the last of them takes it along.
#[tokio::test]
async fn the_last_model_of_a_server_takes_its_key_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let add = |name: &str, key: &str| AddRemoteModel {
        name: name.into(),
        address: "http://127.0.0.1:9/v1".into(),
        remote_name: name.into(),
        key: key.into(),
        context_size: None,
    };
    let keys = || std::fs::read_to_string(folder.path().join("api-keys.json")).unwrap_or_default();
    for (name, key) in [("first", "sk-secret"), ("second", "")] {
        add_remote_model(&app, add(name, key)).await.expect("added");
    }
    assert!(keys().contains("sk-secret"), "{}", keys());
    let remove = async |id: &str| {
        let removed = remove_teacher(&app, ModelArgument { id: id.into() }).await;
        removed.expect("removed")
    };
    let first = remove("first").await;
    assert_eq!(
        (first.forgot_key_of, first.teachers.teachers.len()),
        (None, 2)
    );
    assert!(keys().contains("sk-secret"), "the other one uses it");
    let second = remove("second").await;
    assert_eq!(second.forgot_key_of.as_deref(), Some("http://127.0.0.1:9"));
    assert!(!keys().contains("sk-secret"), "{}", keys());
}

#[tokio::test]
async fn a_gguf_file_is_added_used_and_missed_when_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let settings = Settings {
        max_answer_tokens: Some(4),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    let path = folder.path().join("Mine.gguf");
    std::fs::copy(
        model_folder().join("SmolLM2-135M-Instruct.Q4_1.gguf"),
        &path,
    )
    .expect("copies");
    let added = add_model_file(
        &app,
        AddModelFile {
            path: path.display().to_string(),
        },
    )
    .await
    .expect("adds");
    assert_eq!((added.id.as_str(), added.kind), ("mine", ModelKind::File));
    let models = select_model(
        &app,
        ModelArgument {
            id: added.id.clone(),
        },
    )
    .await
    .expect("selects");
    assert!(
        models
            .iter()
            .all(|model| model.selected == (model.id == added.id))
    );
    let outcome = ask(&app, None, "Hello.").await.expect("answers");
    assert_eq!(outcome.conversation.model_id.as_deref(), Some("mine"));

    std::fs::remove_file(&path).expect("removes");
    let models = list_models(&app, NoArguments {}).await.expect("lists");
    let problem = models[1].problem.as_ref().expect("it is gone");
    assert!(problem.message.contains("Mine.gguf"), "{problem}");
    let left = remove_model(&app, ModelArgument { id: added.id })
        .await
        .expect("forgets it");
    assert!(
        left.len() == 1 && left[0].selected,
        "the embedded one is used again"
    );
}

#[tokio::test]
async fn a_bad_file_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let path = folder.path().join("page.gguf");
    std::fs::write(&path, "<html>").expect("writes");
    let error = add_model_file(
        &app,
        AddModelFile {
            path: path.display().to_string(),
        },
    )
    .await
    .expect_err("refused");
    assert_eq!(error.code, ErrorCode::ModelFile);
    assert!(
        error.message.contains("page.gguf") && error.message.contains("web page"),
        "{error}"
    );
    assert_eq!(
        list_models(&app, NoArguments {})
            .await
            .expect("lists")
            .len(),
        1
    );
}

#[tokio::test]
async fn speed_is_measured_on_this_computer() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let id = list_models(&app, NoArguments {})
        .await
        .expect("lists")
        .remove(0)
        .id;
    let speed = measure_model(&app, ModelArgument { id })
        .await
        .expect("measures");
    assert!(
        speed.reading_tokens_per_second > 1.0 && speed.writing_tokens_per_second > 1.0,
        "{speed:?}"
    );
    assert!(speed.peak_memory_mb > 50, "{speed:?}");
}

/// A context that is longer than the model can hold is cut to that, and the model stays in memory.
#[tokio::test]
async fn the_model_is_loaded_once_for_the_same_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let settings = Settings {
        max_answer_tokens: Some(4),
        context_size: Some(16_384),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    let first = ask(&app, None, "Hello.").await.expect("answers");
    let stats = first.answer.stats.expect("figures");
    assert_eq!(stats.context_size, 8192);
    let again = ask(&app, Some(&first.conversation.id), "Go on.")
        .await
        .expect("answers");
    let stats = again.answer.stats.expect("figures");
    assert!(
        stats.cached_tokens > 20,
        "the same worker, with its cache: {stats:?}"
    );
}
