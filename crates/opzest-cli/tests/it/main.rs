//! Runs the real program on a data folder of its own, with the real embedded model.
#![cfg(unix)]

mod busy;
mod dataset;
mod once;
mod scripts;
mod session;
mod support;
mod talk;
