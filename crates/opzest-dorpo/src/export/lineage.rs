//! Where an adapter comes from, stored in everything that is exported.

use super::ExportError;
use super::gguf::Pairs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// The adapter's name, as people see it.
    pub name: String,
    /// The base model's name, e.g. its Hugging Face id.
    pub base: String,
    /// SHA-256 of the base model's file, 64 lower-case hexadecimal digits.
    pub base_sha256: String,
    /// The base's licence, an SPDX expression where there is one. It holds for what is exported, too.
    pub base_licence: Option<String>,
    /// How many rows it was trained on.
    pub rows: u64,
    /// A hash of these rows.
    pub rows_sha256: String,
    /// The settings of the training run.
    pub settings: serde_json::Value,
    /// OpZest's version.
    pub engine_version: String,
}

impl Lineage {
    /// Adds the `opzest.*` keys, replacing those of an earlier export.
    pub(super) fn add_to(&self, pairs: &mut Pairs) {
        pairs.set_string("opzest.adapter.name", &self.name);
        pairs.set_string("opzest.base.name", &self.base);
        pairs.set_string("opzest.base.sha256", &self.base_sha256);
        pairs.set_u64("opzest.rows.count", self.rows);
        pairs.set_string("opzest.rows.sha256", &self.rows_sha256);
        pairs.set_string("opzest.training.settings", &self.settings.to_string());
        pairs.set_string("opzest.version", &self.engine_version);
    }
}

/// SHA-256 of a whole file, as [`Lineage::base_sha256`] has it.
pub fn file_sha256(path: &Path) -> Result<String, ExportError> {
    let mut file = File::open(path).map_err(|source| ExportError::read(path, source))?;
    sha256_of(&mut file).map_err(|source| ExportError::read(path, source))
}

/// Of an open file from its beginning; the position afterwards is its end.
pub(super) fn sha256_of(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&block[..length]),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
