//! Sessions: the storing rules one by one, and random histories.

mod controls;
mod random;
mod rules;
mod support;
