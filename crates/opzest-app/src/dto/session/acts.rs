//! What the user does to a session.

use super::{Agent, FileText, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the user does to a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SessionAct {
    ApprovePlan,
    /// The steps that are not over, in order; without an id: a new one.
    EditPlan {
        steps: Vec<StepEdit>,
    },
    Feedback {
        words: String,
    },
    /// A click: for the shown attempt, or over the last verdict.
    Verdict {
        verdict: Verdict,
        words: String,
        /// What the user was looking at: a verdict that comes too late judges nothing else. None: the attempt
        /// that is shown, or was judged last.
        #[ts(optional = nullable)]
        attempt_id: Option<String>,
    },
    HandEdit {
        files: Vec<FileText>,
        words: String,
    },
    /// Accepts the last attempt although its check failed.
    Overrule {
        words: String,
    },
    Undo,
    SkipStep,
    TryAgain,
    ChooseTeacher {
        agent: Agent,
        place: u32,
    },
    SetPool {
        agent: Agent,
        model_ids: Vec<String>,
    },
    Consent {
        model_id: String,
        allow: bool,
    },
    Pause,
    /// After a pause, a stop, or the end of the app.
    Resume,
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StepEdit {
    pub id: Option<String>,
    pub text: String,
}
