//! Tests of the rules for a server's log-probabilities.

use super::*;
use proptest::prelude::*;

fn entry(token: &str, logprob: f64, top: &[(&str, f64)]) -> TokenEntry {
    TokenEntry {
        token: token.into(),
        logprob: Some(logprob),
        bytes: None,
        top_logprobs: Some(
            top.iter()
                .map(|(token, logprob)| TopEntry {
                    token: (*token).into(),
                    logprob: Some(*logprob),
                    bytes: None,
                })
                .collect(),
        ),
    }
}

fn read(entries: &[TokenEntry]) -> (Vec<Option<TokenTrace>>, Option<String>) {
    let mut reader = TraceReader::new(20);
    let traces = entries
        .iter()
        .flat_map(|entry| reader.read(std::slice::from_ref(entry), &entry.token))
        .collect();
    let problem = reader.problem(entries.len() as u64);
    (traces, problem)
}

#[track_caller]
fn refused(entries: &[TokenEntry], words: &str) {
    let (_, problem) = read(entries);
    assert!(
        problem
            .as_deref()
            .is_some_and(|problem| problem.contains(words)),
        "{problem:?}"
    );
}

#[test]
fn the_tail_is_what_the_candidates_leave() {
    // ln 0.5, ln 0.25: tail 0.25
    let (traces, problem) = read(&[entry(
        "a",
        -std::f64::consts::LN_2,
        &[("a", -std::f64::consts::LN_2), ("b", -1.386_294)],
    )]);
    let trace = traces[0].as_ref().expect("a trace");
    assert_eq!(problem, None);
    assert_eq!(trace.token.bytes, b"a");
    assert_eq!(trace.top.len(), 2);
    assert!((trace.tail - 0.25).abs() < 1e-5, "{}", trace.tail);
}

#[test]
fn a_sampled_token_outside_the_candidates_is_added_last() {
    // ln 0.9 and ln 0.01
    let (traces, problem) = read(&[entry("z", -4.605_17, &[("a", -0.105_36)])]);
    let trace = traces[0].as_ref().expect("a trace");
    assert_eq!(problem, None);
    assert_eq!(
        trace.top.last().map(|last| last.bytes.as_slice()),
        Some(&b"z"[..])
    );
    assert!((trace.tail - 0.09).abs() < 1e-4, "{}", trace.tail);
}

#[test]
fn candidates_are_ordered_and_cut_to_what_was_asked_for() {
    let mut reader = TraceReader::new(2);
    let given = entry("a", -3.0, &[("a", -3.0), ("b", -1.0), ("c", -1.5)]);
    let traces = reader.read(&[given], "a");
    let trace = traces[0].as_ref().expect("a trace");
    let names: Vec<&[u8]> = trace
        .top
        .iter()
        .map(|candidate| candidate.bytes.as_slice())
        .collect();
    assert_eq!(names, [b"b", b"c", b"a"]);
    assert_eq!(reader.problem(1), None);
}

#[test]
fn bytes_win_over_the_tokens_text() {
    let mut given = entry("bytes:\\xf0\\x9f", -0.5, &[]);
    given.bytes = Some(vec![0xf0, 0x9f]);
    let mut reader = TraceReader::new(20);
    let mut second = entry("x", -0.5, &[]);
    second.bytes = Some(vec![0x98, 0x80]);
    let first = reader.read(&[given], "");
    reader.read(&[second], "😀");
    assert_eq!(
        first[0].as_ref().map(|trace| trace.token.bytes.clone()),
        Some(vec![0xf0, 0x9f])
    );
    assert_eq!(reader.problem(2), None);
}

#[test]
fn values_that_cannot_be_true_are_refused() {
    refused(&[entry("a", f64::NAN, &[])], "not a number");
    refused(
        &[TokenEntry {
            token: "a".into(),
            ..TokenEntry::default()
        }],
        "not a number",
    );
    refused(&[entry("a", f64::NEG_INFINITY, &[])], "not a number");
    refused(&[entry("a", 0.5, &[])], "positive");
    refused(
        &[entry("a", -0.1, &[("a", -0.1), ("b", -0.1)])],
        "more than 1",
    );
    refused(
        &[entry("z", -0.5, &[("a", -1.0), ("b", -2.0)])],
        "missing among",
    );
    refused(
        &[entry("a", -0.2, &[("a", -3.0), ("b", -4.0)])],
        "missing among",
    );
}

#[test]
fn rounding_is_not_a_lie() {
    let (traces, problem) = read(&[entry("a", 1e-7, &[("a", 1e-7), ("b", -9.0)])]);
    assert_eq!(problem, None);
    assert_eq!(
        traces[0]
            .as_ref()
            .map(|trace| (trace.token.logprob, trace.tail)),
        Some((0.0, 0.0))
    );
}

