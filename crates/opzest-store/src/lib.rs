//! The embedded SQLite store.
//!
//! One file, `opzest.db`, in a data folder that one process writes ([`DataFolderLock`]) and others may
//! read. Each user-visible write is one transaction, and gives back what changed. What may take long
//! (backups, checks, erasing) runs beside the open store, through [`Upkeep`]. SQL lies in `.sql` files, one folder a
//! table, beside the code that runs it.
//!
//! Not here: clocks and randomness (ids and times are passed in), async (callers decide on threads), and
//! what a setting or a model means.

mod backup;
mod check;
mod column;
mod conversation;
mod dataset;
mod deletion;
mod disk;
mod edit;
mod erase;
mod error;
mod example;
#[cfg(test)]
mod full_disk_tests;
mod import;
mod lock;
mod message;
mod migration;
mod model;
mod open;
mod product;
mod promoting;
mod promotion;
mod put_aside;
mod recording;
mod restore;
mod search;
mod session;
mod session_event;
mod sessions;
mod setting;
mod soft_label;
mod soft_labels;
mod split;
mod store;
mod stored_trace;
mod trace;
mod traces;
mod training;
mod training_metric;
mod training_rows;
mod training_run;
mod training_run_row;
mod turn;
mod upkeep;
mod use_case;

pub use backup::{
    BACKUP_FOLDER, BackupContents, BackupFile, BackupKind, BackupOutcome, BackupPolicy, DiskSpace,
    backups, verify_backup,
};
pub use check::{CheckProblem, CheckReport};
pub use dataset::{ExamplePage, SideEdit};
pub use deletion::{DELETED, DeletionReport, Remains};
pub use disk::{DiskCap, DiskUse};
pub use erase::Erasure;
pub use error::{KeyProblem, ModelNeed, StoreError};
pub use example::{ExampleCursor, ExampleFilter, ExampleOrder, Total};
pub use import::{Imported, NewExample};
pub use lock::{DataFolderLock, LOCK_FILE};
pub use message::AnswerEnd;
pub use migration::SCHEMA_VERSION;
pub use open::{StoreKey, StoreOptions};
pub use product::{Product, ProductSummary, StoredVersion};
pub use recording::{NewSession, Recorded, Recording};
pub use restore::{Restored, SET_ASIDE, restore, set_aside};
pub use sessions::{ProductPage, SessionFilter, SessionPage};
pub use soft_labels::{Label, NewLabel};
pub use store::{ConversationPage, STORE_FILE, Store};
pub use stored_trace::{NewTrace, StoredTrace};
pub use trace::{LOGPROB_FLOOR, LOGPROB_STEP, TraceProblem, decode_trace, encode_trace};
pub use training::{DeletedRun, FinishedRun, RunEnd};
pub use training_rows::{TrainingRow, TrainingTrace};
pub use training_run::{NewRun, RunChange};
pub use turn::{BegunTurn, FinishedAnswer, InConversation, NewTurn};
pub use upkeep::Upkeep;
pub use use_case::UseCaseStats;
