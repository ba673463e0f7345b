//! Measures upkeep beside an open store: how long it takes, and how long writers wait meanwhile.
//! Usage: measure_upkeep FOLDER MEGABYTES
//!
//! Fills a store in the folder (or takes the one that is there) with conversations of made-up words, deletes
//! each hundredth, and runs one thing after the other while one thread records short turns.

use opzest_core::conversation::{MessageStatus, ModelName, Scope};
use opzest_core::ids::{ConversationId, MessageId};
use opzest_store::*;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

type Measured<T = ()> = Result<T, Box<dyn Error>>;

/// The next number of a simple generator: the same store every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 12);
        while text.len() < bytes {
            // Few words are frequent, most are rare.
            let word = self.below(40) * self.below(40) * self.below(40);
            text.push_str(&format!("w{word:x} "));
        }
        text
    }
}

fn turn(store: &mut Store, number: u64, question: &str, answer: &str) -> Measured<ConversationId> {
    let id = ConversationId::new(number, [0; 10]);
    let answer_id = MessageId::new(number, [2; 10]);
    let model = ModelName {
        id: "m".parse()?,
        name: "M".into(),
    };
    let new = NewTurn {
        conversation: InConversation::New {
            id,
            use_case: None,
            scope: Scope::Private,
        },
        question: MessageId::new(number, [1; 10]),
        answer: answer_id,
        text: question,
        model: &model,
    };
    store.begin_turn(&new, number)?;
    let end = AnswerEnd {
        status: MessageStatus::Complete,
        text: answer,
        stats: None,
        error: None,
        finish: None,
    };
    store.finish_answer(answer_id, &end, number)?;
    Ok(id)
}

fn main() -> Measured {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: measure_upkeep FOLDER MEGABYTES";
    let folder = arguments.next().ok_or(usage)?;
    let megabytes: u64 = arguments.next().ok_or(usage)?.parse()?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut store = Store::open(DataFolderLock::acquire(folder)?, &StoreOptions::default())?;
    let mut numbers = Numbers(1);
    let mut count = 0;
    while store.disk_use()?.database < megabytes << 20 {
        for _ in 0..100 {
            count += 1;
            let (question, answer) = (numbers.text(400), numbers.text(6000));
            turn(&mut store, count, &question, &answer)?;
        }
    }
    let size = store.disk_use()?.database >> 20;
    println!("{count} conversations, {size} MB");
    let upkeep = store.upkeep().ok_or("a writer has one")?;
    let policy = BackupPolicy {
        share_of_disk: 1.0,
        leave_free: 0,
        ..BackupPolicy::default()
    };
    let mut now = 1_795_456_789_012;
    let mut next = || {
        now += 1000;
        now
    };
    let mut written = 1 << 40;
    let mut beside = |store: &mut Store, what: &str, work: Box<dyn FnOnce() -> String + Send>| {
        beside(store, &mut written, what, work)
    };

    let (it, time) = (upkeep.clone(), next());
    beside(
        &mut store,
        "backup",
        Box::new(move || format!("{:?}", it.back_up(time, &policy, &|| true).map(|_| ()))),
    )?;
    let it = upkeep.clone();
    beside(
        &mut store,
        "quick check",
        Box::new(move || format!("{:?}", it.quick_check(|| true))),
    )?;
    let it = upkeep.clone();
    beside(
        &mut store,
        "full check",
        Box::new(move || format!("{:?}", it.full_check(&|| true))),
    )?;

    let mut longest = Duration::ZERO;
    for number in (1..=count).step_by(100) {
        let began = Instant::now();
        store.delete_conversation(ConversationId::new(number, [0; 10]))?;
        longest = longest.max(began.elapsed());
    }
    println!("{} deletions, the slowest {longest:?}", count.div_ceil(100));
    let (it, time) = (upkeep.clone(), next());
    beside(
        &mut store,
        "erasing with a fresh backup",
        Box::new(move || format!("{:?}", it.erase(time, &policy, &|| true))),
    )?;
    for backup in backups(folder)? {
        std::fs::remove_file(backup.path)?;
    }
    store.delete_conversation(ConversationId::new(2, [0; 10]))?;
    let (it, time) = (upkeep.clone(), next());
    beside(
        &mut store,
        "erasing once more, without backups",
        Box::new(move || format!("{:?}", it.erase(time, &policy, &|| true))),
    )?;
    println!("{:?}", store.disk_use()?);
    Ok(())
}

/// Runs something on another thread while this one records turns.
fn beside(
    store: &mut Store,
    written: &mut u64,
    what: &str,
    work: Box<dyn FnOnce() -> String + Send>,
) -> Measured {
    let began = Instant::now();
    let thread = std::thread::spawn(work);
    let mut waits = Vec::new();
    let mut error = None;
    while !thread.is_finished() {
        *written += 1;
        let began = Instant::now();
        if let Err(failed) = turn(store, *written, "a question", "an answer") {
            error.get_or_insert(failed.to_string());
        }
        waits.push(began.elapsed() / 2);
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = began.elapsed();
    let result = thread.join().map_err(|_| "it panicked")?;
    waits.sort();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100];
    println!(
        "{what}: {took:.2?} ({result}); {} writes meanwhile: median {:.2?}, p95 {:.2?}, longest {:.2?}{}",
        2 * waits.len(),
        at(50),
        at(95),
        at(100),
        error.map_or_else(String::new, |error| format!(", error: {error}")),
    );
    Ok(())
}
