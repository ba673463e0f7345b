//! The run that is at work: its process, what it tells, and what the user wants of it meanwhile.

use super::judging::Judged;
use super::plan::Measured;
use super::process::{TrainerProcess, failed};
use super::view::{self, metric_of};
use super::{held_out, run_folder};
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, MetricView, RunEvent, UiError};
use crate::error::error;
use crate::models::registered;
use opzest_core::ids::{ModelId, TrainingRunId};
use opzest_core::model::{ModelDetails, ModelKind, RegisteredModel};
use opzest_core::training::{RunStatus, TrainingRun};
use opzest_dorpo::child::{Conditions, FromTrainer, Strain, Task};
use opzest_store::{RunChange, RunEnd};
use serde_json::json;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Metrics and progress are saved this often.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// How often a run that waits for better conditions looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A watcher that falls behind by more reads the run anew.
const WAITING: usize = 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Cancel,
}

/// The run at work, if there is one.
#[derive(Default)]
pub(crate) struct Trainings {
    /// A lock of std: held for one look.
    current: Mutex<Option<Current>>,
    /// The last plan's figures, and of what.
    measured: Mutex<Option<(String, Measured)>>,
}

struct Current {
    id: TrainingRunId,
    wishes: mpsc::Sender<(Wish, oneshot::Sender<()>)>,
    events: broadcast::Sender<RunEvent>,
    /// Why it waits, in words.
    waits: Option<String>,
    /// Its end is being saved: what comes next waits that moment.
    ends: bool,
}

impl Trainings {
    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been measured of this, if it was the last.
    pub(super) fn measured(&self, what: &str) -> Option<Measured> {
        let last = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, measured) = last.as_ref().filter(|(of, _)| of == what)?;
        Some(*measured)
    }

    pub(super) fn remember(&self, what: String, measured: Measured) {
        let mut last = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((what, measured));
    }

    pub(super) fn is_at_work(&self, id: TrainingRunId) -> bool {
        let current = self.lock();
        current
            .as_ref()
            .is_some_and(|current| current.id == id && !current.ends)
    }

    pub(super) fn waits(&self, id: TrainingRunId) -> Option<String> {
        let current = self.lock();
        let current = current.as_ref().filter(|current| current.id == id)?;
        current.waits.clone()
    }

    /// `None`: it is not at work, so nothing will happen to it.
    pub(super) fn watch(&self, id: TrainingRunId) -> Option<broadcast::Receiver<RunEvent>> {
        let current = self.lock();
        let current = current.as_ref().filter(|current| current.id == id)?;
        Some(current.events.subscribe())
    }

    /// Tells the run at work what is wanted, and returns when it has been done.
    pub(super) async fn wish(&self, id: TrainingRunId, wish: Wish) -> bool {
        let wishes = match self.lock().as_ref() {
            Some(current) if current.id == id => current.wishes.clone(),
            _ => return false,
        };
        let (done, is_done) = oneshot::channel();
        wishes.send((wish, done)).await.is_ok() && is_done.await.is_ok()
    }

    /// Pauses what is at work: before the app ends.
    pub(crate) async fn stop(&self) {
        let id = self.lock().as_ref().map(|current| current.id);
        if let Some(id) = id {
            self.wish(id, Wish::Pause).await;
        }
    }

    /// Begins or takes up a run; it runs when this returns.
    pub(super) async fn begin(&self, app: &App, run: TrainingRun) -> Result<(), UiError> {
        let (wishes, wanted) = mpsc::channel(4);
        let events = broadcast::channel(WAITING).0;
        self.reserve(Current {
            id: run.id,
            wishes,
            events: events.clone(),
            waits: None,
            ends: false,
        })
        .await?;
        let running = RunChange {
            status: Some(RunStatus::Running),
            ..RunChange::default()
        };
        let id = run.id;
        let run = app.store(move |store| store.change_run(id, &running, now_ms()));
        let run = run.await.inspect_err(|_| *self.lock() = None)?;
        let at_work = AtWork {
            app: app.clone(),
            active_ms: run.active_ms,
            run,
            wanted,
            events,
            metrics: Vec::new(),
            saved: Instant::now(),
            progress: view::Progress::default(),
        };
        tokio::spawn(at_work.drive());
        Ok(())
    }

    /// Keeps all other runs from beginning as long as the hold lives; whoever watches the run hears what is told.
    pub(super) async fn hold(&self, id: TrainingRunId) -> Result<Hold<'_>, UiError> {
        let events = broadcast::channel(WAITING).0;
        self.reserve(Current {
            id,
            // Nobody listens: what holds cannot be paused.
            wishes: mpsc::channel(1).0,
            events: events.clone(),
            waits: None,
            ends: false,
        })
        .await?;
        Ok(Hold {
            trainings: self,
            events,
        })
    }

    /// One run at a time.
    pub(super) async fn refuse_second(&self) -> Result<(), UiError> {
        self.ended().await;
        match *self.lock() {
            Some(_) => Err(busy()),
            None => Ok(()),
        }
    }

    async fn reserve(&self, new: Current) -> Result<(), UiError> {
        self.ended().await;
        let mut current = self.lock();
        if current.is_some() {
            return Err(busy());
        }
        *current = Some(new);
        Ok(())
    }

    /// Returns when no run is just ending.
    async fn ended(&self) {
        while self.lock().as_ref().is_some_and(|current| current.ends) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn ends(&self) {
        if let Some(current) = self.lock().as_mut() {
            current.ends = true;
        }
    }
}

