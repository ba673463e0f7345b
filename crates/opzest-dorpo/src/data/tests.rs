//! With two small greedy tokenizers: single bytes, and some longer tokens of each one's own.

mod rows;

use super::*;
use crate::example::{Answer, Example, SoftLabel};
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::dataset::{Side, Split};
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};
use proptest::prelude::*;

struct Greedy {
    name: &'static str,
    /// By id: single bytes, the longer tokens, the end of turn.
    tokens: Vec<Vec<u8>>,
    /// SentencePiece's habit.
    space_in_front: bool,
}

impl Greedy {
    fn new(name: &'static str, longer: &[&str], end: &str) -> Self {
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let longer = longer.iter().chain([&end]);
        let longer = longer.map(|token| token.as_bytes().to_vec());
        Self {
            name,
            tokens: bytes.chain(longer).collect(),
            space_in_front: false,
        }
    }

    fn id(&self, token: &str) -> u32 {
        let at = self.tokens.iter().position(|t| t == token.as_bytes());
        at.expect("a token") as u32
    }

    fn split(&self, text: &str) -> Vec<u32> {
        let spaced = format!(" {text}");
        let mut rest = match self.space_in_front {
            true => spaced.as_bytes(),
            false => text.as_bytes(),
        };
        let mut ids = Vec::new();
        while !rest.is_empty() {
            let usual = &self.tokens[..self.tokens.len() - 1];
            let fitting = usual.iter().enumerate();
            let fitting = fitting.filter(|(_, token)| rest.starts_with(token));
            let (id, token) = fitting.max_by_key(|(_, token)| token.len()).expect("bytes");
            ids.push(id as u32);
            rest = &rest[token.len()..];
        }
        ids
    }
}

impl Tokenize for Greedy {
    fn identity(&self) -> &str {
        self.name
    }

    fn render(&self, messages: &[ChatMessage]) -> Result<Vec<u32>, TokenizeError> {
        Ok(messages
            .iter()
            .flat_map(|m| self.split(&m.content))
            .collect())
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        Ok(self.split(text))
    }

    fn end_of_turn(&self) -> u32 {
        self.vocabulary() - 1
    }

    fn vocabulary(&self) -> u32 {
        self.tokens.len() as u32
    }

    fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        self.tokens.get(id as usize).map(Vec::as_slice)
    }
}

fn student() -> Greedy {
    Greedy::new("student", &["hello", " wor", "ld", " you"], "<|end|>")
}

fn teacher() -> Greedy {
    Greedy::new(
        "teacher",
        &["hel", "lo", " wor", " world", "ld", " me"],
        "</s>",
    )
}

fn candidate(of: &Greedy, id: u32, probability: f64) -> Candidate {
    Candidate {
        id: Some(id),
        bytes: of.tokens[id as usize].clone(),
        logprob: probability.ln() as f32,
    }
}

/// The written token with 0.6, `other` with 0.3, 0.1 for the rest.
fn record(of: &Greedy, id: u32, other: u32) -> TokenTrace {
    let token = candidate(of, id, 0.6);
    TokenTrace {
        top: vec![token.clone(), candidate(of, other, 0.3)],
        token,
        tail: 0.1,
    }
}

fn trace_of(of: &Greedy, ids: &[u32], other: u32) -> Trace {
    let record = |&id: &u32| TokenRecord::Traced(record(of, id, other));
    Trace {
        tokenizer: Some(of.name.to_owned()),
        records: Ok(ids.iter().map(record).collect()),
    }
}

/// As the model wrote it, with its end of turn.
fn traced(of: &Greedy, text: &str, other: u32) -> Written {
    let mut ids = of.split(text);
    ids.push(of.end_of_turn());
    Written {
        text: text.to_owned(),
        trace: Some(trace_of(of, &ids, other)),
    }
}

fn plain(text: &str) -> Written {
    Written {
        text: text.to_owned(),
        trace: None,
    }
}

fn row(id: &str, chosen: Written, rejected: Option<Written>) -> Row {
    Row {
        id: id.to_owned(),
        group: "session".to_owned(),
        split: Split::Train,
        prompt: vec![ChatMessage::new(Role::User, "say hello")],
        chosen,
        rejected,
    }
}

const SETTINGS: PrepareSettings = PrepareSettings {
    max_tokens: 40,
    max_candidates: 8,
};

