//! Which backups are kept: pure functions of what there is.

use super::{BackupFile, BackupKind, DiskSpace};
use std::collections::BTreeSet;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How many backups are kept, and how much of the disk they may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackupPolicy {
    /// The newest ones.
    pub latest: usize,
    /// Of that many days, the last one of each.
    pub daily: u64,
    /// Of that many weeks, the last one of each.
    pub weekly: u64,
    /// The newest ones made before the store was brought up to date.
    pub before_schema: usize,
    /// All together take at most this.
    pub most_bytes: u64,
    /// All together take at most this part of the disk, from 0 to 1; while a new one is made and
    /// not checked yet, it comes on top.
    pub share_of_disk: f64,
    /// A backup is not made if less than this would be left free.
    pub leave_free: u64,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        Self {
            latest: 3,
            daily: 7,
            weekly: 4,
            before_schema: 2,
            most_bytes: 20 << 30,
            share_of_disk: 0.1,
            leave_free: 512 << 20,
        }
    }
}

impl BackupPolicy {
    /// For a copy that does not stay.
    pub(crate) const WHOLE_DISK: Self = Self {
        latest: 0,
        daily: 0,
        weekly: 0,
        before_schema: 0,
        most_bytes: u64::MAX,
        share_of_disk: 1.0,
        leave_free: 0,
    };

    /// What all backups together may take of this disk.
    pub fn allowed(&self, disk: DiskSpace) -> u64 {
        let share = disk.total as f64 * self.share_of_disk.clamp(0.0, 1.0);
        self.most_bytes.min(share as u64)
    }
}

/// The backups to delete so that the policy is kept with `allowed` bytes. `backups` are newest first, and
/// the newest one is always kept: it is the last good state.
pub(crate) fn surplus<'a>(
    backups: &'a [BackupFile],
    now_ms: u64,
    policy: &BackupPolicy,
    allowed: u64,
) -> Vec<&'a BackupFile> {
    let automatic = backups
        .iter()
        .filter(|backup| backup.kind == BackupKind::Automatic);
    let of_kind = |backup: &&BackupFile| backup.kind != BackupKind::Automatic;
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    let name = |backup: &'a BackupFile| backup.name.as_str();
    kept.extend(backups.first().map(name));
    kept.extend(automatic.clone().take(policy.latest).map(name));
    kept.extend(
        backups
            .iter()
            .filter(of_kind)
            .take(policy.before_schema)
            .map(name),
    );
    for (days, count) in [(1, policy.daily), (7, policy.weekly)] {
        kept.extend(last_of_each(automatic.clone(), now_ms, days * DAY_MS, count).map(name));
    }

    let mut bytes = 0_u64;
    let mut surplus = Vec::new();
    for (place, backup) in backups.iter().enumerate() {
        let fits = place == 0 || bytes.saturating_add(backup.bytes) <= allowed;
        if kept.contains(backup.name.as_str()) && fits {
            bytes = bytes.saturating_add(backup.bytes);
        } else {
            surplus.push(backup);
        }
    }
    surplus
}

/// The newest of each of the last `count` spans, the present one included.
fn last_of_each<'a>(
    newest_first: impl Iterator<Item = &'a BackupFile>,
    now_ms: u64,
    span_ms: u64,
    count: u64,
) -> impl Iterator<Item = &'a BackupFile> {
    let now = now_ms / span_ms;
    let mut last = None;
    newest_first.filter(move |backup| {
        let span = backup.made_at_ms / span_ms;
        let is_first = last != Some(span);
        last = Some(span);
        is_first && span + count > now
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_795_456_789_012;

    fn backup(age_ms: u64, bytes: u64, kind: BackupKind) -> BackupFile {
        BackupFile {
            name: format!("{kind:?} {age_ms}"),
            path: Default::default(),
            kind,
            made_at_ms: NOW - age_ms,
            bytes,
        }
    }

    fn kept(backups: &[BackupFile], policy: &BackupPolicy, allowed: u64) -> Vec<u64> {
        let surplus = surplus(backups, NOW, policy, allowed);
        let kept = backups.iter().filter(|backup| !surplus.contains(backup));
        kept.map(|backup| (NOW - backup.made_at_ms) / 3_600_000)
            .collect()
    }

    #[test]
    fn the_latest_one_a_day_and_one_a_week_are_kept() {
        // One each six hours, for 60 days; it is 18 o'clock on a Monday (weeks count from a Thursday).
        let all: Vec<_> = (0..240)
            .map(|n| backup(n * 6 * 3_600_000, 1, BackupKind::Automatic))
            .collect();
        let ages = kept(&all, &BackupPolicy::default(), u64::MAX);
        assert_eq!(ages, [0, 6, 12, 18, 42, 66, 90, 114, 138, 282, 450]);
    }

    #[test]
    fn before_schema_ones_are_counted_apart() {
        let before = |age, version| backup(age, 1, BackupKind::BeforeSchema(version));
        let all = [
            backup(0, 1, BackupKind::Automatic),
            before(3_600_000, 6),
            before(90 * DAY_MS, 5),
            before(300 * DAY_MS, 4),
        ];
        let ages = kept(&all, &BackupPolicy::default(), u64::MAX);
        assert_eq!(ages, [0, 1, 90 * 24]);
    }

    #[test]
    fn the_newest_stays_even_if_it_takes_too_much() {
        let all = [
            backup(0, 100, BackupKind::Automatic),
            backup(3_600_000, 10, BackupKind::Automatic),
        ];
        let policy = BackupPolicy::default();
        assert_eq!(kept(&all, &policy, 0), [0]);
        assert_eq!(kept(&all, &policy, 109), [0]);
        assert_eq!(kept(&all, &policy, 110), [0, 1]);
    }

    #[test]
    fn a_share_of_the_disk_and_a_number_of_bytes_are_both_limits() {
        let policy = BackupPolicy {
            most_bytes: 500,
            share_of_disk: 0.1,
            ..BackupPolicy::default()
        };
        let disk = |total| DiskSpace {
            total,
            available: 0,
        };
        assert_eq!(policy.allowed(disk(1000)), 100);
        assert_eq!(policy.allowed(disk(1_000_000)), 500);
    }

    proptest! {
        #[test]
        fn the_rules_hold_for_any_backups(
            mut ages in proptest::collection::vec((0..80 * DAY_MS, 0..1000_u64, any::<bool>()), 0..40),
            allowed in 0..5000_u64,
        ) {
            ages.sort();
            let all: Vec<_> = ages
                .into_iter()
                .map(|(age, bytes, automatic)| {
                    let kind = if automatic { BackupKind::Automatic } else { BackupKind::BeforeSchema(4) };
                    backup(age, bytes, kind)
                })
                .collect();
            let policy = BackupPolicy::default();
            let surplus = surplus(&all, NOW, &policy, allowed);
            let kept: Vec<_> = all.iter().filter(|one| !surplus.contains(one)).collect();
            prop_assert_eq!(kept.first().copied(), all.first());
            let bytes: u64 = kept.iter().skip(1).map(|one| one.bytes).sum();
            prop_assert!(bytes <= allowed);
            prop_assert!(kept.len() <= 1 + 3 + 7 + 4 + 2);
        }
    }
}
