//! Files that appear whole or not at all.

use super::ExportError;
use super::lineage::{hex, sha256_of};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// A file that was written, as it was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: String,
}

/// What is left of an export that was killed begins like this.
const PREFIX: &str = ".opzest-export-";

/// Writes `path` by way of a file beside it: `write` fills it, it is synced and compared with what was written, `check`
/// looks at it, and it gets its name, replacing what had it. On an error it is removed, and `path` is as it was.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
    check: impl FnOnce(&Path) -> Result<(), ExportError>,
) -> Result<Written, ExportError> {
    let failed = |source| ExportError::write(path, source);
    let folder = parent(path);
    let aside = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempfile_in(folder)
        .map_err(failed)?;
    let aside = fill(aside, path, write)?;
    let written = compare(aside.path(), path, &aside)?;
    check(aside.path())?;
    aside
        .file
        .persist(path)
        .map_err(|problem| failed(problem.error))?;
    sync_folder(folder).map_err(failed)?;
    Ok(written)
}

/// Makes the folder `path` with these files. It must not exist.
pub(super) fn write_folder(
    path: &Path,
    files: &[(&str, Vec<u8>)],
    check: impl FnOnce(&Path) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let failed = |source| ExportError::write(path, source);
    let exists = || ExportError::Exists {
        path: path.to_owned(),
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let parent = parent(path);
    let aside: TempDir = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(parent)
        .map_err(failed)?;
    for (name, bytes) in files {
        let mut file = File::create_new(aside.path().join(name)).map_err(failed)?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
    }
    for (name, bytes) in files {
        let read = std::fs::read(aside.path().join(name)).map_err(failed)?;
        if &read != bytes {
            return Err(ExportError::read_back(path, format!("in `{name}`")));
        }
    }
    check(aside.path())?;
    sync_folder(aside.path()).map_err(failed)?;
    // Renaming a folder onto an empty one would succeed; someone may have made it meanwhile.
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    std::fs::rename(aside.path(), path).map_err(failed)?;
    // It has another name now, which must not be deleted.
    let _ = aside.keep();
    sync_folder(parent).map_err(failed)
}

/// A synced file, with the hash of what went into it.
struct Filled {
    file: NamedTempFile,
    bytes: u64,
    sha256: String,
}

impl Filled {
    fn path(&self) -> &Path {
        self.file.path()
    }
}

fn fill(
    aside: NamedTempFile,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
) -> Result<Filled, ExportError> {
    let failed = |source| ExportError::write(path, source);
    let mut out = Hashed {
        inner: BufWriter::with_capacity(1 << 20, aside),
        hash: Sha256::new(),
        bytes: 0,
    };
    write(&mut out)?;
    let (sha256, bytes) = (hex(&out.hash.finalize()), out.bytes);
    let file = out
        .inner
        .into_inner()
        .map_err(|problem| failed(problem.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    Ok(Filled {
        file,
        bytes,
        sha256,
    })
}

fn compare(aside: &Path, path: &Path, filled: &Filled) -> Result<Written, ExportError> {
    let mut file = File::open(aside).map_err(|source| ExportError::read(path, source))?;
    let sha256 = sha256_of(&mut file).map_err(|source| ExportError::read(path, source))?;
    if sha256 != filled.sha256 {
        return Err(ExportError::read_back(path, "its hash is another"));
    }
    Ok(Written {
        path: path.to_owned(),
        bytes: filled.bytes,
        sha256,
    })
}

struct Hashed<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(block)?;
        self.hash.update(&block[..length]);
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename durable. Windows has no such call and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_full_disk_in_the_middle_leaves_the_former_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("adapter.gguf");
        std::fs::write(&path, "former").expect("a former file");
        let result = write_file(
            &path,
            |out| {
                out.write_all(&[7; 4 << 20]).expect("the first half");
                let full = io::Error::from(io::ErrorKind::StorageFull);
                Err(ExportError::write(&path, full))
            },
            |_| Ok(()),
        );
        assert!(
            matches!(result, Err(ExportError::DiskFull { .. })),
            "{result:?}"
        );
        assert_eq!(names(folder.path()), ["adapter.gguf"]);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"former");
    }

    #[test]
    fn a_failed_check_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let refuse = |aside: &Path| Err(ExportError::read_back(aside, "no"));
        let file = folder.path().join("file");
        assert!(
            write_file(
                &file,
                |out| out
                    .write_all(b"x")
                    .map_err(|source| ExportError::write(&file, source)),
                refuse
            )
            .is_err()
        );
        let inside = folder.path().join("folder");
        assert!(write_folder(&inside, &[("a", vec![1])], refuse).is_err());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_folder_that_exists_is_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("peft");
        write_folder(&path, &[("a", vec![1])], |_| Ok(())).expect("it is new");
        let again = write_folder(&path, &[("b", vec![2])], |_| Ok(()));
        assert!(matches!(again, Err(ExportError::Exists { .. })));
        assert_eq!(names(&path), ["a"]);
        assert_eq!(names(folder.path()), ["peft"]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nowhere/adapter.gguf");
        let error = write_file(&path, |_| Ok(()), |_| Ok(())).expect_err("no folder");
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
