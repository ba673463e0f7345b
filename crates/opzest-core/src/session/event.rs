//! What can happen to a session. Serialised into the log: variants and fields are only ever added.

use crate::artifact::Artifact;
use crate::chat::ChatMessage;
use crate::conversation::{ModelName, Scope};
use crate::ids::{AttemptId, GenerationId, ModelId, StepId};
use crate::session::next::CallId;
use crate::session::state::Verdict;
use crate::workflow::{Agent, Workflow};
use serde::{Deserialize, Serialize};

/// A model that an agent may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teacher {
    pub model: ModelName,
    /// The text leaves this computer.
    pub remote: bool,
    /// Where it goes then: the server's address and the model's name there. A consent is for this, and
    /// nothing is sent elsewhere under the same name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub destination: String,
}

/// Each agent's models, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pools {
    pub planner: Vec<Teacher>,
    pub lead: Vec<Teacher>,
    pub worker: Vec<Teacher>,
    pub analyst: Vec<Teacher>,
}

impl Pools {
    pub fn get(&self, agent: Agent) -> &[Teacher] {
        match agent {
            Agent::Planner => &self.planner,
            Agent::Lead => &self.lead,
            Agent::Worker => &self.worker,
            Agent::Analyst => &self.analyst,
        }
    }

    pub(super) fn set(&mut self, agent: Agent, pool: Vec<Teacher>) {
        match agent {
            Agent::Planner => self.planner = pool,
            Agent::Lead => self.lead = pool,
            Agent::Worker => self.worker = pool,
            Agent::Analyst => self.analyst = pool,
        }
    }
}

/// A workflow as it was when the session began to use it, and the models for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    pub workflow: Workflow,
    pub pools: Pools,
}

/// What a session begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub request: String,
    /// What is to be worked on; may be empty.
    pub artifact: Artifact,
    pub scope: Scope,
    /// `None`: the planner chooses the workflow, with the planner's pool of `pools`.
    pub setup: Option<Setup>,
    /// Used until there is a setup.
    pub pools: Pools,
    /// The user's own plan; empty: the planner makes one.
    pub plan: Vec<PlannedStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    pub id: StepId,
    pub text: String,
}

/// What a model wrote, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub generation: GenerationId,
    pub model: ModelName,
    pub prompt_version: u32,
    /// What the model really read.
    pub messages: Vec<ChatMessage>,
    /// Everything it wrote: reasoning, markers and all.
    pub raw: String,
    /// Its chain of thought, taken out of `raw`; may be empty.
    pub reasoning: String,
    /// What did not fit into the context, in words for the user.
    pub left_out: Vec<String>,
    /// Tokens of the prompt and of the answer, if the model tells; else 0.
    pub prompt_tokens: u32,
    pub answer_tokens: u32,
    /// Milliseconds from the request to the end.
    pub took_ms: u32,
}

/// A call that gave no result: not the model's mistake, so it makes no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallProblem {
    pub code: String,
    pub message: String,
    pub hint: String,
    /// Trying the same again may help: a time-out, a cut stream, a busy server.
    pub passing: bool,
}

/// What the check of an artifact found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CheckOutcome {
    Passed {
        /// What the artifact printed.
        output: String,
        /// Remarks that do not fail it.
        warnings: Vec<String>,
    },
    Failed {
        /// What the lead needs to know.
        error: String,
        output: String,
    },
    /// It could not be checked here; the user decides with open eyes.
    NotRun { why: String },
}

/// What the analyst made of the user's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Probabilities of Redo, Further edit and Accepted, in this order; they sum to 1.
    pub probabilities: [f32; 3],
    pub reason: String,
    pub model: ModelName,
    pub prompt_version: u32,
}

impl Analysis {
    /// The most probable verdict, and its probability.
    pub fn verdict(&self) -> (Verdict, f32) {
        let mut best = (Verdict::ALL[0], self.probabilities[0]);
        for (&verdict, &probability) in Verdict::ALL.iter().zip(&self.probabilities).skip(1) {
            if probability > best.1 {
                best = (verdict, probability);
            }
        }
        best
    }
}

