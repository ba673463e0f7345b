//! The store as its callers use it: real files, real locks.

mod agreement;
mod backups;
mod curating;
mod dataset;
mod deleting;
mod erasing;
mod invariants;
mod learned;
mod locking;
mod lost_writes;
mod models_and_settings;
mod opening;
mod promoting;
mod recording;
mod restoring;
mod searching;
mod session_invariants;
mod sessions;
mod studio;
mod support;
mod traces;
mod training;
mod training_rows;
mod turns;
