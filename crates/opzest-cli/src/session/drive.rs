//! A session at the terminal: what the models write as it comes, and what is said to it.

use crate::errors::{INTERRUPTED, LeftAtOnce, mistake, show_ui};
use crate::host::Host;
use crate::screen::remark;
use crate::session::hand::own_version;
use crate::session::live::Screen;
use crate::session::news::Seen;
use crate::session::show;
use crate::session::source::{Line, Source};
use crate::session::words::{COMMANDS, Said};
use crate::slash::help;
use opzest_app::calls::{
    ActOnSession, SessionArgument, act_on_session, open_session, watch_session,
};
use opzest_app::dto::{
    CycleEnd, Need, SessionAct, SessionEvent, SessionStatus, SessionView, StepEdit, StepStatus,
    UiError, Verdict,
};
use opzest_app::{EventSink, Events};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;

pub struct Drive<'a> {
    host: &'a Host,
    id: String,
    source: Source,
    events: mpsc::UnboundedReceiver<SessionEvent>,
    screen: Screen,
    now: SessionView,
    seen: Seen,
    /// What the user was asked last.
    asked: Option<Need>,
}

impl<'a> Drive<'a> {
    pub fn new(host: &'a Host, session: SessionView, source: Source, quiet: bool) -> Self {
        let id = session.summary.id.clone();
        // Unbounded, because a sink must not block; a session's stream is small.
        let (sender, events) = mpsc::unbounded_channel();
        let sink: EventSink = Arc::new(move |event| {
            if let Ok(event) = serde_json::from_value(event) {
                let _ = sender.send(event);
            }
        });
        let (app, watched) = (host.app.clone(), SessionArgument { id: id.clone() });
        host.spawn(async move {
            let _ = watch_session(&app, watched, Events::new(sink)).await;
        });
        Self {
            host,
            id,
            source,
            events,
            screen: Screen::new(quiet),
            now: session,
            seen: Seen::default(),
            asked: None,
        }
    }

    /// Until the session is over, the source has ended, or the user leaves.
    pub fn run(mut self) -> anyhow::Result<(SessionView, ExitCode)> {
        loop {
            if !self.host.wait(self.settle())? {
                self.act(SessionAct::Pause)?;
                remark(format_args!("Paused. {}", self.how_to_go_on()));
                return Ok((self.now, ExitCode::from(INTERRUPTED)));
            }
            self.show_new()?;
            if let Some(act) = self.act_of_itself() {
                self.act(act)?;
                continue;
            }
            let over = self.now.need == Need::Nothing;
            if over && !self.takes_more() {
                return Ok((self.now, ExitCode::SUCCESS));
            }
            if !over || !self.source.is_script() {
                let again = self.asked.as_ref() == Some(&self.now.need);
                show::need(&self.now, again);
                self.asked = Some(self.now.need.clone());
            }
            match self.source.next(over)? {
                Some(line) => {
                    if self.obey(line)? {
                        remark(self.how_to_go_on());
                        return Ok((self.now, ExitCode::SUCCESS));
                    }
                }
                None if over => return Ok((self.now, ExitCode::SUCCESS)),
                None => return Ok(self.leave()),
            }
        }
    }

    /// After the end: a script's other lines, and a person who may want the last verdict back.
    fn takes_more(&self) -> bool {
        match self.source.is_script() {
            true => self.source.peek().is_some(),
            false => self.now.summary.status == SessionStatus::Finished && self.now.can_undo,
        }
    }

    /// Whoever drives a paused session wants it to go on.
    fn act_of_itself(&self) -> Option<SessionAct> {
        if self.now.need == Need::Resume && self.now.unsaved.is_none() {
            return Some(SessionAct::Resume);
        }
        self.approves_by_itself().then_some(SessionAct::ApprovePlan)
    }

    fn how_to_go_on(&self) -> String {
        format!("`opzest session resume {}` goes on.", self.id)
    }

    /// A script that says nothing about the plan takes it as it is.
    fn approves_by_itself(&self) -> bool {
        let about_plan = matches!(
            self.source.peek(),
            Some(Said::Approve | Said::AddStep(_) | Said::Stop | Said::Pause | Said::Plan)
        );
        self.now.need == Need::ApprovePlan && self.source.is_script() && !about_plan
    }

    /// Nothing works while the user is asked, so there is nothing to pause.
    fn leave(self) -> (SessionView, ExitCode) {
        let how = self.how_to_go_on();
        if self.source.is_script() {
            let what = "The feedback has ended, and the session waits for more.";
            show_ui(&mistake(what, how));
            return (self.now, ExitCode::FAILURE);
        }
        remark(how);
        (self.now, ExitCode::SUCCESS)
    }

