//! The session as a whole: its log, and the line of events that are in force.

use crate::ids::AttemptId;
use crate::session::change::{Change, changes};
use crate::session::event::{Analysis, Event, Teacher};
use crate::session::examples::Example;
use crate::session::next::{CallId, Need, Next, Task, Wish};
use crate::session::state::{Cycle, Phase, State};

/// Why an event does not fit. The session is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    #[error("a session begins with its start, and has only one")]
    Start,
    #[error("this cannot be done at this point of the session")]
    NotNow,
    #[error("the answer is to a call that is no longer wanted")]
    StaleCall,
    #[error("there is no verdict to undo")]
    NothingToUndo,
    #[error("a plan needs at least one step")]
    EmptyPlan,
    #[error("a step of the plan has no text")]
    EmptyStep,
    #[error("a step stands twice in the plan")]
    StepTwice,
    #[error("a step that is done or skipped cannot be planned again")]
    StepIsOver,
    #[error("no workflow has been chosen yet")]
    NeedsWorkflow,
    #[error("there are no words to go by")]
    NoWords,
    #[error("probabilities must be numbers from 0 to 1 that sum to 1")]
    NotProbabilities,
    #[error("the verdict is about another attempt than the one that can be judged now")]
    OtherAttempt,
    #[error("this attempt has been seen before")]
    AttemptTwice,
    #[error("there is no such teacher in the pool")]
    NoSuchTeacher,
    #[error("there is no failed check to overrule")]
    NothingToOverrule,
}

/// What the app has to do after an event, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Store this, in the same transaction as the event.
    Record(Change),
    /// Nobody waits for this call's answer any more.
    Cancel(CallId),
    Perform {
        call: CallId,
        task: Task,
        teacher: Option<Teacher>,
    },
    Ask(Need),
}

/// An event that was taken.
pub type Handled = Vec<Effect>;

/// A session; see the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    log: Vec<Event>,
    /// The events in force: the log without what was undone.
    line: Vec<Event>,
    state: State,
    call: CallId,
    /// What the analyst made of words, also where the user's verdict took the place of its own.
    analyses: Vec<Analysed>,
}

#[derive(Debug, Clone, PartialEq)]
struct Analysed {
    attempt: AttemptId,
    words: String,
    analysis: Analysis,
}

impl Session {
    /// Begins a session with [`Event::Started`].
    pub fn begin(event: Event) -> Result<(Self, Handled), Ignored> {
        let session = Self::begun(event)?;
        let effects = vec![session.effect()];
        Ok((session, effects))
    }

    fn begun(event: Event) -> Result<Self, Ignored> {
        let state = first_state(&event)?;
        Ok(Self {
            line: vec![event.clone()],
            log: vec![event],
            state,
            call: CallId(0),
            analyses: Vec::new(),
        })
    }

    /// Rebuilds a session from its log. An event that does not fit means that the log is damaged: its
    /// place and the reason are returned.
    pub fn replay(events: impl IntoIterator<Item = Event>) -> Result<Self, (usize, Ignored)> {
        let mut events = events.into_iter();
        let first = events.next().ok_or((0, Ignored::Start))?;
        let mut session = Self::begun(first).map_err(|ignored| (0, ignored))?;
        for (index, event) in events.enumerate() {
            session
                .advance(event)
                .map_err(|ignored| (index + 1, ignored))?;
        }
        Ok(session)
    }

