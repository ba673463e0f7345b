//! What a session waits for.

use crate::conversation::Scope;
use crate::session::event::Teacher;
use crate::session::state::{Phase, State};
use crate::workflow::Agent;
use serde::{Deserialize, Serialize};

/// Names one wanted task of a session. A task that is wanted anew, after a failure or a pause, has a
/// new id, so that a late answer to the old one is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// What the app has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    Plan,
    Instruct,
    Work,
    Check,
    Analyse,
}

impl Task {
    /// Whose model is called; a check calls none.
    pub fn agent(self) -> Option<Agent> {
        match self {
            Self::Plan => Some(Agent::Planner),
            Self::Instruct => Some(Agent::Lead),
            Self::Work => Some(Agent::Worker),
            Self::Analyse => Some(Agent::Analyst),
            Self::Check => None,
        }
    }
}

/// What the user has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    ApprovePlan,
    /// Say something about the attempt, accept it, or edit it.
    Judge,
    /// Say which verdict the words mean.
    ChooseVerdict,
    /// All teachers have failed: try again, choose or add one, edit by hand, skip or stop.
    PoolExhausted,
    /// The agent has no model that it may use.
    Teacher(Agent),
    /// Something outside the work failed: try again or choose another teacher.
    Trouble,
    /// Allow the text to be sent to this teacher, or not.
    Consent {
        agent: Agent,
        teacher: Teacher,
    },
    Resume,
    /// Nothing: the session is finished or stopped.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Task {
        call: CallId,
        task: Task,
        /// The model to call; `None` for a check.
        teacher: Option<Teacher>,
    },
    User(Need),
}

/// [`Next`] before its task has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Task {
        task: Task,
        teacher: Option<Teacher>,
    },
    User(Need),
}

impl State {
    pub(super) fn wish(&self) -> Wish {
        let task = match &self.phase {
            Phase::Planning => Task::Plan,
            Phase::Instructing => Task::Instruct,
            Phase::Working => Task::Work,
            Phase::Checking => Task::Check,
            Phase::Analysing => Task::Analyse,
            Phase::PlanReview => return Wish::User(Need::ApprovePlan),
            Phase::Judging => return Wish::User(Need::Judge),
            Phase::Confirming => return Wish::User(Need::ChooseVerdict),
            Phase::PoolExhausted => return Wish::User(Need::PoolExhausted),
            Phase::Trouble(_) => return Wish::User(Need::Trouble),
            Phase::Finished | Phase::Stopped { .. } => return Wish::User(Need::Nothing),
        };
        if self.paused {
            return Wish::User(Need::Resume);
        }
        let Some(agent) = task.agent() else {
            return Wish::Task {
                task,
                teacher: None,
            };
        };
        match self.teacher(agent).cloned() {
            None => Wish::User(Need::Teacher(agent)),
            Some(teacher) if self.needs_consent(&teacher) => {
                Wish::User(Need::Consent { agent, teacher })
            }
            teacher => Wish::Task { task, teacher },
        }
    }

    /// A private session asks before text leaves this computer, for each model and destination.
    pub fn needs_consent(&self, teacher: &Teacher) -> bool {
        let to = (teacher.model.id.clone(), teacher.destination.clone());
        teacher.remote && self.start.scope == Scope::Private && !self.consents.contains(&to)
    }
}
