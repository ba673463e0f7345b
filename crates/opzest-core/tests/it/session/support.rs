//! A session whose models are the test.

use opzest_core::artifact::Artifact;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::ids::{AttemptId, GenerationId, StepId};
use opzest_core::session::{
    Analysis, CallId, CallProblem, CheckOutcome, Effect, Event, Example, HandEdit, Ignored, Next,
    PlannedStep, Pools, Session, Setup, Start, Task, Teacher, Verdict, Written,
};
use opzest_core::workflow::Workflow;

pub const WORKFLOW: &str = r#"
id = "script"
version = 1
name = "Script"
description = "A Python program."
attempts = 2
confidence = 0.6

[product]
kind = "python"
file = "main.py"

[agents.planner]
prompt_version = 1
system = "plan"
user = "{{ request }}"
max_tokens = 100

[agents.lead]
prompt_version = 2
system = "lead"
user = "{{ step }}"
max_tokens = 100

[agents.worker]
prompt_version = 3
system = "work"
user = "{{ instruction }}"
max_tokens = 100

[agents.analyst]
prompt_version = 4
system = "analyse"
user = "{{ words }}"
max_tokens = 10
"#;

pub fn teacher(name: &str, remote: bool) -> Teacher {
    Teacher {
        model: model(name),
        remote,
        destination: String::new(),
    }
}

pub fn model(name: &str) -> ModelName {
    ModelName {
        id: name.parse().expect("a slug"),
        name: name.to_owned(),
    }
}

/// One local model for all but the worker, which has two.
pub fn pools() -> Pools {
    Pools {
        planner: vec![teacher("small", false)],
        lead: vec![teacher("small", false)],
        worker: vec![teacher("small", false), teacher("large", false)],
        analyst: vec![teacher("small", false)],
    }
}

pub fn planned(number: u64, text: &str) -> PlannedStep {
    PlannedStep {
        id: step_id(number),
        text: text.to_owned(),
    }
}

pub fn step_id(number: u64) -> StepId {
    StepId::new(number, [1; 10])
}

pub fn attempt_id(number: u64) -> AttemptId {
    AttemptId::new(number, [2; 10])
}

pub fn artifact(text: &str) -> Artifact {
    Artifact::one("main.py".parse().expect("a name"), text)
}

pub fn start(steps: &[&str]) -> Start {
    let workflow = Workflow::parse(WORKFLOW).expect("a workflow");
    let setup = Setup {
        workflow,
        pools: pools(),
    };
    Start {
        request: "a clock".into(),
        artifact: Artifact::EMPTY,
        scope: Scope::Private,
        setup: Some(setup),
        pools: pools(),
        plan: (1..).zip(steps).map(|(n, text)| planned(n, text)).collect(),
    }
}

pub fn written(model_name: &str, read: &str, raw: &str) -> Box<Written> {
    Box::new(Written {
        generation: GenerationId::new(raw.len() as u64, [3; 10]),
        model: model(model_name),
        prompt_version: 3,
        messages: vec![ChatMessage::new(Role::User, read)],
        raw: raw.to_owned(),
        reasoning: format!("because {raw}"),
        left_out: Vec::new(),
        prompt_tokens: 1,
        answer_tokens: 1,
        took_ms: 1,
    })
}

pub fn problem(passing: bool) -> CallProblem {
    CallProblem {
        code: "remote".into(),
        message: "The server does not answer.".into(),
        hint: "Try again.".into(),
        passing,
    }
}

pub fn passed() -> CheckOutcome {
    CheckOutcome::Passed {
        output: "12:00".into(),
        warnings: Vec::new(),
    }
}

pub fn failed(error: &str) -> CheckOutcome {
    CheckOutcome::Failed {
        error: error.into(),
        output: String::new(),
    }
}

pub fn sure(verdict: Verdict) -> Analysis {
    let mut probabilities = [0.1; 3];
    probabilities[verdict as usize] = 0.8;
    Analysis {
        probabilities,
        reason: String::new(),
        model: model("small"),
        prompt_version: 4,
    }
}