fn prepare_as(student: &Greedy, settings: PrepareSettings, rows: Vec<Row>) -> Prepared {
    let mut preparation = Preparation::new(student, settings);
    for row in rows {
        preparation.add(row).expect("a row");
    }
    preparation.finish()
}

fn prepare(rows: Vec<Row>) -> Prepared {
    prepare_as(&student(), SETTINGS, rows)
}

fn chosen_of(written: Written) -> (Answer, Report) {
    let mut prepared = prepare(vec![row("1", written, None)]);
    (prepared.train.remove(0).chosen, prepared.report)
}

/// Lines of what was left out.
fn omissions(report: &Report) -> Vec<String> {
    let line = |omission: &Omission| format!("{}: {}", omission.row, omission.reason);
    report.omissions.iter().map(line).collect()
}

fn near(label: &Option<SoftLabel>, expected: &[(u32, f64)]) {
    let label = label.as_ref().expect("a soft label");
    let tokens: Vec<u32> = expected.iter().map(|&(token, _)| token).collect();
    assert_eq!(label.tokens, tokens);
    for (&log_prob, &(_, probability)) in label.log_probs.iter().zip(expected) {
        let found = f64::from(log_prob).exp();
        assert!((found - probability).abs() < 1e-6, "{found} {probability}");
    }
}

#[test]
fn one_vocabulary_gives_the_written_tokens() {
    let of = student();
    // Not as the tokenizer would split it.
    let mut ids: Vec<u32> = "hello".bytes().map(u32::from).collect();
    ids.push(of.end_of_turn());
    let you = of.id(" you");
    let written = Written {
        text: "hello".to_owned(),
        trace: Some(trace_of(&of, &ids, you)),
    };
    let (answer, report) = chosen_of(written.clone());
    assert_eq!(answer.tokens, ids);
    for (label, &id) in answer.soft.iter().zip(&ids) {
        near(label, &[(id, 0.6), (you, 0.3)]);
    }
    assert_eq!(report.alignment(Split::Train).share(), 1.0);

    // The rejected answer, too, and without labels.
    let prepared = prepare(vec![row("1", plain("hi"), Some(written))]);
    assert_eq!(prepared.train[0].rejected, [ids]);
    assert!(prepared.train[0].chosen.soft.is_empty());
}

#[test]
fn another_tokenizer_is_aligned_by_bytes() {
    let (of, to) = (teacher(), student());
    // hel|lo| wor|ld|</s>, with " wor" + "ld" because the model wrote them so; hello| wor|ld|<|end|>.
    let ids = [
        of.id("hel"),
        of.id("lo"),
        of.id(" wor"),
        of.id("ld"),
        of.end_of_turn(),
    ];
    let mut trace = trace_of(&of, &ids, of.id(" me"));
    if let TokenRecord::Traced(record) = &mut records(&mut trace)[3] {
        record.top[1] = candidate(&of, u32::from(b'!'), 0.3);
    }
    let written = Written {
        text: "hello world".to_owned(),
        trace: Some(trace),
    };
    let (answer, report) = chosen_of(written);
    let expected = [to.id("hello"), to.id(" wor"), to.id("ld"), to.end_of_turn()];
    assert_eq!(answer.tokens, expected);
    assert_eq!(answer.soft[0], None);
    // " me" is no token of the student: tail.
    near(&answer.soft[1], &[(expected[1], 0.6)]);
    near(
        &answer.soft[2],
        &[(expected[2], 0.6), (u32::from(b'!'), 0.3)],
    );
    near(&answer.soft[3], &[(to.end_of_turn(), 0.6)]);
    let alignment = report.kept[0].alignment;
    assert_eq!((alignment.soft, alignment.positions), (3, 4));
    assert_eq!(report.alignment(Split::Train), alignment);
}

#[test]
fn one_vocabulary_under_another_name_is_recognised() {
    let mut named = student();
    named.name = "another quantisation";
    let written = traced(&named, "hello you", u32::from(b'!'));
    let (answer, _) = chosen_of(written);
    assert!(answer.soft.iter().all(Option::is_some));
}

#[test]
fn a_server_names_no_ids() {
    let mut written = traced(&teacher(), "lo ld", 33);
    if let Some(trace) = &mut written.trace {
        trace.tokenizer = None;
        for record in records(trace) {
            let TokenRecord::Traced(record) = record else {
                continue;
            };
            record.token.id = None;
            record
                .top
                .iter_mut()
                .for_each(|candidate| candidate.id = None);
        }
        // And not the end of turn.
        records(trace).pop();
    }
    let (answer, report) = chosen_of(written);
    // l|o| |ld|<|end|> against lo| |ld
    let soft: Vec<bool> = answer.soft.iter().map(Option::is_some).collect();
    assert_eq!(soft, [false, false, true, true, false]);
    assert_eq!(omissions(&report), Vec::<String>::new());
}

