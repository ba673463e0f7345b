//! The embedded SQLite store.
//!
//! One file, `opzest.db`, in a data folder that one process writes ([`DataFolderLock`]) and others may
//! read. Each user-visible write is one transaction, and gives back what changed. SQL lies in `.sql`
//! files, one folder a table, beside the code that runs it.
//!
//! Not here: clocks and randomness (ids and times are passed in), async (callers decide on threads), and
//! what a setting or a model means.

mod check;
mod column;
mod conversation;
mod edit;
mod erase;
mod error;
#[cfg(test)]
mod full_disk_tests;
mod lock;
mod message;
mod migration;
mod model;
mod open;
mod search;
mod setting;
mod store;
mod trace;
mod turn;
mod use_case;

pub use erase::Erasure;
pub use error::{KeyProblem, StoreError};
pub use lock::{DataFolderLock, LOCK_FILE};
pub use message::AnswerEnd;
pub use migration::SCHEMA_VERSION;
pub use open::{StoreKey, StoreOptions};
pub use store::{ConversationPage, STORE_FILE, Store};
pub use trace::{LOGPROB_FLOOR, LOGPROB_STEP, TraceProblem, decode_trace, encode_trace};
pub use turn::{BegunTurn, FinishedAnswer, InConversation, NewTurn};
