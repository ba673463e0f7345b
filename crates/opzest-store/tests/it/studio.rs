//! Sessions with hand-made events, recorded in a store as the app does it.

use crate::support::Folder;
use opzest_core::artifact::Artifact;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::ids::{AttemptId, GenerationId, SessionId, StepId, UseCaseId};
use opzest_core::session::{
    CheckOutcome, Event, HandEdit, Next, PlannedStep, Pools, Session, Setup, Start, Task, Teacher,
    Verdict, Written,
};
use opzest_core::workflow::{Agent, AgentSpec, Agents, ArtifactKind, ProductForm, Workflow};
use opzest_store::{NewSession, NewTrace, Recorded, Recording, Store, StoreError};

pub(crate) fn id<T>(make: fn(u64, [u8; 10]) -> T, number: u64) -> T {
    make(number, [9; 10])
}

pub(crate) fn model(name: &str) -> ModelName {
    ModelName {
        id: name.parse().expect("a slug"),
        name: name.to_uppercase(),
    }
}

fn teacher(name: &str) -> Teacher {
    Teacher {
        model: model(name),
        remote: false,
        destination: String::new(),
    }
}

pub(crate) fn workflow(name: &str) -> Workflow {
    let spec = || AgentSpec {
        prompt_version: 3,
        system: "{{ system }}".into(),
        user: "{{ user }}".into(),
        pool: Vec::new(),
        temperature: 0.5,
        max_tokens: 100,
    };
    Workflow {
        id: name.parse().expect("a workflow id"),
        version: 2,
        name: name.to_uppercase(),
        description: "For tests".into(),
        product: ProductForm {
            kind: ArtifactKind::Python,
            file: "main.py".parse().expect("a name"),
            schema: None,
        },
        attempts: 2,
        confidence: 0.7,
        agents: Agents {
            planner: spec(),
            lead: spec(),
            worker: spec(),
            analyst: spec(),
        },
        templates: Vec::new(),
    }
}

pub(crate) fn pools() -> Pools {
    Pools {
        planner: vec![teacher("planner")],
        lead: vec![teacher("lead")],
        worker: vec![teacher("small"), teacher("large")],
        analyst: Vec::new(),
    }
}

pub(crate) fn setup() -> Setup {
    Setup {
        workflow: workflow("script"),
        pools: pools(),
    }
}

/// A request with the workflow chosen and a plan of these steps.
pub(crate) fn start(request: &str, steps: &[&str]) -> Start {
    let planned = (1..).zip(steps).map(|(number, text)| PlannedStep {
        id: id(StepId::new, number),
        text: (*text).to_owned(),
    });
    Start {
        request: request.to_owned(),
        artifact: Artifact::EMPTY,
        scope: Scope::Private,
        setup: Some(setup()),
        pools: Pools::default(),
        plan: planned.collect(),
    }
}

pub(crate) fn artifact(text: &str) -> Artifact {
    Artifact::one("main.py".parse().expect("a name"), text)
}

/// One session that is worked on.
pub(crate) struct Studio<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) store: &'a mut Store,
    pub(crate) id: SessionId,
    pub(crate) session: Session,
    /// Traces are recorded with what workers write.
    pub(crate) traced: bool,
    pub(crate) trace_data: Vec<u8>,
    /// Of the ids given so far: several sessions of one store begin at different numbers.
    pub(crate) count: u64,
}

impl<'a> Studio<'a> {
    pub(crate) fn begin(folder: &'a Folder, store: &'a mut Store, start: Start) -> Self {
        Self::begin_in(folder, store, start, None)
    }

    pub(crate) fn begin_in(
        folder: &'a Folder,
        store: &'a mut Store,
        start: Start,
        use_case: Option<UseCaseId>,
    ) -> Self {
        let start = Box::new(start);
        let (session, _) = Session::begin(Event::Started { start }).expect("begins");
        let id = SessionId::new(folder.now(), [3; 10]);
        let new = NewSession {
            id,
            use_case,
            spare_use_case: UseCaseId::new(folder.now(), [4; 10]),
            session: &session,
        };
        store.begin_session(&new, folder.now()).expect("recorded");
        Self {
            folder,
            store,
            id,
            session,
            traced: false,
            trace_data: vec![7; 100],
            count: 0,
        }
    }

