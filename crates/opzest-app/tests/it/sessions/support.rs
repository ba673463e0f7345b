//! A session in a test: what a user does to it, and the tables that it leaves.

use super::teacher_server::TeacherServer;
use crate::support::open;
use opzest_app::App;
use opzest_app::Events;
use opzest_app::calls::*;
use opzest_app::dto::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longer than any step of a session takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A watched session.
pub struct Workshop {
    pub app: App,
    pub id: String,
    changes: mpsc::UnboundedReceiver<SessionEvent>,
    pub now: SessionView,
}

pub fn request(text: &str, workflow: &str) -> NewSession {
    NewSession {
        request: text.into(),
        files: Vec::new(),
        workflow: Some(workflow.into()),
        use_case_id: None,
        scope: Scope::Communal,
        plan: Vec::new(),
    }
}

impl Workshop {
    pub async fn begin(app: &App, new: NewSession) -> Self {
        let session = new_session(app, new).await.expect("a session begins");
        Self::watch(app, session).await
    }

    pub async fn watch(app: &App, session: SessionView) -> Self {
        let id = session.summary.id.clone();
        let (sender, changes) = mpsc::unbounded_channel();
        let events = Events::new(Arc::new(move |value| {
            let event: SessionEvent = serde_json::from_value(value).expect("a session event");
            let _ = sender.send(event);
        }));
        let (app_of_watch, watched) = (app.clone(), SessionArgument { id: id.clone() });
        tokio::spawn(async move { watch_session(&app_of_watch, watched, events).await });
        Self {
            app: app.clone(),
            id,
            changes,
            now: session,
        }
    }

    /// Waits until the session needs what `wanted` says, and fails if it needs the user for something else.
    pub async fn until(&mut self, wanted: impl Fn(&Need) -> bool) {
        let waiting = async {
            loop {
                let view = open_session(
                    &self.app,
                    SessionArgument {
                        id: self.id.clone(),
                    },
                )
                .await
                .expect("the session opens");
                let need = view.need.clone();
                self.now = view;
                if wanted(&need) {
                    return;
                }
                assert!(
                    matches!(need, Need::Working { .. } | Need::Checking),
                    "the session needs {need:?}; its steps: {:#?}",
                    self.now.steps
                );
                // The next change, however it looks.
                while let Some(event) = self.changes.recv().await {
                    if matches!(event, SessionEvent::Changed { .. }) {
                        break;
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the session goes on");
    }

    pub async fn judged(&mut self) {
        self.until(|need| *need == Need::Judge).await;
    }

    pub async fn act(&mut self, act: SessionAct) -> SessionView {
        let acted = act_on_session(
            &self.app,
            ActOnSession {
                id: self.id.clone(),
                act,
            },
        );
        self.now = acted.await.expect("the act is taken");
        self.now.clone()
    }

    pub async fn say(&mut self, words: &str) {
        self.act(SessionAct::Feedback {
            words: words.into(),
        })
        .await;
    }

    pub async fn approve(&mut self) {
        self.until(|need| *need == Need::ApprovePlan).await;
        self.act(SessionAct::ApprovePlan).await;
    }
}

/// Registers the server's models, and gives each agent its own: planner, lead, worker-a, worker-b, analyst.
/// Impatient, so that a silent server does not hold a test up.
pub async fn app_with_teachers(folder: &Path, server: &TeacherServer) -> App {
    let app = open(folder);
    let models = ["planner", "lead", "worker-a", "worker-b", "analyst"];
    for model in models {
        let add = AddRemoteModel {
            name: model.into(),
            address: server.address(),
            remote_name: model.into(),
            key: String::new(),
            context_size: Some(8192),
        };
        add_remote_model(&app, add).await.expect("added");
    }
    for (agent, ids) in [
        (Agent::Planner, &["planner"][..]),
        (Agent::Lead, &["lead"]),
        (Agent::Worker, &["worker-a", "worker-b"]),
        (Agent::Analyst, &["analyst"]),
    ] {
        let model_ids = ids.iter().map(|&id| id.to_owned()).collect();
        set_teachers(&app, SetTeachers { agent, model_ids })
            .await
            .expect("set");
    }
    app.shut_down().await;
    drop(app);
    hurry(folder, &models);
    open(folder)
}

/// Shortens the waiting of registered servers in the store.
fn hurry(folder: &Path, models: &[&str]) {
    let lock = opzest_store::DataFolderLock::acquire(folder).expect("the app has ended");
    let mut store =
        opzest_store::Store::open(lock, &opzest_store::StoreOptions::default()).expect("opens");
    for model in models {
        let key = format!("remote_model.{model}");
        let mut record: serde_json::Value = store.setting(&key).expect("reads").expect("is kept");
        let soon = serde_json::json!({ "secs": 1, "nanos": 0 });
        record["config"]["timeouts"]["first_token"] = soon.clone();
        record["config"]["timeouts"]["between_tokens"] = soon;
        store.set_setting(&key, &record).expect("writes");
    }
}

/// The dataset in short, in the order in which it was made: prompt's instruction, rejected, chosen.
pub async fn table(app: &App) -> Vec<ExampleView> {
    let page = list_examples(
        app,
        ListExamples {
            filter: ExampleFilter::default(),
            after: None,
            limit: 200,
        },
    );
    let page = page.await.expect("the dataset lists");
    assert_eq!(page.items.len() as u32, page.total);
    let mut rows = Vec::new();
    for item in page.items {
        rows.push(
            open_example(app, ExampleArgument { id: item.id })
                .await
                .expect("opens"),
        );
    }
    rows.reverse();
    rows
}

/// A row in one line: prompt's last words | rejected file (reason: words; model, cycle, traced) | chosen file.
pub fn line(row: &ExampleView) -> String {
    let prompt = row.prompt.last().map_or("", |message| &message.text);
    let instruction = prompt
        .lines()
        .find_map(|line| line.strip_prefix("Instruction: "))
        .unwrap_or(prompt);
    let side = |side: &Option<SideView>| {
        side.as_ref().map_or_else(
            || "-".to_owned(),
            |side| {
                let text = side.files.first().map_or(&side.text, |file| &file.text);
                let model = side.model_name.as_deref().unwrap_or("the user");
                let cycle = side.cycle.unwrap_or(0);
                let traced = if side.traced_tokens > 0 {
                    ", traced"
                } else {
                    ""
                };
                let words = side.words.lines().next_back().unwrap_or_default();
                format!(
                    "{} [{model}, cycle {cycle}{traced}: {words}]",
                    text.trim_end()
                )
            },
        )
    };
    let reason = row
        .summary
        .reason
        .map_or(String::new(), |reason| format!("{reason:?} "));
    format!(
        "{instruction} | {reason}{} | {}",
        side(&row.rejected),
        side(&row.chosen)
    )
}

/// Gives a registered model's name to one on another server.
pub async fn replace_model(app: &App, id: &str, server: &TeacherServer) {
    remove_model(app, ModelArgument { id: id.into() })
        .await
        .expect("removed");
    let add = AddRemoteModel {
        name: id.into(),
        address: server.address(),
        remote_name: id.into(),
        key: String::new(),
        context_size: Some(8192),
    };
    add_remote_model(app, add).await.expect("added");
}
