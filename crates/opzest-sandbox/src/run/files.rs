//! Collects what a program wrote, from an open folder that no process uses any more.
//!
//! Never follows a link and never leaves the folder: every step opens one name in a folder that is open
//! already. Whatever is not a plain file is counted and left.

use super::report::{Written, WrittenFile};
use opzest_core::artifact::Artifact;
use rustix::fs::{Dir, FileType, Mode, OFlags, fstat, openat};
use std::ffi::CStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

const MOST_FILES: usize = 50;
const MOST_BYTES_OF_A_FILE: u64 = 64 * 1024;
const MOST_BYTES: usize = 1024 * 1024;
const DEEPEST: usize = 16;
const MOST_ENTRIES: usize = 20_000;

/// What is new or changed against the artifact, by name, and how much else there was.
pub(crate) fn collect(folder: &OwnedFd, artifact: &Artifact) -> (Vec<WrittenFile>, usize) {
    let mut walk = Walk {
        artifact,
        written: Vec::new(),
        bytes: 0,
        entries: 0,
        left_out: 0,
    };
    walk.folder(folder, "", 0);
    walk.written.sort_by(|a, b| a.name.cmp(&b.name));
    (walk.written, walk.left_out)
}

struct Walk<'a> {
    artifact: &'a Artifact,
    written: Vec<WrittenFile>,
    bytes: usize,
    entries: usize,
    left_out: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: impl AsFd, prefix: &str, depth: usize) {
        let Ok(entries) = Dir::read_from(&folder) else {
            self.left_out += 1;
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                self.left_out += 1;
                return;
            }
            let path = format!("{prefix}{}", name.to_string_lossy());
            match entry.file_type() {
                FileType::Directory if depth < DEEPEST => {
                    match open(&folder, name, OFlags::DIRECTORY) {
                        Some(inner) => self.folder(inner, &format!("{path}/"), depth + 1),
                        None => self.left_out += 1,
                    }
                }
                FileType::RegularFile => self.file(&folder, name, path),
                FileType::Directory
                | FileType::Symlink
                | FileType::Fifo
                | FileType::Socket
                | FileType::CharacterDevice
                | FileType::BlockDevice
                | FileType::Unknown => self.left_out += 1,
            }
        }
    }

    fn file(&mut self, folder: impl AsFd, name: &CStr, path: String) {
        // The kind is asked again of the open file, which can no longer be another one.
        let Some(file) = open(folder, name, OFlags::NONBLOCK)
            .filter(|file| fstat(file).is_ok_and(|stat| is_regular(stat.st_mode)))
            .map(File::from)
        else {
            self.left_out += 1;
            return;
        };
        if self.is_unchanged(&path, &file) {
            return;
        }
        match read(&file) {
            Some((bytes, content))
                if self.written.len() < MOST_FILES && self.bytes + content.len() <= MOST_BYTES =>
            {
                self.bytes += content.len();
                self.written.push(WrittenFile {
                    name: path,
                    bytes,
                    content,
                });
            }
            Some(_) | None => self.left_out += 1,
        }
    }

    fn is_unchanged(&self, path: &str, file: &File) -> bool {
        let Some(before) = self
            .artifact
            .files()
            .iter()
            .find(|before| before.name.as_str() == path)
        else {
            return false;
        };
        let text = before.text.as_bytes();
        if file.metadata().map(|data| data.len()).ok() != Some(text.len() as u64) {
            return false;
        }
        let mut now = vec![0; text.len()];
        use std::os::unix::fs::FileExt;
        file.read_exact_at(&mut now, 0).is_ok() && now == text
    }
}

fn is_regular(mode: u32) -> bool {
    FileType::from_raw_mode(mode) == FileType::RegularFile
}

fn open(folder: impl AsFd, name: &CStr, flags: OFlags) -> Option<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty()).ok()
}

/// The size, and as much of the content as is shown.
fn read(file: &File) -> Option<(u64, Written)> {
    let bytes = file.metadata().ok()?.len();
    let mut content = Vec::new();
    file.take(MOST_BYTES_OF_A_FILE)
        .read_to_end(&mut content)
        .ok()?;
    let cut = bytes > MOST_BYTES_OF_A_FILE;
    let text = match String::from_utf8(content) {
        Ok(text) => text,
        // A character may have been cut in two.
        Err(error) if cut && error.utf8_error().error_len().is_none() => {
            let valid = error.utf8_error().valid_up_to();
            let mut content = error.into_bytes();
            content.truncate(valid);
            String::from_utf8(content).expect("valid up to here")
        }
        Err(_) => return Some((bytes, Written::Binary)),
    };
    Some((
        bytes,
        match (text.contains('\0'), cut) {
            (true, _) => Written::Binary,
            (false, true) => Written::Beginning(text),
            (false, false) => Written::Text(text),
        },
    ))
}

impl Written {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Beginning(text) => text.len(),
            Self::Binary => 0,
        }
    }
}
