//! The sessions that are open in this process: one driver each.

use crate::app::App;
use crate::dto::{SessionAct, SessionView, UiError};
use crate::error::error;
use crate::sessions::driver::{Asked, Driver, Watching, gone};
use opzest_core::ids::SessionId;
use opzest_core::session::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Requests that wait for a driver: a person and a few windows.
const WAITING: usize = 32;

#[derive(Clone)]
struct Handle {
    driver: mpsc::Sender<Asked>,
    /// Ends those who watch.
    unwatch: CancellationToken,
}

#[derive(Default)]
pub(crate) struct OpenSessions {
    /// A lock of std: held for one look-up.
    open: Mutex<HashMap<SessionId, Handle>>,
    /// Shared by those who open a stored session, from reading its log until it is open; alone by who rewrites logs.
    stored: Arc<RwLock<()>>,
}

impl OpenSessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Handle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a session its driver; one that has a driver keeps it.
    pub(super) fn open(&self, app: &App, id: SessionId, session: Session, active: bool) {
        let mut open = self.lock();
        if open
            .get(&id)
            .is_some_and(|handle| !handle.driver.is_closed())
        {
            return;
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        let driver = Driver::new(app.clone(), id, session, active);
        tokio::spawn(driver.run(receiver));
        let handle = Handle {
            driver: sender,
            unwatch: CancellationToken::new(),
        };
        open.insert(id, handle);
    }

    /// The handle of a session, which is opened from the store if it is not open.
    async fn handle(&self, app: &App, id: SessionId) -> Result<Handle, UiError> {
        if let Some(handle) = self
            .lock()
            .get(&id)
            .filter(|handle| !handle.driver.is_closed())
        {
            return Ok(handle.clone());
        }
        let _reading = self.stored.read().await;
        let log = app.store(move |store| store.session_log(id)).await?;
        let session = Session::replay(log).map_err(|(number, ignored)| {
            error(
                crate::dto::ErrorCode::StoreDamaged,
                format!(
                    "The session cannot be opened: its event {number} does not fit ({ignored})."
                ),
                "Restore a backup, or delete the session.",
            )
        })?;
        self.open(app, id, session, false);
        self.lock().get(&id).cloned().ok_or_else(gone)
    }

    pub(super) async fn act(
        &self,
        app: &App,
        id: SessionId,
        act: SessionAct,
    ) -> Result<SessionView, UiError> {
        let handle = self.handle(app, id).await?;
        ask(&handle, |answer| Asked::Act(act, answer)).await?
    }

    pub(super) async fn view(&self, app: &App, id: SessionId) -> Result<SessionView, UiError> {
        let handle = self.handle(app, id).await?;
        ask(&handle, Asked::View).await?
    }

    /// What is seen of the session, and the token that ends the watching.
    pub(super) async fn watch(
        &self,
        app: &App,
        id: SessionId,
    ) -> Result<(Watching, CancellationToken), UiError> {
        let handle = self.handle(app, id).await?;
        let watching = ask(&handle, Asked::Watch).await??;
        Ok((watching, handle.unwatch))
    }

    /// Ends all that watch a session.
    pub(super) fn unwatch(&self, id: SessionId) {
        if let Some(handle) = self.lock().get_mut(&id) {
            let watched = std::mem::take(&mut handle.unwatch);
            watched.cancel();
        }
    }

    /// Tells those who watch that the title or the use case has changed.
    pub(super) async fn refresh(&self, id: SessionId) {
        let handle = self.lock().get(&id).cloned();
        if let Some(handle) = handle {
            let _ = handle.driver.send(Asked::Refresh).await;
        }
    }

    /// Stops what runs in a session and closes it.
    pub(crate) async fn close(&self, id: SessionId) {
        let handle = self.lock().remove(&id);
        if let Some(handle) = handle {
            handle.unwatch.cancel();
            let _ = ask(&handle, Asked::Close).await;
        }
    }

    /// Closes sessions whose logs are about to be rewritten. While the guard is there, none is opened from the store:
    /// a window that watches asks for its session again at once, and gets it with its new log.
    pub(crate) async fn close_for_rewriting(
        &self,
        ids: impl IntoIterator<Item = SessionId>,
    ) -> OwnedRwLockWriteGuard<()> {
        let alone = self.stored.clone().write_owned().await;
        for id in ids {
            self.close(id).await;
        }
        alone
    }

    /// Before the app ends.
    pub(crate) async fn close_all(&self) {
        let ids: Vec<_> = self.lock().keys().copied().collect();
        for id in ids {
            self.close(id).await;
        }
    }
}

async fn ask<T>(
    handle: &Handle,
    asked: impl FnOnce(oneshot::Sender<T>) -> Asked,
) -> Result<T, UiError> {
    let (answer, answered) = oneshot::channel();
    handle
        .driver
        .send(asked(answer))
        .await
        .map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
}
