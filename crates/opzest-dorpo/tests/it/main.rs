//! The trainer as a process.

mod process;
mod trainer;
