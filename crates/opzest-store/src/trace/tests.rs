use super::*;
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};
use proptest::prelude::*;

/// Real ones: tests/fixtures/README.md.
fn recorded() -> Vec<Vec<TokenRecord>> {
    let bytes = include_bytes!("../../tests/fixtures/traces-k64.postcard");
    let generations: Vec<Vec<TokenTrace>> = postcard::from_bytes(bytes).expect("the fixture");
    let traced = |traces: Vec<TokenTrace>| traces.into_iter().map(TokenRecord::Traced).collect();
    generations.into_iter().map(traced).collect()
}

fn assert_near(kept: &Candidate, given: &Candidate) {
    assert_eq!((kept.id, &kept.bytes), (given.id, &given.bytes));
    if given.logprob < LOGPROB_FLOOR {
        assert_eq!(kept.logprob, LOGPROB_FLOOR);
    } else {
        // Above 4096 nats f32 itself is coarser than a step.
        let error = f64::from(kept.logprob) - f64::from(given.logprob);
        let allowed = f64::from(LOGPROB_STEP) / 2.0 + f64::from(given.logprob.abs()) * 1e-7;
        assert!(
            error.abs() <= allowed,
            "{} for {}",
            kept.logprob,
            given.logprob
        );
    }
}

fn assert_kept(records: &[TokenRecord]) {
    let bytes = encode_trace(records).expect("encodes");
    let kept = decode_trace(&bytes).expect("decodes");
    assert_eq!(kept.len(), records.len());
    for pair in kept.iter().zip(records) {
        match pair {
            (TokenRecord::Traced(kept), TokenRecord::Traced(given)) => {
                assert_near(&kept.token, &given.token);
                assert_eq!(kept.top.len(), given.top.len());
                for (kept, given) in kept.top.iter().zip(&given.top) {
                    assert_near(kept, given);
                }
                assert_eq!(kept.tail, given.tail);
                let descends = |top: &[Candidate]| top.is_sorted_by(|a, b| a.logprob >= b.logprob);
                assert!(
                    descends(&kept.top) || !descends(&given.top),
                    "the order is kept"
                );
            }
            (kept, given) => assert_eq!(kept, given),
        }
    }
    // What was read is kept as it is from then on.
    assert_eq!(encode_trace(&kept).expect("encodes"), bytes);
}

#[test]
fn real_traces_are_kept_in_300_bytes_a_token() {
    let (mut tokens, mut bytes) = (0, 0);
    for records in recorded() {
        assert_kept(&records);
        tokens += records.len();
        bytes += encode_trace(&records).expect("encodes").len();
        for record in decode_trace(&encode_trace(&records).expect("encodes")).expect("decodes") {
            let TokenRecord::Traced(trace) = record else {
                panic!("all are traced");
            };
            assert!(trace.top.len() >= 64);
            assert!(trace.top.contains(&trace.token));
            let mass: f64 = trace
                .top
                .iter()
                .map(|one| f64::from(one.logprob).exp())
                .sum();
            let whole = mass + f64::from(trace.tail);
            assert!((whole - 1.0).abs() < 0.0005, "{whole}");
        }
    }
    assert!(tokens > 100, "{tokens} tokens");
    assert!(bytes <= 300 * tokens, "{} bytes a token", bytes / tokens);
}

