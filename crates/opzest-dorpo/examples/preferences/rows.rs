//! Rows as `scripts/peers/preferences.py` writes them.

use std::path::Path;

use anyhow::Context;
use opzest_dorpo::child::GoldenAnswer;
use opzest_dorpo::example::Example;

#[derive(serde::Deserialize)]
struct Row {
    held_out: bool,
    #[serde(flatten)]
    example: Example,
}

pub struct Rows {
    pub train: Vec<Example>,
    pub held_out: Vec<Example>,
    /// Texts by which forgetting is seen.
    pub general: Vec<GoldenAnswer>,
}

impl Rows {
    /// # Errors
    /// A file is missing or is not what the script writes.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().context("the rows lie in a folder")?;
        let general = std::fs::read(folder.join("general.json"))?;
        let mut rows = Self {
            train: Vec::new(),
            held_out: Vec::new(),
            general: serde_json::from_slice(&general)?,
        };
        for line in std::fs::read_to_string(path)?.lines() {
            let row: Row = serde_json::from_str(line)?;
            match row.held_out {
                true => rows.held_out.push(row.example),
                false => rows.train.push(row.example),
            }
        }
        Ok(rows)
    }
}
