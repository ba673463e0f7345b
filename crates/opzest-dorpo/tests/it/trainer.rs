//! A small run, and the process that works on it.

use opzest_dorpo::child::{
    FromTrainer, GoldenAnswer, Job, JobFolder, TRAINER_ARGUMENT, Task, Texts, ToTrainer,
};
use opzest_dorpo::engine::EngineOptions;
use opzest_dorpo::example::{Answer, Example, SoftLabel};
use opzest_dorpo::export::{Lineage, file_sha256};
use opzest_dorpo::lora::{LoraConfig, SplitMix};
use opzest_dorpo::loss::LossSettings;
use opzest_dorpo::train::TrainSettings;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A llama of random weights (tests/reference).
pub fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/llama.gguf")
}

pub fn job(base: &Path) -> Job {
    Job {
        base: base.to_owned(),
        base_sha256: file_sha256(base).expect("the base is there"),
        settings: TrainSettings {
            batch: 2,
            epochs: 30,
            patience: 30,
            learning_rate: 1e-2,
            checkpoint_every: 3,
            ..TrainSettings::default()
        },
        loss: LossSettings::default(),
        lora: LoraConfig {
            rank: 4,
            alpha: 8.0,
            ..LoraConfig::default()
        },
        options: EngineOptions::fastest(1),
        lineage: Lineage {
            name: "Test".into(),
            base: "llama".into(),
            base_sha256: String::new(),
            base_licence: None,
            rows: 12,
            rows_sha256: String::new(),
            settings: serde_json::Value::Null,
            engine_version: "0".into(),
        },
    }
}

/// With and without soft labels and rejected answers.
pub fn examples(count: usize, seed: u64) -> Vec<Example> {
    let mut random = SplitMix(seed);
    let example = |index: usize| {
        let mut tokens = |most: usize| -> Vec<u32> {
            let count = 1 + random.below(most);
            (0..count).map(|_| random.below(50) as u32).collect()
        };
        let (prompt, chosen) = (tokens(30), tokens(12));
        let rejected = (0..index % 3).map(|_| tokens(9)).collect();
        let label = |token: &u32| {
            Some(SoftLabel {
                tokens: vec![*token, (token + 1) % 50],
                log_probs: vec![-0.5, -1.5],
            })
        };
        let soft = match index % 2 {
            0 => chosen.iter().map(label).collect(),
            _ => Vec::new(),
        };
        Example {
            group: index.to_string(),
            prompt,
            chosen: Answer {
                tokens: chosen,
                soft,
            },
            rejected,
        }
    };
    (0..count).map(example).collect()
}

pub fn texts() -> Texts {
    Texts {
        golden: vec![GoldenAnswer {
            prompt: vec![1, 5, 9, 13],
            answer: vec![7, 3, 11, 2, 4, 30],
        }],
        general: vec![GoldenAnswer {
            prompt: vec![20],
            answer: vec![21, 22, 23, 24],
        }],
        general_bytes: 20,
    }
}

pub fn create(folder: &Path, job: &Job) -> JobFolder {
    let folder = JobFolder::new(folder);
    folder
        .create(job, (examples(12, 1), examples(4, 2)), &texts())
        .expect("it is written");
    folder
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_opzest-trainer");

pub struct Trainer {
    pub process: Child,
    pub input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Trainer {
    pub fn start(task: &Task) -> Self {
        let mut command = Command::new(PROGRAM);
        Self::spawn(command.arg(TRAINER_ARGUMENT), task)
    }

    /// Trains in a copy of the folder on a disk of so many bytes, which is mounted at `disk`; what is there at the end
    /// is copied to `back`.
    pub fn train_on_disk(folder: &JobFolder, bytes: u64, disk: &Path, back: &Path) -> Self {
        let script =
            r#"cp -r "$1"/. "$2" && "$4" "$5"; result=$?; cp -r "$2"/. "$3" && exit $result"#;
        let mut command = Command::new("bwrap");
        command.args([
            "--dev-bind",
            "/",
            "/",
            "--size",
            &bytes.to_string(),
            "--tmpfs",
        ]);
        command.arg(disk).args(["--", "sh", "-ec", script, "sh"]);
        command.args([folder.path(), disk, back]);
        command.args([PROGRAM, TRAINER_ARGUMENT]);
        let folder = disk.to_owned();
        Self::spawn(&mut command, &Task::Train { folder })
    }

    fn spawn(command: &mut Command, task: &Task) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the trainer starts");
        let mut input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let line = serde_json::to_string(task).expect("plain data");
        writeln!(input, "{line}").expect("it listens");
        Self {
            process,
            input,
            output,
        }
    }

    pub fn train(folder: &JobFolder) -> Self {
        Self::start(&Task::Train {
            folder: folder.path().to_owned(),
        })
    }

    /// `None`: it is gone.
    pub fn next(&mut self) -> Option<FromTrainer> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            // Killed in the middle of a line.
            Ok(_) if !line.ends_with('\n') => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("a message")),
        }
    }

    pub fn pause(&mut self) {
        let line = serde_json::to_string(&ToTrainer::Pause).expect("plain data");
        writeln!(self.input, "{line}").expect("it listens");
    }

    /// Everything until the process ends; the last is how it ended.
    pub fn rest(mut self) -> Vec<FromTrainer> {
        let mut told = Vec::new();
        while let Some(message) = self.next() {
            told.push(message);
        }
        assert!(self.process.wait().expect("it ends").success());
        told
    }
}
