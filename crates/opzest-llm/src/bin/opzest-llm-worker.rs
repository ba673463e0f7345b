//! The worker alone, for this crate's tests and benchmarks; the app's binaries contain it themselves.

use std::process::ExitCode;

fn main() -> ExitCode {
    opzest_llm::local::run_if_worker().unwrap_or_else(|| {
        eprintln!(
            "opzest-llm-worker is started by tests, with {}",
            opzest_llm::local::WORKER_ARGUMENT
        );
        ExitCode::from(2)
    })
}