fn busy() -> UiError {
    error(
        ErrorCode::Busy,
        "Another training run is at work.",
        "Pause it first, or wait until it has ended.",
    )
}

/// See [`Trainings::hold`].
pub(super) struct Hold<'a> {
    trainings: &'a Trainings,
    events: broadcast::Sender<RunEvent>,
}

impl Hold<'_> {
    /// Tells what is being done, in words.
    pub(super) fn tell(&self, words: &str) {
        let words = words.to_owned();
        let _ = self.events.send(RunEvent::Doing { words });
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        *self.trainings.lock() = None;
        let _ = self.events.send(RunEvent::Changed);
    }
}

/// How a stretch of work ended.
enum Ended {
    Trained,
    Wished(Wish, Option<oneshot::Sender<()>>),
}

struct AtWork {
    app: App,
    run: TrainingRun,
    wanted: mpsc::Receiver<(Wish, oneshot::Sender<()>)>,
    events: broadcast::Sender<RunEvent>,
    /// Not saved yet.
    metrics: Vec<MetricView>,
    saved: Instant,
    progress: view::Progress,
    active_ms: u64,
}

impl AtWork {
    async fn drive(mut self) {
        let done = self.work().await;
        let (status, problem, told) = match done {
            Ok(Some(Ended::Wished(Wish::Pause, told))) => (Some(RunStatus::Paused), None, told),
            Ok(Some(Ended::Wished(Wish::Cancel, told))) => (Some(RunStatus::Cancelled), None, told),
            Ok(_) => (None, None, None),
            // Whatever it is: the checkpoint is there, and the user may mend it and go on.
            Err(problem) => (Some(RunStatus::Paused), Some(problem), None),
        };
        if let Some(status) = status {
            if status == RunStatus::Cancelled
                && let Err(problem) = held_out::clear(&run_folder(&self.app, self.run.id))
            {
                tracing::warn!(%problem, "files of a cancelled run are left");
            }
            let problem = problem.map(|problem| problem.to_string());
            self.app.training().ends();
            self.save(Some(status), problem.as_deref()).await;
        }
        *self.app.training().lock() = None;
        self.tell_summary().await;
        let _ = self.events.send(RunEvent::Changed);
        if let Some(told) = told {
            let _ = told.send(());
        }
    }

    /// `None`: it has come to its own end, and that is saved.
    async fn work(&mut self) -> Result<Option<Ended>, UiError> {
        match self.train().await? {
            Ended::Trained => {
                self.save(Some(RunStatus::Judging), None).await;
                self.tell_summary().await;
                self.judge().await
            }
            ended => Ok(Some(ended)),
        }
    }

    /// Steps until the adapter is there, over as many processes as it takes.
    async fn train(&mut self) -> Result<Ended, UiError> {
        loop {
            self.save(Some(RunStatus::Running), None).await;
            self.tell_summary().await;
            let folder = run_folder(&self.app, self.run.id).path().to_owned();
            let mut process =
                TrainerProcess::start(self.app.worker(), &Task::Train { folder }).await?;
            let mut begun = Instant::now();
            let mut wish = None;
            let strain = loop {
                tokio::select! {
                    message = process.next() => {
                        self.active_ms += begun.elapsed().as_millis() as u64;
                        begun = Instant::now();
                        match message? {
                            FromTrainer::Trained { .. } => {
                                self.save(None, None).await;
                                return Ok(Ended::Trained);
                            }
                            FromTrainer::Paused { strain } => break strain,
                            FromTrainer::Failed { reason } => return Err(failed(&reason)),
                            other => self.hear(other).await,
                        }
                    }
                    Some((wanted, done)) = self.wanted.recv() => match wanted {
                        // Dropping the process ends it.
                        Wish::Cancel => return Ok(Ended::Wished(Wish::Cancel, Some(done))),
                        Wish::Pause => {
                            process.pause().await;
                            wish = Some(done);
                        }
                    },
                }
            };
            match strain {
                None => return Ok(Ended::Wished(Wish::Pause, wish)),
                Some(_) if wish.is_some() => return Ok(Ended::Wished(Wish::Pause, wish)),
                Some(strain) => {
                    if let Some(ended) = self.wait(strain).await {
                        return Ok(ended);
                    }
                }
            }
        }
    }

