//! Everything about one session.

use super::{Agent, FileText, SessionSummary, WorkflowInfo};
use crate::dto::UiError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything about one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    pub summary: SessionSummary,
    pub request: String,
    /// What the session began with.
    pub start_files: Vec<FileText>,
    pub workflow: Option<WorkflowInfo>,
    pub plan: Option<PlanView>,
    pub steps: Vec<StepView>,
    /// The current artifact.
    pub files: Vec<FileText>,
    pub versions: Vec<VersionView>,
    pub need: Need,
    /// The teachers of each agent, in order.
    pub pools: Vec<PoolView>,
    /// Failed attempts since the count began, and how many are allowed.
    pub failed_attempts: u32,
    pub allowed_attempts: u32,
    pub can_undo: bool,
    /// The last attempt failed its check and can be accepted all the same.
    pub can_overrule: bool,
    /// Something could not be saved; it is kept and tried again with the next action.
    pub unsaved: Option<UiError>,
}

/// The planner's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    pub reasoning: String,
    pub by: WhoWorked,
    pub left_out: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepStatus {
    Waiting,
    Current,
    Done,
    Skipped,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    pub id: String,
    pub text: String,
    pub status: StepStatus,
    pub cycles: Vec<CycleView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WhoWorked {
    pub model_id: String,
    pub model_name: String,
    pub remote: bool,
    /// Seconds from the request to the end.
    pub seconds: f32,
    /// Tokens written; 0 if the model does not tell.
    pub tokens: u32,
}

/// lead -> worker -> check -> words -> verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CycleView {
    pub instruction: Option<InstructionView>,
    pub attempt: Option<AttemptView>,
    pub feedback: Option<FeedbackView>,
    pub end: Option<CycleEnd>,
    pub switch: Option<TeacherSwitchView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InstructionView {
    pub text: String,
    pub reasoning: String,
    pub by: WhoWorked,
    pub left_out: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    pub id: String,
    /// From 1, within its step.
    pub number: u32,
    pub by: WhoWorked,
    pub reasoning: String,
    /// Everything the model wrote.
    pub raw: String,
    /// Empty if no artifact could be found in it.
    pub files: Vec<FileText>,
    pub left_out: Vec<String>,
    pub check: Option<CheckView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "outcome",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CheckView {
    Passed {
        output: String,
        warnings: Vec<String>,
    },
    Failed {
        error: String,
        output: String,
    },
    NotRun {
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    Redo,
    FurtherEdit,
    Accepted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackView {
    pub words: String,
    pub analysis: Option<AnalysisView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisView {
    pub verdict: Verdict,
    /// Probabilities, which sum to 1.
    pub redo: f32,
    pub further_edit: f32,
    pub accepted: f32,
    pub reason: String,
    pub model_name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "how", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CycleEnd {
    Error {
        error: String,
    },
    Judged {
        verdict: Verdict,
        by_user: bool,
    },
    HandEdited {
        attempt_id: String,
        files: Vec<FileText>,
        words: String,
    },
    /// Accepted although its check had failed.
    Overruled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SwitchCause {
    Failures,
    Unreachable,
    NoConsent,
    User,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TeacherSwitchView {
    pub from: Option<String>,
    pub to: Option<String>,
    pub cause: SwitchCause,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// From 1.
    pub number: u32,
    pub step_id: String,
    pub attempt_id: String,
    pub files: Vec<FileText>,
    pub by_hand: bool,
    /// The last one of a finished session.
    pub is_final: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PoolView {
    pub agent: Agent,
    pub teachers: Vec<PoolTeacher>,
    /// The place of the one in use; past the end if there is none.
    pub place: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PoolTeacher {
    pub model_id: String,
    pub name: String,
    pub remote: bool,
    /// The user has refused to send this session's text to it.
    pub refused: bool,
}

/// What the session waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Need {
    /// A model works: nobody has to do anything.
    Working {
        agent: Agent,
        model_name: String,
        remote: bool,
    },
    /// The artifact is being checked.
    Checking,
    ApprovePlan,
    Judge,
    ChooseVerdict,
    /// All teachers have failed often enough.
    PoolExhausted,
    /// The agent has no model.
    Teacher {
        agent: Agent,
    },
    Trouble {
        agent: Agent,
        problem: UiError,
    },
    /// May this text be sent to this model?
    Consent {
        agent: Agent,
        model_id: String,
        model_name: String,
        /// The server's address.
        destination: String,
        /// Exactly what would be sent first.
        messages: Vec<SentMessage>,
    },
    /// Paused, or interrupted by the end of the app: [`SessionAct::Resume`] goes on.
    Resume,
    /// Finished or stopped.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    pub role: String,
    pub text: String,
}