    /// Takes an event, or leaves the session as it is.
    pub fn handle(&mut self, event: Event) -> Result<Handled, Ignored> {
        let answered = event.call();
        let mut after = self.clone();
        after.advance(event)?;
        let mut effects: Vec<_> = changes(&self.state, &after.state)
            .into_iter()
            .map(Effect::Record)
            .collect();
        let (before, now) = (self.next(), after.next());
        if before != now {
            if let Next::Task { call, .. } = before
                && answered != Some(call)
            {
                effects.push(Effect::Cancel(call));
            }
            effects.push(after.effect());
        }
        *self = after;
        Ok(effects)
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// All events that were ever taken.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// What the analyst made of the words about this cycle's attempt, whoever judged it in the end.
    pub fn analysis(&self, cycle: &Cycle) -> Option<&Analysis> {
        let (attempt, feedback) = (cycle.attempt.as_ref()?, cycle.feedback.as_ref()?);
        let is_it = |past: &&Analysed| past.attempt == attempt.id && past.words == feedback.words;
        let found = self.analyses.iter().rev().find(is_it)?;
        Some(&found.analysis)
    }

    /// What the session waits for. After a restart: what has to be done now.
    pub fn next(&self) -> Next {
        match self.state.wish() {
            Wish::Task { task, teacher } => Next::Task {
                call: self.call,
                task,
                teacher,
            },
            Wish::User(need) => Next::User(need),
        }
    }

    /// The rows of the dataset that the session has made, pending ones included.
    pub fn examples(&self) -> Vec<Example> {
        self.state.examples()
    }

    fn effect(&self) -> Effect {
        match self.next() {
            Next::Task {
                call,
                task,
                teacher,
            } => Effect::Perform {
                call,
                task,
                teacher,
            },
            Next::User(need) => Effect::Ask(need),
        }
    }

    /// Leaves the session half changed if the event is ignored.
    fn advance(&mut self, event: Event) -> Result<(), Ignored> {
        if let Some(call) = event.call()
            && !matches!(self.next(), Next::Task { call: wanted, .. } if wanted == call)
        {
            return Err(Ignored::StaleCall);
        }
        let wish = self.state.wish();
        let mut asks_anew = matches!(event, Event::CallFailed { .. });
        match &event {
            Event::VerdictUndone => {
                let to = *self.state.undo_to.last().ok_or(Ignored::NothingToUndo)?;
                self.rewind(to);
                asks_anew = true;
            }
            Event::VerdictGiven { .. } if !self.state.can_be_judged() => {
                self.override_verdict(&event)?;
                asks_anew = true;
            }
            _ => {
                let analysed = self.analysed(&event);
                self.state.apply(&event, self.line.len())?;
                self.line.push(event.clone());
                self.analyses.extend(analysed);
            }
        }
        self.log.push(event);
        if asks_anew || self.state.wish() != wish {
            self.call = CallId(self.log.len() as u64);
        }
        Ok(())
    }

    fn analysed(&self, event: &Event) -> Option<Analysed> {
        let Event::FeedbackAnalysed { analysis, .. } = event else {
            return None;
        };
        let cycle = self.state.current_cycle()?;
        Some(Analysed {
            attempt: cycle.attempt.as_ref()?.id,
            words: cycle.feedback.as_ref()?.words.clone(),
            analysis: analysis.clone(),
        })
    }

    /// Puts another verdict in the place of the last one, on the same words.
    fn override_verdict(&mut self, event: &Event) -> Result<(), Ignored> {
        let to = *self.state.undo_to.last().ok_or(Ignored::NotNow)?;
        let words = words_before_verdict(&self.line[to..]);
        self.rewind(to);
        // An acceptance by hand or over a failed check was not a judgement of a shown attempt.
        if self.state.phase != Phase::Judging {
            return Err(Ignored::NotNow);
        }
        let mut event = event.clone();
        let Event::VerdictGiven {
            words: given,
            attempt,
            ..
        } = &mut event
        else {
            return Err(Ignored::NotNow);
        };
        if !self.state.shows(*attempt) {
            return Err(Ignored::OtherAttempt);
        }
        if given.is_empty() {
            *given = words;
        }
        self.state.apply(&event, self.line.len())?;
        self.line.push(event);
        Ok(())
    }

    /// Takes back all events from `to` on, but those that are about the rest of the session.
    fn rewind(&mut self, to: usize) {
        let dropped = self.line.split_off(to);
        let line = std::mem::take(&mut self.line);
        let mut line = line.into_iter();
        let first = line.next().expect("a verdict comes after the start");
        self.state = first_state(&first).expect("this event has begun the session");
        self.line.push(first);
        for event in line {
            self.state
                .apply(&event, self.line.len())
                .expect("the events before a verdict were taken in this order");
            self.line.push(event);
        }
        let mut undone = self.state.clone();
        for (at, event) in (to..).zip(dropped) {
            let begun_then = undone.steps_begun();
            undone
                .apply(&event, at)
                .expect("the events after a verdict were taken in this order");
            if !event.survives_undo() {
                continue;
            }
            let mut state = self.state.clone();
            let event = match event {
                Event::PlanEdited { steps } => Event::PlanEdited {
                    steps: state.edit_after_undo(&steps, &begun_then),
                },
                event => event,
            };
            // An edit of the plan that names steps which are over again falls away.
            if state.apply(&event, self.line.len()).is_ok() {
                self.state = state;
                self.line.push(event);
            }
        }
    }
}

fn first_state(event: &Event) -> Result<State, Ignored> {
    let Event::Started { start } = event else {
        return Err(Ignored::Start);
    };
    let mut state = State::new((**start).clone());
    if !start.plan.is_empty() && start.setup.is_some() {
        state.set_plan(&start.plan)?;
    }
    Ok(state)
}

/// What the user said last before the first verdict of these events.
fn words_before_verdict(events: &[Event]) -> String {
    let mut said = String::new();
    for event in events {
        match event {
            Event::FeedbackGiven { words } => said.clone_from(words),
            Event::VerdictGiven { words, .. } => {
                if !words.is_empty() {
                    said.clone_from(words);
                }
                break;
            }
            // The next cycle or the next step has begun.
            Event::InstructionWritten { .. } | Event::HandEdited { .. } => break,
            _ => {}
        }
    }
    said
}
