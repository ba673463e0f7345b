//! Questions, answers, variants.

use crate::support::{Folder, complete, model};
use opzest_core::chat::Role;
use opzest_core::conversation::{AnswerError, AnswerStats, MessageStatus, ModelName, Scope};
use opzest_store::{AnswerEnd, InConversation, StoreError};

#[test]
fn a_first_question_makes_a_conversation() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(
            &mut store,
            folder.new_conversation(),
            "How do I bake bread?\nSlowly.",
        )
        .expect("begins");

    assert_eq!(begun.conversation.title, "How do I bake bread?");
    assert!(!begun.conversation.title_is_users);
    assert_eq!(begun.conversation.scope, Scope::Private);
    assert_eq!(
        begun.conversation.use_case,
        store.default_use_case().expect("one")
    );
    assert_eq!(begun.conversation.model, Some(model().id));
    assert_eq!(begun.conversation.message_count, 2);
    let question = begun.question.expect("a question");
    assert_eq!(
        (question.role, question.status),
        (Role::User, MessageStatus::Complete)
    );
    assert_eq!(question.variants, [question.id]);
    assert_eq!(
        (begun.answer.role, begun.answer.status),
        (Role::Assistant, MessageStatus::Streaming)
    );
    assert_eq!(
        (begun.answer.text.as_str(), begun.answer.finished_at),
        ("", None)
    );
    assert_eq!(begun.answer.model, Some(model()));

    let opened = store.conversation(begun.conversation.id).expect("opens");
    assert_eq!(opened.messages, [question, begun.answer]);
    assert_eq!(opened.summary, begun.conversation);
}

#[test]
fn an_answer_is_kept_while_it_streams_and_when_it_ends() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    store.write_answer(begun.answer.id, "Good").expect("writes");
    store
        .write_answer(begun.answer.id, "Good morn")
        .expect("writes");

    // Another process sees it at once.
    let seen = folder
        .read_only()
        .conversation(begun.conversation.id)
        .expect("opens");
    assert_eq!(seen.messages[1].text, "Good morn");

    let stats = AnswerStats {
        prompt_tokens: 31,
        cached_tokens: 12,
        answer_tokens: 4,
        reading_ms: 145,
        tokens_per_second: 31.5,
        context_used: 35,
        context_size: 2048,
    };
    let end = AnswerEnd {
        status: MessageStatus::CutByLimit,
        text: "Good morning!",
        stats: Some(stats),
        error: None,
        finish: Some("length"),
    };
    let now = folder.now();
    let finished = store
        .finish_answer(begun.answer.id, &end, now)
        .expect("ends");
    assert_eq!(finished.answer.text, "Good morning!");
    assert_eq!(finished.answer.status, MessageStatus::CutByLimit);
    assert_eq!(finished.answer.stats, Some(stats));
    assert_eq!(finished.answer.finish.as_deref(), Some("length"));
    assert_eq!(finished.answer.finished_at, Some(now));
    assert_eq!(finished.conversation.updated_at, now);
}

#[test]
fn a_failed_answer_keeps_its_text_and_its_reason() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    let error = AnswerError {
        code: "worker_died".into(),
        message: "The model's process ended.".into(),
        hint: String::new(),
    };
    let end = AnswerEnd {
        status: MessageStatus::Failed,
        error: Some(error.clone()),
        stats: Some(AnswerStats {
            prompt_tokens: 1,
            cached_tokens: 0,
            answer_tokens: 0,
            reading_ms: 0,
            tokens_per_second: f32::NAN,
            context_used: 1,
            context_size: 1,
        }),
        ..complete("Good m")
    };
    let finished = store
        .finish_answer(begun.answer.id, &end, folder.now())
        .expect("ends");
    assert_eq!(finished.answer.error, Some(error));
    assert_eq!(finished.answer.text, "Good m");
    assert_eq!(finished.answer.stats.expect("kept").tokens_per_second, 0.0);
}

#[test]
fn an_ended_answer_is_not_written_again() {
    let folder = Folder::new();
    let mut store = folder.open();
    let done = folder.turn(&mut store, folder.new_conversation(), "Hello", "Hi");
    let id = done.answer.id;
    let late = store
        .write_answer(id, "Hi, late")
        .expect_err("it has ended");
    assert!(matches!(late, StoreError::NotStreaming { .. }), "{late}");
    let twice = folder
        .finish(&mut store, id, "Hi again")
        .expect_err("it has ended");
    assert!(matches!(twice, StoreError::NotStreaming { .. }), "{twice}");
    let nowhere = store
        .write_answer(folder.message_id(), "x")
        .expect_err("no such message");
    assert!(
        matches!(
            nowhere,
            StoreError::NotFound {
                what: "message",
                ..
            }
        ),
        "{nowhere}"
    );
}

#[test]
fn one_answer_at_a_time_in_a_conversation() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    let id = begun.conversation.id;
    let second = folder.ask(&mut store, InConversation::Existing(id), "And?");
    assert!(matches!(second, Err(StoreError::StillAnswering)));
    assert!(matches!(
        folder.regenerate(&mut store, id),
        Err(StoreError::StillAnswering)
    ));
    // Another conversation may answer meanwhile, and the refused question left nothing.
    folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    assert_eq!(store.conversation(id).expect("opens").messages.len(), 2);
}