/// The user's own version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandEdit {
    pub attempt: AttemptId,
    pub artifact: Artifact,
    /// What a worker would have written to make it, without reasoning: the row's text.
    pub raw: String,
    /// What a worker would have read: the row's prompt, if no worker has written in this step yet.
    pub messages: Vec<ChatMessage>,
    /// Why, in the user's words; may be empty.
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event, and only the first.
    Started {
        start: Box<Start>,
    },

    // What models and checks gave; each answers the call that it names.
    PlanWritten {
        call: CallId,
        written: Box<Written>,
        /// The chosen workflow, if the user had not chosen.
        setup: Option<Box<Setup>>,
        steps: Vec<PlannedStep>,
    },
    InstructionWritten {
        call: CallId,
        written: Box<Written>,
        instruction: String,
    },
    WorkWritten {
        call: CallId,
        attempt: AttemptId,
        written: Box<Written>,
        artifact: Artifact,
    },
    /// The worker's answer has no artifact in it, also after it was asked to repair that.
    WorkUnreadable {
        call: CallId,
        attempt: AttemptId,
        written: Box<Written>,
        problem: String,
    },
    Checked {
        call: CallId,
        check: CheckOutcome,
    },
    FeedbackAnalysed {
        call: CallId,
        analysis: Analysis,
    },
    CallFailed {
        call: CallId,
        problem: CallProblem,
    },

    // What the user does.
    /// The steps that are not done, in order.
    PlanEdited {
        steps: Vec<PlannedStep>,
    },
    PlanApproved,
    FeedbackGiven {
        words: String,
    },
    /// A verdict by click: in the place of the analyst's, or over one that was already applied.
    VerdictGiven {
        verdict: Verdict,
        words: String,
        /// What the user was looking at, so that a late click judges nothing else; `None`: the attempt that
        /// is shown, or was judged last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<AttemptId>,
    },
    HandEdited {
        edit: Box<HandEdit>,
    },
    /// Accepts the last attempt although its check failed.
    CheckOverruled {
        words: String,
    },
    VerdictUndone,
    StepSkipped,
    /// Once more with the same teacher, after trouble.
    TriedAgain,
    /// Goes on with another model of the pool, by its place in it.
    TeacherChosen {
        agent: Agent,
        place: u32,
    },
    PoolChanged {
        agent: Agent,
        pool: Vec<Teacher>,
    },
    /// Text of this session may be sent to this model.
    ConsentGiven {
        model: ModelId,
    },
    ConsentRefused {
        model: ModelId,
    },
    Paused,
    Resumed,
    /// Ends the session as it is; `Resumed` opens it again.
    Stopped,
}

impl Event {
    /// The call that this event answers.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::PlanWritten { call, .. }
            | Self::InstructionWritten { call, .. }
            | Self::WorkWritten { call, .. }
            | Self::WorkUnreadable { call, .. }
            | Self::Checked { call, .. }
            | Self::FeedbackAnalysed { call, .. }
            | Self::CallFailed { call, .. } => Some(*call),
            Self::Started { .. }
            | Self::PlanEdited { .. }
            | Self::PlanApproved
            | Self::FeedbackGiven { .. }
            | Self::VerdictGiven { .. }
            | Self::HandEdited { .. }
            | Self::CheckOverruled { .. }
            | Self::VerdictUndone
            | Self::StepSkipped
            | Self::TriedAgain
            | Self::TeacherChosen { .. }
            | Self::PoolChanged { .. }
            | Self::ConsentGiven { .. }
            | Self::ConsentRefused { .. }
            | Self::Paused
            | Self::Resumed
            | Self::Stopped => None,
        }
    }

    /// Stays in force when a verdict before it is undone: it is about the rest of the session, not
    /// about the undone work.
    pub(super) fn survives_undo(&self) -> bool {
        matches!(
            self,
            Self::PlanEdited { .. }
                | Self::PoolChanged { .. }
                | Self::ConsentGiven { .. }
                | Self::ConsentRefused { .. }
        )
    }
}