    /// Shows what is written until the user is needed; false if Ctrl-C was pressed.
    async fn settle(&mut self) -> anyhow::Result<bool> {
        let mut interrupt = Box::pin(ctrl_c());
        loop {
            let session = SessionArgument {
                id: self.id.clone(),
            };
            self.now = open_session(&self.host.app, session).await?;
            if !matches!(self.now.need, Need::Working { .. } | Need::Checking) {
                self.screen.end();
                return Ok(true);
            }
            loop {
                tokio::select! {
                    event = self.events.recv() => match event {
                        Some(SessionEvent::Changed { .. }) => break,
                        Some(event) => self.screen.show(event)?,
                        None => return Err(LeftAtOnce.into()),
                    },
                    pressed = &mut interrupt => {
                        pressed?;
                        self.screen.end();
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn show_new(&mut self) -> anyhow::Result<()> {
        if self.screen.is_quiet() {
            return Ok(());
        }
        Ok(self.seen.print_new(&self.now)?)
    }

    /// Does what was said; true if the user leaves. A mistake at the prompt is told, and the prompt comes
    /// again; a script that does not fit does not go on as if it did.
    fn obey(&mut self, line: Line) -> anyhow::Result<bool> {
        let error = match self.perform(line.said).map_err(|error| error.downcast()) {
            Ok(leaves) => return Ok(leaves),
            Err(Err(error)) => return Err(error),
            Err(Ok(error)) => error,
        };
        match line.place {
            None => {
                show_ui(&error);
                Ok(false)
            }
            Some(place) => Err(self.at(&place, error).into()),
        }
    }

    /// An error at a place of the script.
    fn at(&self, place: &str, error: UiError) -> UiError {
        let what_now = match self.now.need {
            Need::Nothing => "The session is over; take this line out.".to_owned(),
            _ => self.how_to_go_on(),
        };
        UiError {
            message: format!("{place}: {}", error.message),
            hint: format!("{} {what_now}", error.hint).trim().to_owned(),
            ..error
        }
    }

    fn perform(&mut self, said: Said) -> anyhow::Result<bool> {
        let act = match said {
            Said::Words(words) => SessionAct::Feedback { words },
            Said::Verdict(Verdict::Accepted, _) if self.is_accepted() => {
                let what = "The last result is accepted already.";
                return Err(mistake(what, "/undo takes that back.").into());
            }
            Said::Verdict(verdict, words) => SessionAct::Verdict {
                verdict,
                words,
                attempt_id: None,
            },
            Said::Hand { file, words } => SessionAct::HandEdit {
                files: own_version(&self.now, &file)?,
                words,
            },
            Said::Overrule(words) => SessionAct::Overrule { words },
            Said::Undo => SessionAct::Undo,
            Said::Plan => {
                show::plan(&self.now)?;
                return Ok(false);
            }
            Said::AddStep(text) => self.with_step(text),
            Said::Approve => SessionAct::ApprovePlan,
            Said::Skip => SessionAct::SkipStep,
            Said::Retry if self.now.need == Need::Resume => SessionAct::Resume,
            Said::Retry => SessionAct::TryAgain,
            Said::Teacher(agent, number) => SessionAct::ChooseTeacher {
                agent,
                place: number.saturating_sub(1),
            },
            Said::Allow => self.consent(true)?,
            Said::Refuse => self.consent(false)?,
            Said::Show => {
                show::difference(&[], &self.now.files)?;
                return Ok(false);
            }
            Said::Help => {
                help(anstream::stderr(), COMMANDS)?;
                return Ok(false);
            }
            Said::Pause => return Ok(true),
            Said::Stop => SessionAct::Stop,
        };
        self.act(act)?;
        Ok(false)
    }

    fn consent(&self, allow: bool) -> Result<SessionAct, UiError> {
        let Need::Consent { model_id, .. } = &self.now.need else {
            let hint = "/help lists what else can be said.";
            return Err(mistake("No teacher waits for a consent now.", hint));
        };
        let model_id = model_id.clone();
        Ok(SessionAct::Consent { model_id, allow })
    }

    /// Once more would be a second verdict in the place of the same one.
    fn is_accepted(&self) -> bool {
        let cycles = self.now.steps.iter().flat_map(|step| &step.cycles);
        let last = cycles.filter_map(|cycle| cycle.end.as_ref()).next_back();
        let verdict = match last {
            Some(CycleEnd::Judged { verdict, .. }) => Some(*verdict),
            _ => None,
        };
        self.now.need == Need::Nothing && verdict == Some(Verdict::Accepted)
    }

    fn act(&mut self, act: SessionAct) -> anyhow::Result<()> {
        let act = ActOnSession {
            id: self.id.clone(),
            act,
        };
        self.now = self.host.wait(act_on_session(&self.host.app, act))?;
        Ok(())
    }

    fn with_step(&self, text: String) -> SessionAct {
        let open = self
            .now
            .steps
            .iter()
            .filter(|step| matches!(step.status, StepStatus::Waiting | StepStatus::Current));
        let mut steps: Vec<_> = open
            .map(|step| StepEdit {
                id: Some(step.id.clone()),
                text: step.text.clone(),
            })
            .collect();
        steps.push(StepEdit { id: None, text });
        SessionAct::EditPlan { steps }
    }
}