/// Drives a session with short words.
pub struct Driver {
    pub session: Session,
    attempts: u64,
}

impl Driver {
    /// With an approved plan.
    pub fn working(steps: &[&str]) -> Self {
        let start = Box::new(start(steps));
        let (session, _) = Session::begin(Event::Started { start }).expect("begins");
        let mut driver = Self {
            session,
            attempts: 0,
        };
        driver.take(Event::PlanApproved);
        driver
    }

    pub fn take(&mut self, event: Event) -> Vec<Effect> {
        self.try_take(event).expect("the event fits")
    }

    pub fn try_take(&mut self, event: Event) -> Result<Vec<Effect>, Ignored> {
        self.session.handle(event)
    }

    pub fn call(&self) -> CallId {
        match self.session.next() {
            Next::Task { call, .. } => call,
            Next::User(need) => panic!("no task is wanted, but {need:?}"),
        }
    }

    pub fn task(&self) -> Task {
        match self.session.next() {
            Next::Task { task, .. } => task,
            Next::User(need) => panic!("no task is wanted, but {need:?}"),
        }
    }

    /// The worker's model now.
    pub fn worker(&self) -> String {
        let teacher = self
            .session
            .state()
            .teacher(opzest_core::workflow::Agent::Worker);
        teacher.expect("a worker").model.name.clone()
    }

    pub fn instruct(&mut self, text: &str) -> Vec<Effect> {
        assert_eq!(self.task(), Task::Instruct);
        self.take(Event::InstructionWritten {
            call: self.call(),
            written: written("small", "lead", text),
            instruction: text.into(),
        })
    }

    /// The worker writes; `read` is what it was given.
    pub fn work(&mut self, read: &str, text: &str) -> AttemptId {
        assert_eq!(self.task(), Task::Work);
        self.attempts += 1;
        let attempt = attempt_id(self.attempts);
        let worker = self.worker();
        self.take(Event::WorkWritten {
            call: self.call(),
            attempt,
            written: written(&worker, read, text),
            artifact: artifact(text),
        });
        attempt
    }

    pub fn check(&mut self, check: CheckOutcome) -> Vec<Effect> {
        assert_eq!(self.task(), Task::Check);
        self.take(Event::Checked {
            call: self.call(),
            check,
        })
    }

    /// Instruction, work and a passed check.
    pub fn show(&mut self, instruction: &str, text: &str) -> AttemptId {
        self.instruct(instruction);
        let attempt = self.work(instruction, text);
        self.check(passed());
        attempt
    }

    /// The user's words, which the analyst understands.
    pub fn say(&mut self, words: &str, verdict: Verdict) -> Vec<Effect> {
        self.take(Event::FeedbackGiven {
            words: words.into(),
        });
        self.take(Event::FeedbackAnalysed {
            call: self.call(),
            analysis: sure(verdict),
        })
    }

    pub fn edit(&mut self, text: &str) -> AttemptId {
        self.attempts += 1;
        let attempt = attempt_id(self.attempts);
        self.take(Event::HandEdited {
            edit: Box::new(hand_edit(attempt, text)),
        });
        attempt
    }

    /// The rows in short: prompt, rejected with its reason and words, chosen.
    pub fn rows(&self) -> Vec<String> {
        self.session.examples().iter().map(row).collect()
    }
}

pub fn hand_edit(attempt: AttemptId, text: &str) -> HandEdit {
    HandEdit {
        attempt,
        artifact: artifact(text),
        raw: text.into(),
        messages: vec![ChatMessage::new(Role::User, "given by hand")],
        words: String::new(),
    }
}

pub fn row(example: &Example) -> String {
    let prompt = &example.prompt[0].content;
    let rejected = example.rejected.as_ref().map_or_else(
        || "-".to_owned(),
        |side| format!("{} ({}: {})", side.text, side.reason, side.words),
    );
    let chosen = example.chosen.as_ref().map_or("-", |side| &side.text);
    format!("{prompt} | {rejected} | {chosen}")
}
