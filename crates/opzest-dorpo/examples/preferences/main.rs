//! Training experiments on preference rows; `scripts/preferences.sh` makes the rows and runs them.
//!
//! `preferences orpo MODEL FOLDER`: trains by TRL's form of ORPO and writes what `scripts/peers/compare_trl.py` repeats.
//! `preferences runs MODEL ROWS RUN...`: trains once for each RUN, e.g. `label=usual,rows=30,rate=5e-4,seed=1`
//! ([`runs::Spec`]), and prints tables: what held-out rows and general text became, and what time and memory were
//! estimated and taken. ROWS is a file of FOLDER.

mod evaluate;
mod orpo;
mod rows;
mod runs;
mod table;
mod trainer;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

fn main() -> anyhow::Result<ExitCode> {
    // The trainer's process is this binary, started again, as in the app.
    if let Some(code) = opzest_dorpo::child::run_if_trainer() {
        return Ok(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["orpo", model, folder] => orpo::run(Path::new(model), Path::new(folder))?,
        ["runs", model, rows, specs @ ..] => runs::run(Path::new(model), Path::new(rows), specs)?,
        _ => bail!("preferences orpo MODEL FOLDER | preferences runs MODEL ROWS RUN..."),
    }
    Ok(ExitCode::SUCCESS)
}
