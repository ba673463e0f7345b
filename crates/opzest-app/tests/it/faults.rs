//! A worker that is killed, a full disk, a second instance: a clear outcome, and nothing lost.

use crate::support::{Seen, ask, open, open_with, question};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use opzest_app::calls::*;
use opzest_app::dto::{ChatEvent, ErrorCode, MessageStatus, Settings};
use opzest_app::{Access, App};
use opzest_store::{DataFolderLock, Store, StoreOptions};
use std::path::Path;
use std::time::Duration;

async fn conversations(app: &App) -> u32 {
    let list = ListConversations {
        query: None,
        limit: 10,
    };
    list_conversations(app, list).await.expect("lists").total
}

/// The worker processes that this test process has started.
fn workers() -> Vec<i32> {
    let own = std::process::id();
    let parent_of = |pid: i32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    };
    std::fs::read_dir("/proc")
        .expect("Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| parent_of(*pid) == Some(own))
        .collect()
}

#[tokio::test]
async fn killing_the_worker_keeps_the_text_and_the_next_answer_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let seen = Seen::default();
    let events = seen.with(|event| {
        if matches!(event, ChatEvent::Delta { tokens, .. } if *tokens >= 5) {
            for pid in workers() {
                // The second event of a killed worker finds it gone.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    });
    let outcome = send_message(
        &app,
        question(None, "Write a very long story about the sea."),
        events,
    )
    .await
    .expect("an outcome");
    assert_eq!(outcome.answer.status, MessageStatus::Interrupted);
    assert_eq!(
        outcome.answer.error.as_ref().expect("why").code,
        ErrorCode::WorkerDied
    );
    assert!(!outcome.answer.text.is_empty());
    let id = outcome.conversation.id;
    let kept = open_conversation(&app, OpenConversation { id: id.clone() })
        .await
        .expect("opens");
    assert_eq!(kept.messages[1], outcome.answer, "the text so far is kept");

    let settings = Settings {
        max_answer_tokens: Some(8),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    let next = ask(&app, Some(&id), "Go on.").await.expect("answers");
    assert_eq!(next.answer.error, None);
    assert!(!next.answer.text.is_empty(), "a new worker answers");
}

#[tokio::test]
async fn an_answer_that_the_app_died_in_is_interrupted_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let (started, wait) = tokio::sync::oneshot::channel();
    let started = std::sync::Mutex::new(Some(started));
    let events = Seen::default().with(move |event| {
        if let ChatEvent::Started { conversation, .. } = event
            && let Some(started) = started.lock().expect("not poisoned").take()
        {
            let _ = started.send(conversation.id.clone());
        }
    });
    let asking = app.clone();
    let answering = tokio::spawn(async move {
        send_message(
            &asking,
            question(None, "Write a very long story about the sea."),
            events,
        )
        .await
    });
    let id = wait.await.expect("starts");
    // Text reaches the store while it is written.
    loop {
        let open = OpenConversation { id: id.clone() };
        let so_far = open_conversation(&app, open)
            .await
            .expect("opens")
            .messages
            .remove(1);
        assert_eq!(
            so_far.status,
            MessageStatus::Streaming,
            "it is a long story"
        );
        if !so_far.text.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The state on disk at this moment is what a killed app leaves: opened elsewhere, as a copy.
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["opzest.db", "opzest.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("copies");
    }
    let after = open(copy.path());
    let list = ListConversations {
        query: None,
        limit: 1,
    };
    let found = list_conversations(&after, list)
        .await
        .expect("lists")
        .items
        .remove(0);
    let id = found.id.clone();
    let conversation = open_conversation(&after, OpenConversation { id })
        .await
        .expect("opens");
    assert_eq!(
        conversation.messages[0].text,
        "Write a very long story about the sea."
    );
    assert_eq!(conversation.messages[1].status, MessageStatus::Interrupted);
    assert!(
        !conversation.messages[1].text.is_empty(),
        "what was saved is kept"
    );
    let stop = StopGeneration {
        conversation_id: found.id,
    };
    stop_generation(&app, stop).await.expect("stops");
    answering.await.expect("joins").expect("an outcome");
}

#[tokio::test]
async fn quitting_saves_what_is_being_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let (text_came, wait) = tokio::sync::oneshot::channel();
    let text_came = std::sync::Mutex::new(Some(text_came));
    let events = Seen::default().with(move |event| {
        if let ChatEvent::Delta { .. } = event
            && let Some(text_came) = text_came.lock().expect("not poisoned").take()
        {
            let _ = text_came.send(());
        }
    });
    let asking = app.clone();
    let answering = tokio::spawn(async move {
        send_message(
            &asking,
            question(None, "Write a very long story about the sea."),
            events,
        )
        .await
    });
    wait.await.expect("text comes");
    app.shut_down().await;
    let outcome = answering.await.expect("joins").expect("an outcome");
    assert_eq!(outcome.answer.status, MessageStatus::Stopped);
    let id = outcome.conversation.id;
    let kept = open_conversation(&app, OpenConversation { id })
        .await
        .expect("opens");
    assert_eq!(kept.messages[1].text, outcome.answer.text);
}

#[tokio::test]
async fn a_second_instance_says_who_is_first_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path());
    let settings = Settings {
        max_answer_tokens: Some(8),
        ..Settings::default()
    };
    change_settings(&first, ChangeSettings { settings })
        .await
        .expect("settings");
    ask(&first, None, "Hello.").await.expect("answers");

    let second = open(folder.path());
    let problem = app_info(&second, NoArguments {})
        .await
        .expect("info")
        .problem
        .expect("a problem");
    assert_eq!(problem.code, ErrorCode::DataFolderInUse);
    assert!(
        problem.message.contains(&std::process::id().to_string()),
        "{}",
        problem.message
    );
    let refused = ask(&second, None, "Me too.").await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::DataFolderInUse);

    let reader = open_with(folder.path(), Access::ReadIfBusy);
    assert_eq!(conversations(&reader).await, 1, "a reader reads");
    let refused = ask(&reader, None, "Me too.")
        .await
        .expect_err("but does not write");
    assert_eq!(refused.code, ErrorCode::DataFolderUnusable);
    drop(reader);

    assert_eq!(conversations(&first).await, 1);
    drop(first);
    let info = app_info(&second, NoArguments {}).await.expect("info");
    assert_eq!(
        info.problem, None,
        "trying again works when the first has gone"
    );
    assert_eq!(conversations(&second).await, 1);
}

