//! Whatever happens to the process, the run ends in the same bits or says why it cannot.

use crate::trainer::{Trainer, base, create, examples, job, texts};
use opzest_dorpo::child::{FromTrainer, Job, JobFolder, Strain, Task};
use opzest_dorpo::engine::Precision;
use opzest_dorpo::export::parity::Base;
use opzest_dorpo::lora::SplitMix;
use opzest_dorpo::train::Checkpoint;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// `OPZEST_KILLS` says how often the process is killed; that is few unless told.
fn kills_wanted() -> usize {
    std::env::var("OPZEST_KILLS").map_or(20, |told| told.parse().expect("a number"))
}

/// SHA-256 of the adapter that a run ends with.
fn trained(told: &[FromTrainer]) -> String {
    match told.last() {
        Some(FromTrainer::Trained { sha256, .. }) => sha256.clone(),
        other => panic!("it did not end well: {other:?}"),
    }
}

fn failed(told: &[FromTrainer]) -> String {
    match told.last() {
        Some(FromTrainer::Failed { reason }) => reason.clone(),
        other => panic!("it did not fail: {other:?}"),
    }
}

#[test]
fn killed_at_any_moment_it_ends_in_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    killed_often(folder.path(), &job(&base()), kills_wanted());
}

/// Its steps take long, and its checkpoints are megabytes: kills fall into both.
#[test]
#[ignore = "takes minutes; `make crash` runs it"]
fn killed_with_a_real_model_it_ends_in_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/SmolLM2-135M-Instruct.Q4_1.gguf"
    );
    let mut job = job(Path::new(model));
    (job.lora.rank, job.settings.epochs) = (16, 3);
    (job.settings.learning_rate, job.settings.checkpoint_every) = (1e-4, 1);
    killed_often(folder.path(), &job, kills_wanted().min(100));
}

/// A run that nobody disturbs, and one that is killed so often: both end in the same bits.
fn killed_often(folder: &Path, job: &Job, kills: usize) {
    let whole = create(&folder.join("whole"), job);
    let begun = Instant::now();
    let expected = trained(&Trainer::train(&whole).rest());
    let took = begun.elapsed();

    let seed = rand::random();
    println!("seed {seed}");
    let mut random = SplitMix(seed);
    let killed = create(&folder.join("killed"), job);
    let (mut done, mut early, mut ended) = (0, 0, 0);
    while done < kills {
        let mut trainer = Trainer::train(&killed);
        let after = took.mul_f32(random.unit());
        std::thread::sleep(after);
        // It may have ended before.
        trainer.process.kill().expect("it can be killed");
        let mut told = Vec::new();
        while let Some(message) = trainer.next() {
            told.push(message);
        }
        trainer.process.wait().expect("it is gone");
        let is_trained = matches!(told.last(), Some(FromTrainer::Trained { .. }));
        // Whatever has the name is whole.
        if killed.adapter().exists() {
            let sha256 = opzest_dorpo::export::file_sha256(&killed.adapter());
            assert_eq!(sha256.expect("it can be read"), expected);
            std::fs::remove_file(killed.checkpoint()).expect("it is there");
            std::fs::remove_file(killed.adapter()).expect("it is there");
            ended += 1;
        } else {
            assert!(
                !is_trained,
                "it says that it has trained, and there is nothing"
            );
        }
        if !is_trained {
            done += 1;
            let begun = |told: &FromTrainer| matches!(told, FromTrainer::Ready { .. });
            early += usize::from(!told.iter().any(begun));
        }
    }
    assert_eq!(trained(&Trainer::train(&killed).rest()), expected);
    println!(
        "training: {done} kills at random moments of a run of {:.2} s ({early} of them before it was ready), each resumed; \
         it came to its end {ended} times between them, each adapter whole and in the bits of the undisturbed run",
        took.as_secs_f64()
    );
}

