//! The trainer's process alone: for this crate's own tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    opzest_dorpo::child::run_if_trainer().unwrap_or_else(|| {
        eprintln!("this is OpZest's training process; OpZest starts it by itself");
        ExitCode::from(2)
    })
}