#[test]
fn a_regenerated_answer_is_a_selected_variant() {
    let folder = Folder::new();
    let mut store = folder.open();
    let first = folder.turn(
        &mut store,
        folder.new_conversation(),
        "Name a colour",
        "Red",
    );
    let id = first.conversation.id;

    let other = ModelName {
        id: "qwen".parse().expect("a slug"),
        name: "Qwen".into(),
    };
    let answer = folder.message_id();
    let begun = store
        .begin_regeneration(id, answer, &other, folder.now())
        .expect("begins");
    assert_eq!(begun.question, None);
    assert_eq!(begun.answer.variants, [first.answer.id, answer]);
    assert_eq!(begun.conversation.model, Some(other.id));
    assert_eq!(begun.conversation.message_count, 2);
    folder.finish(&mut store, answer, "Blue").expect("ends");

    let texts = |store: &opzest_store::Store| -> Vec<String> {
        let opened = store.conversation(id).expect("opens");
        opened
            .messages
            .into_iter()
            .map(|message| message.text)
            .collect()
    };
    assert_eq!(texts(&store), ["Name a colour", "Blue"]);
    let selected = store.select_variant(first.answer.id).expect("selects");
    assert_eq!(selected.messages[1].text, "Red");
    assert_eq!(selected.messages[1].variants, [first.answer.id, answer]);
    assert_eq!(texts(&store), ["Name a colour", "Red"]);

    folder.turn(&mut store, InConversation::Existing(id), "Another", "Green");
    assert_eq!(texts(&store), ["Name a colour", "Red", "Another", "Green"]);
}

#[test]
fn what_is_not_there_is_named() {
    let folder = Folder::new();
    let mut store = folder.open();
    let nowhere = folder.conversation_id();
    let not_found = |error: StoreError| {
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        error.to_string()
    };
    let text = not_found(
        store
            .conversation(nowhere)
            .expect_err("no such conversation"),
    );
    assert_eq!(text, format!("there is no conversation {nowhere}"));
    not_found(
        store
            .rename_conversation(nowhere, "x")
            .expect_err("no such conversation"),
    );
    not_found(
        store
            .delete_conversation(nowhere)
            .expect_err("no such conversation"),
    );
    not_found(
        folder
            .regenerate(&mut store, nowhere)
            .expect_err("no such conversation"),
    );
    let existing = InConversation::Existing(nowhere);
    not_found(
        folder
            .ask(&mut store, existing, "x")
            .expect_err("no such conversation"),
    );
    let begun = folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    let question = begun.question.expect("a question").id;
    not_found(
        store
            .select_variant(question)
            .expect_err("a question has no variants"),
    );
}

#[test]
fn conversations_are_listed_newest_first() {
    let folder = Folder::new();
    let mut store = folder.open();
    let titles = ["one", "two", "three"];
    let ids = titles.map(|title| {
        folder
            .turn(&mut store, folder.new_conversation(), title, "ok")
            .conversation
            .id
    });
    folder.turn(&mut store, InConversation::Existing(ids[0]), "again", "ok");
    // Renaming is no news.
    let renamed = store.rename_conversation(ids[1], "zwei").expect("renames");
    assert!(renamed.title_is_users);

    let listed = |limit| {
        let page = store.conversations(None, limit).expect("lists");
        let titles: Vec<_> = page.items.into_iter().map(|item| item.title).collect();
        (titles, page.total)
    };
    assert_eq!(
        listed(10),
        (vec!["one".into(), "three".into(), "zwei".into()], 3)
    );
    assert_eq!(listed(1), (vec!["one".into()], 3));
    assert_eq!(listed(0), (vec![], 3));
}

#[test]
fn a_crash_leaves_an_interrupted_answer_with_its_text() {
    let folder = Folder::new();
    let mut store = folder.open();
    let begun = folder
        .ask(&mut store, folder.new_conversation(), "Hello")
        .expect("begins");
    store
        .write_answer(begun.answer.id, "Good mor")
        .expect("writes");
    drop(store);

    // A reader repairs nothing.
    let seen = folder
        .read_only()
        .conversation(begun.conversation.id)
        .expect("opens");
    assert_eq!(seen.messages[1].status, MessageStatus::Streaming);

    let mut store = folder.open();
    assert_eq!(store.interrupted_at_open(), [begun.answer.id]);
    let opened = store.conversation(begun.conversation.id).expect("opens");
    assert_eq!(opened.messages[1].status, MessageStatus::Interrupted);
    assert_eq!(opened.messages[1].text, "Good mor");
    // What was kept can be found, and the conversation goes on.
    assert_eq!(
        store.conversations(Some("mor"), 5).expect("searches").total,
        1
    );
    folder
        .regenerate(&mut store, begun.conversation.id)
        .expect("begins");
}
