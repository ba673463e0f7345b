//! A layer of attention small enough to write down, as trainer and as runtime: the parity check must tell a right adapter
//! from each of the wrong ones.

use super::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

const WIDTH: usize = 16;
const TOKENS: usize = 120;
const VOCABULARY: usize = 20;
const RANK: usize = 4;

type Matrix = Vec<Vec<f64>>;

fn random(rows: usize, columns: usize, size: f64, seed: u64) -> Matrix {
    let mut random = StdRng::seed_from_u64(seed);
    let mut row = || {
        (0..columns)
            .map(|_| random.random_range(-size..size))
            .collect()
    };
    (0..rows).map(|_| row()).collect()
}

fn times(matrix: &Matrix, vector: &[f64]) -> Vec<f64> {
    let product = |row: &Vec<f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
    matrix.iter().map(product).collect()
}

/// What the runtime made of the adapter: B of q, B of v, and the scale.
#[derive(Clone)]
struct Adapter {
    q: Matrix,
    v: Matrix,
    scale: f64,
}

fn adapter() -> Adapter {
    Adapter {
        q: random(WIDTH, RANK, 0.6, 5),
        v: random(WIDTH, RANK, 0.6, 6),
        scale: 2.0,
    }
}

/// Log-probabilities of TOKENS tokens. `noise` is the rounding of one side, in nats, the same in every call with a seed.
fn log_probs(adapter: Option<&Adapter>, noise: (f64, u64)) -> Vec<f32> {
    let (wq, wk, wv) = (
        random(WIDTH, WIDTH, 0.5, 1),
        random(WIDTH, WIDTH, 0.5, 2),
        random(WIDTH, WIDTH, 0.5, 3),
    );
    let (head, inputs) = (
        random(VOCABULARY, WIDTH, 1.0, 4),
        random(TOKENS, WIDTH, 1.0, 7),
    );
    let (aq, av) = (random(RANK, WIDTH, 0.5, 8), random(RANK, WIDTH, 0.5, 9));
    let with = |weight: &Matrix, a: &Matrix, b: Option<&Matrix>, input: &[f64]| {
        let mut output = times(weight, input);
        if let (Some(b), Some(adapter)) = (b, adapter) {
            for (output, more) in output.iter_mut().zip(times(b, &times(a, input))) {
                *output += adapter.scale * more;
            }
        }
        output
    };
    let mut rounding = StdRng::seed_from_u64(noise.1);
    let mut result = Vec::new();
    for position in 0..TOKENS {
        let q = with(
            &wq,
            &aq,
            adapter.map(|adapter| &adapter.q),
            &inputs[position],
        );
        let seen = &inputs[position.saturating_sub(5)..=position];
        let scores: Vec<f64> = seen
            .iter()
            .map(|input| {
                times(&wk, input)
                    .iter()
                    .zip(&q)
                    .map(|(k, q)| k * q)
                    .sum::<f64>()
                    / 4.0
            })
            .collect();
        let sum: f64 = scores.iter().map(|score| score.exp()).sum();
        let mut mixed = vec![0.0; WIDTH];
        for (input, score) in seen.iter().zip(&scores) {
            let v = with(&wv, &av, adapter.map(|adapter| &adapter.v), input);
            for (mixed, v) in mixed.iter_mut().zip(v) {
                *mixed += score.exp() / sum * v;
            }
        }
        let logits = times(&head, &mixed);
        let total = logits.iter().map(|logit| logit.exp()).sum::<f64>().ln();
        let error = rounding.random_range(-1.0..1.0) * noise.0 * 3_f64.sqrt();
        result.push((logits[position % VOCABULARY] - total + error) as f32);
    }
    result
}

/// Parts: the whole adapter, q alone, v alone. `served` is what the runtime has.
fn judged(base: Base, served: &Adapter, noise: f64) -> Parity {
    let right = adapter();
    let zero = vec![vec![0.0; RANK]; WIDTH];
    let only = |adapter: &Adapter, name: &str| Adapter {
        q: if name == "v" {
            zero.clone()
        } else {
            adapter.q.clone()
        },
        v: if name == "q" {
            zero.clone()
        } else {
            adapter.v.clone()
        },
        // One target alone is measured with a larger alpha.
        scale: if name == "whole" { 1.0 } else { 2.0 } * adapter.scale,
    };
    let parts = ["whole", "q", "v"].map(|name| Part {
        name: name.into(),
        trainer: LogProbs {
            without_adapter: log_probs(None, (0.0, 1)),
            with_adapter: log_probs(Some(&only(&right, name)), (0.0, 1)),
        },
        runtime: LogProbs {
            without_adapter: log_probs(None, (noise, 2)),
            with_adapter: log_probs(Some(&only(served, name)), (noise, 3)),
        },
    });
    parity(base, &parts).expect("sound inputs")
}

fn wrong() -> [(&'static str, Adapter); 3] {
    let (mut permuted, mut doubled, mut zeroed) = (adapter(), adapter(), adapter());
    // The rows of a head of 16, put from pairs into halves.
    permuted.q = (0..WIDTH)
        .map(|row| adapter().q[2 * (row % 8) + row / 8].clone())
        .collect();
    doubled.scale *= 2.0;
    zeroed.q = vec![vec![0.0; RANK]; WIDTH];
    zeroed.v = zeroed.q.clone();
    [
        ("permuted q", permuted),
        ("doubled scale", doubled),
        ("zeroed B", zeroed),
    ]
}

#[test]
fn the_right_adapter_passes() {
    assert!(judged(Base::F32, &adapter(), 0.002).passed());
    let quantised = judged(Base::Quantised, &adapter(), 0.07);
    assert!(quantised.passed(), "{quantised:#?}");
}

#[test]
fn wrong_adapters_fail() {
    for (what, adapter) in wrong() {
        for (base, noise) in [
            (Base::F32, 0.0),
            (Base::Quantised, 0.0),
            (Base::Quantised, 0.07),
        ] {
            let parity = judged(base, &adapter, noise);
            assert!(!parity.passed(), "{what}: {parity:#?}");
            let different = |part: &PartParity| part.outcome == Outcome::Different;
            assert!(parity.parts.iter().any(different), "{what}: {parity:#?}");
        }
    }
}

#[test]
fn a_base_that_differs_fails_on_f32_and_a_small_effect_on_a_quantised_one_tells_nothing() {
    assert!(!judged(Base::F32, &adapter(), 0.02).passed());
    let mut part = Part {
        name: "whole".into(),
        trainer: LogProbs {
            without_adapter: vec![-1.0; 4],
            with_adapter: vec![-1.05; 4],
        },
        runtime: LogProbs {
            without_adapter: vec![-1.0; 4],
            with_adapter: vec![-1.05; 4],
        },
    };
    let outcome = |part: &Part, base| {
        let parity = parity(base, std::slice::from_ref(part)).expect("sound inputs");
        (parity.parts[0].outcome, parity.passed())
    };
    assert_eq!(
        outcome(&part, Base::Quantised),
        (Outcome::TooSmallToTell, false)
    );
    assert_eq!(outcome(&part, Base::F32), (Outcome::Same, true));
    part.runtime.with_adapter.pop();
    let error = parity(Base::F32, std::slice::from_ref(&part));
    assert_eq!(error, Err(ParityError::Lengths("whole".into())));
    part.runtime.with_adapter.push(f32::NAN);
    let error = parity(Base::F32, &[part]);
    assert_eq!(error, Err(ParityError::NotFinite("whole".into())));
    assert_eq!(parity(Base::F32, &[]), Err(ParityError::Nothing));
}
