//! The file that holds API keys where there is no system keyring: readable by its owner alone.
//!
//! It also remembers which keys the keyring holds, so that a keyring which does not answer is told
//! apart from a key that was never entered.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub(super) const FILE_NAME: &str = "api-keys.json";

/// Far more than any number of keys needs.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeyFile {
    /// By server.
    pub(super) keys: BTreeMap<String, String>,
    /// Servers whose key the system keyring holds.
    pub(super) in_keyring: BTreeSet<String>,
}

impl KeyFile {
    /// A missing file is empty. A file that others may read or write is closed to them; one that
    /// belongs to somebody else, or is a link, is refused.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
            options.custom_flags(flags.bits());
        }
        let file = match options.open(path(folder)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        close_to_others(&file)?;
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text)?;
        // serde's message can quote the text: it must not travel.
        serde_json::from_str(&text)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is damaged"))
    }

    /// Written aside with the final permissions and renamed: never half a file, never open to others.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        create_folder(folder)?;
        let aside = folder.join(format!("{FILE_NAME}.new"));
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&aside)?;
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&aside, path(folder))?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(unix)]
fn close_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not an ordinary file"));
    }
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it belongs to another user",
        ));
    }
    if metadata.mode() & 0o077 != 0 {
        tracing::warn!("the file with the API keys was open to other users; it is closed now");
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_file: &File) -> io::Result<()> {
    // The user's own application folder is closed to others by its access list.
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn one_key() -> KeyFile {
        let mut file = KeyFile::default();
        file.keys
            .insert("https://example.org".into(), "sk-1".into());
        file
    }

    fn mode(folder: &Path) -> u32 {
        fs::metadata(path(folder))
            .expect("exists")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn a_file_is_private_from_its_first_byte_and_reads_back() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("new");
        assert!(KeyFile::read(&folder).expect("missing is empty") == KeyFile::default());
        one_key().write(&folder).expect("written");
        one_key().write(&folder).expect("written over");
        assert_eq!(mode(&folder), 0o600);
        assert!(KeyFile::read(&folder).expect("read") == one_key());
        let names = fs::read_dir(&folder).expect("folder").count();
        assert_eq!(names, 1, "nothing is left aside");
    }

    #[test]
    fn wider_permissions_are_repaired() {
        let root = tempfile::tempdir().expect("a folder");
        one_key().write(root.path()).expect("written");
        fs::set_permissions(path(root.path()), fs::Permissions::from_mode(0o644)).expect("opened");
        assert!(KeyFile::read(root.path()).expect("read") == one_key());
        assert_eq!(mode(root.path()), 0o600);
    }

    #[test]
    fn links_and_damaged_files_are_refused_without_quoting_them() {
        let root = tempfile::tempdir().expect("a folder");
        let elsewhere = root.path().join("elsewhere");
        fs::write(&elsewhere, "{}").expect("written");
        symlink(&elsewhere, path(root.path())).expect("linked");
        assert!(KeyFile::read(root.path()).is_err());
        fs::remove_file(path(root.path())).expect("removed");
        fs::write(path(root.path()), "{\"keys\": \"sk-secret\"}").expect("written");
        let error = KeyFile::read(root.path())
            .err()
            .expect("damaged")
            .to_string();
        assert!(!error.contains("sk-secret"), "{error}");
    }

    #[test]
    fn a_leftover_of_an_interrupted_write_is_replaced() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join(format!("{FILE_NAME}.new")), "half").expect("written");
        one_key().write(root.path()).expect("written");
        assert!(KeyFile::read(root.path()).expect("read") == one_key());
    }
}
