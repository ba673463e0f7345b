//! Tests of opzest-app from outside, and of the repository as a whole.

mod architecture;
mod bindings;