    pub(crate) fn try_take(&mut self, event: Event) -> Result<Recorded, StoreError> {
        let mut session = self.session.clone();
        let effects = session.handle(event.clone()).expect("the event fits");
        let written = match &event {
            Event::WorkWritten { written, .. } if self.traced => Some(written),
            _ => None,
        };
        let trace = written.map(|written| NewTrace {
            generation: written.generation,
            agent: Agent::Worker,
            model: &written.model,
            server: None,
            tokenizer: Some("gpt2"),
            k: 4,
            tokens: 10,
            messages: &written.messages,
            data: &self.trace_data,
        });
        let recording = Recording {
            id: self.id,
            session: &session,
            effects: &effects,
            traces: trace.as_slice(),
            spare_use_case: UseCaseId::new(self.folder.now(), [4; 10]),
        };
        let recorded = self.store.record(&recording, self.folder.now())?;
        self.session = session;
        Ok(recorded)
    }

    pub(crate) fn take(&mut self, event: Event) -> Recorded {
        self.try_take(event).expect("recorded")
    }

    fn call(&self, wanted: Task) -> opzest_core::session::CallId {
        match self.session.next() {
            Next::Task { call, task, .. } if task == wanted => call,
            next => panic!("{wanted:?} was to be next, not {next:?}"),
        }
    }

    fn written(&mut self, agent: Agent, raw: &str, read: &str) -> Box<Written> {
        self.count += 1;
        let teacher = self.session.state().teacher(agent).expect("a teacher");
        Box::new(Written {
            generation: id(GenerationId::new, 1_000 + self.count),
            model: teacher.model.clone(),
            prompt_version: 3,
            messages: vec![
                ChatMessage::new(Role::System, format!("You are the {agent}.")),
                ChatMessage::new(Role::User, read),
            ],
            raw: raw.to_owned(),
            reasoning: format!("because {raw}"),
            left_out: Vec::new(),
            prompt_tokens: 1,
            answer_tokens: 2,
            took_ms: 3,
        })
    }

    pub(crate) fn approve(&mut self) {
        self.take(Event::PlanApproved);
    }

    pub(crate) fn instruct(&mut self, instruction: &str) {
        let call = self.call(Task::Instruct);
        let read = format!("now it is: {:?}", self.session.state().artifact);
        let written = self.written(Agent::Lead, instruction, &read);
        let instruction = instruction.to_owned();
        self.take(Event::InstructionWritten {
            call,
            written,
            instruction,
        });
    }

    pub(crate) fn work(&mut self, text: &str) -> AttemptId {
        let call = self.call(Task::Work);
        let asked = self.session.state().current_cycle().expect("a cycle");
        let asked = asked.instruction.as_ref().expect("instructed");
        let read = asked.text.clone();
        let written = self.written(Agent::Worker, &format!("<<{text}>>"), &read);
        let attempt = id(AttemptId::new, 2_000 + self.count);
        self.take(Event::WorkWritten {
            call,
            attempt,
            written,
            artifact: artifact(text),
        });
        attempt
    }

    pub(crate) fn unreadable(&mut self, raw: &str) {
        let call = self.call(Task::Work);
        let written = self.written(Agent::Worker, raw, "x");
        let attempt = id(AttemptId::new, 2_000 + self.count);
        self.take(Event::WorkUnreadable {
            call,
            attempt,
            written,
            problem: "no markers".into(),
        });
    }

    pub(crate) fn check(&mut self, error: Option<&str>) {
        let call = self.call(Task::Check);
        let check = match error {
            None => CheckOutcome::Passed {
                output: "ran".into(),
                warnings: Vec::new(),
            },
            Some(error) => CheckOutcome::Failed {
                error: error.to_owned(),
                output: String::new(),
            },
        };
        self.take(Event::Checked { call, check });
    }

    /// Instruction, work and a check that it passes.
    pub(crate) fn cycle(&mut self, instruction: &str, text: &str) {
        self.instruct(instruction);
        self.work(text);
        self.check(None);
    }

    pub(crate) fn say(&mut self, words: &str, verdict: Verdict) -> Recorded {
        self.take(Event::FeedbackGiven {
            words: words.to_owned(),
        });
        self.judge(verdict)
    }

    pub(crate) fn judge(&mut self, verdict: Verdict) -> Recorded {
        let words = String::new();
        self.take(Event::VerdictGiven {
            verdict,
            words,
            attempt: None,
        })
    }

    pub(crate) fn hand_edit(&mut self, text: &str, words: &str) {
        let event = self.hand_edit_event(text, words);
        self.take(event);
    }

    pub(crate) fn hand_edit_event(&mut self, text: &str, words: &str) -> Event {
        self.count += 1;
        let edit = HandEdit {
            attempt: id(AttemptId::new, 2_000 + self.count),
            artifact: artifact(text),
            raw: format!("<<{text}>>"),
            messages: vec![ChatMessage::new(Role::User, "by hand")],
            words: words.to_owned(),
        };
        let edit = Box::new(edit);
        Event::HandEdited { edit }
    }
}
