//! Tests of opzest-app from outside, and of the repository as a whole.

mod agents;
mod architecture;
mod bad_input;
mod bindings;
mod chat;
mod crash;
mod dataset;
mod faults;
mod models;
mod sessions;
mod support;
mod training;