#[test]
fn a_gap_in_a_trace_is_a_hard_label() {
    let mut written = traced(&student(), "hello world", 33);
    if let Some(trace) = &mut written.trace {
        let bytes = b" wor".to_vec();
        records(trace)[1] = TokenRecord::Untraced { bytes };
    }
    let (answer, _) = chosen_of(written);
    let soft: Vec<bool> = answer.soft.iter().map(Option::is_some).collect();
    assert_eq!(soft, [true, false, true, true]);
}

#[test]
fn a_space_put_in_front_is_no_byte_of_the_text() {
    let mut to = Greedy::new("spaced", &[" hel", "lo"], "</s>");
    to.space_in_front = true;
    let rows = vec![row("1", traced(&teacher(), "hello", 33), None)];
    let prepared = prepare_as(&to, SETTINGS, rows);
    let answer = &prepared.train[0].chosen;
    assert_eq!(
        answer.tokens,
        [to.id(" hel"), to.id("lo"), to.end_of_turn()]
    );
    assert!(answer.soft.iter().all(Option::is_some));
}

#[test]
fn few_candidates_are_kept_with_the_written_one() {
    let of = student();
    let mut record = record(&of, u32::from(b'a'), u32::from(b'b'));
    // The written token is the least likely of four.
    record.top = vec![
        candidate(&of, u32::from(b'b'), 0.5),
        candidate(&of, u32::from(b'c'), 0.2),
        candidate(&of, u32::from(b'd'), 0.1),
        candidate(&of, u32::from(b'a'), 0.05),
    ];
    record.token = record.top[3].clone();
    record.tail = 0.15;
    let written = Written {
        text: "a".to_owned(),
        trace: Some(Trace {
            tokenizer: None,
            records: Ok(vec![TokenRecord::Traced(record)]),
        }),
    };
    let settings = PrepareSettings {
        max_candidates: 2,
        ..SETTINGS
    };
    let prepared = prepare_as(&of, settings, vec![row("1", written, None)]);
    let soft = &prepared.train[0].chosen.soft;
    near(&soft[0], &[(u32::from(b'b'), 0.5), (u32::from(b'a'), 0.05)]);
    // The end of turn was not recorded.
    assert_eq!(soft[1], None);
}

/// A server without ids lists two of its tokens that have the same bytes.
#[test]
fn candidates_with_the_same_bytes_are_one() {
    let of = student();
    let mut record = record(&of, u32::from(b'a'), u32::from(b'b'));
    record.top.push(candidate(&of, u32::from(b'b'), 0.05));
    record.tail = 0.05;
    record.token.id = None;
    for candidate in &mut record.top {
        candidate.id = None;
    }
    let written = Written {
        text: "a".to_owned(),
        trace: Some(Trace {
            tokenizer: None,
            records: Ok(vec![TokenRecord::Traced(record)]),
        }),
    };
    let (answer, _) = chosen_of(written);
    near(
        &answer.soft[0],
        &[(u32::from(b'a'), 0.6), (u32::from(b'b'), 0.35)],
    );
}

#[test]
fn the_longest_that_fits() {
    // 5 tokens of prompt, and the end of turn.
    let lengths = |text: usize| {
        let prepared = prepare(vec![row("1", plain(&"x".repeat(text)), None)]);
        (prepared.train.len(), prepared.report.omissions.len())
    };
    assert_eq!(lengths(SETTINGS.max_tokens - 6), (1, 0));
    assert_eq!(lengths(SETTINGS.max_tokens - 5), (0, 1));
}

#[test]
fn rounding_is_taken_back() {
    let of = student();
    let mut written = traced(&of, "a", 33);
    if let Some(TokenRecord::Traced(record)) =
        written.trace.as_mut().map(|trace| &mut records(trace)[0])
    {
        // 0.606 + 0.303 + 0.1
        record
            .top
            .iter_mut()
            .for_each(|candidate| candidate.logprob += 0.01);
        record.token = record.top[0].clone();
    }
    let (answer, _) = chosen_of(written);
    let label = answer.soft[0].as_ref().expect("a label");
    let mass: f64 = label.log_probs.iter().map(|&v| f64::from(v).exp()).sum();
    assert!((mass - 0.9009).abs() < 1e-4, "{mass}");
}

