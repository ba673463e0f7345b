//! The store as its callers use it: real files, real locks.

mod backups;
mod erasing;
mod invariants;
mod locking;
mod models_and_settings;
mod opening;
mod recording;
mod restoring;
mod searching;
mod sessions;
mod studio;
mod support;
mod turns;
