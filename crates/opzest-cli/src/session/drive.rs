//! A session at the terminal: what the models write as it comes, and what is said to it.

use crate::errors::{INTERRUPTED, LeftAtOnce, mistake, show_ui};
use crate::host::Host;
use crate::screen::remark;
use crate::session::live::Screen;
use crate::session::news::Seen;
use crate::session::show;
use crate::session::source::Source;
use crate::session::words::{COMMANDS, Said};
use crate::slash::help;
use opzest_app::calls::{
    ActOnSession, SessionArgument, act_on_session, open_session, watch_session,
};
use opzest_app::dto::{
    FileText, Need, SessionAct, SessionEvent, SessionView, StepEdit, StepStatus,
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
        }
    }

    /// Until the session is over, the source has ended, or the user leaves.
    pub fn run(mut self) -> anyhow::Result<(SessionView, ExitCode)> {
        loop {
            if !self.host.wait(self.settle())? {
                self.act(SessionAct::Pause)?;
                remark(format_args!(
                    "Paused. `opzest session resume {}` goes on.",
                    self.id
                ));
                return Ok((self.now, ExitCode::from(INTERRUPTED)));
            }
            self.show_new()?;
            if self.now.need == Need::Nothing {
                return Ok((self.now, ExitCode::SUCCESS));
            }
            if self.approves_by_itself() {
                self.act(SessionAct::ApprovePlan)?;
                continue;
            }
            show::need(&self.now);
            match self.source.next()? {
                Some(said) => {
                    if self.obey(said)? {
                        return Ok((self.now, ExitCode::SUCCESS));
                    }
                }
                None => return self.leave(),
            }
        }
    }

    /// A script that says nothing about the plan takes it as it is.
    fn approves_by_itself(&self) -> bool {
        let about_plan = matches!(
            self.source.peek(),
            Some(Said::Approve | Said::AddStep(_) | Said::Stop | Said::Pause | Said::Plan)
        );
        self.now.need == Need::ApprovePlan && self.source.is_script() && !about_plan
    }

    fn leave(mut self) -> anyhow::Result<(SessionView, ExitCode)> {
        if self.source.is_script() {
            self.act(SessionAct::Pause)?;
            let hint = format!("`opzest session resume {}` goes on.", self.id);
            let error = mistake(
                "The feedback has ended, and the session waits for more.",
                hint,
            );
            show_ui(&error);
            return Ok((self.now, ExitCode::FAILURE));
        }
        self.act(SessionAct::Pause)?;
        remark(format_args!(
            "Paused. `opzest session resume {}` goes on.",
            self.id
        ));
        Ok((self.now, ExitCode::SUCCESS))
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
        if self.now.need == Need::ApprovePlan {
            show::plan(&self.now)?;
        }
        Ok(self.seen.print_new(&self.now)?)
    }

    /// Does what was said; true if the user leaves.
    fn obey(&mut self, said: Said) -> anyhow::Result<bool> {
        let act = match said {
            Said::Words(words) => SessionAct::Feedback { words },
            Said::Verdict(verdict, words) => SessionAct::Verdict {
                verdict,
                words,
                attempt_id: None,
            },
            Said::Hand { file, words } => SessionAct::HandEdit {
                files: vec![self.own_version(&file)?],
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
            Said::Retry => SessionAct::TryAgain,
            Said::Teacher(agent, number) => SessionAct::ChooseTeacher {
                agent,
                place: number.saturating_sub(1),
            },
            Said::Allow => return self.consent(true),
            Said::Refuse => return self.consent(false),
            Said::Show => {
                show::difference(&[], &self.now.files)?;
                return Ok(false);
            }
            Said::Help => {
                help(anstream::stderr(), COMMANDS)?;
                return Ok(false);
            }
            Said::Pause => {
                self.act(SessionAct::Pause)?;
                return Ok(true);
            }
            Said::Stop => SessionAct::Stop,
        };
        match (self.act(act), self.source.is_script()) {
            (Ok(()), _) => Ok(false),
            // A script that does not fit does not go on as if it did.
            (Err(error), true) => Err(error),
            (Err(error), false) => {
                crate::errors::show(&error);
                Ok(false)
            }
        }
    }

    fn consent(&mut self, allow: bool) -> anyhow::Result<bool> {
        let Need::Consent { model_id, .. } = &self.now.need else {
            return Err(mistake("Nobody asks for a consent now.", "").into());
        };
        let model_id = model_id.clone();
        self.act(SessionAct::Consent { model_id, allow })?;
        Ok(false)
    }

    fn act(&mut self, act: SessionAct) -> anyhow::Result<()> {
        let act = ActOnSession {
            id: self.id.clone(),
            act,
        };
        self.now = self.host.wait(act_on_session(&self.host.app, act))?;
        Ok(())
    }

    /// A file in the place of the product's main file.
    fn own_version(&self, file: &str) -> anyhow::Result<FileText> {
        let text = super::text_file(std::path::Path::new(file))?;
        let name = match (&self.now.workflow, self.now.files.first()) {
            (_, Some(first)) => first.name.clone(),
            (Some(workflow), None) => workflow.file_name.clone(),
            (None, None) => text.name,
        };
        Ok(FileText {
            name,
            text: text.text,
        })
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
