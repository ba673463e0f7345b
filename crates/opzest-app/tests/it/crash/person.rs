//! The part of this program that is killed: a person who works on sessions, one after the other, and says on
//! standard output what they were told is saved.

use super::look::{Told, What};
use super::teachers::{ACCEPT, FURTHER, REDO, UNSURE};
use crate::sessions::support::{Workshop, request};
use crate::support::open;
use opzest_app::App;
use opzest_app::calls::*;
use opzest_app::dto::*;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

pub const OPENING: &str = "opening the store";

/// Where a line begins; the test harness writes on the same output.
const BEGIN: &str = "~~";

/// What the person says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Phase(String),
    Told(Told),
}

impl Line {
    pub fn read(text: &str) -> Option<Self> {
        let (_, json) = text.split_once(BEGIN)?;
        // The last line of a killed process may be cut off.
        serde_json::from_str(json).ok()
    }

    fn say(&self) {
        let json = serde_json::to_string(self).expect("is JSON");
        let mut out = std::io::stdout().lock();
        writeln!(out, "{BEGIN}{json}")
            .and_then(|()| out.flush())
            .expect("somebody listens");
    }
}

fn phase(name: impl Into<String>) {
    Line::Phase(name.into()).say();
}

/// What a process of the harness does.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    folder: PathBuf,
    server: String,
    /// Makes the words of this process unlike those of others.
    number: u64,
    /// Finishes what was begun, or one session, instead of working for ever.
    last: bool,
}

const VARIABLE: &str = "OPZEST_CRASH_PART";

impl Part {
    pub fn of(folder: &Path, server: &str, number: u64, last: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            server: server.to_owned(),
            number,
            last,
        }
    }

    pub fn whole_session(folder: &Path, server: &str) -> Self {
        Self::of(folder, server, 0, true)
    }

    pub fn given() -> Option<Self> {
        let json = std::env::var(VARIABLE).ok()?;
        Some(serde_json::from_str(&json).expect("a part"))
    }

    pub fn variable(&self) -> (&'static str, String) {
        (VARIABLE, serde_json::to_string(self).expect("is JSON"))
    }

    pub async fn play(self) {
        phase(OPENING);
        let app = open(&self.folder);
        let info = app_info(&app, NoArguments {}).await.expect("info");
        assert_eq!(info.problem, None);
        phase("registering teachers");
        set_up(&app, &self.server).await;
        let mut person = Person {
            app: app.clone(),
            part: self,
            said: 0,
            undone: Vec::new(),
            analysed: Vec::new(),
        };
        let mut begun = 0;
        while let Some(session) = person.next_session(&mut begun).await {
            person.work(session).await;
        }
        phase("closing");
        app.shut_down().await;
        app.close();
    }
}

/// Registers the server's models, as far as they are not yet.
async fn set_up(app: &App, server: &str) {
    let known = list_teachers(app, NoArguments {})
        .await
        .expect("teachers")
        .pools;
    let is_set = |agent: Agent, ids: &[&str]| {
        known
            .iter()
            .any(|pool| pool.agent == agent && pool.model_ids == ids)
    };
    for (agent, ids) in [
        (Agent::Planner, &["planner"][..]),
        (Agent::Lead, &["lead"]),
        (Agent::Worker, &["worker-a", "worker-b"]),
        (Agent::Analyst, &["analyst"]),
    ] {
        if is_set(agent, ids) {
            continue;
        }
        for &model in ids {
            let add = AddRemoteModel {
                name: model.into(),
                address: server.into(),
                remote_name: model.into(),
                key: String::new(),
                context_size: Some(8192),
            };
            add_remote_model(app, add).await.expect("added");
        }
        let model_ids = ids.iter().map(|&id| id.to_owned()).collect();
        set_teachers(app, SetTeachers { agent, model_ids })
            .await
            .expect("set");
    }
}

struct Person {
    app: App,
    part: Part,
    said: u64,
    /// Steps whose verdict was taken back once: session and step.
    undone: Vec<(String, usize)>,
    /// The words whose analysis was shown.
    analysed: Vec<String>,
}

impl Person {
    /// What was begun and is not finished, else a new one.
    async fn next_session(&mut self, begun: &mut u64) -> Option<SessionView> {
        let list = ListSessions {
            query: None,
            limit: 100,
        };
        let all = list_sessions(&self.app, list).await.expect("lists").items;
        let unfinished = all
            .into_iter()
            .find(|session| session.status != SessionStatus::Finished);
        if let Some(SessionSummary { id, .. }) = unfinished {
            *begun += 1;
            phase("opening a session");
            return Some(
                open_session(&self.app, SessionArgument { id })
                    .await
                    .expect("opens"),
            );
        }
        if self.part.last && *begun > 0 {
            return None;
        }
        *begun += 1;
        phase("beginning a session");
        let session = new_session(&self.app, request("A clock that rings", "script"))
            .await
            .expect("begins");
        tell(&session.summary.id, What::Begun);
        Some(session)
    }

