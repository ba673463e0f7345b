//! Tests of opzest-app from outside, and of the repository as a whole.

mod agents;
mod architecture;
mod bindings;
mod chat;
mod dataset;
mod faults;
mod models;
mod sessions;
mod support;