#[test]
fn a_pause_keeps_what_was_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = create(&folder.path().join("whole"), &job(&base()));
    let told = Trainer::train(&whole).rest();
    let paused = create(&folder.path().join("paused"), &job(&base()));
    let mut trainer = Trainer::train(&paused);
    let mut step = 0;
    while step < 5 {
        match trainer.next().expect("it goes on") {
            FromTrainer::Step { step: now, .. } => step = now,
            FromTrainer::Ready { step: now, steps } => assert_eq!((now, steps), (0, 180)),
            _ => {}
        }
    }
    trainer.pause();
    let rest = trainer.rest();
    assert_eq!(
        rest.last(),
        Some(&FromTrainer::Paused {
            strain: None::<Strain>
        })
    );
    let done = rest.iter().rev().find_map(|told| match told {
        FromTrainer::Step { step, .. } => Some(*step),
        _ => None,
    });
    let again = Trainer::train(&paused).rest();
    let ready = FromTrainer::Ready {
        step: done.unwrap_or(step),
        steps: 180,
    };
    assert_eq!(again[0], ready);
    assert_eq!(trained(&again), trained(&told));
    // Trained once, it is trained: asking again tells the same and computes nothing.
    let third = Trainer::train(&paused).rest();
    assert_eq!((third.len(), trained(&third)), (2, trained(&told)));
}

#[test]
fn it_ends_with_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut job = job(&base());
    (job.settings.epochs, job.settings.patience) = (100_000, 100_000);
    let run = create(folder.path(), &job);
    let mut trainer = Trainer::train(&run);
    trainer.next().expect("it is ready");
    let mut process = trainer.process;
    drop(trainer.input);
    let end = Instant::now() + Duration::from_secs(20);
    while process.try_wait().expect("it can be asked").is_none() {
        assert!(Instant::now() < end, "it trains on alone");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("base.gguf");
    std::fs::copy(base(), &mine).expect("copied");
    let run = create(&folder.path().join("run"), &job(&mine));
    let mut trainer = Trainer::train(&run);
    while !matches!(trainer.next(), Some(FromTrainer::Step { step: 4, .. })) {}
    trainer.pause();
    trainer.rest();
    let checkpoint = std::fs::read(run.checkpoint()).expect("it is there");

    // The base was replaced under the run, or is gone.
    let model = std::fs::read(&mine).expect("it is there");
    let mut other = model.clone();
    *other.last_mut().expect("not empty") ^= 1;
    std::fs::write(&mine, &other).expect("written");
    assert!(
        failed(&Trainer::train(&run).rest()).contains("is not the file that the run began with")
    );
    std::fs::remove_file(&mine).expect("it is there");
    assert!(failed(&Trainer::train(&run).rest()).contains("cannot be read"));
    std::fs::write(&mine, &model).expect("written");

    // A damaged checkpoint, and one of other settings.
    std::fs::write(run.checkpoint(), &checkpoint[..checkpoint.len() / 2]).expect("written");
    assert!(failed(&Trainer::train(&run).rest()).contains("is damaged"));
    std::fs::write(run.checkpoint(), &checkpoint).expect("written");
    let mut changed = job(&mine);
    changed.settings.learning_rate = 1.0;
    let other = JobFolder::new(folder.path().join("other"));
    let data = (examples(12, 1), examples(4, 2));
    other.create(&changed, data, &texts()).expect("written");
    std::fs::copy(run.checkpoint(), other.checkpoint()).expect("copied");
    assert!(failed(&Trainer::train(&other).rest()).contains("other training settings"));

    // The disk has no room for a checkpoint: what was there stays.
    let aside = run.checkpoint().with_extension("part");
    std::fs::create_dir(&aside).expect("made");
    assert!(failed(&Trainer::train(&run).rest()).contains("cannot write the checkpoint"));
    assert_eq!(
        std::fs::read(run.checkpoint()).expect("it is there"),
        checkpoint
    );
    std::fs::remove_dir(&aside).expect("it is there");
    trained(&Trainer::train(&run).rest());

    let nothing = JobFolder::new(folder.path().join("nothing"));
    assert!(failed(&Trainer::train(&nothing).rest()).contains("cannot read"));
    let empty = JobFolder::new(folder.path().join("empty"));
    let none = (Vec::new(), Vec::new());
    empty.create(&job(&mine), none, &texts()).expect("written");
    assert!(failed(&Trainer::train(&empty).rest()).contains("no examples"));
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_checkpoint_costs_no_more_than_since_the_last_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let [disk, back] = ["disk", "back"].map(|name| folder.path().join(name));
    std::fs::create_dir(&disk).expect("made");
    std::fs::create_dir(&back).expect("made");
    let whole = create(&folder.path().join("whole"), &job(&base()));
    let given = folder_size(whole.path());
    let expected = trained(&Trainer::train(&whole).rest());
    let checkpoint = std::fs::metadata(whole.checkpoint()).expect("it is there");

    // Room for one checkpoint and half of the next, which is written beside it.
    let run = create(&folder.path().join("run"), &job(&base()));
    let room = given + checkpoint.len() * 3 / 2;
    let told = Trainer::train_on_disk(&run, room, &disk, &back).rest();
    let reason = failed(&told);
    assert!(
        reason.contains("cannot write the checkpoint") && reason.contains("No space left"),
        "{reason}"
    );
    let back = JobFolder::new(back);
    assert!(!back.adapter().exists());
    let kept = Checkpoint::read(&back.checkpoint()).expect("it is whole");
    assert!(!kept.progress.finished);
    let again = Trainer::train(&back).rest();
    assert!(
        matches!(again[0], FromTrainer::Ready { .. }),
        "{:?}",
        again[0]
    );
    assert_eq!(trained(&again), expected);
}