/// Mounting needs root: another user runs the test again as root of a user namespace of its own.
/// True if that was done.
pub fn ran_as_root(test: &str) -> bool {
    if nix::unistd::geteuid().is_root() {
        return false;
    }
    let own = std::env::current_exe().expect("this program's path");
    let output = std::process::Command::new("unshare")
        .args(["--map-root-user", "--mount"])
        .arg(own)
        .args(["--exact", test])
        .output()
        .expect("unshare runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{test}: {text}"
    );
    true
}

/// A small file system.
pub struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    pub fn mount(size: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .status()
            .expect("mount runs");
        assert!(mounted.success(), "a tmpfs can be mounted");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing fits any more.
    fn fill(&self) {
        fill(self.path());
    }

    /// Nobody may write, or everybody again.
    pub fn read_only(&self, read_only: bool) {
        let mode = if read_only {
            "remount,ro"
        } else {
            "remount,rw"
        };
        let mounted = std::process::Command::new("mount")
            .args(["-o", mode])
            .arg(self.path())
            .status()
            .expect("mount runs");
        assert!(mounted.success(), "{mode}");
    }

    pub fn free(&self) {
        std::fs::remove_file(self.path().join("filler")).expect("removes");
    }
}

/// Until nothing fits any more.
pub fn fill(folder: &Path) {
    let mut filler = std::fs::File::create(folder.join("filler")).expect("creates");
    while std::io::Write::write_all(&mut filler, &[0u8; 512]).is_ok() {}
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        // Lazily: a task of the app may still hold a file open.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.path())
            .status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    if ran_as_root("faults::a_full_disk_is_told_and_nothing_is_lost") {
        return;
    }
    let disk = TinyDisk::mount("900k");
    let app = open(disk.path());
    let settings = Settings {
        max_answer_tokens: Some(60),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    let first = ask(&app, None, "Hello.").await.expect("answers");

    disk.fill();
    let error = ask(&app, None, &"What now? ".repeat(2000))
        .await
        .expect_err("the disk is full");
    assert_eq!(error.code, ErrorCode::DiskFull, "{error}");
    assert!(error.hint.contains("Free some space"), "{error}");
    assert_eq!(
        conversations(&app).await,
        1,
        "what was saved is there, the question is not half there"
    );
    disk.free();

    // Full only while the answer is written: it is shown, kept in memory, and saved when there is room.
    let filled = std::sync::Once::new();
    let path = disk.path().to_owned();
    let events = Seen::default().with(move |event| {
        if matches!(event, ChatEvent::Delta { .. }) {
            filled.call_once(|| fill(&path));
        }
    });
    let long = format!("{} Write a long story.", "The sea is deep. ".repeat(20));
    let outcome = send_message(&app, question(Some(&first.conversation.id), &long), events)
        .await
        .expect("an outcome");
    assert!(!outcome.answer.text.is_empty());
    let error = outcome.answer.error.clone().expect("the user is told");
    assert_eq!(error.code, ErrorCode::DiskFull);

    disk.free();
    let id = outcome.conversation.id;
    ask(&app, Some(&id), "Thanks.").await.expect("works again");
    let kept = open_conversation(&app, OpenConversation { id })
        .await
        .expect("opens");
    assert_eq!(kept.messages.len(), 6);
    assert_eq!(
        kept.messages[3].text, outcome.answer.text,
        "the unsaved answer was saved"
    );
}

/// The process dies after a deletion, before the text is off the disk.
#[tokio::test]
async fn the_next_start_erases_what_was_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path());
    let settings = Settings {
        max_answer_tokens: Some(2),
        ..Settings::default()
    };
    change_settings(&app, ChangeSettings { settings })
        .await
        .expect("settings");
    ask(&app, None, "Hello.").await.expect("answers");
    app.shut_down().await;
    app.close();
    drop(app);
    let open_store = || {
        let lock = DataFolderLock::acquire(folder.path()).expect("free");
        Store::open(lock, &StoreOptions::default()).expect("opens")
    };
    let mut store = open_store();
    let id = store.conversations(None, 1).expect("lists").items[0].id;
    store.delete_conversation(id).expect("deletes");
    assert!(store.needs_erasing().expect("reads"));
    drop(store);

    let app = open(folder.path());
    app.shut_down().await;
    assert_eq!(app.damage(), None);
    app.close();
    drop(app);
    assert!(!open_store().needs_erasing().expect("reads"));
}
