//! The names of backups: what kind it is, and when it was made (UTC).

use std::str::FromStr;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupKind {
    /// Regularly; only these are rotated by day and week.
    Automatic,
    /// Before the store was brought to this version.
    BeforeSchema(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BackupName {
    pub(super) kind: BackupKind,
    pub(super) made_at_ms: u64,
}

const EXTENSION: &str = ".db";
const AUTOMATIC: &str = "opzest-";
const BEFORE_SCHEMA: &str = "before-schema-";

/// Without colons, which Windows does not take.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]-[minute]-[second].[subsecond digits:3]Z");

/// A time as it stands in file names.
pub(crate) fn time_text(ms: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(TIME)
        .expect("the format has only what a time has")
}

fn time_of(text: &str) -> Option<u64> {
    let time = PrimitiveDateTime::parse(text, TIME).ok()?.assume_utc();
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

impl BackupName {
    pub(super) fn file_name(self) -> String {
        let time = time_text(self.made_at_ms);
        match self.kind {
            BackupKind::Automatic => format!("{AUTOMATIC}{time}{EXTENSION}"),
            BackupKind::BeforeSchema(version) => {
                format!("{BEFORE_SCHEMA}{version}-{time}{EXTENSION}")
            }
        }
    }
}

/// This is no backup's name.
#[derive(Debug)]
pub(super) struct NoBackup;

impl FromStr for BackupName {
    type Err = NoBackup;

    fn from_str(name: &str) -> Result<Self, NoBackup> {
        let stem = name.strip_suffix(EXTENSION).ok_or(NoBackup)?;
        let (kind, time) = match stem.strip_prefix(BEFORE_SCHEMA) {
            Some(rest) => {
                let (version, time) = rest.split_once('-').ok_or(NoBackup)?;
                let version = version.parse().map_err(|_| NoBackup)?;
                (BackupKind::BeforeSchema(version), time)
            }
            None => (
                BackupKind::Automatic,
                stem.strip_prefix(AUTOMATIC).ok_or(NoBackup)?,
            ),
        };
        let made_at_ms = time_of(time).ok_or(NoBackup)?;
        Ok(Self { kind, made_at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_why_and_when() {
        let automatic = BackupName {
            kind: BackupKind::Automatic,
            made_at_ms: 1_795_456_789_012,
        };
        assert_eq!(automatic.file_name(), "opzest-2026-11-23T17-59-49.012Z.db");
        let before = BackupName {
            kind: BackupKind::BeforeSchema(4),
            made_at_ms: 0,
        };
        assert_eq!(
            before.file_name(),
            "before-schema-4-1970-01-01T00-00-00.000Z.db"
        );
        for name in [automatic, before] {
            let read: BackupName = name.file_name().parse().expect("a name");
            assert_eq!(read, name);
        }
    }

    #[test]
    fn other_files_are_no_backups() {
        for name in [
            "",
            "opzest.db",
            "opzest-yesterday.db",
            "opzest-2026-11-23T17-59-49.012Z.db.unfinished",
            "before-schema-x-1970-01-01T00-00-00.000Z.db",
            "before-schema-4.db",
        ] {
            assert!(name.parse::<BackupName>().is_err(), "{name}");
        }
    }
}
