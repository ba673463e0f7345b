//! Conversations with the real embedded model, through the command functions.

use crate::support::{Seen, ask, open, question};
use opzest_app::Events;
use opzest_app::calls::*;
use opzest_app::dto::{ChatEvent, ErrorCode, ExportFormat, MessageStatus, Settings, Speaker};
use std::sync::mpsc;

/// Answers of at most a few tokens: these tests are about everything around them.
async fn short_answers(app: &opzest_app::App) {
    let settings = Settings {
        max_answer_tokens: Some(12),
        threads: Some(1),
        ..Settings::default()
    };
    change_settings(app, ChangeSettings { settings })
        .await
        .expect("settings");
}

#[tokio::test]
async fn a_question_is_answered_streamed_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let seen = Seen::default();
    let outcome = send_message(
        &app,
        question(None, "How many days are in a week?"),
        seen.events(),
    )
    .await
    .expect("answers");
    assert_eq!(outcome.answer.status, MessageStatus::Complete);
    assert!(
        outcome.answer.text.contains("week"),
        "{}",
        outcome.answer.text
    );
    assert_eq!(
        seen.text(),
        outcome.answer.text,
        "what was streamed is what is kept"
    );
    assert_eq!(outcome.conversation.title, "How many days are in a week?");
    let stats = outcome.answer.stats.expect("figures");
    assert_eq!(
        stats.context_used,
        stats.prompt_tokens + stats.answer_tokens
    );
    let events = seen.all();
    assert!(
        matches!(
            &events[0],
            ChatEvent::Started {
                question: Some(_),
                ..
            }
        ),
        "{:?}",
        events[0]
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, ChatEvent::LoadingModel { .. }))
    );

    drop(app);
    let app = open(folder.path());
    let kept = open_conversation(
        &app,
        OpenConversation {
            id: outcome.conversation.id,
        },
    )
    .await
    .expect("is there after a restart");
    assert_eq!(kept.messages.len(), 2);
    assert_eq!(kept.messages[0].speaker, Speaker::User);
    assert_eq!(kept.messages[1], outcome.answer);
}

#[tokio::test]
async fn regenerating_adds_a_variant_that_can_be_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    short_answers(&app).await;
    let first = ask(&app, None, "Name a fruit.").await.expect("answers");
    // As long as the model likes: both are whole answers.
    let whole = [MessageStatus::CutByLimit, MessageStatus::Complete];
    assert!(whole.contains(&first.answer.status));
    let conversation_id = first.conversation.id.clone();
    let again = Regenerate {
        conversation_id,
        model_id: None,
    };
    let second = regenerate(&app, again, Events::ignored())
        .await
        .expect("answers");
    assert_eq!(second.answer.variants.len(), 2);
    assert_ne!(second.answer.id, first.answer.id);
    let back = SelectVariant {
        message_id: first.answer.id.clone(),
    };
    let conversation = select_variant(&app, back).await.expect("selects");
    assert_eq!(conversation.messages[1].id, first.answer.id);
    assert_eq!(conversation.summary.message_count, 2);
}

#[tokio::test]
async fn stopping_keeps_the_text_so_far() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let (text_came, wait) = mpsc::channel();
    let seen = Seen::default();
    let events = seen.with(move |event| match event {
        ChatEvent::Started { conversation, .. } => drop(text_came.send(conversation.id.clone())),
        ChatEvent::Delta { .. } => drop(text_came.send(String::new())),
        _ => {}
    });
    let stopper = app.clone();
    let stopping = tokio::task::spawn_blocking(move || {
        let conversation_id = wait.recv().expect("started");
        wait.recv().expect("some text");
        tokio::runtime::Handle::current().block_on(stop_generation(
            &stopper,
            StopGeneration { conversation_id },
        ))
    });
    let outcome = send_message(
        &app,
        question(None, "Write a very long story about the sea."),
        events,
    )
    .await
    .expect("an outcome");
    stopping.await.expect("joins").expect("stops");
    assert_eq!(outcome.answer.status, MessageStatus::Stopped);
    assert!(!outcome.answer.text.is_empty());
    assert_eq!(outcome.answer.text, seen.text());
}

