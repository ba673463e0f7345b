//! Tokens per second of training steps with the DORPO loss, peak memory, and the share of the processor's peak. The last
//! line is the same as JSON, for `make bench-train`.
//!
//! `cargo run --release -p opzest-dorpo --example train_speed -- MODEL [--isa avx2] [--precision f32] [--prompt 128]
//! [--answer 128] [--pairs 1] [--steps 6] [--threads 2] [--unshared] [--checkpointing] [--quantised] [--rank 16]`

use std::{path::Path, time::Instant};

use anyhow::{Context, bail};
use opzest_dorpo::{
    engine::{BaseStorage, Engine, EngineOptions, Part, Precision, TokenScores},
    example::{Answer, Example, SoftLabel},
    kernels::{Isa, peak},
    lora::{LoraConfig, LoraWeights, SplitMix},
    model::BaseModel,
    train::{AdamW, BatchSize, Counts, Dorpo, Objective, StepSize, memory as estimated_memory},
};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let model_path = arguments.first().context("which model file?")?;
    let text = |name: &str| {
        arguments
            .iter()
            .position(|a| a == name)
            .and_then(|i| arguments.get(i + 1))
    };
    let number = |name: &str, default: usize| text(name).map_or(Ok(default), |value| value.parse());
    let flag = |name: &str| arguments.iter().any(|a| a == name);
    let mut options = EngineOptions::fastest(number("--threads", 2)?);
    options.isa = match text("--isa").map(String::as_str) {
        None => options.isa,
        Some("avx512") => Isa::Avx512,
        Some("avx2") => Isa::Avx2,
        Some("portable") => Isa::Portable,
        Some(other) => bail!("no instruction set {other}"),
    };
    if text("--precision").is_some_and(|precision| precision == "f32") || !options.isa.has_bf16() {
        options.precision = Precision::F32;
    }
    options.share_prompts = !flag("--unshared");
    options.checkpointing = flag("--checkpointing");
    if flag("--quantised") {
        options.base = BaseStorage::Quantised;
    }
    let (prompt, answer, pairs) = (
        number("--prompt", 128)?,
        number("--answer", 128)?,
        number("--pairs", 1)?,
    );
    let (isa, precision, threads) = (options.isa, options.precision, options.threads);

    let start = Instant::now();
    let (mut engine, parameters, estimate) = {
        let model = BaseModel::read(Path::new(model_path))?;
        let config = LoraConfig {
            rank: number("--rank", 16)?,
            ..LoraConfig::default()
        };
        let size = BatchSize {
            tokens: pairs * (prompt + 2 * answer),
            answers: pairs * 2 * answer,
        };
        let file = std::fs::metadata(model_path)?.len() as usize;
        let tied = model.output.is_none();
        let estimate = estimated_memory(&model.config, tied, file, &config, &options, size);
        let lora = LoraWeights::initial(&model.config, config, 1);
        let ends = model.config.vocabulary * model.config.hidden;
        let layers = model.layer_parameters();
        (
            Engine::new(&model, lora, options)?,
            (layers, ends),
            estimate,
        )
    };
    if flag("--against-f32") {
        return against_f32(Path::new(model_path), engine, &example(0, prompt, answer));
    }
    println!(
        "loaded in {:.2} s, base {} MB, now {} MB, so far at most {} MB",
        start.elapsed().as_secs_f64(),
        engine.base_size() >> 20,
        memory("VmRSS:"),
        memory("VmHWM:")
    );
    let examples: Vec<Example> = (0..pairs)
        .map(|index| example(index as u64, prompt, answer))
        .collect();
    let tokens = pairs * 2 * (prompt + answer);
    let mut optimiser = AdamW::new(engine.gradients().len());
    let (mut best, mut best_on_processor) = (f64::MAX, f64::MAX);
    for step in 0..number("--steps", 6)? {
        let (start, on_processor) = (Instant::now(), engine.run(processor_seconds));
        let loss =
            engine.loss_and_gradients(&examples, false, |scores| dorpo(&examples, scores))?;
        let size = StepSize {
            learning_rate: 1e-4,
            weight_decay: 0.0,
            clip: 1.0,
        };
        engine.update(|values, gradients| optimiser.step(values, gradients, size));
        let seconds = start.elapsed().as_secs_f64();
        best = best.min(seconds);
        best_on_processor = best_on_processor.min(engine.run(processor_seconds) - on_processor);
        let times = engine.take_times();
        let parts: Vec<String> = Part::ALL
            .iter()
            .map(|part| format!("{part:?} {:.3}", times.of(*part).as_secs_f64()))
            .collect();
        println!(
            "step {step}: loss {loss:.4}, {seconds:.3} s ({})",
            parts.join(", ")
        );
    }
    // With one thread its time on the processor counts, so that a busy machine does not distort the shares.
    let best = if threads == 1 {
        best_on_processor
    } else {
        best
    };
    let clock = Instant::now();
    let seconds = || {
        if threads == 1 {
            processor_seconds()
        } else {
            clock.elapsed().as_secs_f64()
        }
    };
    let peak = engine.run(|| peak(isa, precision == Precision::Bf16, seconds));
    // Two products per frozen matrix, once for the shared tokens; the head's two on answer rows.
    let rows = pairs * (prompt + 2 * answer);
    let work = 4.0
        * (parameters.0 as f64 * rows as f64 + parameters.1 as f64 * (pairs * 2 * answer) as f64);
    let (speed, share) = (tokens as f64 / best, work / best / peak);
    let (most, estimate) = (memory("VmHWM:"), estimate >> 20);
    println!(
        "{isa:?} {precision:?}, {threads} threads, prompt {prompt} + answers {answer}: best {best:.3} s = {speed:.0} tokens/s, \
         peak memory {most} MiB (estimated {estimate}), {:.0} GFLOP/s in frozen products and head of {:.0} measured at most = \
         {:.0} %; load {}",
        work / best / 1e9,
        peak / 1e9,
        100.0 * share,
        std::fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim()
    );
    println!(
        r#"{{"speed": {speed:.1}, "memory": {most}, "estimate": {estimate}, "share": {share:.3}}}"#
    );
    Ok(())
}