#[test]
fn zeros_alone_are_refused_and_were_never_handed_out() {
    let zeros = [
        entry("a", 0.0, &[]),
        entry("b", 0.0, &[("b", 0.0)]),
        entry("c", -0.0, &[]),
    ];
    let (traces, problem) = read(&zeros);
    assert!(traces.iter().all(Option::is_none));
    assert!(problem.is_some_and(|problem| problem.contains("exactly 0")));
    refused(&[entry("a", 0.0, &[("a", 0.0), ("b", 0.0)])], "more than 1");
}

#[test]
fn a_sure_answer_is_not_a_wrong_one() {
    let (traces, problem) = read(&[entry("4", 0.0, &[("4", 0.0)])]);
    assert_eq!((traces, problem), (vec![None], None));
    let (traces, problem) = read(&[
        entry("4", 0.0, &[("4", 0.0), ("5", -20.0)]),
        entry(".", 0.0, &[(".", 0.0)]),
    ]);
    assert!(traces.iter().all(Option::is_some));
    assert_eq!(problem, None);
}

#[test]
fn after_a_refusal_nothing_is_handed_out() {
    let (traces, _) = read(&[
        entry("a", -0.5, &[]),
        entry("b", 3.0, &[]),
        entry("c", -0.5, &[]),
    ]);
    let given: Vec<bool> = traces.iter().map(Option::is_some).collect();
    assert_eq!(given, [true, false, false]);
}

#[test]
fn tokens_must_spell_the_text() {
    let mut reader = TraceReader::new(20);
    reader.read(&[entry("Hel", -0.5, &[])], "Hel");
    reader.read(&[entry("lo", -0.5, &[])], "");
    reader.read(&[], "lo");
    reader.read(&[entry("<|end|>", -0.5, &[])], "");
    assert_eq!(reader.problem(3), None);
    let mut reader = TraceReader::new(20);
    reader.read(&[entry("Hel", -0.5, &[])], "Hallo");
    assert!(
        reader
            .problem(1)
            .is_some_and(|problem| problem.contains("spell"))
    );
}

#[test]
fn tokens_with_lost_bytes_have_no_trace_and_do_not_spoil_the_others() {
    let mut reader = TraceReader::new(20);
    let first = reader.read(&[entry("a", -0.5, &[("a", -0.5), ("\u{fffd}", -2.0)])], "a");
    let lost = reader.read(&[entry("\u{fffd}", -0.5, &[])], "");
    reader.read(&[entry("\u{fffd}", -0.5, &[])], "😀");
    let last = reader.read(&[entry("b", -0.5, &[])], "b");
    assert_eq!(reader.problem(4), None);
    assert!(lost[0].is_none() && last[0].is_some());
    let trace = first[0].as_ref().expect("a trace");
    assert_eq!(trace.top.len(), 1);
    assert!((f64::from(trace.tail) - (1.0 - (-0.5f64).exp())).abs() < 1e-5);
}

#[test]
fn tokens_written_as_nothing_have_no_trace_either() {
    // As llama-cpp-python writes parts of an emoji: no text, no bytes, and the candidates that look
    // the same are merged.
    let mut reader = TraceReader::new(20);
    let lost = reader.read(&[entry("", -0.92, &[("", -0.92)])], "");
    let known = reader.read(&[entry("\n", -1.97, &[("", -1.02), ("\n", -1.97)])], "\n");
    let next = reader.read(&[entry("a", -0.5, &[])], "a");
    assert_eq!(reader.problem(3), None);
    assert!(lost[0].is_none() && next[0].is_some());
    assert_eq!(known[0].as_ref().map(|trace| trace.top.len()), Some(1));
}

#[test]
fn missing_log_probabilities_are_a_problem_only_for_text() {
    let mut reader = TraceReader::new(20);
    reader.read(&[], "text");
    assert!(reader.problem(1).is_some());
    assert!(TraceReader::new(20).problem(0).is_none());
}

proptest! {
    #[test]
    fn whatever_comes_a_trace_is_a_distribution(
        sampled in -30.0f64..0.5,
        top in proptest::collection::vec(("[a-e]", -30.0f64..0.5), 0..6),
    ) {
        let top: Vec<(&str, f64)> = top.iter().map(|(token, value)| (token.as_str(), *value)).collect();
        let (traces, problem) = read(&[entry("a", sampled, &top)]);
        if let Some(trace) = &traces[0] {
            prop_assert!(problem.is_none());
            prop_assert!((0.0..=1.0).contains(&trace.tail));
            let mass: f64 = trace.top.iter().map(|c| f64::from(c.logprob).exp()).sum();
            prop_assert!(mass <= 1.0 + MASS_TOLERANCE + 1e-6);
            prop_assert!(trace.top.iter().any(|c| c.bytes == trace.token.bytes));
        }
    }
}
