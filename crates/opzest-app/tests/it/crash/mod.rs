//! A process that works on sessions is killed (SIGKILL) at random moments, again and again. After each kill
//! the store must be sound, hold all that the person was told is saved, and nothing half; at the end the
//! sessions must be finished all the same.
//!
//! The process that is killed is this test program itself, which plays a person (`person.rs`). A killed
//! process does not test the disk: `lost_writes` of opzest-store does. `OPZEST_KILLS` says how often,
//! `OPZEST_SEED` repeats the choice of moments (not the moments themselves: those depend on the machine).

#[path = "../../../../opzest-store/tests/it/agreement.rs"]
mod agreement;
mod figures;
mod look;
mod person;
mod process;
mod teachers;

use crate::sessions::teacher_server::TeacherServer;
use figures::Figures;
use look::Told;
use person::Line;
use process::{Killed, Process};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Kills of one data folder; then its sessions are finished, and the next folder is begun.
const KILLS_OF_A_FOLDER: u64 = 8;
/// So many of them are while the folder's store is made, or brought up to date.
const FIRST_STARTS: u64 = 2;

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

/// When a process is killed: some time after so many of its lines.
#[derive(Debug, Clone, Copy)]
struct Moment {
    lines: usize,
    then: Duration,
}

impl Moment {
    /// The first starts of a folder make or migrate the store: they are killed while they do.
    fn random(kill: u64, rng: &mut StdRng) -> Self {
        let lines = rng.random_range(6..60);
        let (lines, most) = match rng.random_range(0..8) {
            _ if kill < FIRST_STARTS => (1, 60),
            0 => (0, 300),
            1 => (rng.random_range(1..6), 60),
            // Checks take longest: without these, most kills would hit one.
            2..=5 => (lines, 4),
            _ => (lines, 150),
        };
        Self {
            lines,
            then: Duration::from_micros(rng.random_range(0..most * 1_000)),
        }
    }
}

/// A store of the second version with a conversation in it, as the first OpZest made them.
fn older_store(folder: &Path) {
    const SCRIPT: &str = "
import sqlite3, sys
folder, migrations = sys.argv[1:]
store = sqlite3.connect(folder + '/opzest.db')
for version, name in enumerate(['0001_conversations', '0002_models_and_settings'], 1):
    store.executescript(open(f'{migrations}/{name}.sql').read())
    store.executescript(f'PRAGMA application_id = {0x4F705A73}; PRAGMA user_version = {version}')
store.execute(\"\"\"INSERT INTO conversation (id, use_case_id, title, scope, model_id, created_at, updated_at)
    VALUES ('018bcfe5-6800-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001',
            'Rhubarb', 'private', 'smollm2', 5, 6)\"\"\")
store.commit()
";
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../opzest-store/src/migration");
    let made = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(folder)
        .arg(migrations)
        .output();
    let made = made.expect("python3 starts");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// One data folder with all that its person was told.
struct Round<'a> {
    server: &'a str,
    folder: tempfile::TempDir,
    older: bool,
    told: Vec<Told>,
    figures: &'a mut Figures,
}

impl Round<'_> {
    fn run(&mut self, kills: u64, rng: &mut StdRng) {
        for kill in 0..kills {
            let process = Process::start(
                self.folder.path(),
                self.server,
                self.figures.processes,
                false,
            );
            self.figures.processes += 1;
            let moment = Moment::random(kill, rng);
            let killed = process.kill_at(moment.lines, moment.then);
            self.note(&killed);
            self.look();
        }
        let process = Process::start(
            self.folder.path(),
            self.server,
            self.figures.processes,
            true,
        );
        self.figures.processes += 1;
        let lines = process.until_the_end();
        self.figures.told(&lines);
        self.told.extend(told(&lines));
        let finished = self.look();
        assert_eq!(finished.unfinished, 0, "every session goes on to its end");
        self.figures.sessions += finished.sessions;
    }

    fn note(&mut self, killed: &Killed) {
        let phase = killed.lines.iter().rev().find_map(|line| match line {
            Line::Phase(phase) => Some(phase.as_str()),
            Line::Told(_) => None,
        });
        let first = self.told.is_empty() && self.older;
        let phase = match phase.unwrap_or("starting the process") {
            person::OPENING if first => "bringing an older store up to date",
            phase => phase,
        };
        self.figures.killed(phase);
        self.figures.told(&killed.lines);
        self.told.extend(told(&killed.lines));
    }

    fn look(&mut self) -> look::Found {
        let found = look::look(self.folder.path(), &self.told, self.older);
        self.figures.looked(&found, self.told.len());
        found
    }
}

fn told(lines: &[Line]) -> impl Iterator<Item = Told> {
    lines.iter().filter_map(|line| match line {
        Line::Told(told) => Some(told.clone()),
        Line::Phase(_) => None,
    })
}

fn kill_and_look(server: &str) {
    let kills = number("OPZEST_KILLS", 15);
    let seed = number("OPZEST_SEED", rand::random());
    println!("kills: {kills}, seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut figures = Figures::new();
    let mut left = kills;
    for number in 0.. {
        let folder = tempfile::tempdir().expect("a folder");
        let older = number % 2 == 0;
        if older {
            older_store(folder.path());
        }
        let now = left.min(KILLS_OF_A_FOLDER);
        Round {
            server,
            folder,
            older,
            told: Vec::new(),
            figures: &mut figures,
        }
        .run(now, &mut rng);
        left -= now;
        if left == 0 {
            break;
        }
    }
    println!("{figures}");
    assert_eq!(figures.kills, kills);
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_process_loses_nothing_that_was_said_to_be_saved() {
    let server = TeacherServer::by_rule(teachers::rule()).await;
    let address = server.address();
    tokio::task::spawn_blocking(move || kill_and_look(&address))
        .await
        .expect("nothing was lost");
}

/// The same person without kills. In a process of the harness: what is killed.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_finishes_a_session() {
    if let Some(part) = person::Part::given() {
        part.play().await;
        return;
    }
    let server = TeacherServer::by_rule(teachers::rule()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let part = person::Part::whole_session(folder.path(), &server.address());
    part.play().await;
    let found = look::look(folder.path(), &[], false);
    assert_eq!((found.sessions, found.unfinished), (1, 0));

    // What was not saved is missed.
    let session = found.last.expect("the session");
    let words = "never said".to_owned();
    let never = [Told {
        session,
        what: look::What::Feedback { words },
    }];
    let missed = std::panic::catch_unwind(|| look::look(folder.path(), &never, false));
    missed.expect_err("the harness notices a loss");
}
