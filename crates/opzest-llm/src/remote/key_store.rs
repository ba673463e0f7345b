//! Where API keys are kept: the system's keyring, or else a private file in the app's folder.
//!
//! On Linux the keyring is the Secret Service on the session bus, a unix socket; a bus address of
//! another kind (`tcp:`) is not used, since a private app opens no internet socket. A keyring that
//! does not answer in time counts as missing, so the app never hangs on it.

use super::api_key::ApiKey;
use super::key_file::KeyFile;
use super::untrusted;
use crate::error::LlmError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell, oneshot};

const SERVICE: &str = "opzest";

/// Long enough for a keyring that has to be started.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(5);
/// Long enough for a person to type the password of a locked keyring.
const UNLOCKED_WITHIN: Duration = Duration::from_secs(90);

/// The place that holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyStorage {
    /// The operating system's keyring.
    Keyring,
    /// A file that only this user can read, unencrypted.
    PrivateFile,
}

/// A keyring, as far as it is needed. Calls block, for as long as they like.
trait Keyring: Send + Sync + 'static {
    fn check(&self) -> Result<(), String>;
    fn set(&self, server: &str, key: &str) -> Result<(), String>;
    fn get(&self, server: &str) -> Result<Option<String>, String>;
    fn remove(&self, server: &str) -> Result<(), String>;
}

/// Keeps one API key per server; servers are named by [`super::ServerAddress::origin`].
pub struct ApiKeyStore {
    folder: PathBuf,
    keyring: Option<Arc<dyn Keyring>>,
    /// Whether the keyring answered; asked once, at first use.
    available: OnceCell<bool>,
    available_within: Duration,
    unlocked_within: Duration,
    /// Reading, changing and writing the file belong together.
    file: Mutex<()>,
}

impl ApiKeyStore {
    /// Prefers the system keyring. Touches neither keyring nor folder yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with(folder.into(), Some(Arc::new(SystemKeyring)))
    }

    /// Never asks the keyring.
    pub fn file_only(folder: impl Into<PathBuf>) -> Self {
        Self::with(folder.into(), None)
    }

    fn with(folder: PathBuf, keyring: Option<Arc<dyn Keyring>>) -> Self {
        Self {
            folder,
            keyring,
            available: OnceCell::new(),
            available_within: AVAILABLE_WITHIN,
            unlocked_within: UNLOCKED_WITHIN,
            file: Mutex::new(()),
        }
    }

    /// Replaces the server's key and tells where it is now. Falls back to the file if the keyring
    /// is missing, locked or does not answer.
    pub async fn save(&self, server: &str, key: &ApiKey) -> Result<KeyStorage, LlmError> {
        if key.is_empty() {
            return Err(failed(server, "stored", "it is empty"));
        }
        let _file = self.file.lock().await;
        let mut file = self.read_file(server, "stored")?;
        let storage = match self.set_in_keyring(server, key).await {
            true => KeyStorage::Keyring,
            false => KeyStorage::PrivateFile,
        };
        match storage {
            KeyStorage::Keyring => {
                file.keys.remove(server);
                file.in_keyring.insert(server.to_owned());
            }
            KeyStorage::PrivateFile => {
                // What the keyring may still hold is outdated: the file is read first.
                file.in_keyring.remove(server);
                file.keys.insert(server.to_owned(), key.expose().to_owned());
            }
        }
        self.write_file(&file, server, "stored")?;
        Ok(storage)
    }

    /// `None` if no key was saved. If one was saved and cannot be had, that is an error.
    pub async fn load(&self, server: &str) -> Result<Option<(ApiKey, KeyStorage)>, LlmError> {
        let _file = self.file.lock().await;
        let file = self.read_file(server, "read")?;
        if let Some(key) = file.keys.get(server) {
            return Ok(Some((ApiKey::new(key), KeyStorage::PrivateFile)));
        }
        if !file.in_keyring.contains(server) {
            return Ok(None);
        }
        let owned = server.to_owned();
        let key = self
            .in_keyring(self.unlocked_within, move |keyring| keyring.get(&owned))
            .await
            .map_err(|reason| failed(server, "read", &reason))?;
        Ok(key.map(|key| (ApiKey::new(key), KeyStorage::Keyring)))
    }

    /// Removes the key from everywhere. Removing what is not there succeeds.
    pub async fn remove(&self, server: &str) -> Result<(), LlmError> {
        let _file = self.file.lock().await;
        let mut file = self.read_file(server, "removed")?;
        if file.in_keyring.contains(server) {
            let owned = server.to_owned();
            self.in_keyring(self.unlocked_within, move |keyring| keyring.remove(&owned))
                .await
                .map_err(|reason| failed(server, "removed", &reason))?;
        }
        let had_key = file.keys.remove(server).is_some();
        if file.in_keyring.remove(server) || had_key {
            self.write_file(&file, server, "removed")?;
        }
        Ok(())
    }

    async fn set_in_keyring(&self, server: &str, key: &ApiKey) -> bool {
        let (owned, key) = (server.to_owned(), key.clone());
        let set = self.in_keyring(self.unlocked_within, move |keyring| {
            keyring.set(&owned, key.expose())
        });
        match set.await {
            Ok(()) => true,
            Err(reason) => {
                tracing::info!(reason, "the key goes to a private file");
                false
            }
        }
    }

    /// Runs a call on a thread of its own: one that never returns must not hold up the runtime's end.
    async fn in_keyring<T: Send + 'static>(
        &self,
        within: Duration,
        call: impl FnOnce(&dyn Keyring) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let Some(keyring) = &self.keyring else {
            return Err("the keyring is not used".into());
        };
        let available = self
            .available
            .get_or_init(|| async {
                let answer = on_thread(Arc::clone(keyring), self.available_within, |k| k.check());
                match answer.await {
                    Ok(()) => true,
                    Err(reason) => {
                        tracing::info!(reason, "no system keyring");
                        false
                    }
                }
            })
            .await;
        if !available {
            return Err("the system keyring does not answer".into());
        }
        on_thread(Arc::clone(keyring), within, call).await
    }

    fn read_file(&self, server: &str, action: &str) -> Result<KeyFile, LlmError> {
        KeyFile::read(&self.folder).map_err(|error| self.file_failed(server, action, &error))
    }

    fn write_file(&self, file: &KeyFile, server: &str, action: &str) -> Result<(), LlmError> {
        file.write(&self.folder)
            .map_err(|error| self.file_failed(server, action, &error))
    }

    fn file_failed(&self, server: &str, action: &str, error: &std::io::Error) -> LlmError {
        let path = self.folder.join(super::key_file::FILE_NAME);
        failed(server, action, &format!("{}: {error}", path.display()))
    }
}

