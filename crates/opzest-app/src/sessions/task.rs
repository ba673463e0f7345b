//! Performing a session's tasks: calling the models and checking the artifact.

use crate::agents::{self, AgentError, AgentPiece, Call, Spoken, TextPart};
use crate::app::{App, now_ms};
use crate::dto::{self, SessionEvent, UiError, WritingPart};
use crate::local_use::tokenizer_of;
use crate::models::registered;
use crate::sessions::caller::caller;
use crate::sessions::check::Check;
use crate::sessions::live::Live;
use crate::teachers::pools_for;
use crate::workflows::Workflows;
use opzest_core::artifact::Artifact;
use opzest_core::ids::{AttemptId, GenerationId, ModelId, SessionId, StepId};
use opzest_core::session::{CallId, CallProblem, Event, PlannedStep, Setup, State, Task, Teacher};
use opzest_core::trace::TokenTrace;
use opzest_core::workflow::Agent;
use tokio_util::sync::CancellationToken;

/// One task that runs.
pub(super) struct Job {
    pub(super) app: App,
    pub(super) session: SessionId,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) call: CallId,
    pub(super) task: Task,
    pub(super) teacher: Option<Teacher>,
    pub(super) live: Live,
    pub(super) cancel: CancellationToken,
}

/// The distributions of one generation, to be kept with the event that it made.
#[derive(Clone)]
pub(super) struct Traced {
    pub(super) generation: GenerationId,
    pub(super) agent: Agent,
    pub(super) teacher: Teacher,
    pub(super) messages: Vec<opzest_core::chat::ChatMessage>,
    /// The server's address; `None`: the model ran on this computer.
    pub(super) server: Option<String>,
    /// The model that names its tokens.
    pub(super) tokenizer: ModelId,
    pub(super) tokens: Vec<TokenTrace>,
}

/// What a task gave.
pub(super) struct Done {
    pub(super) event: Event,
    pub(super) trace: Option<Traced>,
}

impl Job {
    /// Runs to the end. `None`: it was cancelled, and nobody waits for it.
    pub(super) async fn run(self) -> Option<Done> {
        let done = match (self.task, &self.teacher) {
            (Task::Check, _) => Ok(self.check().await),
            (_, Some(teacher)) => self.call_model(teacher).await,
            // The session asks for a teacher before it wants such a task.
            (_, None) => return None,
        };
        if self.cancel.is_cancelled() {
            return None;
        }
        match done {
            Ok(done) => Some(done),
            Err(problem) => Some(Done {
                event: Event::CallFailed {
                    call: self.call,
                    problem: problem?,
                },
                trace: None,
            }),
        }
    }

    /// A failure of `None` is a cancellation.
    async fn call_model(&self, teacher: &Teacher) -> Result<Done, Option<CallProblem>> {
        let caller = tokio::select! {
            caller = caller(&self.app, teacher, &self.live) => caller,
            () = self.cancel.cancelled() => return Err(None),
        };
        let mut caller = caller.map_err(|error| Some(problem_of(error)))?;
        // The same session goes the same way, yet a task that is tried anew is answered anew.
        let seed = caller.seed;
        caller.seed = seed.map(|seed| seed.wrapping_add(self.call.0 as u32));
        let agent = self.task.agent().unwrap_or(Agent::Worker);
        let live = self.live.clone();
        let sink = move |piece| live.send(event_of(piece, agent));
        let call = Call {
            caller: &caller,
            generation: GenerationId::new(now_ms(), rand::random()),
            sink: &sink,
            cancel: &self.cancel,
        };
        let done = match self.task {
            Task::Plan => self.plan(&call).await,
            Task::Instruct => self.instruct(&call).await,
            Task::Work => self.work(&call, teacher).await,
            Task::Analyse => self.analyse(&call).await,
            Task::Check => Ok(self.check().await),
        };
        done.map_err(|error| error.problem())
    }

    async fn plan(&self, call: &Call<'_>) -> Result<Done, AgentError> {
        let known = Workflows::load(self.app.data_folder());
        let planned = agents::plan(&self.state, &known.all(), call).await?;
        let setup = match &self.state.setup {
            Some(_) => None,
            None => self.setup_of(&known, &planned.workflow).await?,
        };
        let steps = planned.steps.into_iter().map(new_step).collect();
        let Spoken { written, .. } = planned.spoken;
        Ok(without_trace(Event::PlanWritten {
            call: self.call,
            written: Box::new(written),
            setup,
            steps,
        }))
    }

