//! A run's whole state in one file that is either the old one or the new one, whenever the process dies: written aside,
//! flushed to the disk, renamed.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AdamW, TrainSettings};
use crate::{engine::EngineOptions, lora::LoraConfig};

const MAGIC: &[u8; 8] = b"OPZRUN01";

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("cannot write the checkpoint {}: {source}; free space or check the folder, then resume", .path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read the checkpoint {}: {source}", .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the checkpoint {} is damaged ({reason}); start the run anew", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the checkpoint belongs to a run with {0}; start the run anew, or resume it as it was")]
    Other(String),
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The held-out examples have been looked at before the first step.
    pub begun: bool,
    pub epoch: usize,
    /// Examples of the epoch's order that are done.
    pub done: usize,
    pub step: usize,
    /// Held-out loss of the best weights so far.
    pub best: Option<f64>,
    pub epochs_without_better: usize,
    /// Set once the run has ended.
    pub finished: bool,
}

/// What must be the same for a run to go on bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub settings: TrainSettings,
    pub options: EngineOptions,
    pub lora: LoraConfig,
    /// SHA-256 of the examples and held-out examples, and of the base model's file as the caller names it.
    pub data: String,
    pub base: String,
}

#[derive(Serialize, Deserialize)]
struct Header {
    identity: Identity,
    progress: Progress,
    optimiser_steps: u64,
    parameters: usize,
}

#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub(super) identity: Identity,
    pub progress: Progress,
    pub values: Vec<f32>,
    pub optimiser: AdamW,
    /// The weights with the best held-out loss.
    pub best: Vec<f32>,
}

impl Checkpoint {
    /// # Errors
    /// The disk is full or the folder cannot be written; the file that was there is untouched.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let aside = path.with_extension("part");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&aside)?;
            file.write_all(&self.bytes()?)?;
            file.sync_all()?;
            fs::rename(&aside, path)?;
            // The rename itself lasts only when the folder is on the disk.
            #[cfg(unix)]
            File::open(
                path.parent()
                    .filter(|p| !p.as_os_str().is_empty())
                    .unwrap_or(Path::new(".")),
            )?
            .sync_all()?;
            Ok(())
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&aside);
            CheckpointError::Write {
                path: path.to_owned(),
                source,
            }
        })
    }

    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let header = serde_json::to_vec(&Header {
            identity: self.identity.clone(),
            progress: self.progress.clone(),
            optimiser_steps: self.optimiser.steps,
            parameters: self.values.len(),
        })?;
        let mut bytes = Vec::with_capacity(header.len() + 64 + self.values.len() * 16);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&header);
        for numbers in [
            &self.values,
            &self.optimiser.first,
            &self.optimiser.second,
            &self.best,
        ] {
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// # Errors
    /// The file cannot be read, or is not whole.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = fs::read(path).map_err(|source| CheckpointError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&bytes).map_err(|reason| CheckpointError::Damaged {
            path: path.to_owned(),
            reason,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let short = || "it is too short".to_owned();
        let (content, hash) = bytes.split_last_chunk::<32>().ok_or_else(short)?;
        if Sha256::digest(content).as_slice() != hash {
            return Err("its checksum differs".into());
        }
        let rest = content.strip_prefix(MAGIC).ok_or("it is of another kind")?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let length =
            usize::try_from(u64::from_le_bytes(*length)).map_err(|error| error.to_string())?;
        let (header, numbers) = rest.split_at_checked(length).ok_or_else(short)?;
        let header: Header = serde_json::from_slice(header).map_err(|error| error.to_string())?;
        let count = header.parameters;
        if count.checked_mul(16) != Some(numbers.len()) {
            return Err(short());
        }
        let numbers: Vec<f32> = numbers
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let part = |index: usize| numbers[index * count..(index + 1) * count].to_vec();
        Ok(Self {
            identity: header.identity,
            progress: header.progress,
            values: part(0),
            optimiser: AdamW {
                steps: header.optimiser_steps,
                first: part(1),
                second: part(2),
            },
            best: part(3),
        })
    }
}
