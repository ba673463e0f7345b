//! Sessions: the storing rules one by one, and random histories.

mod controls;
mod judging;
mod random;
mod rules;
mod support;
