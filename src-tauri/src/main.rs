//! The desktop window. `OPZEST_DATA` names another data folder.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    // The worker comes first: it must never touch the window system.
    opzest_app::run_if_worker().unwrap_or_else(|| opzest_desktop::run(Instant::now()))
}
