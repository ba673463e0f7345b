//! The crate from outside: real workers, the embedded model, real files.

mod adapters;
mod files;
mod generation;
mod gguf;
mod repeatability;
mod support;
mod traces;
mod worker;
