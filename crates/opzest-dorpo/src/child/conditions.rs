//! Whether this computer has room for training right now.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// On battery, training stops below this charge, in percent.
const LEAST_CHARGE: u32 = 25;
/// It stops when less memory than this is free, in bytes ...
const LEAST_MEMORY: u64 = 256 << 20;
/// ... and goes on only when so much is free besides what it needs, so that it does not stop again at once.
const SPARE_MEMORY: u64 = 512 << 20;

/// Why training waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strain {
    /// Charge in percent, not charging.
    Battery { percent: u32 },
    /// Free memory in bytes.
    Memory { free: u64 },
}

/// Reads what Linux tells in files; elsewhere nothing is known and nothing stops.
#[derive(Debug, Clone)]
pub struct Conditions {
    root: PathBuf,
}

impl Default for Conditions {
    fn default() -> Self {
        Self::under(Path::new("/"))
    }
}

impl Conditions {
    /// Of the computer whose `/proc` and `/sys` lie under this folder.
    pub fn under(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Why a run should stop now.
    pub fn strain(&self) -> Option<Strain> {
        self.battery().or_else(|| self.memory_below(LEAST_MEMORY))
    }

    /// Why a run that needs so many bytes should not begin or go on yet.
    pub fn strain_before(&self, needed: u64) -> Option<Strain> {
        self.battery()
            .or_else(|| self.memory_below(needed.saturating_add(SPARE_MEMORY)))
    }

    /// Bytes that a new process can have without anything being swapped out.
    pub fn free_memory(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.root.join("proc/meminfo")).ok()?;
        kilobytes(&text, "MemAvailable:")
    }

    fn memory_below(&self, least: u64) -> Option<Strain> {
        let free = self.free_memory()?;
        (free < least).then_some(Strain::Memory { free })
    }

    fn battery(&self) -> Option<Strain> {
        let supplies = std::fs::read_dir(self.root.join("sys/class/power_supply")).ok()?;
        let read = |folder: &Path, name: &str| {
            std::fs::read_to_string(folder.join(name))
                .map(|text| text.trim().to_owned())
                .unwrap_or_default()
        };
        supplies.flatten().find_map(|supply| {
            let folder = supply.path();
            // A mouse's battery is a supply, too.
            let own = read(&folder, "type") == "Battery" && read(&folder, "scope") != "Device";
            let percent: u32 = read(&folder, "capacity").parse().ok()?;
            let low = percent < LEAST_CHARGE && read(&folder, "status") == "Discharging";
            (own && low).then_some(Strain::Battery { percent })
        })
    }
}

/// The most memory that this process has had, in bytes.
pub(super) fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    kilobytes(&text, "VmHWM:")
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(number << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computer(memory: u64, battery: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        let supply = root.path().join("sys/class/power_supply/BAT0");
        std::fs::create_dir_all(&supply).expect("a folder");
        std::fs::create_dir_all(root.path().join("proc")).expect("a folder");
        let text = format!("MemTotal: 1 kB\nMemAvailable:   {} kB\n", memory >> 10);
        std::fs::write(root.path().join("proc/meminfo"), text).expect("written");
        for (name, value) in battery {
            std::fs::write(supply.join(name), format!("{value}\n")).expect("written");
        }
        root
    }

    #[test]
    fn a_low_battery_stops_unless_it_is_charged() {
        for (status, capacity, kind, strain) in [
            (
                "Discharging",
                "24",
                "Battery",
                Some(Strain::Battery { percent: 24 }),
            ),
            ("Discharging", "25", "Battery", None),
            ("Charging", "3", "Battery", None),
            ("Discharging", "3", "Mains", None),
        ] {
            let battery = [("status", status), ("capacity", capacity), ("type", kind)];
            let root = computer(8 << 30, &battery);
            assert_eq!(Conditions::under(root.path()).strain(), strain);
        }
    }

    #[test]
    fn little_memory_stops_and_more_is_wanted_before_it_goes_on() {
        let conditions = |memory| {
            let root = computer(memory, &[]);
            let conditions = Conditions::under(root.path());
            (conditions.strain(), conditions.strain_before(1 << 30))
        };
        assert_eq!(conditions(2 << 30), (None, None));
        let short = Some(Strain::Memory { free: 1 << 30 });
        assert_eq!(conditions(1 << 30), (None, short));
        let none = Some(Strain::Memory { free: 100 << 20 });
        assert_eq!(conditions(100 << 20), (none, none));
    }

    #[test]
    fn a_computer_that_tells_nothing_stops_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        let conditions = Conditions::under(root.path());
        assert_eq!(
            (conditions.strain(), conditions.free_memory()),
            (None, None)
        );
    }
}
