//! What the harness has done and found, in figures.

use super::look::Found;
use super::person::Line;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

pub struct Figures {
    begun: Instant,
    pub kills: u64,
    pub processes: u64,
    phases: BTreeMap<String, u64>,
    told: u64,
    verdicts: u64,
    looks: u64,
    looked_for: usize,
    found: usize,
    rows: u64,
    versions: u64,
    pub sessions: u64,
}

impl Figures {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            kills: 0,
            processes: 0,
            phases: BTreeMap::new(),
            told: 0,
            verdicts: 0,
            looks: 0,
            looked_for: 0,
            found: 0,
            rows: 0,
            versions: 0,
            sessions: 0,
        }
    }

    pub fn killed(&mut self, phase: &str) {
        self.kills += 1;
        *self.phases.entry(phase.to_owned()).or_default() += 1;
    }

    pub fn told(&mut self, lines: &[Line]) {
        for line in lines {
            if let Line::Told(told) = line {
                self.told += 1;
                self.verdicts += u64::from(told.what.is_verdict());
            }
        }
    }

    pub fn looked(&mut self, found: &Found, looked_for: usize) {
        self.looks += 1;
        self.looked_for += looked_for;
        self.found += found.told;
        self.rows += found.rows;
        self.versions += found.versions;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills of {} processes, while:",
            self.kills, self.processes
        )?;
        for (phase, count) in &self.phases {
            writeln!(f, "{count:6}  {phase}")?;
        }
        writeln!(
            f,
            "{} times told that something is saved, {} of them verdicts",
            self.told, self.verdicts
        )?;
        writeln!(
            f,
            "{} looks at what was left: {} told things looked for, {} found; {} rows and {} versions compared, none half",
            self.looks, self.looked_for, self.found, self.rows, self.versions
        )?;
        writeln!(
            f,
            "{} integrity checks passed; {} sessions, all finished",
            self.looks, self.sessions
        )?;
        write!(f, "{:.0} s", self.begun.elapsed().as_secs_f32())
    }
}
