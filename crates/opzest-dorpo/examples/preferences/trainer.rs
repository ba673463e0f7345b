//! The trainer's process, asked as the app asks it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use opzest_dorpo::child::{FromTrainer, Job, TRAINER_ARGUMENT, Task};
use opzest_dorpo::engine::EngineOptions;
use opzest_dorpo::export::{Lineage, file_sha256};
use opzest_dorpo::lora::LoraConfig;
use opzest_dorpo::loss::LossSettings;
use opzest_dorpo::train::TrainSettings;

/// Everything it says until it ends.
///
/// # Errors
/// It does not start, or fails.
pub fn ask(task: &Task) -> anyhow::Result<Vec<FromTrainer>> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg(TRAINER_ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    // Held open: the process ends with it.
    let mut to = process.stdin.take().context("its input is a pipe")?;
    writeln!(to, "{}", serde_json::to_string(task)?)?;
    let from = process.stdout.take().context("its output is a pipe")?;
    let mut said = Vec::new();
    for line in BufReader::new(from).lines() {
        match serde_json::from_str(&line?)? {
            FromTrainer::Failed { reason } => bail!("the trainer failed: {reason}"),
            other => said.push(other),
        }
    }
    process.wait()?;
    Ok(said)
}

/// # Errors
/// The model's file cannot be read.
pub fn job(model: &Path, settings: TrainSettings, loss: LossSettings) -> anyhow::Result<Job> {
    let sha256 = file_sha256(model)?;
    Ok(Job {
        base: model.to_owned(),
        base_sha256: sha256.clone(),
        settings,
        loss,
        lora: LoraConfig::default(),
        options: EngineOptions::fastest(threads()),
        lineage: Lineage {
            name: "preferences".into(),
            base: "base".into(),
            base_sha256: sha256,
            base_licence: None,
            rows: 0,
            rows_sha256: String::new(),
            settings: serde_json::Value::Null,
            engine_version: env!("CARGO_PKG_VERSION").into(),
        },
    })
}

pub fn threads() -> usize {
    let given = std::env::var("OPZEST_THREADS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(1)
}
