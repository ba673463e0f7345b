//! Against Hugging Face transformers (`tests/reference/models.py`), in every form that must not change the gradient.

use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::lora::{LoraConfig, Target};

#[derive(Deserialize)]
struct Reference {
    rank: usize,
    alpha: f32,
    examples: Vec<Example>,
    adapter: Vec<f32>,
    coefficients: Vec<f32>,
    log_probs: Vec<f32>,
    gradient: Vec<f32>,
}

const NAMES: [&str; 4] = ["llama", "llama3", "qwen2", "qwen3"];

fn load(name: &str) -> (BaseModel, Reference) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let model = BaseModel::read(&folder.join(format!("{name}.gguf"))).expect("succeeds");
    let json = std::fs::read(folder.join(format!("{name}.json"))).expect("succeeds");
    (model, serde_json::from_slice(&json).expect("succeeds"))
}

fn lora(model: &BaseModel, reference: &Reference) -> LoraWeights {
    let config = LoraConfig {
        rank: reference.rank,
        alpha: reference.alpha,
        targets: Target::ALL.to_vec(),
    };
    let mut lora = LoraWeights::zeros(&model.config, config);
    lora.values.copy_from_slice(&reference.adapter);
    lora
}

fn plain(isa: Isa) -> EngineOptions {
    EngineOptions {
        isa,
        precision: Precision::F32,
        base: BaseStorage::Packed,
        checkpointing: false,
        share_prompts: true,
        threads: 2,
        device: Device::Processor,
    }
}

fn engine(model: &BaseModel, reference: &Reference, options: EngineOptions) -> Engine {
    Engine::new(model, lora(model, reference), options).expect("succeeds")
}

/// As the flat lists of the reference.
fn flat(scores: &[TokenScores]) -> Vec<f32> {
    let mut numbers = Vec::new();
    for example in scores {
        numbers.extend(&example.prompt);
        for (i, chosen) in example.chosen.iter().enumerate() {
            numbers.push(*chosen);
            numbers.extend(example.soft.get(i).into_iter().flatten());
        }
        numbers.extend(example.rejected.iter().flatten());
    }
    numbers
}

/// The scores' shapes, filled from a flat list.
fn shaped(scores: &[TokenScores], numbers: &mut impl Iterator<Item = f32>) -> Vec<TokenScores> {
    let mut take = |count: usize| numbers.by_ref().take(count).collect::<Vec<_>>();
    let shape = |scores: &TokenScores| {
        let mut to = TokenScores {
            prompt: take(scores.prompt.len()),
            ..TokenScores::default()
        };
        for i in 0..scores.chosen.len() {
            to.chosen.extend(take(1));
            to.soft
                .extend(scores.soft.get(i).map(|soft| take(soft.len())));
        }
        to.rejected = scores
            .rejected
            .iter()
            .map(|rejected| take(rejected.len()))
            .collect();
        to
    };
    scores.iter().map(shape).collect()
}

/// Log-probabilities and the gradient of the reference's loss, in batches of `each` examples.
fn run(engine: &mut Engine, reference: &Reference, each: usize) -> (Vec<f32>, Vec<f32>) {
    engine.clear_gradients();
    let mut coefficients = reference.coefficients.iter().copied();
    let mut log_probs = Vec::new();
    for examples in reference.examples.chunks(each) {
        let scores = engine
            .loss_and_gradients(examples, true, |scores| {
                (scores.to_vec(), shaped(scores, &mut coefficients))
            })
            .expect("succeeds");
        log_probs.extend(flat(&scores));
    }
    (log_probs, engine.gradients().to_vec())
}

/// |a - b| / |b|, in f64.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square =
        |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let off = square(&mut a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    off / square(&mut b.iter().map(|b| f64::from(*b)))
}

/// How far an engine's log-probabilities and gradients are from the reference's.
fn off(engine: &mut Engine, reference: &Reference) -> (f64, f64) {
    let (log_probs, gradient) = run(engine, reference, 3);
    (
        distance(&log_probs, &reference.log_probs),
        distance(&gradient, &reference.gradient),
    )
}

/// The same as transformers, once more, and without a gradient.
fn check(engine: &mut Engine, reference: &Reference, what: &str) {
    let (off, gradient_off) = off(engine, reference);
    assert!(
        off < 2e-6 && gradient_off < 1e-5,
        "{what}: {off:e} {gradient_off:e}"
    );
    let first = run(engine, reference, 3);
    assert_eq!(run(engine, reference, 3), first, "{what}");
    let without_gradient = engine.log_probs(&reference.examples, true);
    assert_eq!(
        flat(&without_gradient.expect("succeeds")),
        first.0,
        "{what}"
    );
}