#[tokio::test]
async fn conversations_are_found_renamed_exported_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    short_answers(&app).await;
    let secret = "xylophonequartet";
    let id = ask(&app, None, &format!("Tell me about the {secret}."))
        .await
        .expect("answers")
        .conversation
        .id;
    ask(&app, None, "Something else.").await.expect("answers");
    let list = |query: Option<&str>| {
        let (app, query) = (app.clone(), query.map(str::to_owned));
        async move {
            list_conversations(&app, ListConversations { query, limit: 50 })
                .await
                .expect("lists")
        }
    };
    assert_eq!(list(None).await.total, 2);
    let found = list(Some("xylophoneq")).await;
    assert_eq!(found.items.len(), 1);
    let hit = found.items[0].hit.as_ref().expect("where");
    assert!(
        hit.iter()
            .any(|part| part.matches && part.text.contains(secret)),
        "{hit:?}"
    );

    let rename = RenameConversation {
        id: id.clone(),
        title: "  My\n music ".into(),
    };
    assert_eq!(
        rename_conversation(&app, rename)
            .await
            .expect("renames")
            .title,
        "My music"
    );
    let export = |format| {
        let (app, id) = (app.clone(), id.clone());
        async move {
            export_conversation(&app, ExportConversation { id, format })
                .await
                .expect("exports")
        }
    };
    let markdown = export(ExportFormat::Markdown).await;
    assert_eq!(markdown.file_name, "My music.md");
    assert!(
        markdown
            .content
            .starts_with("# My music\n\n**You**\n\nTell me about"),
        "{}",
        markdown.content
    );
    let json: serde_json::Value =
        serde_json::from_str(&export(ExportFormat::Json).await.content).expect("JSON");
    assert_eq!(json["messages"][0]["role"], "user");

    delete_conversation(&app, DeleteConversation { id: id.clone() })
        .await
        .expect("deletes");
    assert_eq!(list(None).await.total, 1);
    let gone = open_conversation(&app, OpenConversation { id })
        .await
        .expect_err("gone");
    assert_eq!(gone.code, ErrorCode::NotFound);
    // Quitting waits for what runs in the background.
    app.shut_down().await;
    for file in walk(folder.path()) {
        let bytes = std::fs::read(&file).expect("reads");
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "the deleted text is still in {}", file.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .expect("lists")
        .flat_map(|entry| {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let error = ask(&app, None, " \n ").await.expect_err("empty");
    assert_eq!(error.message, "There is nothing to send.");
    let error = ask(&app, None, &"long ".repeat(300_000))
        .await
        .expect_err("long");
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let error = ask(&app, Some("nonsense"), "Hi").await.expect_err("no id");
    assert_eq!(error.message, "`nonsense` is not a conversation id.");
    let sink = || -> opzest_app::EventSink { std::sync::Arc::new(|_| {}) };
    let call = |name: &'static str, arguments| {
        let app = app.clone();
        async move { opzest_app::commands::dispatch(&app, name, arguments, sink()).await }
    };
    let error = call("format_disk", serde_json::json!({}))
        .await
        .expect_err("unknown");
    assert_eq!(error.message, "there is no command `format_disk`");
    let error = call("open_conversation", serde_json::json!({ "id": 7 }))
        .await
        .expect_err("mistyped");
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let settings = Settings {
        temperature: f32::NAN,
        ..Settings::default()
    };
    let error = change_settings(&app, ChangeSettings { settings })
        .await
        .expect_err("not a number");
    assert!(error.message.contains("temperature"), "{}", error.message);
}

#[tokio::test]
async fn too_long_a_conversation_is_an_answer_that_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let settings = Settings {
        context_size: Some(256),
        threads: Some(1),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    let outcome = ask(&app, None, &"river stone ".repeat(400))
        .await
        .expect("an outcome");
    assert_eq!(outcome.answer.status, MessageStatus::Failed);
    let error = outcome.answer.error.expect("why");
    assert_eq!(error.code, ErrorCode::ContextOverflow);
    assert!(
        error.message.contains("the context holds 256"),
        "{}",
        error.message
    );
}