    /// Until there is room again, or the user wants something.
    async fn wait(&mut self, strain: Strain) -> Option<Ended> {
        self.save(None, None).await;
        let needed = view::plan(&self.run).map_or(0, |plan| plan.memory_bytes as u64);
        let mut strain = Some(strain);
        while let Some(reason) = strain {
            self.set_waits(Some(view::strain_words(reason)));
            self.tell_summary().await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                Some((wish, done)) = self.wanted.recv() => {
                    return Some(Ended::Wished(wish, Some(done)));
                }
            }
            strain = Conditions::default().strain_before(needed);
        }
        self.set_waits(None);
        None
    }

    fn set_waits(&self, waits: Option<String>) {
        if let Some(current) = self.app.training().lock().as_mut() {
            current.waits = waits;
        }
    }

    async fn hear(&mut self, message: FromTrainer) {
        match &message {
            FromTrainer::Ready { step, steps } => {
                (self.progress.step, self.progress.steps) = (*step as u32, *steps as u32);
                self.tell_summary().await;
            }
            FromTrainer::Step {
                step,
                tokens,
                seconds,
                ..
            } => {
                self.progress.step = *step as u32;
                self.progress.work(*tokens as f64, *seconds);
            }
            _ => {}
        }
        if let Some(metric) = metric_of(&message) {
            let _ = self.events.send(RunEvent::Metric {
                metric: metric.clone(),
            });
            self.metrics.push(metric);
        }
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save(None, None).await;
            self.tell_summary().await;
        }
    }

    /// A full disk costs points of the curves, never the run.
    async fn save(&mut self, status: Option<RunStatus>, problem: Option<&str>) {
        self.saved = Instant::now();
        let (id, active_ms) = (self.run.id, self.active_ms);
        let metrics: Vec<_> = self.metrics.iter().map(|metric| json!(metric)).collect();
        let progress = json!(self.progress);
        let problem = problem.map(str::to_owned);
        let saved = self.app.store(move |store| {
            if !metrics.is_empty() {
                store.append_metrics(id, &metrics)?;
            }
            let change = RunChange {
                status,
                progress: Some(&progress),
                problem: problem.as_deref(),
                active_ms: Some(active_ms),
                ..RunChange::default()
            };
            store.change_run(id, &change, now_ms())
        });
        match saved.await {
            Ok(run) => {
                self.run = run;
                self.metrics.clear();
            }
            Err(problem) => tracing::error!(%problem, "a training run's progress was not saved"),
        }
    }

    async fn tell_summary(&self) {
        match view::summary(&self.app, &self.run).await {
            Ok(summary) => {
                let _ = self.events.send(RunEvent::Summary { summary });
            }
            Err(problem) => tracing::warn!(%problem, "a training run's state could not be told"),
        }
    }

    /// `Some`: the user wanted something else meanwhile.
    async fn judge(&mut self) -> Result<Option<Ended>, UiError> {
        let folder = run_folder(&self.app, self.run.id);
        let base = registered(&self.app, &self.run.base).await?;
        let (_, examples) = folder
            .read_examples()
            .map_err(|source| super::disk(&source))?;
        let texts = folder.read_texts().map_err(|source| super::disk(&source))?;
        let work = held_out::read(&folder)?;
        let judged = Judged {
            app: &self.app,
            run: &self.run,
            base: &base,
            folder: &folder,
            max_tokens: view::max_tokens(&self.run),
            examples: &examples,
            held_out: &work,
            texts: &texts,
            checked: None,
        };
        let events = self.events.clone();
        let doing = |words: &str| {
            let words = words.to_owned();
            let _ = events.send(RunEvent::Doing { words });
        };
        let result = tokio::select! {
            result = judged.judge(doing) => result?,
            Some((wish, done)) = self.wanted.recv() => return Ok(Some(Ended::Wished(wish, Some(done)))),
        };
        let (id, passed) = (self.run.id, result.parity.passed);
        let details = trained_details(&self.run, &base, &result.adapter_path);
        let wanted = ModelId::from_name(&self.run.name)
            .or_else(|| ModelId::from_name("trained"))
            .expect("`trained` is a slug");
        self.app.training().ends();
        let ended = self
            .app
            .store(move |store| match passed {
                true => {
                    let end = RunEnd {
                        result: &json!(result),
                        model: &wanted,
                        details: &details,
                    };
                    store.finish_run(id, &end, now_ms()).map(|ended| ended.run)
                }
                false => {
                    let change = RunChange {
                        status: Some(RunStatus::Failed),
                        result: Some(&json!(result)),
                        problem: Some(&result.parity.words),
                        ..RunChange::default()
                    };
                    store.change_run(id, &change, now_ms())
                }
            })
            .await?;
        self.run = ended;
        held_out::clear(&folder)?;
        Ok(None)
    }
}

fn trained_details(run: &TrainingRun, base: &RegisteredModel, adapter: &str) -> ModelDetails {
    let mut metadata = base.details.metadata.clone();
    metadata.file_bytes = std::fs::metadata(adapter).ok().map(|file| file.len());
    metadata.file_modified_at = None;
    ModelDetails {
        kind: ModelKind::Trained,
        name: run.name.clone(),
        location: adapter.to_owned(),
        remote_name: None,
        base: Some(run.base.clone()),
        metadata,
    }
}