#[test]
fn log_probs_and_gradients_are_those_of_transformers() {
    for name in NAMES {
        let (model, reference) = load(name);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let mut engine = engine(&model, &reference, plain(isa));
            check(&mut engine, &reference, &format!("{name} {isa:?}"));
        }
    }
}

/// candle's operations on candle's processor: what a graphics card computes, but for the order of its sums.
fn card(model: &BaseModel, reference: &Reference, options: EngineOptions) -> Engine {
    let device = candle_core::Device::Cpu;
    Engine::placed(model, lora(model, reference), options, Some(device)).expect("succeeds")
}

#[test]
fn a_card_computes_the_same() {
    for name in NAMES {
        let (model, reference) = load(name);
        for checkpointing in [false, true] {
            let options = EngineOptions {
                checkpointing,
                ..plain(Isa::Portable)
            };
            let mut engine = card(&model, &reference, options);
            let what = format!("{name}, checkpointing {checkpointing}");
            check(&mut engine, &reference, &what);
        }
    }
}

#[test]
fn a_card_in_bf16_stays_within_its_rounding() {
    for name in NAMES {
        let (model, reference) = load(name);
        let options = EngineOptions {
            precision: Precision::Bf16,
            ..plain(Isa::Portable)
        };
        let (off, gradient_off) = off(&mut card(&model, &reference, options), &reference);
        // Measured: at most 6.2e-3 and 1.4e-1. Unlike ours, its products round their results, too.
        assert!(
            off < 1e-2 && gradient_off < 2e-1,
            "{name}: {off:e} {gradient_off:e}"
        );
    }
}

#[test]
fn a_card_that_is_not_there_is_refused() {
    let (model, reference) = load("llama");
    let options = EngineOptions::cuda(99, 1);
    let refused = Engine::new(&model, lora(&model, &reference), options);
    let told = refused.err().expect("there are no 100 cards").to_string();
    assert!(told.contains("train on the processor"), "{told}");
}

#[test]
fn bf16_stays_within_its_rounding() {
    if !Isa::best().has_bf16() {
        return;
    }
    for name in NAMES {
        let (model, reference) = load(name);
        let options = EngineOptions {
            precision: Precision::Bf16,
            ..plain(Isa::Avx512Bf16)
        };
        let (off, gradient_off) = off(&mut engine(&model, &reference, options), &reference);
        // Measured: at most 6.3e-3 and 5.2e-2. It is bf16's own rounding: PyTorch under autocast is off by 8.0e-3 and 9.1e-2
        // on the same numbers (`tests/reference/autocast.py`). Random weights with a made-up adapter are the hard
        // case; on SmolLM2-135M our gradient is off by 4.8e-2 (`train_speed --against-f32`).
        assert!(
            off < 1e-2 && gradient_off < 8e-2,
            "{name}: {off:e} {gradient_off:e}"
        );
    }
}

#[test]
fn sharing_packing_checkpointing_and_storage_do_not_change_the_gradient() {
    for name in NAMES {
        let (model, reference) = load(name);
        let expected = run(
            &mut engine(&model, &reference, plain(Isa::best())),
            &reference,
            3,
        );
        let plain = plain(Isa::best());
        let forms = [
            (
                EngineOptions {
                    share_prompts: false,
                    ..plain.clone()
                },
                3,
            ),
            (
                EngineOptions {
                    checkpointing: true,
                    ..plain.clone()
                },
                3,
            ),
            (
                EngineOptions {
                    base: BaseStorage::Quantised,
                    ..plain.clone()
                },
                3,
            ),
            (plain.clone(), 1),
        ];
        for (options, each) in forms {
            let (log_probs, gradient) = run(
                &mut engine(&model, &reference, options.clone()),
                &reference,
                each,
            );
            let off = distance(&log_probs, &expected.0).max(distance(&gradient, &expected.1));
            assert!(off < 2e-6, "{name} {options:?} by {each}: {off:e}");
        }
    }
}