/// How far the gradient is from f32's, with an adapter that does something.
fn against_f32(path: &Path, mut engine: Engine, example: &Example) -> anyhow::Result<()> {
    let options = EngineOptions {
        precision: Precision::F32,
        ..engine.options().clone()
    };
    let mut exact = Engine::new(&BaseModel::read(path)?, engine.lora().clone(), options)?;
    let mut random = SplitMix(5);
    for value in engine.step().0 {
        *value += (random.unit() - 0.5) * 0.02;
    }
    exact.step().0.copy_from_slice(&engine.lora().values);
    let examples = std::slice::from_ref(example);
    let loss = (
        engine.loss_and_gradients(examples, false, |scores| dorpo(examples, scores))?,
        exact.loss_and_gradients(examples, false, |scores| dorpo(examples, scores))?,
    );
    let (mut off, mut size) = (0.0, 0.0);
    for (a, b) in engine.gradients().iter().zip(exact.gradients()) {
        off += f64::from(a - b).powi(2);
        size += f64::from(*b).powi(2);
    }
    println!(
        "losses {loss:?}, gradient off by {:.2e} of its length",
        (off / size).sqrt()
    );
    Ok(())
}

fn example(seed: u64, prompt: usize, answer: usize) -> Example {
    let mut random = SplitMix(seed);
    let mut tokens = |count: usize| {
        (0..count)
            .map(|_| random.below(49_000) as u32)
            .collect::<Vec<_>>()
    };
    let chosen = tokens(answer);
    let soft = chosen
        .iter()
        .map(|token| {
            let tokens: Vec<u32> = (0..16).map(|i| (token + 37 * i) % 49_000).collect();
            Some(SoftLabel {
                log_probs: vec![-3.0; tokens.len()], // 0.8 in all
                tokens,
            })
        })
        .collect();
    Example {
        group: String::new(),
        prompt: tokens(prompt),
        rejected: vec![tokens(answer)],
        chosen: Answer {
            tokens: chosen,
            soft,
        },
    }
}

/// DORPO of the whole batch, and its gradients.
fn dorpo(examples: &[Example], scores: &[TokenScores]) -> (f64, Vec<TokenScores>) {
    let (figures, gradients) = Dorpo::default()
        .loss(examples, scores, Counts::of(examples))
        .expect("the model's log-probabilities are numbers");
    (figures.loss, gradients)
}

/// Seconds that this thread was on the processor.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|ns| ns.parse::<f64>().ok())
        .unwrap_or_default()
        / 1e9
}

fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(key))
        .and_then(|line| line.split_whitespace().nth(1));
    line.and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}
