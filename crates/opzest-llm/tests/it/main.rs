//! The crate from outside: real workers, the embedded model, real files, and servers that misbehave.

mod adapters;
mod files;
mod generation;
mod gguf;
mod peers;
mod remote;
mod repeatability;
mod support;
mod traces;
mod worker;