    async fn setup_of(
        &self,
        known: &Workflows,
        id: &opzest_core::workflow::WorkflowId,
    ) -> Result<Option<Box<Setup>>, AgentError> {
        let workflow = known
            .get(id)
            .cloned()
            .ok_or(AgentError::NotWanted { what: "workflow" })?;
        let id = self.session;
        let own = self.app.store(move |store| {
            let session = store.session(id)?;
            let own = store.use_cases()?.into_iter();
            let own = own.filter(|one| one.id == session.use_case && !one.is_default);
            Ok(own.map(|one| one.id).next())
        });
        let of = (own.await.unwrap_or(None), self.state.start.scope);
        let pools = pools_for(&self.app, Some(&workflow), of).await;
        let pools = pools.unwrap_or_else(|_| self.state.start.pools.clone());
        Ok(Some(Box::new(Setup { workflow, pools })))
    }

    async fn instruct(&self, call: &Call<'_>) -> Result<Done, AgentError> {
        let instructed = agents::instruct(&self.state, call).await?;
        Ok(without_trace(Event::InstructionWritten {
            call: self.call,
            written: Box::new(instructed.spoken.written),
            instruction: instructed.instruction,
        }))
    }

    async fn work(&self, call: &Call<'_>, teacher: &Teacher) -> Result<Done, AgentError> {
        let worked = agents::work(&self.state, call).await?;
        let (server, tokenizer) = origin_of(&self.app, teacher).await;
        let Spoken { written, trace, .. } = worked.spoken;
        let trace = trace.map(|tokens| Traced {
            generation: written.generation,
            agent: Agent::Worker,
            teacher: teacher.clone(),
            messages: written.messages.clone(),
            server: server.clone(),
            tokenizer,
            tokens,
        });
        let attempt = AttemptId::new(now_ms(), rand::random());
        let written = Box::new(written);
        let event = match worked.artifact {
            Ok(artifact) => Event::WorkWritten {
                call: self.call,
                attempt,
                written,
                artifact,
            },
            Err(problem) => Event::WorkUnreadable {
                call: self.call,
                attempt,
                written,
                problem: crate::error::sentence(&problem.to_string()),
            },
        };
        Ok(Done { event, trace })
    }

    async fn analyse(&self, call: &Call<'_>) -> Result<Done, AgentError> {
        let analysis = agents::analyse(&self.state, call).await?;
        Ok(without_trace(Event::FeedbackAnalysed {
            call: self.call,
            analysis,
        }))
    }

    async fn check(&self) -> Done {
        let attempt = self.state.current_attempt();
        let artifact = attempt.and_then(|attempt| attempt.artifact.clone());
        let artifact = artifact.unwrap_or(Artifact::EMPTY);
        let check = match &self.state.setup {
            Some(setup) => {
                let check = Check {
                    app: &self.app,
                    session: self.session,
                    title: self.title.clone(),
                    workflow: &setup.workflow,
                    start: &self.state.start.artifact,
                    artifact: &artifact,
                    live: &self.live,
                    cancel: &self.cancel,
                };
                check.run().await
            }
            None => opzest_core::session::CheckOutcome::NotRun {
                why: "No workflow has been chosen.".into(),
            },
        };
        without_trace(Event::Checked {
            call: self.call,
            check,
        })
    }
}

/// Where a teacher's text went (`None`: nowhere), and what names its tokens.
async fn origin_of(app: &App, teacher: &Teacher) -> (Option<String>, ModelId) {
    match registered(app, &teacher.model.id).await {
        Ok(model) => {
            let tokenizer = tokenizer_of(&model).clone();
            (teacher.remote.then_some(model.details.location), tokenizer)
        }
        Err(_) => (None, teacher.model.id.clone()),
    }
}

pub(super) fn new_step(text: String) -> PlannedStep {
    PlannedStep {
        id: StepId::new(now_ms(), rand::random()),
        text,
    }
}

fn without_trace(event: Event) -> Done {
    Done { event, trace: None }
}

/// A model that could not even be reached for.
fn problem_of(error: UiError) -> CallProblem {
    let code = serde_json::to_value(error.code).ok();
    CallProblem {
        code: code
            .and_then(|code| code.as_str().map(str::to_owned))
            .unwrap_or_default(),
        message: error.message,
        hint: error.hint,
        passing: false,
    }
}

fn event_of(piece: AgentPiece, agent: Agent) -> SessionEvent {
    match piece {
        AgentPiece::Reading { read, total, .. } => SessionEvent::Reading { read, total },
        AgentPiece::Text {
            part,
            text,
            tokens,
            tokens_per_second,
        } => SessionEvent::Writing {
            agent: dto::Agent::from(agent),
            part: match part {
                TextPart::Reasoning => WritingPart::Reasoning,
                TextPart::Result => WritingPart::Result,
            },
            text,
            tokens,
            tokens_per_second,
        },
        AgentPiece::Repairing { problem } => SessionEvent::StartedOver { why: problem },
    }
}