    async fn work(&mut self, session: SessionView) {
        let mut session = Workshop::watch(&self.app, session).await;
        loop {
            session
                .until(|need| {
                    let (name, works) = phase_of(need);
                    phase(name);
                    !works
                })
                .await;
            self.tell_analysis(&session);
            let Some((act, what)) = self.decide(&session.now) else {
                return;
            };
            phase("saving what the person did");
            session.act(act).await;
            if let Some(what) = what {
                tell(&session.id, what);
            }
        }
    }

    /// An analyst's verdict is told by being shown.
    fn tell_analysis(&mut self, session: &Workshop) {
        let own = format!("({}-", self.part.number);
        let cycles = session.now.steps.iter().flat_map(|step| &step.cycles);
        for feedback in cycles.filter_map(|cycle| cycle.feedback.as_ref()) {
            let words = feedback.words.clone();
            let Some(analysis) = &feedback.analysis else {
                continue;
            };
            if words.contains(&own) && !self.analysed.contains(&words) {
                self.analysed.push(words.clone());
                let verdict = analysis.verdict;
                tell(&session.id, What::Analysed { words, verdict });
            }
        }
    }

    fn words(&mut self, text: &str) -> String {
        self.said += 1;
        format!("{text} ({}-{})", self.part.number, self.said)
    }

    /// What the person does next, and what they are told by it.
    fn decide(&mut self, now: &SessionView) -> Option<(SessionAct, Option<What>)> {
        Some(match &now.need {
            Need::ApprovePlan => (SessionAct::ApprovePlan, None),
            Need::Judge => self.judge(now),
            Need::ChooseVerdict => self.click(Verdict::Accepted),
            Need::PoolExhausted => self.hand_edit(),
            Need::Trouble { .. } => (SessionAct::TryAgain, None),
            Need::Resume => (SessionAct::Resume, None),
            Need::Nothing => return None,
            need @ (Need::Working { .. }
            | Need::Checking
            | Need::Teacher { .. }
            | Need::Consent { .. }) => {
                panic!("nobody is asked for {need:?}")
            }
        })
    }

    fn judge(&mut self, now: &SessionView) -> (SessionAct, Option<What>) {
        let at = now
            .steps
            .iter()
            .position(|step| step.status == StepStatus::Current)
            .expect("a step");
        let cycles = now.steps[at].cycles.len();
        // The step before was accepted: that was too early, once.
        let undo = (now.summary.id.clone(), at);
        if at > 0 && cycles > 2 && now.can_undo && !self.undone.contains(&undo) {
            self.undone.push(undo);
            let undone = self
                .undone
                .iter()
                .filter(|(id, _)| *id == now.summary.id)
                .count();
            return (SessionAct::Undo, Some(What::Undone { at_least: undone }));
        }
        match (at + cycles) % 7 {
            1 => self.say(REDO),
            2 => self.say(FURTHER),
            3 => self.click(Verdict::FurtherEdit),
            4 => self.say(ACCEPT),
            5 => self.hand_edit(),
            6 => self.say(UNSURE),
            _ => self.click(Verdict::Accepted),
        }
    }

    fn say(&mut self, text: &str) -> (SessionAct, Option<What>) {
        let words = self.words(text);
        (
            SessionAct::Feedback {
                words: words.clone(),
            },
            Some(What::Feedback { words }),
        )
    }

    fn click(&mut self, verdict: Verdict) -> (SessionAct, Option<What>) {
        let words = self.words("I clicked");
        (
            SessionAct::Verdict {
                verdict,
                words: words.clone(),
                attempt_id: None,
            },
            Some(What::Verdict { words, verdict }),
        )
    }

    fn hand_edit(&mut self) -> (SessionAct, Option<What>) {
        let words = self.words("Like this");
        let files = vec![FileText {
            name: "main.py".into(),
            text: format!("print({})\n", self.said),
        }];
        (
            SessionAct::HandEdit {
                files,
                words: words.clone(),
            },
            Some(What::HandEdited { words }),
        )
    }
}

fn tell(session: &str, what: What) {
    Line::Told(Told {
        session: session.to_owned(),
        what,
    })
    .say();
}

/// In words, and whether the app works.
fn phase_of(need: &Need) -> (String, bool) {
    match need {
        Need::Working { agent, .. } => (format!("a model works: {agent:?}").to_lowercase(), true),
        Need::Checking => ("a script is checked".into(), true),
        Need::ApprovePlan
        | Need::Judge
        | Need::ChooseVerdict
        | Need::PoolExhausted
        | Need::Teacher { .. }
        | Need::Trouble { .. }
        | Need::Consent { .. }
        | Need::Resume
        | Need::Nothing => ("the person is asked".into(), false),
    }
}
