//! Sessions, as the Workshop shows them.

use crate::dto::UiError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a session can make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowInfo {
    pub id: String,
    pub version: u32,
    pub name: String,
    pub description: String,
    pub kind: ArtifactKind,
    /// The product's main file.
    pub file_name: String,
    /// Failed attempts before the next teacher takes over.
    pub attempts: u32,
    pub templates: Vec<RequestTemplate>,
    /// The user's own file it was read from; absent for one that comes with OpZest.
    pub path: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RequestTemplate {
    pub title: String,
    pub request: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowList {
    pub workflows: Vec<WorkflowInfo>,
    /// Files of the user's folder that cannot be used, with file, line and reason.
    pub problems: Vec<UiError>,
    /// Where the user's own files belong.
    pub folder: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ArtifactKind {
    Markdown,
    Python,
    Page,
    Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UseCaseInfo {
    pub id: String,
    pub name: String,
    pub sessions: u32,
    /// Complete rows.
    pub examples: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    Private,
    Communal,
}

/// Where a session stands, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionStatus {
    /// A model or a check works.
    Working,
    /// The user is asked for something.
    NeedsYou,
    Paused,
    Finished,
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    pub id: String,
    pub title: String,
    pub status: SessionStatus,
    pub scope: Scope,
    pub use_case_id: String,
    pub use_case: String,
    /// Absent until it is chosen.
    pub workflow: Option<String>,
    /// What it makes, if its workflow is still there.
    pub kind: Option<ArtifactKind>,
    pub created_at: f64,
    pub updated_at: f64,
    /// Accepted versions of the product.
    pub versions: u32,
    /// Rows of the dataset, pending ones included.
    pub examples: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    pub items: Vec<SessionSummary>,
    pub total: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FileText {
    pub name: String,
    pub text: String,
}

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Agent {
    Planner,
    Lead,
    Worker,
    Analyst,
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

/// While a session is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SessionEvent {
    /// The session as it is now: first, and after every change.
    Changed {
        session: Box<SessionView>,
    },
    LoadingModel {
        model_name: String,
    },
    Reading {
        read: u32,
        total: u32,
    },
    /// More of what the agent writes.
    Writing {
        agent: Agent,
        /// Its chain of thought, or what it makes.
        part: WritingPart,
        text: String,
        tokens: u32,
        tokens_per_second: f32,
    },
    /// What was streamed of this answer so far does not count: it is asked for once more.
    StartedOver {
        why: String,
    },
    /// Something the preview of the shown page reported after it was checked.
    PreviewProblem {
        message: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum WritingPart {
    Reasoning,
    Result,
}

/// What a script did when it was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub passed: bool,
    /// How it ended, in words.
    pub outcome: String,
    pub stdout: String,
    pub stderr: String,
    pub files: Vec<FileText>,
    pub wall_ms: u32,
}

/// Why nothing can be run safely here; absent where it can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SandboxInfo {
    pub ready: bool,
    pub problem: Option<UiError>,
    /// Pages can be run in a preview.
    pub preview: bool,
}

impl Agent {
    pub const ALL: [Self; 4] = [Self::Planner, Self::Lead, Self::Worker, Self::Analyst];
}

macro_rules! same_words {
    ($dto:ty, $core:ty, { $($variant:ident),+ }) => {
        impl From<$dto> for $core {
            fn from(word: $dto) -> Self {
                match word {
                    $(<$dto>::$variant => Self::$variant),+
                }
            }
        }

        impl From<$core> for $dto {
            fn from(word: $core) -> Self {
                match word {
                    $(<$core>::$variant => Self::$variant),+
                }
            }
        }
    };
}
pub(super) use same_words;

same_words!(Agent, opzest_core::workflow::Agent, { Planner, Lead, Worker, Analyst });
same_words!(Verdict, opzest_core::session::Verdict, { Redo, FurtherEdit, Accepted });
same_words!(Scope, opzest_core::conversation::Scope, { Private, Communal });
same_words!(ArtifactKind, opzest_core::workflow::ArtifactKind, { Markdown, Python, Page, Json });
