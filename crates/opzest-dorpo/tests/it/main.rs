//! The trainer as a process.

mod killed;
mod trainer;