#[test]
fn poisoned_traces_are_refused_and_the_text_is_learned() {
    let of = student();
    let fault = |poison: &dyn Fn(&mut TokenTrace)| {
        let mut written = traced(&of, "hello you", 33);
        if let Some(TokenRecord::Traced(record)) =
            written.trace.as_mut().map(|trace| &mut records(trace)[1])
        {
            poison(record);
        }
        let (answer, report) = chosen_of(written);
        assert_eq!(
            answer,
            Answer {
                tokens: vec![of.id("hello"), of.id(" you"), of.end_of_turn()],
                soft: Vec::new(),
            }
        );
        assert_eq!(report.omissions.len(), 1);
        assert_eq!(report.omissions[0].reason.loses(), Loses::Trace);
        match report.omissions[0].reason.clone() {
            Reason::Trace {
                side: Side::Chosen,
                fault,
            } => fault,
            reason => panic!("{reason}"),
        }
    };
    let no_probability = TraceFault::NotAProbability { token: 1 };
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.1] {
        assert_eq!(fault(&|t| t.top[1].logprob = value), no_probability);
    }
    assert_eq!(fault(&|t| t.tail = f32::NAN), no_probability);
    assert_eq!(fault(&|t| t.tail = -0.1), no_probability);
    assert_eq!(fault(&|t| t.tail = 1.5), no_probability);
    let too_much = fault(&|t| t.tail = 0.2);
    assert!(matches!(too_much, TraceFault::Mass { token: 1, mass } if (mass - 1.1).abs() < 1e-6));
    assert!(matches!(fault(&|t| t.tail = 0.0), TraceFault::Mass { .. }));
    let twice = fault(&|t| {
        t.top.push(Candidate {
            logprob: -20.0,
            ..t.top[1].clone()
        })
    });
    assert_eq!(twice, TraceFault::Twice { token: 1, id: 33 });
    let missing = TraceFault::WrittenMissing { token: 1 };
    assert_eq!(fault(&|t| t.top[0] = candidate(&of, 34, 0.6)), missing);
    assert_eq!(fault(&|t| t.token.logprob = -3.0), missing);
    let outside = fault(&|t| t.top[1].id = Some(5000));
    let vocabulary = of.vocabulary();
    assert_eq!(
        outside,
        TraceFault::OutsideVocabulary {
            token: 1,
            id: 5000,
            vocabulary
        }
    );
    let other = fault(&|t| t.top[1].id = Some(34));
    assert_eq!(other, TraceFault::OtherVocabulary { token: 1, id: 34 });
    let other_text = fault(&|t| {
        *t = record(&of, 35, 33);
    });
    assert_eq!(other_text, TraceFault::OtherText { token: 1 });
}

fn records(trace: &mut Trace) -> &mut Vec<TokenRecord> {
    trace.records.as_mut().expect("it can be read")
}

#[test]
fn a_trace_that_cannot_be_read_is_told() {
    let mut written = traced(&student(), "hello you", 33);
    if let Some(trace) = &mut written.trace {
        trace.records = Err("it ends in the middle".into());
    }
    let (answer, report) = chosen_of(written);
    assert!(answer.soft.iter().all(Option::is_none));
    assert_eq!(
        omissions(&report),
        [
            "1: the trace of the chosen answer cannot be used: it cannot be read: it ends in the middle"
        ]
    );
}

#[test]
fn a_trace_of_another_length_is_refused() {
    let of = student();
    let fault = |change: &dyn Fn(&mut Vec<TokenRecord>)| {
        let mut written = traced(&of, "hello you", 33);
        if let Some(trace) = &mut written.trace {
            change(records(trace));
        }
        let (_, report) = chosen_of(written);
        omissions(&report).join("\n")
    };
    let refused = |why: &str| format!("1: the trace of the chosen answer cannot be used: {why}");
    let shorter = fault(&|records| records.truncate(1));
    assert_eq!(
        shorter,
        refused("its tokens spell another text, from token 1 on")
    );
    let longer = fault(&|records| records.push(records[0].clone()));
    assert_eq!(
        longer,
        refused("its tokens spell another text, from token 2 on")
    );
    assert_eq!(
        fault(&|records| records.clear()),
        refused("it has no tokens")
    );
}
