//! Traces: kept with what they belong to, counted.

use crate::studio::{Studio, start};
use crate::support::Folder;
use opzest_core::dataset::Side;
use opzest_core::ids::{ExampleId, GenerationId};
use opzest_core::session::Verdict;
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};
use opzest_core::workflow::Agent;
use opzest_store::{ExampleFilter, ExampleOrder, Store, decode_trace, encode_trace};

fn rows(store: &Store) -> Vec<ExampleId> {
    let page = store.examples(&ExampleFilter::default(), ExampleOrder::Oldest, None, 99);
    page.expect("lists")
        .items
        .into_iter()
        .map(|row| row.id)
        .collect()
}

#[test]
fn a_trace_reads_back() {
    let folder = Folder::new();
    let mut store = folder.open();
    let token = Candidate {
        id: Some(5),
        bytes: b" hi".to_vec(),
        logprob: -0.5,
    };
    let trace = TokenTrace {
        token: token.clone(),
        top: vec![token],
        tail: 0.25,
    };
    let records = vec![
        TokenRecord::Traced(trace),
        TokenRecord::Untraced {
            bytes: b"!".to_vec(),
        },
    ];
    let mut studio = Studio::begin(&folder, &mut store, start("A poem", &["Write"]));
    studio.traced = true;
    studio.trace_data = encode_trace(&records).expect("encodes");
    studio.approve();
    studio.cycle("write", "roses");
    studio.judge(Verdict::Accepted);
    let row = rows(&store)[0];
    let read = store
        .example_trace(row, Side::Chosen)
        .expect("reads")
        .expect("there");
    assert_eq!(decode_trace(&read.data).expect("decodes").len(), 2);
    assert_eq!((read.agent, read.k, read.tokens), (Agent::Worker, 4, 10));
    assert_eq!(read.messages, store.example(row).expect("there").prompt);
    assert_eq!(
        store.trace(read.generation).expect("reads"),
        Some(read.clone())
    );
    assert_eq!(store.trace_bytes().expect("sums"), read.bytes);
    let unknown = GenerationId::new(1, [0; 10]);
    assert_eq!(store.trace(unknown).expect("reads"), None);
}

#[test]
fn the_counts_are_those_of_the_rows() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut studio = Studio::begin(&folder, &mut store, start("Poems", &["One", "Two"]));
    studio.traced = true;
    studio.approve();
    studio.cycle("write", "rejected");
    studio.say("no", Verdict::Redo);
    studio.cycle("write", "chosen");
    studio.say("yes", Verdict::Accepted);
    studio.cycle("write two", "right at once");
    studio.say("yes", Verdict::Accepted);
    let id = studio.id;
    Studio::begin(&folder, &mut store, start("Nothing yet", &["One"]));
    store
        .set_session_split(id, opzest_core::dataset::Split::Train)
        .expect("set");
    let row = rows(&store)[0];
    store
        .mark_examples(
            &[row],
            Some(opzest_core::conversation::Scope::Communal),
            None,
            5,
        )
        .expect("marked");

    let stats = store.dataset_stats().expect("counts");
    assert_eq!(stats.len(), 2);
    assert!(stats[0].use_case.is_default);
    assert_eq!((stats[0].rows, stats[0].sessions), (0, 0));
    let scripts = &stats[1];
    assert_eq!(scripts.sessions, 2);
    assert_eq!(
        (scripts.rows, scripts.complete, scripts.pending()),
        (2, 2, 0)
    );
    assert_eq!((scripts.paired, scripts.chosen_only()), (1, 1));
    assert_eq!((scripts.traced, scripts.traced_tokens), (2, 30));
    assert_eq!(scripts.trace_bytes, store.trace_bytes().expect("sums"));
    assert_eq!((scripts.train_groups, scripts.held_out_groups), (1, 0));
    assert_eq!((scripts.held_out, scripts.communal), (0, 1));
    let bytes = |row: &ExampleId| {
        let row = store.example(*row).expect("there").summary;
        let side =
            |side: Option<opzest_core::dataset::SideSummary>| side.map_or(0, |side| side.bytes);
        u64::from(row.prompt_bytes + side(row.chosen) + side(row.rejected))
    };
    assert_eq!(scripts.bytes, rows(&store).iter().map(bytes).sum::<u64>());
}
