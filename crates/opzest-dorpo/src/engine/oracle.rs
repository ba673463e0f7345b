//! The engine against an oracle that shares only the file with it: candle's automatic gradients in f64 over dequantised
//! weights, each sequence on its own, up to the same loss written as one expression. It uses no operation of candle's that
//! silently cuts the gradient (fused norms, softmax and rotary positions).

mod naive;
mod small;

use super::*;
use crate::{
    example::{Answer, Example, SoftLabel},
    lora::{LoraConfig, SplitMix, Target},
    loss::LossSettings,
    model::Architecture,
    train::{Counts, Dorpo, Objective},
};
use naive::Naive;

const LAMBDA: f64 = 0.7;

fn lora(model: &BaseModel, random: &mut SplitMix) -> LoraWeights {
    let config = LoraConfig {
        rank: 5,
        alpha: 8.0,
        targets: Target::ALL.to_vec(),
    };
    let mut lora = LoraWeights::zeros(&model.config, config);
    for value in &mut lora.values {
        *value = (random.unit() - 0.5) * 0.4;
    }
    lora
}

/// Two rejected answers, and soft labels at all positions but every third.
fn example(random: &mut SplitMix, lengths: [usize; 4]) -> Example {
    let mut tokens = |count: usize| -> Vec<u32> {
        (0..count)
            .map(|_| random.below(small::VOCABULARY) as u32)
            .collect()
    };
    let (prompt, chosen) = (tokens(lengths[0]), tokens(lengths[1]));
    let rejected = vec![tokens(lengths[2]), tokens(lengths[3])];
    let soft = |(position, token): (usize, &u32)| {
        (position % 3 != 2).then(|| SoftLabel {
            tokens: (0..4)
                .map(|i| (token + 17 * i) % small::VOCABULARY as u32)
                .collect(),
            log_probs: vec![-0.7, -1.5, -3.0, -4.5],
        })
    };
    Example {
        group: String::new(),
        prompt,
        rejected,
        chosen: Answer {
            soft: chosen.iter().enumerate().map(soft).collect(),
            tokens: chosen,
        },
    }
}

/// |a - b| / |b|.
fn distance(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let off: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - b).powi(2))
        .sum();
    (off / b.iter().map(|b| b * b).sum::<f64>()).sqrt()
}

#[test]
fn loss_and_gradients_are_those_of_automatic_gradients() {
    let folder = tempfile::tempdir().expect("succeeds");
    let mut random = SplitMix(11);
    // More tokens than a panel has, so that the attention crosses from one to the next.
    let examples = [
        example(&mut random, [40, 9, 21, 14]),
        example(&mut random, [7, 13, 1, 5]),
    ];
    for architecture in [
        Architecture::Llama,
        Architecture::Qwen2,
        Architecture::Qwen3,
    ] {
        let path = small::write(folder.path(), architecture);
        let model = BaseModel::read(&path).expect("the file is read");
        let lora = lora(&model, &mut random);
        let naive = Naive::new(&path, &model.config, &lora).expect("the file is read");
        let oracle = naive.loss_and_gradient(&examples, LAMBDA);
        let oracle = oracle.expect("candle has these operations");
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            for base in [BaseStorage::Packed, BaseStorage::Quantised] {
                let options = EngineOptions {
                    isa,
                    precision: Precision::F32,
                    base,
                    checkpointing: false,
                    share_prompts: true,
                    threads: 2,
                    device: Device::Processor,
                };
                let mut engine = Engine::new(&model, lora.clone(), options).expect("succeeds");
                let loss = engine
                    .loss_and_gradients(&examples, false, |scores| dorpo(&examples, scores))
                    .expect("succeeds");
                let off = (loss - oracle.0).abs() / oracle.0;
                let gradient_off = distance(engine.gradients(), &oracle.1);
                assert!(
                    off < 1e-6 && gradient_off < 1e-5,
                    "{architecture:?} {isa:?} {base:?}: {off:e} {gradient_off:e}"
                );
            }
        }
    }
}

fn dorpo(examples: &[Example], scores: &[TokenScores]) -> (f64, Vec<TokenScores>) {
    let settings = LossSettings {
        lambda: LAMBDA,
        ..LossSettings::default()
    };
    let (figures, gradients) = Dorpo(settings)
        .loss(examples, scores, Counts::of(examples))
        .expect("log-probabilities are numbers");
    (figures.loss, gradients)
}
