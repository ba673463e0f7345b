//! The power goes while sessions are recorded. A killed process tests the store, but not the disk: here all
//! that was not synced is lost, or arrives in part.
//!
//! Sessions are recorded once, on a file system that notes every write and sync. The power is then cut at
//! random places of these notes, and each time the store is opened on what a disk may hold at that moment.
//! `OPZEST_POWER_CUTS` says how often, `OPZEST_SEED` repeats a run.

mod play;
mod shim;
mod tape;

use crate::agreement::assert_agrees;
use crate::support::Folder;
use opzest_store::{CheckReport, DataFolderLock, STORE_FILE, Store, StoreError, StoreOptions};
use play::{Mark, Play};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use tape::{Keeps, Op, survivors};

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

/// Where the power goes: often just after something was said to be saved, and while a log is copied into
/// the store, which uniform chance would seldom meet.
fn random_place(play: &Play, rng: &mut StdRng) -> usize {
    let ops = &play.ops;
    let near = |at: usize, rng: &mut StdRng| (at + rng.random_range(0..4)).min(ops.len());
    match rng.random_range(0..4) {
        0 => play.marks[rng.random_range(0..play.marks.len())].at,
        1 => {
            let at = play.store_writes[rng.random_range(0..play.store_writes.len())];
            near(at, rng)
        }
        2 => {
            let at = play.names_changed[rng.random_range(0..play.names_changed.len())];
            near(at, rng)
        }
        _ => rng.random_range(0..=ops.len()),
    }
}

fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("writes");
    }
}

/// What one cut has shown.
struct Seen {
    acknowledged: usize,
    found: usize,
    /// Events that were saved before anybody was told.
    more: u64,
}

/// Opens what is left and compares it with what the player was told before.
fn look(play: &Play, files: &BTreeMap<String, Vec<u8>>, told: &[Mark]) -> Seen {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), files);
    let lock = DataFolderLock::acquire(folder.path()).expect("free");
    let mut store = Store::open(lock, &StoreOptions::default()).expect("the store opens");
    assert_eq!(store.check().expect("checks"), CheckReport::default());
    let mut seen = Seen {
        acknowledged: told.len(),
        found: 0,
        more: 0,
    };
    for (number, played) in play.sessions.iter().enumerate() {
        match store.session_log(played.id) {
            Ok(_) => {}
            Err(StoreError::NotFound { .. }) => continue,
            Err(error) => panic!("{error}"),
        }
        let kept = assert_agrees(&store, played.id);
        let kept = kept.log();
        assert_eq!(kept, &played.log[..kept.len()], "what is kept was played");
        let told: Vec<_> = told.iter().filter(|mark| mark.session == number).collect();
        seen.found += told.iter().filter(|mark| mark.events <= kept.len()).count();
        let last = told.last().map_or(0, |mark| mark.events);
        seen.more += kept.len().saturating_sub(last) as u64;
    }
    seen
}

fn cut(play: &Play, rng: &mut StdRng) -> Seen {
    let at = random_place(play, rng);
    let keeps = Keeps::random(rng);
    let files = survivors(&play.ops[..at], keeps, rng);
    let told = play.marks.partition_point(|mark| mark.at <= at);
    look(play, &files, &play.marks[..told])
}

#[test]
fn a_power_cut_loses_nothing_that_was_said_to_be_saved() {
    let cuts = number("OPZEST_POWER_CUTS", 100);
    let seed = number("OPZEST_SEED", rand::random());
    println!("power cuts: {cuts}, seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let play = Play::record(&Folder::new(), &mut rng, 3, true);
    println!("played: {play}");
    let begun = Instant::now();
    let (mut acknowledged, mut found, mut more) = (0, 0, 0);
    for cutting in 0..cuts {
        let seed = rng.random();
        let looked = std::panic::catch_unwind(|| cut(&play, &mut StdRng::seed_from_u64(seed)));
        let seen = looked.unwrap_or_else(|_| panic!("cut {cutting} failed"));
        assert_eq!(
            seen.found, seen.acknowledged,
            "cut {cutting}: every acknowledged event is there"
        );
        acknowledged += seen.acknowledged;
        found += seen.found;
        more += seen.more;
    }
    println!(
        "after the cuts: {acknowledged} acknowledged events looked for, {found} found, {more} found that nobody \
         was told of; all stores sound, no half row; {:.1} s",
        begun.elapsed().as_secs_f32()
    );
}

/// Without syncing, acknowledged events are lost: the harness would notice.
#[test]
fn without_syncing_a_power_cut_does_lose_something() {
    let seed = number("OPZEST_SEED", rand::random());
    let mut rng = StdRng::seed_from_u64(seed);
    let play = Play::record(&Folder::new(), &mut rng, 1, false);
    println!("played without syncing, seed {seed}: {play}");
    // Only what was synced before syncing was switched off is there.
    let files = survivors(&play.ops, Keeps::Nothing, &mut rng);
    let seen = look(&play, &files, &play.marks);
    println!(
        "{} of {} acknowledged events are there",
        seen.found, seen.acknowledged
    );
    assert!(seen.acknowledged > 20, "{}", seen.acknowledged);
    assert_eq!(seen.found, 0);

    // Partly arrived, the store may be damaged as well; never may all of it be there each time.
    eprintln!("The complaints that follow are wanted.");
    let mut complete = 0;
    for _ in 0..5 {
        let keeps = Keeps::Some {
            share: 0.5,
            sector: 4096,
        };
        let files = survivors(&play.ops, keeps, &mut rng);
        let all = std::panic::catch_unwind(|| {
            let seen = look(&play, &files, &play.marks);
            seen.found == seen.acknowledged
        });
        complete += usize::from(all.unwrap_or(false));
    }
    assert_eq!(complete, 0);
}

/// A killed process, for comparison: the system has all that was written.
#[test]
fn what_the_notes_say_is_what_is_on_the_disk() {
    let folder = Folder::new();
    let mut rng = StdRng::seed_from_u64(7);
    let play = Play::record(&folder, &mut rng, 1, true);
    let files = survivors(&play.ops, Keeps::Everything, &mut rng);
    let on_disk = std::fs::read(folder.path.join(STORE_FILE)).expect("reads");
    assert!(files[STORE_FILE] == on_disk, "every write was noted");
    assert_eq!(files.len(), 1, "closing has taken the log away");
    assert!(play.ops.iter().any(|op| matches!(op, Op::SyncFolder)));
}