#[test]
fn what_is_no_distribution_is_refused() {
    let record = |logprob, tail| {
        let token = Candidate {
            id: Some(1),
            bytes: b"a".to_vec(),
            logprob,
        };
        let top = vec![token.clone()];
        [TokenRecord::Traced(TokenTrace { token, top, tail })]
    };
    for logprob in [f32::NAN, 0.1, f32::INFINITY] {
        let refused = encode_trace(&record(logprob, 0.0)).expect_err("refused");
        assert_eq!(refused, TraceProblem::NotALogProbability);
    }
    for tail in [f32::NAN, -0.1, 1.1] {
        let refused = encode_trace(&record(-1.0, tail)).expect_err("refused");
        assert_eq!(refused, TraceProblem::NotAMass);
    }
    assert_kept(&record(f32::NEG_INFINITY, 1.0));
    assert_kept(&record(0.0, 0.0));
    assert_kept(&record(-0.0, 0.0));
    assert_kept(&record(-f32::MIN_POSITIVE, 1.0));
    let [TokenRecord::Traced(mut long)] = record(-1.0, 0.5) else {
        panic!("traced");
    };
    long.token.bytes = vec![b'x'; 5000];
    let refused = encode_trace(&[TokenRecord::Traced(long)]).expect_err("refused");
    assert!(matches!(refused, TraceProblem::TooLong { .. }), "{refused}");
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let records: Vec<TokenRecord> = recorded()[2][..3].to_vec();
    let bytes = encode_trace(&records).expect("encodes");
    for length in 0..bytes.len() {
        decode_trace(&bytes[..length]).expect_err("cut off");
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        decode_trace(&flipped).expect_err("flipped");
    }
    let newer = sealed(2, &bytes[1..bytes.len() - 4]);
    assert_eq!(decode_trace(&newer), Err(TraceProblem::Newer { found: 2 }));
}

/// With a checksum that fits, so that reading goes on.
fn sealed(version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = [&[version], body].concat();
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn logprob() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -30.0_f32..=0.0,
        1 => Just(0.0),
        1 => Just(f32::NEG_INFINITY),
        1 => -1e9_f32..=0.0,
    ]
}

fn candidate() -> impl Strategy<Value = Candidate> {
    let id = proptest::option::of(prop_oneof![0..300_u32, any::<u32>()]);
    let bytes = proptest::collection::vec(any::<u8>(), 0..6);
    (id, bytes, logprob()).prop_map(|(id, bytes, logprob)| Candidate { id, bytes, logprob })
}

fn record() -> impl Strategy<Value = TokenRecord> {
    let traced = (
        proptest::collection::vec(candidate(), 0..12),
        candidate(),
        any::<proptest::sample::Index>(),
        any::<(bool, bool)>(),
        0.0_f32..=1.0,
    );
    prop_oneof![
        4 => traced.prop_map(|(mut top, apart, index, (sorted, among), tail)| {
            if sorted {
                top.sort_by(|a, b| b.logprob.total_cmp(&a.logprob));
            }
            let among = among && !top.is_empty();
            let token = if among { index.get(&top).clone() } else { apart };
            TokenRecord::Traced(TokenTrace { token, top, tail })
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..9)
            .prop_map(|bytes| TokenRecord::Untraced { bytes }),
    ]
}

proptest! {
    #[test]
    fn any_trace_is_kept_within_half_a_step(records in proptest::collection::vec(record(), 0..20)) {
        assert_kept(&records);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_trace(&body);
        let _ = decode_trace(&sealed(1, &body));
    }

    #[test]
    fn changed_traces_with_a_right_checksum_are_read_or_refused(
        records in proptest::collection::vec(record(), 1..6),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let bytes = encode_trace(&records).expect("encodes");
        let mut body = bytes[1..bytes.len() - 4].to_vec();
        for (at, value) in changes {
            let at = at.index(body.len());
            body[at] = value;
        }
        if let Ok(read) = decode_trace(&sealed(1, &body)) {
            encode_trace(&read).expect("what is read can be kept");
        }
    }

    /// The columns themselves, uncompressed, with any content.
    #[test]
    fn any_columns_are_read_or_refused(
        columns in proptest::collection::vec(proptest::collection::vec(0..4_u8, 0..6), 21),
        numbers in proptest::collection::vec(0..6_usize, 3),
    ) {
        let mut writer = columns::Writer::default();
        writer.number(numbers[0]);
        for (place, column) in columns.iter().enumerate() {
            // The dictionary begins with two numbers, after its seven columns before.
            if place == 7 {
                writer.number(numbers[1]);
                writer.number(numbers[2]);
            }
            writer.bytes(column);
        }
        let written = writer.finish();
        let _ = decode_trace(&sealed(1, &written[..written.len() - 4]));
    }
}
