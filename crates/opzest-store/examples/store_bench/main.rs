//! Measures a store of 100,000 examples. Usage: store_bench [EXAMPLES] [SESSIONS] [FOLDER]
//!
//! The store is made by a generator with a seed, in a temporary folder that is deleted afterwards; one in
//! FOLDER is kept, and used as it is if it is there. The rows come from an import and then from sessions, so
//! that what is timed writes into a full store.

mod rows;
mod sessions;
mod texts;

use opzest_core::dataset::{ExampleState, Split};
use opzest_core::ids::{ImportId, UseCaseId};
use opzest_core::session::Reason;
use opzest_core::trace::{TokenRecord, TokenTrace};
use opzest_store::{
    DataFolderLock, ExampleFilter, ExampleOrder, Store, StoreError, StoreOptions, encode_trace,
};
use sessions::{Sessions, Trace};
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use texts::{Random, Vocabulary};

/// Rows of a page of the Harvest.
const PAGE: u32 = 50;
/// Rows of one import.
const BATCH: u64 = 5_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual| arguments.next().map_or(Ok(usual), |text| text.parse());
    let (examples, session_count): (u64, u64) = (number(100_000)?, number(150)?);

    let temporary = tempfile::tempdir()?;
    let folder = arguments
        .next()
        .map_or(temporary.path().into(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let lock = DataFolderLock::acquire(&folder)?;
    let mut store = Store::open(lock, &StoreOptions::default())?;
    let words = Vocabulary::new();
    let use_cases = use_cases(&mut store)?;
    if store
        .examples(&ExampleFilter::default(), ExampleOrder::Newest, None, 0)?
        .total
        .count
        == 0
    {
        fill(&mut store, &use_cases, examples, &words)?;
    }

    let mut sessions = Sessions {
        store: &mut store,
        words: &words,
        random: Random::new(2),
        trace: recorded_trace()?,
        now: now_ms(),
        accepted: Vec::new(),
    };
    for _ in 0..session_count {
        sessions.one()?;
    }
    report(
        "recording an accepted verdict durably",
        &mut sessions.accepted,
    );
    screens(&store, &use_cases, &words)?;
    export(&store, &folder)?;
    deletions(&mut store)?;
    let bytes = store.disk_use()?;
    println!(
        "database: {:.0} MB, {:.1} kB a row",
        bytes.database as f64 / 1e6,
        bytes.database as f64 / 1e3 / examples as f64
    );
    Ok(())
}

/// Four that the imported rows are spread over, found again in a store that is there.
fn use_cases(store: &mut Store) -> Result<Vec<UseCaseId>, StoreError> {
    let known = store.use_cases()?;
    let mut all = vec![store.default_use_case()?];
    for number in 1..4 {
        let id = UseCaseId::new(number, [1; 10]);
        if !known.iter().any(|use_case| use_case.id == id) {
            store.add_use_case(id, &format!("Use case {number}"), number)?;
        }
        all.push(id);
    }
    Ok(all)
}

fn fill(
    store: &mut Store,
    use_cases: &[UseCaseId],
    examples: u64,
    words: &Vocabulary,
) -> Result<(), StoreError> {
    let mut random = Random::new(1);
    let started = Instant::now();
    let mut made = 0;
    while made < examples {
        let batch = BATCH.min(examples - made);
        let rows = (made..made + batch).map(|n| rows::row(n, use_cases, words, &mut random));
        let import = ImportId::new(made, [2; 10]);
        store.import_examples(
            import,
            rows.into_iter().map(Ok::<_, StoreError>),
            1_700_000_000_000 + made,
        )?;
        made += batch;
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "importing {examples} rows: {took:.0} s, {:.0} rows/s",
        examples as f64 / took
    );
    Ok(())
}

/// Real distributions: tests/fixtures/README.md.
fn recorded_trace() -> Result<Trace, Box<dyn Error>> {
    let bytes = include_bytes!("../../tests/fixtures/traces-k64.postcard");
    let generations: Vec<Vec<TokenTrace>> = postcard::from_bytes(bytes)?;
    let records: Vec<_> = generations
        .into_iter()
        .flatten()
        .map(TokenRecord::Traced)
        .collect();
    let trace = Trace {
        data: encode_trace(&records)?,
        tokens: u32::try_from(records.len())?,
    };
    println!(
        "a traced token: {:.0} bytes (k = 64)",
        trace.data.len() as f64 / f64::from(trace.tokens)
    );
    Ok(trace)
}

/// The first page and the total, for the filters and searches that people make.
fn screens(store: &Store, use_cases: &[UseCaseId], words: &Vocabulary) -> Result<(), StoreError> {
    let all = ExampleFilter::default();
    let of_use_case = ExampleFilter {
        use_case: Some(use_cases[1]),
        ..all
    };
    let narrow = ExampleFilter {
        state: Some(ExampleState::Complete),
        split: Some(Split::HeldOut),
        reason: Some(Reason::Redo),
        ..of_use_case
    };
    let last_word = words.word(29_000);
    let queries = [
        ("a frequent word", words.word(2).to_owned()),
        ("a usual word", words.word(500).to_owned()),
        ("a rare word", words.word(20_000).to_owned()),
        (
            "two words",
            format!("{} {}", words.word(40), words.word(700)),
        ),
        (
            "four words",
            [3, 90, 300, 1_500].map(|rank| words.word(rank)).join(" "),
        ),
        ("one letter", "s".to_owned()),
        ("three letters", last_word[..3].to_owned()),
        ("four letters", last_word[..4].to_owned()),
        ("a word that is nowhere", "nonsense".to_owned()),
    ];
    let mut every = Vec::new();
    for (filtered, filter) in [
        ("all rows", all),
        ("a use case", of_use_case),
        ("a use case, held out, redo", narrow),
    ] {
        let none = ("no search", String::new());
        for (what, query) in [none].iter().chain(&queries) {
            let filter = ExampleFilter {
                query: Some(query),
                ..filter
            };
            let mut times = Vec::new();
            let mut total = 0;
            for _ in 0..15 {
                let started = Instant::now();
                let page = store.examples(&filter, ExampleOrder::Newest, None, PAGE)?;
                times.push(started.elapsed());
                total = page.total.count;
            }
            every.extend_from_slice(&times);
            report(
                &format!("first screen: {filtered}, {what} ({total})"),
                &mut times,
            );
        }
    }
    report("first screen, all of these", &mut every);
    let mut times = Vec::new();
    for _ in 0..15 {
        let started = Instant::now();
        store.dataset_stats()?;
        times.push(started.elapsed());
    }
    report("counts of all use cases", &mut times);
    Ok(())
}

/// The newest rows, which sessions have made, one by one; then old ones, which were imported, at once.
fn deletions(store: &mut Store) -> Result<(), StoreError> {
    let newest = store.examples(&ExampleFilter::default(), ExampleOrder::Newest, None, 20)?;
    let mut times = Vec::new();
    for row in newest.items {
        let started = Instant::now();
        store.delete_examples(&[row.id])?;
        times.push(started.elapsed());
    }
    report("deleting a row with its texts", &mut times);
    let oldest = store.examples(&ExampleFilter::default(), ExampleOrder::Oldest, None, 100)?;
    let ids: Vec<_> = oldest.items.iter().map(|row| row.id).collect();
    let started = Instant::now();
    store.delete_examples(&ids)?;
    report(
        &format!("deleting {} rows at once", ids.len()),
        &mut [started.elapsed()],
    );
    Ok(())
}

fn export(store: &Store, folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let path = folder.join("export.jsonl");
    let mut file = BufWriter::new(std::fs::File::create(&path)?);
    let started = Instant::now();
    let rows = store.for_each_example(&ExampleFilter::complete(), |row| {
        serde_json::to_writer(&mut file, &row)?;
        file.write_all(b"\n")?;
        Ok::<_, Box<dyn Error>>(())
    })?;
    file.flush()?;
    let took = started.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.len() as f64;
    std::fs::remove_file(&path)?;
    println!(
        "exporting {rows} rows as JSON Lines: {:.0} rows/s, {:.0} MB/s",
        rows as f64 / took,
        bytes / 1e6 / took
    );
    Ok(())
}

/// Ids of an earlier run's sessions must not come again.
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| {
        let place = ((times.len() - 1) as f64 * share).round() as usize;
        times[place].as_secs_f64() * 1e3
    };
    println!(
        "{what}: least {:.1} ms, p50 {:.1} ms, p95 {:.1} ms, greatest {:.1} ms ({} runs)",
        at(0.0),
        at(0.5),
        at(0.95),
        at(1.0),
        times.len()
    );
}