#[test]
fn the_same_numbers_come_out_bit_for_bit_with_any_threads() {
    let (model, reference) = load("qwen3");
    let precisions = if Isa::best().has_bf16() {
        vec![Precision::F32, Precision::Bf16]
    } else {
        vec![Precision::F32]
    };
    for precision in precisions {
        let options = |threads| EngineOptions {
            precision,
            threads,
            ..plain(Isa::best())
        };
        let mut first = engine(&model, &reference, options(1));
        let expected = run(&mut first, &reference, 3);
        assert_eq!(
            run(&mut first, &reference, 3),
            expected,
            "a second step with the same memory"
        );
        assert_eq!(
            run(&mut engine(&model, &reference, options(3)), &reference, 3),
            expected
        );
    }
}

#[test]
fn gradients_are_the_slopes_of_the_loss() {
    let (model, reference) = load("qwen2");
    let mut engine = engine(&model, &reference, plain(Isa::best()));
    let gradient = run(&mut engine, &reference, 3).1;
    let slices = engine.lora().slices.clone();
    let mut loss = |index: usize, by: f32| {
        engine.step().0[index] += by;
        let scores = flat(
            &engine
                .log_probs(&reference.examples, true)
                .expect("succeeds"),
        );
        engine.step().0[index] -= by;
        scores
            .iter()
            .zip(&reference.coefficients)
            .map(|(l, c)| f64::from(*l) * f64::from(*c))
            .sum::<f64>()
    };
    for slice in slices {
        for index in [slice.a.start + 1, slice.b.start + 1] {
            let slope = (loss(index, 1e-2) - loss(index, -1e-2)) / 2e-2;
            let off = (slope - f64::from(gradient[index])).abs();
            assert!(
                off < 2e-3 * slope.abs().max(0.05),
                "{slice:?} {index}: {slope} {}",
                gradient[index]
            );
        }
    }
}

#[test]
fn an_adapter_on_a_few_matrices_learns_only_there() {
    let (model, reference) = load("llama");
    let config = LoraConfig {
        rank: 3,
        alpha: 1.0,
        targets: vec![Target::V, Target::Down],
    };
    let lora = LoraWeights::initial(&model.config, config, 7);
    let mut engine = Engine::new(&model, lora, plain(Isa::best())).expect("succeeds");
    let gradient = run(&mut engine, &reference, 3).1;
    for slice in &engine.lora().slices {
        // B is zero at first, so that A has no slope yet.
        assert!(gradient[slice.a.clone()].iter().all(|g| *g == 0.0));
        assert!(
            gradient[slice.b.clone()].iter().any(|g| *g != 0.0),
            "{slice:?}"
        );
    }
}

#[test]
fn bad_examples_are_refused_by_number() {
    let (model, reference) = load("llama");
    let mut engine = engine(&model, &reference, plain(Isa::best()));
    let good = reference.examples[1].clone();
    let bad = |change: &dyn Fn(&mut Example)| {
        let mut example = good.clone();
        change(&mut example);
        [good.clone(), example]
    };
    for (examples, message) in [
        (bad(&|e| e.prompt.clear()), "empty prompt or answer"),
        (bad(&|e| e.chosen.tokens.clear()), "empty prompt or answer"),
        (
            bad(&|e| e.rejected = vec![vec![]]),
            "empty prompt or answer",
        ),
        (bad(&|e| e.prompt[0] = 50), "the token 50"),
        (bad(&|e| e.prompt = vec![1; 600]), "601 tokens"),
        (
            bad(&|e| e.chosen.soft.push(None)),
            "2 soft labels for 1 tokens",
        ),
    ] {
        let error = engine
            .log_probs(&examples, false)
            .expect_err("is refused")
            .to_string();
        assert!(
            error.contains(message) && error.contains("example 1"),
            "{error}"
        );
    }
    assert!(
        engine
            .log_probs(&[], false)
            .expect_err("is refused")
            .to_string()
            .contains("empty")
    );
    let wrong = engine.loss_and_gradients(std::slice::from_ref(&good), false, |scores| {
        ((), vec![TokenScores::default(); scores.len()])
    });
    assert!(matches!(wrong, Err(EngineError::Gradient(_))));
    let not_a_number = engine.loss_and_gradients(&[good], false, |scores| {
        let mut gradients = scores.to_vec();
        gradients[0].chosen[0] = f32::NAN;
        ((), gradients)
    });
    assert!(matches!(not_a_number, Err(EngineError::Gradient(_))));
    assert!(
        engine.gradients().iter().all(|g| *g == 0.0),
        "nothing was added"
    );
}
