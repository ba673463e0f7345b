//! Tests of where keys go, with keyrings that work, fail, hang, or disappear.

use super::*;
use std::collections::HashMap;
use std::sync::Mutex as StdMutex;

const SERVER: &str = "https://example.org";

#[derive(Default)]
struct FakeKeyring {
    keys: StdMutex<HashMap<String, String>>,
    missing: bool,
    locked: bool,
    hangs: bool,
}

impl FakeKeyring {
    fn answer(&self) -> Result<(), String> {
        if self.hangs {
            loop {
                std::thread::park();
            }
        }
        if self.locked {
            Err("locked".into())
        } else {
            Ok(())
        }
    }
}

impl Keyring for FakeKeyring {
    fn check(&self) -> Result<(), String> {
        if self.missing {
            Err("missing".into())
        } else {
            self.answer().or(Ok(()))
        }
    }
    fn set(&self, server: &str, key: &str) -> Result<(), String> {
        self.answer()?;
        self.keys
            .lock()
            .expect("lock")
            .insert(server.into(), key.into());
        Ok(())
    }
    fn get(&self, server: &str) -> Result<Option<String>, String> {
        self.answer()?;
        Ok(self.keys.lock().expect("lock").get(server).cloned())
    }
    fn remove(&self, server: &str) -> Result<(), String> {
        self.answer()?;
        self.keys.lock().expect("lock").remove(server);
        Ok(())
    }
}

fn store(folder: &tempfile::TempDir, keyring: &Arc<FakeKeyring>) -> ApiKeyStore {
    let keyring: Arc<dyn Keyring> = Arc::clone(keyring) as _;
    let mut store = ApiKeyStore::with(folder.path().to_owned(), Some(keyring));
    store.available_within = Duration::from_millis(50);
    store.unlocked_within = Duration::from_millis(50);
    store
}

fn file_text(folder: &tempfile::TempDir) -> String {
    std::fs::read_to_string(folder.path().join(super::super::key_file::FILE_NAME)).expect("file")
}

async fn loaded(store: &ApiKeyStore) -> Option<(String, KeyStorage)> {
    let found = store.load(SERVER).await.expect("loads");
    found.map(|(key, storage)| (key.expose().to_owned(), storage))
}

#[tokio::test]
async fn a_working_keyring_holds_the_key_and_the_file_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let keyring = Arc::new(FakeKeyring::default());
    let store = store(&folder, &keyring);
    // Room for a slow machine: this keyring answers at once.
    let store = ApiKeyStore {
        available_within: AVAILABLE_WITHIN,
        unlocked_within: UNLOCKED_WITHIN,
        ..store
    };
    assert_eq!(loaded(&store).await, None);
    let storage = store
        .save(SERVER, &ApiKey::new("sk-1"))
        .await
        .expect("saves");
    assert_eq!(storage, KeyStorage::Keyring);
    assert!(!file_text(&folder).contains("sk-1"));
    assert_eq!(
        loaded(&store).await,
        Some(("sk-1".into(), KeyStorage::Keyring))
    );
    store.remove(SERVER).await.expect("removes");
    assert_eq!(loaded(&store).await, None);
    assert!(keyring.keys.lock().expect("lock").is_empty());
    store
        .remove(SERVER)
        .await
        .expect("removing nothing is fine");
}

#[tokio::test]
async fn without_a_usable_keyring_the_file_holds_the_key() {
    let broken = [
        FakeKeyring {
            missing: true,
            ..FakeKeyring::default()
        },
        FakeKeyring {
            locked: true,
            ..FakeKeyring::default()
        },
        FakeKeyring {
            hangs: true,
            ..FakeKeyring::default()
        },
    ];
    for keyring in broken {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(&folder, &Arc::new(keyring));
        let storage = store
            .save(SERVER, &ApiKey::new("sk-1"))
            .await
            .expect("saves");
        assert_eq!(storage, KeyStorage::PrivateFile);
        assert_eq!(
            loaded(&store).await,
            Some(("sk-1".into(), KeyStorage::PrivateFile))
        );
        store.remove(SERVER).await.expect("removes");
        assert!(!file_text(&folder).contains("sk-1"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let store = ApiKeyStore::file_only(folder.path());
    let storage = store
        .save(SERVER, &ApiKey::new("sk-1"))
        .await
        .expect("saves");
    assert_eq!(storage, KeyStorage::PrivateFile);
}

#[tokio::test]
async fn a_keyring_that_disappeared_is_not_a_key_that_was_never_entered() {
    let folder = tempfile::tempdir().expect("a folder");
    let keyring = Arc::new(FakeKeyring::default());
    let mut before = store(&folder, &keyring);
    before.available_within = AVAILABLE_WITHIN;
    before.unlocked_within = UNLOCKED_WITHIN;
    before
        .save(SERVER, &ApiKey::new("sk-1"))
        .await
        .expect("saves");
    let gone = Arc::new(FakeKeyring {
        missing: true,
        ..FakeKeyring::default()
    });
    let after = store(&folder, &gone);
    let error = after
        .load(SERVER)
        .await
        .expect_err("not reachable")
        .to_string();
    assert!(
        error.contains("cannot be read") && !error.contains("sk-1"),
        "{error}"
    );
    // A key entered again goes to the file, and is the one that counts from then on.
    after
        .save(SERVER, &ApiKey::new("sk-2"))
        .await
        .expect("saves");
    assert_eq!(
        loaded(&before).await,
        Some(("sk-2".into(), KeyStorage::PrivateFile))
    );
}

#[tokio::test]
async fn an_empty_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = ApiKeyStore::file_only(folder.path());
    assert!(store.save(SERVER, &ApiKey::new("  ")).await.is_err());
}

#[test]
fn only_a_bus_of_this_computer_is_used() {
    for local in [
        "",
        "unix:path=/run/user/1000/bus",
        "unix:abstract=x,guid=1;unix:path=/y",
    ] {
        assert!(bus_is_local(local), "{local}");
    }
    for remote in [
        "tcp:host=localhost,port=1",
        "unix:path=/x;nonce-tcp:host=h,port=1",
        "unixexec:path=x",
    ] {
        assert!(!bus_is_local(remote), "{remote}");
    }
}
