//! The domain of OpZest: ids and the types that every other crate speaks.
//!
//! Pure on purpose: no async, no clock, no randomness source of its own, no I/O. Time and random
//! bits are passed in.

pub mod artifact;
pub mod chat;
pub mod conversation;
pub mod dataset;
pub mod ids;
pub mod model;
pub mod session;
pub mod trace;
pub mod training;
pub mod words;
pub mod workflow;
