//! The right adapter passes; one that means something else to llama.cpp does not.

use super::compare;
use crate::training::process::TrainerProcess;
use crate::training::texts::texts;
use crate::training::tokenizer::RuntimeTokenizer;
use crate::training::waiting;
use crate::{Access, App, AppOptions, WorkerCommand};
use opzest_core::ids::ModelId;
use opzest_dorpo::child::{FromTrainer, GoldenPart, Job, JobFolder, Task};
use opzest_dorpo::engine::EngineOptions;
use opzest_dorpo::export::{
    Adapter, Lineage, Precision, Target, file_sha256, read_gguf, write_gguf,
};
use opzest_dorpo::lora::{LoraConfig, LoraWeights, SplitMix};
use opzest_dorpo::loss::LossSettings;
use opzest_dorpo::model::{BaseModel, ModelConfig};
use opzest_dorpo::train::TrainSettings;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

fn open(folder: &Path) -> App {
    let own = std::env::current_exe().expect("this program's path");
    let built = own.parent().and_then(Path::parent);
    let program = built.expect("target/debug/deps").join("opzest");
    assert!(
        program.exists(),
        "{} is missing: build the whole workspace",
        program.display()
    );
    App::open(AppOptions {
        data_folder: folder.join("data"),
        model_folders: vec![models()],
        worker: WorkerCommand::new(program),
        access: Access::Write,
        use_keyring: false,
        preview: None,
        tools: None,
        started: Instant::now(),
    })
}

/// Everything random, so that all that it does is seen.
fn adapter(config: &ModelConfig) -> LoraWeights {
    let lora = LoraConfig {
        rank: 4,
        alpha: 8.0,
        ..LoraConfig::default()
    };
    let mut weights = LoraWeights::initial(config, lora, 1);
    let mut random = SplitMix(2);
    for slice in &weights.slices {
        for value in &mut weights.values[slice.b.clone()] {
            *value = 0.02 * (random.unit() - 0.5);
        }
    }
    weights
}

fn lineage() -> Lineage {
    Lineage {
        name: "Test".into(),
        base: "SmolLM2".into(),
        base_sha256: String::new(),
        base_licence: None,
        rows: 0,
        rows_sha256: String::new(),
        settings: serde_json::Value::Null,
        engine_version: "0".into(),
    }
}

/// The rows of q in the order of another RoPE: the usual mistake of a conversion.
fn permute_q(weights: &mut LoraWeights, config: &ModelConfig) {
    let rank = weights.config.rank;
    let half = config.head_dim / 2;
    let of_q = weights
        .slices
        .iter()
        .filter(|slice| slice.target == Target::Q);
    for slice in of_q.cloned().collect::<Vec<_>>() {
        let before = weights.values[slice.b.clone()].to_vec();
        let after = &mut weights.values[slice.b.clone()];
        for row in 0..slice.outputs {
            let (head, inside) = (row / config.head_dim, row % config.head_dim);
            let from = head * config.head_dim + inside % half * 2 + inside / half;
            after[row * rank..][..rank].copy_from_slice(&before[from * rank..][..rank]);
        }
    }
}

fn double_scale(weights: &mut LoraWeights, _: &ModelConfig) {
    weights.config.alpha *= 2.0;
}

fn zero_b(weights: &mut LoraWeights, _: &ModelConfig) {
    for slice in &weights.slices {
        weights.values[slice.b.clone()].fill(0.0);
    }
}

/// The runtime gets other adapters than those that the trainer has computed with.
fn spoilt(
    parts: &[GoldenPart],
    folder: &Path,
    config: &ModelConfig,
    spoil: fn(&mut LoraWeights, &ModelConfig),
) -> Vec<GoldenPart> {
    let spoilt = parts.iter().map(|part| {
        let mut weights = read_gguf(&part.adapter, config).expect("it can be read");
        spoil(&mut weights, config);
        let adapter = folder.join(format!("spoilt-{}.gguf", part.name));
        let written = Adapter::new(config, &weights);
        write_gguf(&written, &lineage(), Precision::F32, &adapter).expect("written");
        GoldenPart {
            adapter,
            ..part.clone()
        }
    });
    spoilt.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_adapter_that_means_the_same_passes() {
    let place = tempfile::tempdir().expect("a folder");
    let app = open(place.path());
    let file = models().join("SmolLM2-135M-Instruct.Q4_1.gguf");
    let config = BaseModel::read(&file).expect("it can be read").config;
    let model = waiting::local(&app, &file).await.expect("loaded");
    let id = ModelId::from_name("base").expect("a slug");
    let tokenizer = RuntimeTokenizer::new(model, &id).await.expect("there");
    let texts = tokio::task::spawn_blocking(move || texts(&tokenizer, 512));
    let texts = texts.await.expect("sound").expect("tokenised");
    let folder = JobFolder::new(place.path().join("run"));
    let weights = adapter(&config);
    let job = Job {
        base: file.clone(),
        base_sha256: file_sha256(&file).expect("read"),
        settings: TrainSettings::default(),
        loss: LossSettings::default(),
        lora: weights.config.clone(),
        options: EngineOptions::fastest(1),
        lineage: lineage(),
    };
    folder
        .create(&job, (Vec::new(), Vec::new()), &texts)
        .expect("written");
    let whole = Adapter::new(&config, &weights);
    write_gguf(&whole, &lineage(), Precision::F32, &folder.adapter()).expect("written");
    let task = Task::Golden {
        folder: folder.path().to_owned(),
    };
    let answer = TrainerProcess::only(app.worker(), &task)
        .await
        .expect("computed");
    let FromTrainer::Golden { base, mut parts } = answer else {
        panic!("{answer:?}");
    };
    parts.retain(|part| ["all", "q"].contains(&part.name.as_str()));

    let model = waiting::local(&app, &file).await.expect("loaded");
    let right = compare(&model, base, parts.clone())
        .await
        .expect("compared");
    assert!(right.passed, "{}", right.words);
    for spoil in [permute_q, double_scale, zero_b] {
        let wrong = spoilt(&parts, place.path(), &config, spoil);
        let wrong = compare(&model, base, wrong).await.expect("compared");
        println!("{}", wrong.words);
        assert!(!wrong.passed, "{}", wrong.words);
        assert!(wrong.words.contains("something else"), "{}", wrong.words);
    }
    drop(model);
    app.shut_down().await;
}
