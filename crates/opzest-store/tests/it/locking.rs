//! One writer per data folder.

use crate::support::Folder;
use opzest_store::{DataFolderLock, LOCK_FILE, StoreError, StoreOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_second_writer_is_told_who_holds_the_folder() {
    let folder = Folder::new();
    let store = folder.open();
    let error = folder
        .try_open(&StoreOptions::default())
        .expect_err("it is held");
    let own = Some(std::process::id());
    assert!(
        matches!(&error, StoreError::InUse { pid, .. } if *pid == own),
        "{error}"
    );
    // Readers need no lock.
    assert_eq!(
        folder
            .read_only()
            .conversations(None, 1)
            .expect("lists")
            .total,
        0
    );
    drop(store);
    folder.open();
}

#[test]
fn the_lock_is_only_in_the_system_never_in_the_file() {
    let folder = Folder::new();
    std::fs::write(folder.path.join(LOCK_FILE), "4194304\nleft by a crash\n").expect("written");
    let lock = DataFolderLock::acquire(&folder.path).expect("nobody holds it");
    assert_eq!(lock.folder(), folder.path);
    let error = DataFolderLock::acquire(&folder.path).expect_err("it is held");
    assert!(matches!(error, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id()));
}

#[test]
fn a_missing_folder_is_named() {
    let error = DataFolderLock::acquire(Path::new("/nowhere/at/all")).expect_err("no folder");
    let text = error.to_string();
    assert!(
        text.starts_with("locking the data folder failed for /nowhere/at/all/"),
        "{text}"
    );
}

/// In the role of the other process when the variable is set.
#[test]
fn the_lock_ends_with_a_killed_process() {
    const FOLDER: &str = "OPZEST_TEST_LOCK_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _lock = DataFolderLock::acquire(Path::new(&folder)).expect("it is free");
        println!("\nholding");
        std::io::stdin().lines().next();
        unreachable!("it is killed");
    }

    let folder = Folder::new();
    let mut other = Command::new(std::env::current_exe().expect("this test program"))
        .args([
            "--exact",
            "locking::the_lock_ends_with_a_killed_process",
            "--nocapture",
        ])
        .env(FOLDER, &folder.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the other process starts");
    let mut lines = BufReader::new(other.stdout.take().expect("piped")).lines();
    assert!(
        lines.any(|line| line.expect("text") == "holding"),
        "it takes the lock"
    );

    let error = DataFolderLock::acquire(&folder.path).expect_err("it is held");
    assert!(
        matches!(error, StoreError::InUse { pid, .. } if pid == Some(other.id())),
        "{error}"
    );
    other.kill().expect("killed");
    other.wait().expect("ended");
    DataFolderLock::acquire(&folder.path).expect("it is free again");
}
