//! Sessions: the commands, and what drives the state machine of the core.

mod acts;
mod artifacts;
mod caller;
mod check;
mod commands;
mod driver;
mod live;
mod needs;
mod open;
mod summary;
mod task;
mod traced;
mod view;

pub use artifacts::{export_product, run_artifact, sandbox_info, show_preview};
pub(crate) use check::passes;
pub use commands::*;
pub(crate) use open::OpenSessions;
pub(crate) use summary::Names;
pub(crate) use view::files;

use crate::app::{App, now_ms};
use crate::dataset::deletion::learned;
use crate::dto::{
    DeletionView, SessionEvent, SessionList, SessionSummary, SessionView, UiError, UseCaseInfo,
    WorkflowList,
};
use crate::error::{invalid, sentence};
use crate::events::Events;
use crate::info::NoArguments;
use crate::teachers::pools_for;
use crate::training::forget_rows;
use crate::workflows::{self, WorkflowSource, Workflows};
use driver::session_id;
use opzest_core::ids::{SessionId, UseCaseId};
use opzest_core::session::{Event, Session, Setup, Start};
use opzest_core::workflow::WorkflowId;
use opzest_store::{ExampleFilter, ExampleOrder, SessionFilter};
use tokio::sync::broadcast::error::RecvError;

/// The longest request; more belongs into a file.
const LONGEST_REQUEST: usize = 1 << 20;
const LONGEST_NAME: usize = 200;

/// The workflows, and the user's files that cannot be used.
pub async fn list_workflows(app: &App, _: NoArguments) -> Result<WorkflowList, UiError> {
    let known = Workflows::load(app.data_folder());
    let info = |entry: &workflows::WorkflowEntry| {
        let path = match &entry.source {
            WorkflowSource::Bundled => None,
            WorkflowSource::File { path, .. } => Some(path.display().to_string()),
        };
        view::workflow_info(&entry.workflow, path)
    };
    let folder = app.data_folder().join(workflows::FOLDER);
    Ok(WorkflowList {
        workflows: known.entries.iter().map(info).collect(),
        problems: known
            .faults
            .iter()
            .map(|fault| invalid(sentence(&fault.to_string())))
            .collect(),
        folder: folder.display().to_string(),
    })
}

pub async fn list_use_cases(app: &App, _: NoArguments) -> Result<Vec<UseCaseInfo>, UiError> {
    app.store(|store| {
        let info = |counted: opzest_store::UseCaseStats| UseCaseInfo {
            id: counted.use_case.id.to_string(),
            name: counted.use_case.name,
            sessions: counted.sessions,
            examples: counted.complete,
        };
        Ok(store.dataset_stats()?.into_iter().map(info).collect())
    })
    .await
}

pub async fn create_use_case(app: &App, create: CreateUseCase) -> Result<UseCaseInfo, UiError> {
    let name = short_name("use case", &create.name)?;
    let made = app
        .store(move |store| {
            store.add_use_case(UseCaseId::new(now_ms(), rand::random()), &name, now_ms())
        })
        .await?;
    Ok(UseCaseInfo {
        id: made.id.to_string(),
        name: made.name,
        sessions: 0,
        examples: 0,
    })
}

pub async fn rename_use_case(
    app: &App,
    rename: RenameUseCase,
) -> Result<Vec<UseCaseInfo>, UiError> {
    let name = short_name("use case", &rename.name)?;
    let id = use_case_id(&rename.id)?;
    app.store(move |store| store.rename_use_case(id, &name))
        .await?;
    list_use_cases(app, NoArguments {}).await
}

/// The newest sessions, or those whose title or request has the words.
pub async fn list_sessions(app: &App, list: ListSessions) -> Result<SessionList, UiError> {
    let workflows = Workflows::load(app.data_folder());
    app.store(move |store| {
        let filter = SessionFilter {
            query: list.query.as_deref(),
            ..SessionFilter::default()
        };
        let page = store.sessions(&filter, list.limit, 0)?;
        let names = Names::read(store)?;
        Ok(SessionList {
            items: page
                .items
                .iter()
                .map(|session| summary::with_kind(session, &names, &workflows))
                .collect(),
            total: page.total,
        })
    })
    .await
}

/// Begins a session and its first task.
pub async fn new_session(app: &App, new: NewSession) -> Result<SessionView, UiError> {
    let start = start_of(app, &new).await?;
    let event = Event::Started {
        start: Box::new(start),
    };
    let (session, _) = Session::begin(event).map_err(acts::refused)?;
    let use_case = new.use_case_id.as_deref().map(use_case_id).transpose()?;
    let id = SessionId::new(now_ms(), rand::random());
    let begun = session.clone();
    app.store(move |store| {
        let new = opzest_store::NewSession {
            id,
            use_case,
            spare_use_case: UseCaseId::new(now_ms(), rand::random()),
            session: &begun,
        };
        store.begin_session(&new, now_ms())
    })
    .await?;
    app.sessions().open(app, id, session, true);
    app.sessions().view(app, id).await
}

