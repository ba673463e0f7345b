//! A run's folder: what is to be trained, its checkpoint, and what came of it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::EngineOptions;
use crate::example::Example;
use crate::export::Lineage;
use crate::lora::LoraConfig;
use crate::loss::LossSettings;
use crate::train::TrainSettings;

use super::{GoldenAnswer, remove};

/// Everything about a run but its examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The base model's file.
    pub base: PathBuf,
    /// SHA-256 of it in hex: another file in its place is refused.
    pub base_sha256: String,
    pub settings: TrainSettings,
    pub loss: LossSettings,
    pub lora: LoraConfig,
    pub options: EngineOptions,
    /// What the adapter's file tells of its origin.
    pub lineage: Lineage,
}

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("cannot write {}: {source}; free space or check the folder, then start again", .path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the run's file {} is damaged ({reason}); start the run anew", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "the base model {} is not the file that the run began with; put that back, or start the run anew",
        .0.display()
    )]
    OtherBase(PathBuf),
}

/// Texts that are in no dataset, in the base model's tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Texts {
    /// By which trainer and runtime are compared.
    pub golden: Vec<GoldenAnswer>,
    /// By which forgetting is seen. The prompt is what a text begins with.
    pub general: Vec<GoldenAnswer>,
    /// Of the general texts as UTF-8: the same in every model's tokens.
    #[serde(default)]
    pub general_bytes: u32,
}

/// Where a run's files lie.
#[derive(Debug, Clone)]
pub struct JobFolder(PathBuf);

#[derive(Serialize, Deserialize)]
struct Examples {
    train: Vec<Example>,
    held_out: Vec<Example>,
}

impl JobFolder {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// The trained adapter; whole if it is there.
    pub fn adapter(&self) -> PathBuf {
        self.0.join("adapter.gguf")
    }

    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.0.join(format!("part-{name}.gguf"))
    }

    fn job(&self) -> PathBuf {
        self.0.join("job.json")
    }

    fn examples(&self) -> PathBuf {
        self.0.join("examples")
    }

    fn texts(&self) -> PathBuf {
        self.0.join("texts.json")
    }

    /// Makes the folder, with all that the trainer reads.
    ///
    /// # Errors
    /// The disk is full or the folder cannot be written.
    pub fn create(
        &self,
        job: &Job,
        (train, held_out): (Vec<Example>, Vec<Example>),
        texts: &Texts,
    ) -> Result<(), JobError> {
        fs::create_dir_all(&self.0).map_err(|source| JobError::Write {
            path: self.0.clone(),
            source,
        })?;
        let examples = postcard::to_stdvec(&Examples { train, held_out });
        let examples = examples.expect("examples are plain data");
        write(&self.examples(), &examples)?;
        write(&self.texts(), &json(texts))?;
        // Last: a folder that has it is whole.
        write(&self.job(), &json(job))
    }

    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn read(&self) -> Result<Job, JobError> {
        parse(&self.job(), |bytes| {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())
        })
    }

    /// Those to learn from and those to judge by.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn read_examples(&self) -> Result<(Vec<Example>, Vec<Example>), JobError> {
        let examples: Examples = parse(&self.examples(), |bytes| {
            postcard::from_bytes(bytes).map_err(|error| error.to_string())
        })?;
        Ok((examples.train, examples.held_out))
    }

    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn read_texts(&self) -> Result<Texts, JobError> {
        parse(&self.texts(), |bytes| {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())
        })
    }

    /// Removes what holds the user's texts and what only a run under way needs: the adapter stays.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn clear(&self) -> Result<(), JobError> {
        let mut gone = vec![
            self.examples(),
            self.texts(),
            self.checkpoint(),
            self.checkpoint().with_extension("part"),
        ];
        let parts = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let parts = parts.filter(|entry| entry.file_name().to_string_lossy().starts_with("part-"));
        gone.extend(parts.map(|entry| entry.path()));
        for path in gone {
            remove(&path).map_err(|source| JobError::Write { path, source })?;
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("a job is plain data")
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), JobError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| JobError::Write {
        path: path.to_owned(),
        source,
    })
}

fn parse<T>(path: &Path, read: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, JobError> {
    let bytes = fs::read(path).map_err(|source| JobError::Read {
        path: path.to_owned(),
        source,
    })?;
    read(&bytes).map_err(|reason| JobError::Damaged {
        path: path.to_owned(),
        reason,
    })
}
