//! What happens when the disk is full, on a disk that is full.

use crate::{
    AnswerEnd, BackupPolicy, CheckReport, DataFolderLock, Erasure, InConversation, NewTurn, Store,
    StoreError, StoreOptions,
};
use opzest_core::conversation::{MessageStatus, ModelName, Scope};
use opzest_core::ids::{ConversationId, MessageId};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TEXT_BYTES: usize = 20_000;

/// A question with its answer in a conversation of its own; fails if any of it fails.
fn turn(store: &mut Store, number: u64) -> Result<ConversationId, StoreError> {
    let id = ConversationId::new(number, [0; 10]);
    let (question, answer) = (
        MessageId::new(number, [1; 10]),
        MessageId::new(number, [2; 10]),
    );
    let conversation = InConversation::New {
        id,
        use_case: None,
        scope: Scope::Private,
    };
    let model = &ModelName {
        id: "m".parse().expect("a slug"),
        name: "M".into(),
    };
    let text = &format!("{number} {}", "x".repeat(TEXT_BYTES));
    store.begin_turn(
        &NewTurn {
            conversation,
            question,
            answer,
            text,
            model,
        },
        number,
    )?;
    let status = MessageStatus::Complete;
    let end = AnswerEnd {
        status,
        text,
        stats: None,
        error: None,
        finish: None,
    };
    store.finish_answer(answer, &end, number)?;
    Ok(id)
}

/// Writes until it is full, then makes room and goes on.
fn fill_and_recover(folder: &Path, mut store: Store, make_room: impl FnOnce(&Store)) {
    let mut written = Vec::new();
    let error = loop {
        match turn(&mut store, written.len() as u64) {
            Ok(id) => written.push(id),
            Err(error) => break error,
        }
        assert!(written.len() < 10_000, "it never becomes full");
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(
        error.to_string().ends_with("failed: the disk is full"),
        "{error}"
    );
    assert!(written.len() > 3, "only {} fit", written.len());

    // Full as it is, all that was written can be read and the failed write has left nothing half done.
    let check = |store: &Store| {
        for &id in &written {
            let opened = store.conversation(id).expect("kept");
            assert_eq!(opened.messages.len(), 2);
            assert!(
                opened
                    .messages
                    .iter()
                    .all(|message| message.text.len() > TEXT_BYTES)
            );
        }
    };
    check(&store);

    make_room(&store);
    let id = turn(&mut store, 1_000_000).expect("there is room again");
    check(&store);
    store.delete_conversation(id).expect("deletes");
    let upkeep = store.upkeep().expect("a writer");
    let erasure = upkeep.erase(1, &BackupPolicy::default(), &|| true);
    assert_eq!(erasure.expect("erases"), Erasure::Complete);
    assert_eq!(store.check().expect("checks"), CheckReport::default());
    drop((store, upkeep));
    check(&open(folder));
}

fn open(folder: &Path) -> Store {
    let lock = DataFolderLock::acquire(folder).expect("free");
    Store::open(lock, &StoreOptions::default()).expect("opens")
}

/// A disk of its own, if this user may make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, options: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()),
            "{} stays mounted",
            self.0.display()
        );
    }
}

/// SQLite's own limit on the file's size gives the same error as a full disk, anywhere. Where this user
/// may mount a small disk (root, so also CI), a really full one follows.
#[test]
fn a_full_disk_loses_nothing_and_stops_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let limit = |store: &Store, pages: u32| {
        store
            .connection
            .pragma_update(None, "max_page_count", pages)
            .expect("set");
    };
    limit(&store, 200);
    fill_and_recover(folder.path(), store, |store| limit(store, 100_000));

    let folder = tempfile::tempdir().expect("a folder");
    if let Some(_disk) = SmallDisk::mount(folder.path(), "size=3m") {
        let ballast = folder.path().join("ballast");
        fs::write(&ballast, vec![0; 1_800_000]).expect("written");
        let store = open(folder.path());
        fill_and_recover(folder.path(), store, |_| {
            fs::remove_file(&ballast).expect("removed")
        });
    }
}

const WHOLE_DISK: BackupPolicy = BackupPolicy {
    latest: 3,
    daily: 7,
    weekly: 4,
    before_schema: 2,
    most_bytes: u64::MAX,
    share_of_disk: 1.0,
    leave_free: 0,
};

/// What must be so after a backup has failed.
fn assert_unharmed(store: &mut Store, backups: usize) {
    store.set_setting("after", &backups).expect("writes go on");
    assert_eq!(store.check().expect("checks"), CheckReport::default());
    let file = store.connection.path().expect("a file").to_owned();
    let folder = Path::new(&file).parent().expect("a folder");
    assert_eq!(crate::backups(folder).expect("lists").len(), backups);
    let names = fs::read_dir(folder.join(crate::BACKUP_FOLDER)).expect("lists");
    assert_eq!(names.count(), backups, "nothing half done is left");
}

/// The disk becomes full, or is read-only, in the middle of a backup. Needs a disk of its own, so a user who
/// may not mount one only tests that there is no room to begin with.
#[test]
fn a_failing_backup_harms_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(folder.path(), "size=12m");
    let mut store = open(folder.path());
    for number in 0..30 {
        turn(&mut store, number).expect("there is room");
    }
    let upkeep = store.upkeep().expect("a writer");
    let made = upkeep
        .back_up(1, &WHOLE_DISK, &|| true)
        .expect("there is room");
    assert!(matches!(made, crate::BackupOutcome::Made(_)));
    let full = BackupPolicy {
        leave_free: u64::MAX,
        ..WHOLE_DISK
    };
    let error = upkeep.back_up(2, &full, &|| true).expect_err("no room");
    assert!(
        matches!(error, StoreError::NoRoomForBackup { .. }),
        "{error}"
    );
    assert_unharmed(&mut store, 1);
    if disk.is_none() {
        return;
    }

    let ballast = folder.path().join("ballast");
    let fill = || {
        if ballast.exists() {
            return true;
        }
        let free = crate::DiskSpace::of(folder.path())
            .expect("a disk")
            .available;
        // Some room, so that the copy begins.
        let size = usize::try_from(free.saturating_sub(300_000)).expect("small");
        fs::write(&ballast, vec![0; size]).expect("written");
        true
    };
    let error = upkeep.back_up(3, &WHOLE_DISK, &fill).expect_err("full");
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    fs::remove_file(&ballast).expect("removed");
    assert_unharmed(&mut store, 1);

    let backups = folder.path().join(crate::BACKUP_FOLDER);
    let read_only = SmallDisk::mount(&backups, "ro,size=1m").expect("as before");
    let error = upkeep
        .back_up(4, &WHOLE_DISK, &|| true)
        .expect_err("read-only");
    assert!(error.to_string().contains("backups"), "{error}");
    assert_unharmed(&mut store, 0);
    drop(read_only);
    assert_unharmed(&mut store, 1);
    drop((store, upkeep));
}