async fn start_of(app: &App, new: &NewSession) -> Result<Start, UiError> {
    if new.request.trim().is_empty() {
        return Err(invalid("Say what you want to be made."));
    }
    acts::ensure_text("The request", &new.request, LONGEST_REQUEST)?;
    let artifact = acts::to_artifact(new.files.clone())?;
    let use_case = new.use_case_id.as_deref().map(use_case_id).transpose()?;
    let scope = new.scope.into();
    let setup = match &new.workflow {
        None => None,
        Some(name) => {
            let id: WorkflowId = name
                .parse()
                .map_err(|source| invalid(format!("{source}.")))?;
            let known = Workflows::load(app.data_folder());
            let workflow = known
                .get(&id)
                .cloned()
                .ok_or_else(|| invalid(format!("There is no workflow `{name}`.")))?;
            let pools = pools_for(app, Some(&workflow), (use_case, scope)).await?;
            Some(Setup { workflow, pools })
        }
    };
    let plan = new.plan.iter().filter(|text| !text.trim().is_empty());
    Ok(Start {
        request: new.request.clone(),
        artifact,
        scope,
        setup,
        pools: pools_for(app, None, (use_case, scope)).await?,
        plan: plan
            .map(|text| task::new_step(text.trim().to_owned()))
            .collect(),
    })
}

/// A session as it is; nothing is begun.
pub async fn open_session(app: &App, session: SessionArgument) -> Result<SessionView, UiError> {
    app.sessions().view(app, session_id(&session.id)?).await
}

pub async fn rename_session(app: &App, rename: RenameSession) -> Result<SessionSummary, UiError> {
    let title = short_name("session", &rename.title)?;
    let id = session_id(&rename.id)?;
    let workflows = Workflows::load(app.data_folder());
    let renamed = app
        .store(move |store| {
            let session = store.rename_session(id, &title)?;
            Ok(summary::with_kind(
                &session,
                &Names::read(store)?,
                &workflows,
            ))
        })
        .await?;
    app.sessions().refresh(id).await;
    Ok(renamed)
}

/// Puts a session and its rows into another use case.
pub async fn move_session(app: &App, session: MoveSession) -> Result<SessionSummary, UiError> {
    let (id, use_case) = (session_id(&session.id)?, use_case_id(&session.use_case_id)?);
    let workflows = Workflows::load(app.data_folder());
    let moved = app
        .store(move |store| {
            let session = store.move_session(id, use_case)?;
            Ok(summary::with_kind(
                &session,
                &Names::read(store)?,
                &workflows,
            ))
        })
        .await?;
    app.sessions().refresh(id).await;
    Ok(moved)
}

/// Deletes a session with its product and its rows of the dataset; tells how many rows, and what has learned from them.
pub async fn delete_session(app: &App, session: SessionArgument) -> Result<DeletionView, UiError> {
    let id = session_id(&session.id)?;
    app.sessions().close(id).await;
    if let Some(preview) = app.preview() {
        preview.close(&session.id).await;
    }
    let rows = app.store(move |store| {
        let filter = ExampleFilter {
            session: Some(id),
            ..ExampleFilter::default()
        };
        let rows = store.examples(&filter, ExampleOrder::Newest, None, u32::MAX)?;
        Ok(rows.items.iter().map(|row| row.id).collect::<Vec<_>>())
    });
    let rows = rows.await?;
    let count = rows.len();
    forget_rows(app, rows).await?;
    let remains = app
        .store(move |store| {
            let models = store.delete_session(id)?;
            learned(store, &models)
        })
        .await?;
    app.erase_soon();
    Ok(DeletionView {
        deleted: u32::try_from(count).unwrap_or(u32::MAX),
        remains,
    })
}

pub async fn act_on_session(app: &App, act: ActOnSession) -> Result<SessionView, UiError> {
    app.sessions().act(app, session_id(&act.id)?, act.act).await
}

/// Tells of a session's changes until [`stop_watching`] or the end of the session.
pub async fn watch_session(
    app: &App,
    session: SessionArgument,
    events: Events<SessionEvent>,
) -> Result<(), UiError> {
    let id = session_id(&session.id)?;
    let (mut watching, unwatch) = app.sessions().watch(app, id).await?;
    for event in &watching.first {
        events.send(event);
    }
    loop {
        let event = tokio::select! {
            event = watching.rest.recv() => event,
            () = unwatch.cancelled() => return Ok(()),
        };
        match event {
            Ok(event) => events.send(&event),
            // What was missed is in the session.
            Err(RecvError::Lagged(_)) => {
                let session = Box::new(app.sessions().view(app, id).await?);
                events.send(&SessionEvent::Changed { session });
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

pub async fn stop_watching(app: &App, session: SessionArgument) -> Result<(), UiError> {
    app.sessions().unwatch(session_id(&session.id)?);
    Ok(())
}

fn use_case_id(text: &str) -> Result<UseCaseId, UiError> {
    text.parse().map_err(|source| invalid(format!("{source}.")))
}

fn short_name(what: &str, name: &str) -> Result<String, UiError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(invalid(format!("Give the {what} a name.")));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(invalid(format!(
            "The {what}'s name is longer than {LONGEST_NAME} characters."
        )));
    }
    Ok(name.to_owned())
}
