//! The store as its callers use it: real files, real locks.

mod agreement;
mod backups;
mod dataset;
mod erasing;
mod invariants;
mod locking;
mod lost_writes;
mod models_and_settings;
mod opening;
mod recording;
mod restoring;
mod searching;
mod sessions;
mod studio;
mod support;
mod turns;
