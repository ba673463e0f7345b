//! Where a session stands.

use crate::artifact::Artifact;
use crate::chat::ChatMessage;
use crate::ids::{AttemptId, ModelId, StepId};
use crate::session::event::{
    Analysis, CallProblem, CheckOutcome, Pools, Setup, Start, Teacher, Written,
};
use crate::words::words;
use crate::workflow::Agent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person's words mean for the work that they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Of no use: once more from what was there before.
    Redo,
    /// On the right way: go on from here.
    FurtherEdit,
    Accepted,
}

words!(Verdict, "verdict", {
    Redo => "redo",
    FurtherEdit => "further_edit",
    Accepted => "accepted",
});

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Waiting,
    Current,
    Done,
    Skipped,
}

words!(StepStatus, "step status", {
    Waiting => "waiting",
    Current => "current",
    Done => "done",
    Skipped => "skipped",
});

/// One instruction of the lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    pub text: String,
    pub written: Written,
}

/// What a worker answered to an instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub id: AttemptId,
    pub written: Written,
    /// `None`: no artifact could be found in the answer.
    pub artifact: Option<Artifact>,
    pub check: Option<CheckOutcome>,
}

/// The user's words about an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    pub words: String,
    pub analysis: Option<Analysis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The analyst was sure enough.
    Analyst,
    User,
}

words!(Author, "author of a verdict", { Analyst => "analyst", User => "user" });

/// How a cycle ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CycleEnd {
    /// The check failed, or the answer could not be read.
    Error {
        error: String,
    },
    Judged {
        verdict: Verdict,
        by: Author,
    },
    /// The user wrote the artifact: it is accepted.
    HandEdited {
        attempt: AttemptId,
        artifact: Artifact,
        raw: String,
        messages: Vec<ChatMessage>,
        words: String,
    },
    /// Accepted although the check failed.
    Overruled,
}

/// lead -> worker -> check -> the user's words -> verdict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cycle {
    pub instruction: Option<Instruction>,
    pub attempt: Option<Attempt>,
    pub feedback: Option<Feedback>,
    pub end: Option<CycleEnd>,
    /// The worker's teacher changed before this cycle.
    pub switch: Option<TeacherSwitch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeacherSwitch {
    pub from: Option<Teacher>,
    pub to: Option<Teacher>,
    pub cause: SwitchCause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchCause {
    /// Too many failed attempts.
    Failures,
    /// It could not be reached.
    Unreachable,
    /// The user did not allow sending.
    NoConsent,
    User,
}

words!(SwitchCause, "cause of a switch", {
    Failures => "failures",
    Unreachable => "unreachable",
    NoConsent => "no_consent",
    User => "user",
});

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub id: StepId,
    pub text: String,
    pub status: StepStatus,
    pub cycles: Vec<Cycle>,
    /// What the worker was given in the first cycle: the prompt of all rows of this step.
    pub prompt: Option<Vec<ChatMessage>>,
    /// The step's text when the first instruction was written: later edits of the plan do not change what
    /// the prompt asks for.
    pub asked: Option<String>,
}

/// A state of the product: the artifact that a step's acceptance made current.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub step: StepId,
    pub attempt: AttemptId,
    pub artifact: Artifact,
    pub by_hand: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    pub agent: Agent,
    pub problem: CallProblem,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    Planning,
    /// The plan waits for the user.
    PlanReview,
    Instructing,
    Working,
    Checking,
    /// The user looks at the attempt.
    Judging,
    Analysing,
    /// The analyst was not sure, or could not be asked: the user says which verdict.
    Confirming,
    /// Every teacher of the worker's pool has failed often enough.
    PoolExhausted,
    /// A call failed for a reason that is not the model's work.
    Trouble(Trouble),
    Finished,
    Stopped {
        before: Box<Phase>,
    },
}

/// Everything that follows from a log.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub start: Start,
    pub setup: Option<Setup>,
    /// Who planned, unless the user did.
    pub plan: Option<Written>,
    pub steps: Vec<Step>,
    /// The current artifact: what the next instruction is about.
    pub artifact: Artifact,
    pub versions: Vec<Version>,
    pub phase: Phase,
    pub paused: bool,
    /// Errors and redos since the last further edit, acceptance or switch of teacher.
    pub failed_attempts: u32,
    /// The models that text may be sent to, and where each of them was then.
    pub consents: BTreeSet<(ModelId, String)>,
    pub refusals: BTreeSet<ModelId>,
    /// Each agent's place in its pool, in the order of [`Agent::ALL`].
    pub(super) places: [usize; 4],
    /// Where each agent begins a step.
    pub(super) homes: [usize; 4],
    /// Calls in a row that failed in passing.
    pub(super) call_failures: u32,
    /// Where in the line of events the current attempt was shown to the user.
    pub(super) shown_at: usize,
    /// Where the line of events is cut by undoing, for each verdict.
    pub(super) undo_to: Vec<usize>,
    /// A switch to be noted in the cycle that comes next.
    pub(super) switch: Option<TeacherSwitch>,
}

impl State {
    pub(super) fn new(start: Start) -> Self {
        Self {
            setup: start.setup.clone(),
            plan: None,
            steps: Vec::new(),
            artifact: start.artifact.clone(),
            versions: Vec::new(),
            phase: Phase::Planning,
            paused: false,
            failed_attempts: 0,
            consents: BTreeSet::new(),
            refusals: BTreeSet::new(),
            places: [0; 4],
            homes: [0; 4],
            call_failures: 0,
            shown_at: 0,
            undo_to: Vec::new(),
            switch: None,
            start,
        }
    }

    pub fn pools(&self) -> &Pools {
        self.setup
            .as_ref()
            .map_or(&self.start.pools, |setup| &setup.pools)
    }

    pub fn current_step(&self) -> Option<&Step> {
        self.steps
            .iter()
            .find(|step| step.status == StepStatus::Current)
    }

    pub(super) fn current_step_mut(&mut self) -> Option<&mut Step> {
        self.steps
            .iter_mut()
            .find(|step| step.status == StepStatus::Current)
    }

    /// The cycle that is running, or has just ended.
    pub fn current_cycle(&self) -> Option<&Cycle> {
        self.current_step()?.cycles.last()
    }

    pub(super) fn current_cycle_mut(&mut self) -> Option<&mut Cycle> {
        self.current_step_mut()?.cycles.last_mut()
    }

    /// The attempt that is shown, checked or judged now.
    pub fn current_attempt(&self) -> Option<&Attempt> {
        self.current_cycle()?.attempt.as_ref()
    }

    pub fn place(&self, agent: Agent) -> usize {
        self.places[agent as usize]
    }

    /// The model that an agent uses now.
    pub fn teacher(&self, agent: Agent) -> Option<&Teacher> {
        self.pools().get(agent).get(self.place(agent))
    }

    /// Failed attempts at a step before the next teacher takes over.
    pub fn attempts_before_switch(&self) -> u32 {
        self.setup
            .as_ref()
            .map_or(1, |setup| setup.workflow.attempts)
            .max(1)
    }

    /// Whether a verdict can be undone.
    pub fn can_undo(&self) -> bool {
        !self.undo_to.is_empty()
    }
}
