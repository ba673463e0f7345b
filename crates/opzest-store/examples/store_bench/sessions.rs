//! Sessions that are recorded event by event, as the app does it.

use crate::rows::{answer, model, prompt};
use crate::texts::{Random, Vocabulary};
use opzest_core::artifact::{Artifact, FileName};
use opzest_core::conversation::Scope;
use opzest_core::ids::{AttemptId, GenerationId, SessionId, StepId, UseCaseId};
use opzest_core::session::{
    CallId, CheckOutcome, Event, Next, PlannedStep, Pools, Session, Setup, Start, Teacher, Verdict,
    Written,
};
use opzest_core::workflow::{Agent, AgentSpec, Agents, ArtifactKind, ProductForm, Workflow};
use opzest_store::{NewSession, NewTrace, Recording, Store, StoreError};
use std::time::{Duration, Instant};

/// A compressed trace, and how many tokens it has.
pub struct Trace {
    pub data: Vec<u8>,
    pub tokens: u32,
}

pub struct Sessions<'a> {
    pub store: &'a mut Store,
    pub words: &'a Vocabulary,
    pub random: Random,
    pub trace: Trace,
    pub now: u64,
    /// How long each accepted verdict took to be on the disk.
    pub accepted: Vec<Duration>,
}

impl Sessions<'_> {
    /// A session of two steps: an error, a redo, an acceptance in each.
    pub fn one(&mut self) -> Result<(), StoreError> {
        let id = SessionId::new(self.tick(), self.bytes());
        let steps = (0..2).map(|_| PlannedStep {
            id: StepId::new(self.tick(), self.bytes()),
            text: self.words.sized(&mut self.random, 20, 100),
        });
        let plan = steps.collect();
        let start = Box::new(Start {
            request: self.words.sized(&mut self.random, 50, 400),
            artifact: Artifact::EMPTY,
            scope: Scope::Private,
            setup: Some(setup()),
            pools: Pools::default(),
            plan,
        });
        let (mut session, _) = Session::begin(Event::Started { start }).expect("it begins");
        let spare = UseCaseId::new(self.tick(), self.bytes());
        let new = NewSession {
            id,
            use_case: None,
            spare_use_case: spare,
            session: &session,
        };
        self.store.begin_session(&new, self.now)?;
        self.take(id, &mut session, Event::PlanApproved)?;
        for _ in 0..2 {
            self.cycle(id, &mut session, Some("NameError: a name is not defined"))?;
            self.cycle(id, &mut session, None)?;
            self.judge(id, &mut session, Verdict::Redo)?;
            self.cycle(id, &mut session, None)?;
            let took = self.judge(id, &mut session, Verdict::Accepted)?;
            self.accepted.push(took);
        }
        Ok(())
    }

    fn cycle(
        &mut self,
        id: SessionId,
        session: &mut Session,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let instruction = self.words.sized(&mut self.random, 100, 500);
        let written = self.written(instruction.clone());
        let call = call(session);
        self.take(
            id,
            session,
            Event::InstructionWritten {
                call,
                written,
                instruction,
            },
        )?;
        let (raw, reasoning, artifact) = answer(self.words, &mut self.random);
        let mut written = self.written(raw);
        written.reasoning = reasoning;
        let attempt = AttemptId::new(self.tick(), self.bytes());
        let call = self::call(session);
        self.take(
            id,
            session,
            Event::WorkWritten {
                call,
                attempt,
                written,
                artifact,
            },
        )?;
        let check = match error {
            Some(error) => CheckOutcome::Failed {
                error: error.to_owned(),
                output: String::new(),
            },
            None => CheckOutcome::Passed {
                output: "fine".into(),
                warnings: Vec::new(),
            },
        };
        let call = self::call(session);
        self.take(id, session, Event::Checked { call, check })?;
        Ok(())
    }

    fn judge(
        &mut self,
        id: SessionId,
        session: &mut Session,
        verdict: Verdict,
    ) -> Result<Duration, StoreError> {
        let words = self.words.sized(&mut self.random, 10, 200);
        self.take(
            id,
            session,
            Event::VerdictGiven {
                verdict,
                words,
                attempt: None,
            },
        )
    }

    fn take(
        &mut self,
        id: SessionId,
        session: &mut Session,
        event: Event,
    ) -> Result<Duration, StoreError> {
        let effects = session.handle(event.clone()).expect("the event fits");
        let spare_use_case = UseCaseId::new(self.tick(), self.bytes());
        let trace = match &event {
            Event::WorkWritten { written, .. } => Some(NewTrace {
                generation: written.generation,
                agent: Agent::Worker,
                model: &written.model,
                server: None,
                tokenizer: Some("gpt2"),
                k: 64,
                tokens: self.trace.tokens,
                messages: &written.messages,
                data: &self.trace.data,
            }),
            _ => None,
        };
        let recording = Recording {
            id,
            session,
            effects: &effects,
            traces: trace.as_slice(),
            spare_use_case,
        };
        let started = Instant::now();
        self.store.record(&recording, self.now)?;
        Ok(started.elapsed())
    }

    fn written(&mut self, raw: String) -> Box<Written> {
        Box::new(Written {
            generation: GenerationId::new(self.tick(), self.bytes()),
            model: model(1),
            prompt_version: 1,
            messages: prompt(self.words, &mut self.random),
            raw,
            reasoning: String::new(),
            left_out: Vec::new(),
            prompt_tokens: 400,
            answer_tokens: 500,
            took_ms: 1_000,
        })
    }

    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    fn bytes(&mut self) -> [u8; 10] {
        std::array::from_fn(|_| self.random.below(256) as u8)
    }
}

fn call(session: &Session) -> CallId {
    match session.next() {
        Next::Task { call, .. } => call,
        Next::User(need) => panic!("a task was to be next, not {need:?}"),
    }
}

fn setup() -> Setup {
    let spec = || AgentSpec {
        prompt_version: 1,
        system: crate::rows::SYSTEM.into(),
        user: "{{ instruction }}".into(),
        pool: Vec::new(),
        temperature: 0.7,
        max_tokens: 1_000,
    };
    let teacher = || {
        vec![Teacher {
            model: model(1),
            remote: false,
            destination: String::new(),
        }]
    };
    let main_file: FileName = "main.py".parse().expect("a file name");
    Setup {
        workflow: Workflow {
            id: "script".parse().expect("an id"),
            version: 1,
            name: "Script".into(),
            description: "A Python script".into(),
            product: ProductForm {
                kind: ArtifactKind::Python,
                file: main_file,
                schema: None,
            },
            attempts: 5,
            confidence: 0.7,
            agents: Agents {
                planner: spec(),
                lead: spec(),
                worker: spec(),
                analyst: spec(),
            },
            templates: Vec::new(),
        },
        pools: Pools {
            planner: teacher(),
            lead: teacher(),
            worker: teacher(),
            analyst: teacher(),
        },
    }
}
