//! A session: from a request, in cycles steered by a person's words, to a product.
//!
//! The session is its append-only log of [`Event`]s. [`Session::handle`] takes one and tells what has
//! to be done now ([`Effect`]); an event that does not fit is [`Ignored`] and leaves no trace. Nothing
//! here calls a model, runs an artifact, reads a clock or writes a file: ids and results are passed in.
//! Replaying a log rebuilds the session exactly.

mod change;
mod event;
mod examples;
mod machine;
mod next;
mod plan;
mod state;
mod summary;
mod teachers;
mod transition;
mod user;

pub use change::Change;
pub use event::{
    Analysis, CallProblem, CheckOutcome, Event, HandEdit, PlannedStep, Pools, Setup, Start,
    Teacher, Written,
};
pub use examples::{Chosen, Example, Reason, Rejected, examples};
pub use machine::{Effect, Handled, Ignored, Session};
pub use next::{CallId, Need, Next, Task};
pub use state::{
    Attempt, Author, Cycle, CycleEnd, Feedback, Instruction, Phase, State, Step, StepStatus,
    SwitchCause, TeacherSwitch, Trouble, Verdict, Version,
};
pub use summary::{Progress, SessionStatus, SessionSummary, UsedWorkflow};
