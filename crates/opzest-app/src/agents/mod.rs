//! The agents: what language models are asked in a session, and how their answers are read.
//!
//! One function for each task of a session that calls a model: [`plan`], [`instruct`], [`work`],
//! [`analyse`]. Each takes what it reads from the session's [`State`](opzest_core::session::State),
//! fills in the workflow's prompts, cuts what does not fit and says so, calls the model, and reads the
//! answer. Answers are held to their form where the model can be held to one, else read leniently, with
//! one request to repair. Nothing here changes the session or the store, chooses a model, or runs an
//! artifact.

mod analyst;
mod budget;
mod call;
mod choose;
mod cut;
mod error;
mod examples;
mod fences;
mod form;
mod frame;
mod grammar;
mod lead;
mod live;
mod planner;
mod product;
pub mod prompt;
mod reading;
mod state;
mod tolerant;
mod training;
mod worker;

pub use analyst::analyse;
pub use call::{AgentPiece, Call, Caller, Sink, Spoken, TextPart};
pub use error::AgentError;
pub use frame::render_raw;
pub use lead::{Instructed, instruct};
pub use planner::{MOST_STEPS, Planned, plan};
pub(crate) use product::main_file;
pub use product::{SCHEMA_FILE, schema};
pub use reading::{Answer, FormProblem, read_answer};
pub use training::{TrainingText, training_texts};
pub use worker::{Worked, messages_for_hand_edit, work};
