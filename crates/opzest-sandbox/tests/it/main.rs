//! The crate from outside. Needs Linux with bubblewrap and python3: a test fails where they are missing.

mod basics;
mod detection;
mod escapes;
mod excess;
mod leftovers;
mod programs;
mod secrets;
mod support;
mod unconfined;
mod world;