/// As a disk of whole pages counts it.
fn folder_size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("it is there");
    let sizes = files.map(|file| file.expect("read").metadata().expect("read").len());
    sizes.map(|size| size.next_multiple_of(4096)).sum()
}

#[test]
fn golden_answers_show_what_each_target_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = create(folder.path(), &job(&base()));
    trained(&Trainer::train(&run).rest());
    let task = Task::Golden {
        folder: run.path().to_owned(),
    };
    let told = Trainer::start(&task).rest();
    let Some(FromTrainer::Golden { base, parts }) = told.last() else {
        panic!("{told:?}");
    };
    assert_eq!(*base, Base::F32);
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["all", "q", "k", "v", "o", "gate", "up", "down"]);
    for part in parts {
        let trainer = &part.trainer;
        assert_eq!(
            (trainer.with_adapter.len(), trainer.without_adapter.len()),
            (6, 6)
        );
        assert_ne!(trainer.with_adapter, trainer.without_adapter);
        assert!(Path::new(&part.adapter).exists());
    }
    run.clear().expect("cleared");
    let left: Vec<_> = std::fs::read_dir(run.path())
        .expect("it is there")
        .flatten()
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect();
    let left = {
        let mut left = left;
        left.sort();
        left
    };
    assert_eq!(left, ["adapter.gguf", "job.json"]);
}

#[test]
fn a_measurement_tells_the_speed_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = create(folder.path(), &job(&base()));
    let files = || {
        let files = std::fs::read_dir(run.path()).expect("it is there");
        files.flatten().count()
    };
    let before = files();
    let task = Task::Measure {
        folder: run.path().to_owned(),
    };
    let told = Trainer::start(&task).rest();
    let [
        FromTrainer::Measured {
            seconds_per_token, ..
        },
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert!(
        (1e-7..1.0).contains(seconds_per_token),
        "{seconds_per_token}"
    );
    assert_eq!(files(), before);
}

#[test]
fn scores_are_those_of_the_last_evaluation() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut job = job(&base());
    job.options.precision = Precision::F32;
    let run = create(folder.path(), &job);
    let told = Trainer::train(&run).rest();
    let best = told.iter().rev().find_map(|told| match told {
        FromTrainer::HeldOut {
            figures,
            better: true,
            ..
        } => *figures,
        _ => None,
    });
    let best = best.expect("an epoch was the best");
    let first = told.iter().find_map(|told| match told {
        FromTrainer::HeldOut { figures, .. } => *figures,
        _ => None,
    });
    let first = first.expect("the base was looked at");
    let score = |adapter: Option<PathBuf>| {
        let folder = run.path().to_owned();
        let told = Trainer::start(&Task::Score { folder, adapter }).rest();
        match told.as_slice() {
            [FromTrainer::Scored(set)] => set.clone(),
            other => panic!("{other:?}"),
        }
    };
    let held_out = examples(4, 2);
    for (adapter, figures) in [(None, first), (Some(run.adapter()), best)] {
        let set = score(adapter);
        let scored = held_out.iter().zip(&set.held_out);
        let nll: f64 = scored
            .map(|(example, scored)| -scored.chosen / example.chosen.tokens.len() as f64)
            .sum();
        assert!(
            (nll - figures.chosen_nll_sum).abs() < 1e-4,
            "{nll} {figures:?}"
        );
        let kl: f64 = set
            .held_out
            .iter()
            .filter_map(|scored| scored.kl)
            .map(|kl| kl.sum / f64::from(kl.positions))
            .sum();
        assert!((kl - figures.kl_sum).abs() < 1e-4, "{kl} {figures:?}");
        assert_eq!(set.held_out[2].rejected.len(), 2);
        assert_eq!(set.general.len(), 1);
    }
}
