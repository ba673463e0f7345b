//! Sessions that are recorded in a store while every write is noted.

use super::shim::{execute_on_last, lock, record};
use super::tape::{Inode, Op};
use crate::studio::{Studio, start};
use crate::support::Folder;
use opzest_core::ids::SessionId;
use opzest_core::session::{Event, Verdict};
use opzest_store::STORE_FILE;
use rand::Rng;
use rand::rngs::StdRng;
use std::fmt;

const STEPS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// After so many operations, the player was told that so many events of a session are saved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) at: usize,
    pub(crate) session: usize,
    pub(crate) events: usize,
}

pub(crate) struct Played {
    pub(crate) id: SessionId,
    pub(crate) log: Vec<Event>,
}

pub(crate) struct Play {
    pub(crate) ops: Vec<Op>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) sessions: Vec<Played>,
    /// Where the store's own file is written, not its log.
    pub(crate) store_writes: Vec<usize>,
    /// Where files are made and deleted.
    pub(crate) names_changed: Vec<usize>,
}

impl Play {
    /// Sessions with traces and long texts; the store is closed and opened between them. `sync` off: what
    /// was recorded before the power goes is nowhere safe.
    pub(crate) fn record(folder: &Folder, rng: &mut StdRng, count: u64, sync: bool) -> Self {
        let tape = record(&folder.path);
        let (mut marks, mut sessions) = (Vec::new(), Vec::new());
        for number in 0..count {
            let mut store = folder.open();
            if !sync {
                execute_on_last(c"PRAGMA synchronous = OFF");
            }
            let mut studio = Studio::begin(folder, &mut store, start("A game", &STEPS));
            studio.count = number * 500;
            studio.traced = true;
            let mut player = Player {
                studio,
                rng,
                told: |events| {
                    marks.push(Mark {
                        at: lock(&tape).ops().len(),
                        session: number as usize,
                        events,
                    });
                },
            };
            player.play();
            let Studio { id, session, .. } = player.studio;
            sessions.push(Played {
                id,
                log: session.log().to_vec(),
            });
        }
        let ops = lock(&tape).ops().to_vec();
        let places = |wanted: &dyn Fn(&Op) -> bool| {
            let found = ops.iter().enumerate().filter(|(_, op)| wanted(op));
            found.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let store = store_file(&ops);
        Self {
            store_writes: places(&|op| matches!(op, Op::Write { inode, .. } if *inode == store)),
            names_changed: places(&|op| matches!(op, Op::Create { .. } | Op::Delete { .. })),
            marks,
            sessions,
            ops,
        }
    }
}

fn store_file(ops: &[Op]) -> Inode {
    let made = ops.iter().find_map(|op| match op {
        Op::Create { name, inode } if name == STORE_FILE => Some(*inode),
        _ => None,
    });
    made.expect("the store was made")
}

impl fmt::Display for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |wanted: fn(&Op) -> bool| self.ops.iter().filter(|op| wanted(op)).count();
        write!(
            f,
            "{} sessions, {} acknowledged events; {} writes ({} of the store's own file), {} syncs, {} of the folder",
            self.sessions.len(),
            self.marks.len(),
            count(|op| matches!(op, Op::Write { .. })),
            self.store_writes.len(),
            count(|op| matches!(op, Op::Sync { .. })),
            count(|op| matches!(op, Op::SyncFolder)),
        )
    }
}

struct Player<'a, 'r, F> {
    studio: Studio<'a>,
    rng: &'r mut StdRng,
    told: F,
}

impl<F: FnMut(usize)> Player<'_, '_, F> {
    fn saved(&mut self) {
        (self.told)(self.studio.session.log().len());
    }

    fn text(&mut self) -> String {
        let lines = self.rng.random_range(1..800);
        (0..lines)
            .map(|line| format!("print({line}, {})\n", self.rng.random::<u32>()))
            .collect()
    }

    fn play(&mut self) {
        self.saved();
        self.studio.approve();
        self.saved();
        for _ in STEPS {
            self.step();
        }
    }

    /// Failures up to a number, then an acceptance of one kind or another.
    fn step(&mut self) {
        for _ in 0..self.rng.random_range(0..4) {
            let fails = self.rng.random_bool(0.3);
            self.attempt(fails);
            if !fails {
                let verdict = if self.rng.random() {
                    Verdict::Redo
                } else {
                    Verdict::FurtherEdit
                };
                self.studio.take(Event::FeedbackGiven {
                    words: "not yet".into(),
                });
                self.saved();
                self.studio.judge(verdict);
                self.saved();
            }
            if self.studio.session.next()
                == opzest_core::session::Next::User(opzest_core::session::Need::PoolExhausted)
            {
                self.studio.take(Event::TriedAgain);
                self.saved();
            }
        }
        self.attempt(false);
        if self.rng.random_bool(0.3) {
            self.studio.judge(Verdict::Accepted);
            self.saved();
            self.studio.take(Event::VerdictUndone);
            self.saved();
        }
        if self.rng.random_bool(0.3) {
            let own = self.text();
            self.studio.hand_edit(&own, "like this");
        } else {
            self.studio.judge(Verdict::Accepted);
        }
        self.saved();
    }

    fn attempt(&mut self, fails: bool) {
        self.studio.instruct("make it");
        self.saved();
        let text = self.text();
        self.studio.work(&text);
        self.saved();
        self.studio.check(fails.then_some("SyntaxError"));
        self.saved();
    }
}