fn failed(server: &str, action: &str, reason: &str) -> LlmError {
    LlmError::ApiKey {
        server: server.to_owned(),
        action: action.to_owned(),
        reason: untrusted::one_line(reason, untrusted::MAX_MESSAGE_CHARS),
    }
}

async fn on_thread<T: Send + 'static>(
    keyring: Arc<dyn Keyring>,
    within: Duration,
    call: impl FnOnce(&dyn Keyring) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("keyring".into())
        .spawn(move || {
            // Nobody may be waiting any more.
            let _late = sender.send(call(keyring.as_ref()));
        })
        .map_err(|error| format!("no thread for the keyring: {error}"))?;
    match tokio::time::timeout(within, receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err("the system keyring failed".into()),
        Err(_) => Err(format!(
            "the system keyring did not answer within {} s",
            within.as_secs()
        )),
    }
}

/// The operating system's own.
struct SystemKeyring;

impl SystemKeyring {
    fn entry(server: &str) -> Result<keyring::Entry, String> {
        keyring::Entry::new(SERVICE, server).map_err(describe)
    }
}

impl Keyring for SystemKeyring {
    fn check(&self) -> Result<(), String> {
        let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
        if !bus_is_local(&bus) {
            return Err("the session bus is not a unix socket".into());
        }
        keyring::Entry::store_status()
            .as_ref()
            .copied()
            .map_err(ToString::to_string)
    }

    fn set(&self, server: &str, key: &str) -> Result<(), String> {
        Self::entry(server)?.set_password(key).map_err(describe)
    }

    fn get(&self, server: &str) -> Result<Option<String>, String> {
        match Self::entry(server)?.get_password() {
            Ok(key) => Ok(Some(key)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(describe(error)),
        }
    }

    fn remove(&self, server: &str) -> Result<(), String> {
        match Self::entry(server)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(describe(error)),
        }
    }
}

/// Two variants of the error carry the stored secret: they are not shown.
fn describe(error: keyring::Error) -> String {
    match error {
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            "the keyring's entry is damaged".into()
        }
        other => other.to_string(),
    }
}

/// Whether every address of a D-Bus address list is a socket of this computer; an empty one is the usual
/// unix socket.
fn bus_is_local(addresses: &str) -> bool {
    addresses
        .split(';')
        .filter(|address| !address.is_empty())
        .all(|address| address.starts_with("unix:") || address.starts_with("launchd:"))
}

#[cfg(test)]
#[path = "key_store_tests.rs"]
mod tests;
