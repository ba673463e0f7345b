//! Runs what a session made, isolated, and checks what it cannot run.
//!
//! A Python script runs in a [`Sandbox`]: no network, no view of the user's files, limits on everything that
//! a program can use up. Pages, JSON and Markdown are read by real parsers and answered with
//! [`check::Problem`]s. Everything here treats artifacts as hostile.
//!
//! Deliberately not here: running pages (the window's preview reports their run-time errors), installing
//! what is missing, and any way to run an artifact outside the sandbox that does not consume the user's
//! consent.

pub mod check;
mod error;
mod limits;
mod run;
mod tools;
mod unconfined;

#[cfg(target_os = "linux")]
mod confined;
#[cfg(not(target_os = "linux"))]
#[path = "confined_elsewhere.rs"]
mod confined;

pub use confined::Sandbox;
pub use error::SandboxError;
pub use limits::Limits;
pub use run::report::{Clock, Ending, RunOutcome, RunReport, Written, WrittenFile};
pub use run::request::RunRequest;
pub use tools::{Availability, Missing, Tools};
pub use unconfined::{ConsentToRunUnconfined, run_unconfined};
