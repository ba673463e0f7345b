//! Drives one session: takes what the user does and what tasks give, stores it, and begins what the
//! session wants next.
//!
//! One driver a session, as a task of its own, so that its events come one after the other. An event is
//! stored before it counts: if the store refuses, the session stays as it was.

use crate::app::{App, now_ms};
use crate::dto::{Need, SessionAct, SessionEvent, SessionStatus, SessionView, UiError};
use crate::error::{error, invalid};
use crate::sessions::acts::{event_of, refused};
use crate::sessions::live::Live;
use crate::sessions::needs::need_of;
use crate::sessions::summary::{self, Names};
use crate::sessions::task::{Done, Job, Traced};
use crate::sessions::view::{Beside, view};
use crate::storage::has_room_for_traces;
use opzest_core::ids::{SessionId, UseCaseId};
use opzest_core::session::{
    CallId, CallProblem, Effect, Event, Ignored, Need as CoreNeed, Next, Session, Task,
};
use opzest_store::Recording;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a driver is asked.
pub(super) enum Asked {
    Act(SessionAct, oneshot::Sender<Result<SessionView, UiError>>),
    View(oneshot::Sender<Result<SessionView, UiError>>),
    /// The session now, what its task has written so far, and everything from now on.
    Watch(oneshot::Sender<Result<Watching, UiError>>),
    /// Something beside the session's log has changed: its title, its use case.
    Refresh,
    /// Cancels what runs and ends the driver; answers when all that was done is stored.
    Close(oneshot::Sender<()>),
}

pub(super) struct Watching {
    pub(super) first: Vec<SessionEvent>,
    pub(super) rest: broadcast::Receiver<SessionEvent>,
}

struct Running {
    call: CallId,
    cancel: CancellationToken,
    done: JoinHandle<Option<Done>>,
}

pub(super) struct Driver {
    app: App,
    id: SessionId,
    session: Session,
    live: Live,
    running: Option<Running>,
    /// A session that was opened from the store waits until the user goes on with it.
    active: bool,
    /// A result that could not be stored; nothing else happens before it is.
    unsaved: Option<(Done, UiError)>,
}

impl Driver {
    pub(super) fn new(app: App, id: SessionId, session: Session, active: bool) -> Self {
        Self {
            app,
            id,
            session,
            live: Live::new(),
            running: None,
            active,
            unsaved: None,
        }
    }

