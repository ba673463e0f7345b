//! Sessions at the points where an agent is wanted.

use super::scripted::Scripted;
use opzest_app::agents::{AgentPiece, Call, Caller};
use opzest_app::workflows::Workflows;
use opzest_core::artifact::Artifact;
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::ids::{AttemptId, GenerationId, ModelId, StepId};
use opzest_core::session::{
    CallId, CheckOutcome, Event, Next, PlannedStep, Pools, Session, Setup, Start, Teacher, Verdict,
    Written,
};
use opzest_core::workflow::Workflow;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

pub fn workflow(id: &str) -> Workflow {
    let workflows = Workflows::bundled();
    let id = id.parse().expect("an id");
    workflows.get(&id).expect("a bundled workflow").clone()
}

pub fn file(name: &str, text: &str) -> Artifact {
    Artifact::one(name.parse().expect("a name"), text)
}

pub fn model_name() -> ModelName {
    ModelName {
        id: ModelId::from_name("tester").expect("a slug"),
        name: "Tester".into(),
    }
}

fn pools() -> Pools {
    let pool = vec![Teacher {
        model: model_name(),
        remote: false,
        destination: String::new(),
    }];
    Pools {
        planner: pool.clone(),
        lead: pool.clone(),
        worker: pool.clone(),
        analyst: pool,
    }
}

pub fn written(raw: &str) -> Written {
    Written {
        generation: GenerationId::new(1, [1; 10]),
        model: model_name(),
        prompt_version: 1,
        messages: Vec::new(),
        raw: raw.to_owned(),
        reasoning: String::new(),
        left_out: Vec::new(),
        prompt_tokens: 0,
        answer_tokens: 0,
        took_ms: 0,
    }
}

/// A session and the means to move it on.
#[derive(Clone)]
pub struct Stage {
    pub session: Session,
    attempts: u8,
}

impl Stage {
    /// A session that waits for its plan; with no workflow if `id` is `None`.
    pub fn unplanned(id: Option<&str>, request: &str, artifact: Artifact) -> Self {
        Self::with(id, request, artifact, Vec::new())
    }

    /// A session whose only step is to be instructed.
    pub fn begun(id: &str, request: &str, step: &str, artifact: Artifact) -> Self {
        let plan = vec![PlannedStep {
            id: StepId::new(1, [1; 10]),
            text: step.to_owned(),
        }];
        let mut stage = Self::with(Some(id), request, artifact, plan);
        stage.take(Event::PlanApproved);
        stage
    }

    fn with(id: Option<&str>, request: &str, artifact: Artifact, plan: Vec<PlannedStep>) -> Self {
        let setup = id.map(|id| Setup {
            workflow: workflow(id),
            pools: pools(),
        });
        let start = Start {
            request: request.to_owned(),
            artifact,
            scope: Scope::Private,
            setup,
            pools: pools(),
            plan,
        };
        let start = Box::new(start);
        let (session, _) = Session::begin(Event::Started { start }).expect("a start");
        Self {
            session,
            attempts: 0,
        }
    }

    /// The same session, in a workflow with a schema of its own.
    pub fn with_schema(&mut self, schema: &str) {
        let mut start = self.session.state().start.clone();
        if let Some(setup) = &mut start.setup {
            setup.workflow.product.schema = Some(schema.to_owned());
        }
        let start = Box::new(start);
        let (session, _) = Session::begin(Event::Started { start }).expect("a start");
        self.session = session;
    }

    pub fn take(&mut self, event: Event) {
        self.session.handle(event).expect("the event fits");
    }

    fn call(&self) -> CallId {
        match self.session.next() {
            Next::Task { call, .. } => call,
            Next::User(need) => panic!("the session waits for the user: {need:?}"),
        }
    }

    pub fn instructed(mut self, instruction: &str) -> Self {
        self.take(Event::InstructionWritten {
            call: self.call(),
            written: Box::new(written(instruction)),
            instruction: instruction.to_owned(),
        });
        self
    }

    pub fn worked(mut self, artifact: Artifact) -> Self {
        self.attempts += 1;
        self.take(Event::WorkWritten {
            call: self.call(),
            attempt: AttemptId::new(1, [self.attempts; 10]),
            written: Box::new(written("raw")),
            artifact,
        });
        self
    }

    pub fn unreadable(mut self, raw: &str, problem: &str) -> Self {
        self.attempts += 1;
        self.take(Event::WorkUnreadable {
            call: self.call(),
            attempt: AttemptId::new(1, [self.attempts; 10]),
            written: Box::new(written(raw)),
            problem: problem.to_owned(),
        });
        self
    }

    pub fn failed(mut self, error: &str) -> Self {
        let check = CheckOutcome::Failed {
            error: error.to_owned(),
            output: String::new(),
        };
        self.take(Event::Checked {
            call: self.call(),
            check,
        });
        self
    }

    pub fn passed(mut self) -> Self {
        let check = CheckOutcome::Passed {
            output: String::new(),
            warnings: Vec::new(),
        };
        self.take(Event::Checked {
            call: self.call(),
            check,
        });
        self
    }

    pub fn judged(mut self, verdict: Verdict, words: &str) -> Self {
        let words = words.to_owned();
        self.take(Event::VerdictGiven {
            verdict,
            words,
            attempt: None,
        });
        self
    }

    pub fn feedback(mut self, words: &str) -> Self {
        let words = words.to_owned();
        self.take(Event::FeedbackGiven { words });
        self
    }
}

/// Who calls, and what was seen of it.
pub struct Watched {
    pub caller: Caller,
    pub cancel: CancellationToken,
    seen: Arc<Mutex<Vec<AgentPiece>>>,
    sink: Box<dyn Fn(AgentPiece) + Send + Sync>,
    scripted: Option<Arc<Scripted>>,
}

impl Watched {
    pub fn by(caller: Caller) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&seen);
        Self {
            caller,
            cancel: CancellationToken::new(),
            seen,
            sink: Box::new(move |piece| into.lock().expect("not poisoned").push(piece)),
            scripted: None,
        }
    }

    pub fn new(model: Scripted) -> Self {
        let model = Arc::new(model);
        let caller = Caller {
            model: Arc::clone(&model) as _,
            name: model_name(),
            context_size: 4096,
            trace_top_k: Some(64),
            adapters: Vec::new(),
            seed: Some(1),
        };
        Self {
            scripted: Some(model),
            ..Self::by(caller)
        }
    }

    /// The model that plays the script.
    pub fn model(&self) -> &Scripted {
        self.scripted.as_ref().expect("made by `new`")
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            caller: &self.caller,
            generation: GenerationId::new(7, [7; 10]),
            sink: &*self.sink,
            cancel: &self.cancel,
        }
    }

    pub fn seen(&self) -> Vec<AgentPiece> {
        self.seen.lock().expect("not poisoned").clone()
    }
}
