//! Runs on a small random model.

use std::{ops::ControlFlow, path::Path};

use super::*;
use crate::{
    engine::{BaseStorage, Device, Engine, EngineOptions, Precision},
    example::{Answer, Example},
    kernels::Isa,
    lora::{LoraConfig, LoraWeights, SplitMix},
    loss::{FirstTerm, LossSettings},
    model::BaseModel,
};

const DORPO: Dorpo = Dorpo(LossSettings {
    lambda: 0.1,
    first_term: FirstTerm::Answer,
});

fn examples(count: usize, seed: u64) -> Vec<Example> {
    let mut random = SplitMix(seed);
    (0..count)
        .map(|index| {
            let length = 3 + random.below(20);
            let prompt: Vec<u32> = (0..length).map(|_| random.below(50) as u32).collect();
            let chosen = vec![11; 1 + random.below(8)];
            let rejected = vec![vec![7; 1 + random.below(5)]; index % 3];
            Example {
                group: index.to_string(),
                prompt,
                chosen: Answer {
                    tokens: chosen,
                    soft: vec![],
                },
                rejected,
            }
        })
        .collect()
}

fn engine() -> Engine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/llama.gguf");
    let model = BaseModel::read(&path).expect("succeeds");
    let lora = LoraWeights::initial(
        &model.config,
        LoraConfig {
            rank: 4,
            alpha: 8.0,
            ..LoraConfig::default()
        },
        3,
    );
    let options = EngineOptions {
        isa: Isa::best(),
        precision: Precision::F32,
        base: BaseStorage::Packed,
        checkpointing: false,
        share_prompts: true,
        threads: 1,
        device: Device::Processor,
    };
    Engine::new(&model, lora, options).expect("succeeds")
}

fn settings() -> TrainSettings {
    TrainSettings {
        batch: 4,
        epochs: 4,
        learning_rate: 1e-2,
        tokens_at_a_time: 40,
        checkpoint_every: 3,
        ..TrainSettings::default()
    }
}

#[test]
fn a_run_learns_and_keeps_the_best_weights() {
    let folder = tempfile::tempdir().expect("succeeds");
    let (examples, held_out) = (examples(30, 1), examples(10, 2));
    let mut run =
        Run::new(engine(), &DORPO, (&examples, &held_out), settings(), "base").expect("succeeds");
    let mut losses = Vec::new();
    let outcome = run.run(&folder.path().join("run"), |_, event| {
        if let Event::Evaluated { figures, .. } = event {
            losses.push(figures.expect("succeeds").loss);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.expect("succeeds"), Outcome::Finished);
    assert!(
        losses.last().expect("succeeds") < &(losses[0] * 0.9),
        "{losses:?}"
    );
    assert_eq!(run.progress.best, losses.iter().copied().reduce(f64::min));
}

#[test]
fn a_run_that_is_broken_off_anywhere_ends_in_the_same_bits() {
    let folder = tempfile::tempdir().expect("succeeds");
    let path = folder.path().join("run");
    let (examples, held_out) = (examples(13, 1), examples(5, 2));
    let start = || {
        Run::new(engine(), &DORPO, (&examples, &held_out), settings(), "base").expect("succeeds")
    };
    let mut whole = start();
    whole
        .run(&path, |_, _| ControlFlow::Continue(()))
        .expect("succeeds");
    for stop in [1, 2, 4, 5, 9] {
        let mut events = 0;
        let mut first = start();
        let outcome = first.run(&path, |_, _| {
            events += 1;
            if events == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(outcome.expect("succeeds"), Outcome::Paused);
        // What a killed process would have done without writing it.
        drop(first);
        let mut second = start();
        second
            .resume(Checkpoint::read(&path).expect("succeeds"))
            .expect("succeeds");
        second
            .run(&path, |_, _| ControlFlow::Continue(()))
            .expect("succeeds");
        assert_eq!(second.engine.lora().values, whole.engine.lora().values);
        assert_eq!(second.best(), whole.best());
        assert_eq!(second.progress, whole.progress);
    }
}

#[test]
fn checkpoints_of_other_runs_and_damaged_ones_are_refused() {
    let folder = tempfile::tempdir().expect("succeeds");
    let path = folder.path().join("run");
    let (few, other) = (examples(3, 1), examples(3, 2));
    let run = Run::new(engine(), &DORPO, (&few, &[]), settings(), "base").expect("succeeds");
    run.checkpoint().write(&path).expect("succeeds");
    assert!(!path.with_extension("part").exists());
    let refused = |examples: &[Example], settings: TrainSettings, base: &str| {
        let mut run =
            Run::new(engine(), &DORPO, (examples, &[]), settings, base).expect("succeeds");
        run.resume(Checkpoint::read(&path).expect("succeeds"))
            .expect_err("is refused")
            .to_string()
    };
    assert!(refused(&other, settings(), "base").contains("other examples"));
    assert!(refused(&few, settings(), "new base").contains("another base model"));
    assert!(
        refused(
            &few,
            TrainSettings {
                seed: 9,
                ..settings()
            },
            "base"
        )
        .contains("other training settings")
    );

    let whole = std::fs::read(&path).expect("succeeds");
    for broken in [
        &whole[..whole.len() - 1],
        &whole[..10],
        &[],
        &[&whole[..100], &[whole[100] ^ 1], &whole[101..]].concat(),
    ] {
        std::fs::write(&path, broken).expect("succeeds");
        assert!(matches!(
            Checkpoint::read(&path),
            Err(CheckpointError::Damaged { .. })
        ));
    }
    let nowhere = folder.path().join("missing/run");
    assert!(matches!(
        run.checkpoint().write(&nowhere),
        Err(CheckpointError::Write { .. })
    ));
    assert!(matches!(
        Run::new(engine(), &DORPO, (&[], &[]), settings(), ""),
        Err(TrainError::NoExamples)
    ));
}

#[test]
fn the_learning_rate_rises_and_falls() {
    let settings = TrainSettings {
        learning_rate: 1.0,
        warm_up: 0.1,
        final_share: 0.1,
        ..TrainSettings::default()
    };
    let rates: Vec<f32> = (0..100)
        .map(|step| learning_rate(&settings, step, 100))
        .collect();
    assert!((rates[0] - 0.1).abs() < 1e-6 && (rates[9] - 1.0).abs() < 1e-6);
    assert!(rates[9..].windows(2).all(|pair| pair[1] <= pair[0]));
    assert!((rates[55] - 0.55).abs() < 0.02 && rates[99] > 0.1 && rates[99] < 0.102);
}

/// Two steps computed by hand from arXiv 1711.05101, algorithm 2.
#[test]
fn adamw_steps_as_published() {
    let mut adam = AdamW::new(1);
    let size = super::optimiser::StepSize {
        learning_rate: 0.1,
        weight_decay: 0.01,
        clip: 10.0,
    };
    let mut value = [1.0];
    assert!((adam.step(&mut value, &mut [0.5], size) - 0.5).abs() < 1e-9);
    assert!((value[0] - 0.899).abs() < 1e-6, "{value:?}");
    adam.step(&mut value, &mut [-1.0], size);
    // m = 0.9 * 0.05 - 0.1 = -0.055 / 0.19; v = 0.999 * 0.00025 + 0.001 = 0.00124975 / 0.001999
    let expected =
        0.899 - 0.1 * (-0.055 / 0.19 / (0.001_249_75f32 / 0.001_999).sqrt() + 0.01 * 0.899);
    assert!((value[0] - expected).abs() < 1e-5, "{value:?} {expected}");
}