    /// Runs until it is closed, or nobody can ask any more.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Asked>) {
        self.begin_wanted();
        loop {
            tokio::select! {
                asked = asked.recv() => match asked {
                    None => break,
                    Some(Asked::Close(closed)) => {
                        self.close().await;
                        let _ = closed.send(());
                        break;
                    }
                    Some(asked) => self.answer(asked).await,
                },
                done = finished(&mut self.running) => {
                    self.running = None;
                    self.take_result(done).await;
                }
            }
        }
    }

    async fn answer(&mut self, asked: Asked) {
        match asked {
            Asked::Act(act, answer) => {
                let result = self.act(act).await;
                let _ = answer.send(result);
            }
            Asked::View(answer) => {
                let _ = answer.send(self.view().await);
            }
            Asked::Watch(answer) => {
                let watching = self.watch().await;
                let _ = answer.send(watching);
            }
            Asked::Refresh => self.tell().await,
            Asked::Close(_) => unreachable!("the loop ends with it"),
        }
    }

    async fn watch(&self) -> Result<Watching, UiError> {
        let session = Box::new(self.view().await?);
        let (so_far, rest) = self.live.watch();
        let mut first = vec![SessionEvent::Changed { session }];
        first.extend(so_far);
        Ok(Watching { first, rest })
    }

    /// The last chance to store a result that could not be stored before.
    async fn close(&mut self) {
        self.active = false;
        self.stop_running().await;
        if let Err(error) = self.save_unsaved().await {
            tracing::error!(session = %self.id, code = ?error.code, "a result is lost: it could not be stored");
        }
    }

    async fn act(&mut self, act: SessionAct) -> Result<SessionView, UiError> {
        let was_held_up = self.unsaved.is_some();
        self.save_unsaved().await?;
        if act == SessionAct::Resume && was_held_up {
            // Storing it was all that the session waited for.
            self.tell().await;
            return self.view().await;
        }
        if act == SessionAct::Resume && !self.active {
            self.active = true;
            // Only interrupted: nothing of it is in the log.
            if matches!(self.session.next(), Next::Task { .. }) {
                self.begin_wanted();
                self.tell().await;
                return self.view().await;
            }
        }
        let goes_on = !matches!(act, SessionAct::Pause | SessionAct::Stop);
        let event = event_of(&self.app, self.session.state(), act).await?;
        self.take(event, None).await?;
        if goes_on && !self.active {
            self.active = true;
            self.begin_wanted();
        }
        self.tell().await;
        self.view().await
    }

    /// A task has ended.
    async fn take_result(&mut self, done: Option<Done>) {
        let Some(done) = done else {
            self.tell().await;
            return;
        };
        let Some(done) = self.fitting(done) else {
            self.tell().await;
            return;
        };
        let taken = self.take(done.event.clone(), done.trace.as_ref()).await;
        if let Err(error) = taken {
            tracing::error!(session = %self.id, code = ?error.code, "a result could not be stored");
            self.unsaved = Some((done, error));
        }
        self.tell().await;
    }

    /// A result that the session cannot take counts as a call that failed; nobody waits for one that is late.
    fn fitting(&self, done: Done) -> Option<Done> {
        let ignored = match self.session.clone().handle(done.event.clone()) {
            Ok(_) => return Some(done),
            Err(Ignored::StaleCall) => return None,
            Err(ignored) => ignored,
        };
        tracing::error!(session = %self.id, %ignored, "a result does not fit");
        let event = Event::CallFailed {
            call: done.event.call()?,
            problem: internal_problem(),
        };
        Some(Done { event, trace: None })
    }

    async fn save_unsaved(&mut self) -> Result<(), UiError> {
        let Some((done, _)) = &self.unsaved else {
            return Ok(());
        };
        let (event, trace) = (done.event.clone(), done.trace.as_ref());
        // Borrowed apart, since taking it changes the driver.
        let trace = trace.cloned();
        self.take(event, trace.as_ref()).await?;
        self.unsaved = None;
        Ok(())
    }

    /// Stores an event and then lets it count.
    async fn take(&mut self, event: Event, trace: Option<&Traced>) -> Result<(), UiError> {
        let mut after = self.session.clone();
        let effects = after.handle(event).map_err(refused)?;
        let trace = trace.cloned();
        let id = self.id;
        let (after, effects) = self
            .app
            .store(move |store| {
                let trace = trace.filter(|_| has_room_for_traces(store).unwrap_or(false));
                let data = trace.as_ref().and_then(Traced::encoded);
                let traces: Vec<_> = trace
                    .as_ref()
                    .zip(data.as_deref())
                    .map(|(trace, data)| trace.row(data))
                    .into_iter()
                    .collect();
                let recording = Recording {
                    id,
                    session: &after,
                    effects: &effects,
                    traces: &traces,
                    spare_use_case: UseCaseId::new(now_ms(), rand::random()),
                };
                store.record(&recording, now_ms())?;
                Ok((after, effects))
            })
            .await?;
        self.session = after;
        for effect in effects {
            match effect {
                Effect::Cancel(call) => self.cancel(call).await,
                Effect::Perform { .. } => self.begin_wanted(),
                Effect::Record(_) | Effect::Ask(_) => {}
            }
        }
        Ok(())
    }

    /// Begins the task that the session wants, unless it is running already.
    fn begin_wanted(&mut self) {
        let Next::Task {
            call,
            task,
            teacher,
        } = self.session.next()
        else {
            return;
        };
        let is_running = self
            .running
            .as_ref()
            .is_some_and(|running| running.call == call);
        if !self.active || is_running {
            return;
        }
        self.live.begin();
        let cancel = CancellationToken::new();
        let job = Job {
            app: self.app.clone(),
            session: self.id,
            title: self.session.state().start.request.clone(),
            state: self.session.state().clone(),
            call,
            task,
            teacher,
            live: self.live.clone(),
            cancel: cancel.clone(),
        };
        self.running = Some(Running {
            call,
            cancel,
            done: tokio::spawn(job.run()),
        });
    }

    async fn cancel(&mut self, call: CallId) {
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.call == call)
        {
            self.stop_running().await;
        }
    }

    async fn stop_running(&mut self) {
        if let Some(running) = self.running.take() {
            running.cancel.cancel();
            // Its result, if it came just now, is to a call that nobody wants.
            let _ = running.done.await;
        }
    }

    async fn tell(&self) {
        match self.view().await {
            Ok(session) => self.live.send(SessionEvent::Changed {
                session: Box::new(session),
            }),
            Err(error) => tracing::error!(code = ?error.code, "a session could not be shown"),
        }
    }

    async fn view(&self) -> Result<SessionView, UiError> {
        let id = self.id;
        let (stored, names) = self
            .app
            .store(move |store| Ok((store.session(id)?, Names::read(store)?)))
            .await?;
        let mut summary = summary::to_dto(&stored, &names);
        let need = self.need().await;
        summary.status = self.status(&need, summary.status);
        let setup = self.session.state().setup.as_ref();
        summary.kind = setup.map(|setup| setup.workflow.product.kind.into());
        let unsaved = self.unsaved.as_ref().map(|(_, error)| error.clone());
        let beside = Beside {
            summary,
            need,
            unsaved,
        };
        Ok(view(&self.session, beside))
    }

    /// A task that nobody has begun waits for the user.
    async fn need(&self) -> Need {
        match self.session.next() {
            Next::Task { .. } if self.running.is_none() => Need::Resume,
            Next::Task {
                task: Task::Check, ..
            } => Need::Checking,
            Next::Task { task, teacher, .. } => {
                let agent = task.agent().unwrap_or(opzest_core::workflow::Agent::Worker);
                let name = teacher.as_ref().map(|teacher| teacher.model.name.clone());
                Need::Working {
                    agent: agent.into(),
                    model_name: name.unwrap_or_default(),
                    remote: teacher.is_some_and(|teacher| teacher.remote),
                }
            }
            Next::User(need) => need_of(&self.app, self.session.state(), need).await,
        }
    }

    fn status(&self, need: &Need, stored: SessionStatus) -> SessionStatus {
        match need {
            Need::Resume if matches!(self.session.next(), Next::User(CoreNeed::Resume)) => {
                SessionStatus::Paused
            }
            Need::Resume => SessionStatus::Paused,
            _ => stored,
        }
    }
}

/// Waits for the running task; for ever if there is none.
async fn finished(running: &mut Option<Running>) -> Option<Done> {
    match running {
        None => std::future::pending().await,
        Some(running) => (&mut running.done).await.unwrap_or_else(|failed| {
            tracing::error!(%failed, "a session's task failed");
            Some(Done {
                event: Event::CallFailed {
                    call: running.call,
                    problem: internal_problem(),
                },
                trace: None,
            })
        }),
    }
}

fn internal_problem() -> CallProblem {
    CallProblem {
        code: "internal".into(),
        message: "A part of OpZest failed.".into(),
        hint: "The log has the details. Try again.".into(),
        passing: false,
    }
}

/// The driver is gone: the app is ending.
pub(super) fn gone() -> UiError {
    error(
        crate::dto::ErrorCode::Busy,
        "The session is being closed.",
        "Open it again.",
    )
}

/// Ids come as text from windows and terminals.
pub(super) fn session_id(text: &str) -> Result<SessionId, UiError> {
    text.parse().map_err(|source| invalid(format!("{source}.")))
}
