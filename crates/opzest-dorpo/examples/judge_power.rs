//! How often the judgement says Win, by how much better the new model is, and by the number of sessions. Prints a table for
//! docs/experiments.md: `cargo run -p opzest-dorpo --example judge_power [COMPARISONS]`.
//!
//! A session has one to five examples. Their differences (nats per token by which the new model is better) have a
//! session's part and their own, of standard deviation 1 each; `gain` is the true mean in units of the standard deviation
//! of a session's mean with three examples, sqrt(1 + 1/3).

use opzest_dorpo::judge::{General, HeldOut, Measured, Scored, Verdict, judge};
use rand::{Rng, SeedableRng, rngs::StdRng};

const TOKENS: f64 = 1000.0;
/// Nats per token of a difference of 1.
const SMALL: f64 = 0.01;

#[derive(Clone, Copy, Debug)]
enum Shape {
    Normal,
    /// Student's t with 3 degrees of freedom.
    Heavy,
    /// One session has 30 examples.
    Uneven,
    /// Exponential, its mean taken off: most sessions a little better, few much worse.
    Skewed,
}

fn normal(random: &mut StdRng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn noise(shape: Shape, random: &mut StdRng) -> f64 {
    match shape {
        Shape::Normal | Shape::Uneven => normal(random),
        Shape::Heavy => {
            let squares: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
            // Of variance 3.
            normal(random) / (squares / 3.0).sqrt() / 3_f64.sqrt()
        }
        Shape::Skewed => 1.0 + (1.0 - random.random::<f64>()).ln(),
    }
}

fn scored(nll: f64) -> Scored {
    Scored {
        log_prob: -TOKENS * nll,
        tokens: TOKENS as u32,
        bytes: 4 * TOKENS as u32,
    }
}

fn measured(nll: f64) -> Measured {
    Measured {
        chosen: scored(nll),
        rejected: Vec::new(),
        kl: None,
        valid: Vec::new(),
    }
}

fn comparison(shape: Shape, groups: usize, gain: f64, random: &mut StdRng) -> Vec<HeldOut> {
    let mut examples = Vec::new();
    for group in 0..groups {
        let shared = noise(shape, random);
        let count = match (shape, group) {
            (Shape::Uneven, 0) => 30,
            _ => random.random_range(1..=5),
        };
        for _ in 0..count {
            let difference = gain * (4_f64 / 3.0).sqrt() + shared + noise(shape, random);
            examples.push(HeldOut {
                group: group.to_string(),
                current: measured(2.0),
                candidate: measured((2.0 - SMALL * difference).max(0.0)),
            });
        }
    }
    examples
}

fn main() {
    let comparisons = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(2000);
    let general = General {
        current: scored(3.0),
        candidate: scored(3.0),
    };
    println!("{comparisons} comparisons each: percent Win / percent Loss\n");
    println!(
        "| differences | sessions | gain 0 | 0.25 | 0.5 | 1 | 2 |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for shape in [Shape::Normal, Shape::Heavy, Shape::Uneven, Shape::Skewed] {
        for groups in [5, 10, 30] {
            print!("| {shape:?} | {groups} |");
            for gain in [0.0, 0.25, 0.5, 1.0, 2.0] {
                let mut random = StdRng::seed_from_u64(1);
                let (mut wins, mut losses) = (0, 0);
                for seed in 0..comparisons {
                    let examples = comparison(shape, groups, gain, &mut random);
                    let judgement = judge(&examples, &general, seed).expect("sound inputs");
                    wins += u32::from(judgement.verdict == Verdict::Win);
                    losses += u32::from(judgement.verdict == Verdict::Loss);
                }
                let percent = |count: u32| 100.0 * f64::from(count) / comparisons as f64;
                print!(" {:.1} / {:.1} |", percent(wins), percent(losses));
            }
            println!();
        }
    }
}
