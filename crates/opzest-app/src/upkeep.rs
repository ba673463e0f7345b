//! The store's upkeep in the background: erasing deleted text, the check after a crash, backups.
//!
//! One thread that ends with the app. Not here: how any of it is done (the store), and restoring, which needs
//! the user.

use crate::app::now_ms;
use crate::dto::UiError;
use opzest_store::{
    BackupOutcome, BackupPolicy, CheckReport, Erasure, Store, StoreError, Upkeep as StoreUpkeep,
};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Reading the whole store would disturb a start, and a program that ends at once needs none of it.
const AFTER_START: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_secs(60 * 60);
/// After an erasure that somebody stood in the way of.
const UNTIL_RETRY: Duration = Duration::from_secs(10);
/// An erasure may go on for so long when the app wants to end.
const LONGEST_END: Duration = Duration::from_secs(2);
const BACKUP_EVERY_MS: u64 = 24 * 60 * 60 * 1000;

/// Something was deleted.
struct EraseSoon;

/// The running thread.
pub(crate) struct Upkeep {
    deleted: Option<Sender<EraseSoon>>,
    thread: Option<JoinHandle<()>>,
    /// When the app began to end.
    ending: Arc<OnceLock<Instant>>,
    damage: Arc<Mutex<Option<UiError>>>,
}

impl Upkeep {
    /// `None` for a store that is only read, or if no thread can be started: then deleted text is erased at
    /// the next start.
    pub(crate) fn start(store: &Store) -> Option<Self> {
        let upkeep = store.upkeep()?;
        let (deleted, orders) = channel();
        let ending = Arc::new(OnceLock::new());
        let damage = Arc::default();
        let work = Work {
            upkeep,
            orders,
            ending: Arc::clone(&ending),
            damage: Arc::clone(&damage),
            needs_check: store.needs_check(),
        };
        let thread = std::thread::Builder::new()
            .name("upkeep".into())
            .spawn(move || work.run())
            .inspect_err(|error| tracing::error!(%error, "the store's upkeep cannot be started"))
            .ok()?;
        Some(Self {
            deleted: Some(deleted),
            thread: Some(thread),
            ending,
            damage,
        })
    }

    /// Has deleted text erased soon.
    pub(crate) fn erase_soon(&self) {
        // A thread that has ended leaves it to the next start.
        let _ = self.deleted.as_ref().map(|deleted| deleted.send(EraseSoon));
    }

    /// What the check after a crash has found.
    pub(crate) fn damage(&self) -> Option<UiError> {
        self.damage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Waits until the thread has ended: a backup is given up, an erasure gets a moment.
impl Drop for Upkeep {
    fn drop(&mut self) {
        self.ending.get_or_init(Instant::now);
        self.deleted = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's upkeep has failed");
        }
    }
}

struct Work {
    upkeep: StoreUpkeep,
    orders: Receiver<EraseSoon>,
    ending: Arc<OnceLock<Instant>>,
    damage: Arc<Mutex<Option<UiError>>>,
    needs_check: bool,
}

impl Work {
    fn run(mut self) {
        let mut next_look = Instant::now() + AFTER_START;
        loop {
            // At first, what the last process did not come to.
            let erasure = self.erase();
            if Instant::now() >= next_look {
                self.check();
                self.back_up();
                next_look = Instant::now() + BETWEEN_LOOKS;
            }
            let until_look = next_look.saturating_duration_since(Instant::now());
            let wait = match erasure {
                Erasure::Complete => until_look,
                Erasure::Pending => UNTIL_RETRY.min(until_look),
            };
            match self.orders.recv_timeout(wait) {
                Ok(EraseSoon) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Several deletions, one erasure.
            while self.orders.try_recv().is_ok() {}
        }
    }

    fn erase(&self) -> Erasure {
        let go_on = || {
            let ending = self.ending.get();
            ending.is_none_or(|began| began.elapsed() < LONGEST_END)
        };
        self.upkeep
            .erase(now_ms(), &BackupPolicy::default(), &go_on)
            .unwrap_or_else(|error| {
                // The mark stays in the store; it is tried again at the next look.
                tracing::warn!(%error, "deleted text could not be erased yet");
                Erasure::Complete
            })
    }

    fn check(&mut self) {
        if !std::mem::take(&mut self.needs_check) {
            return;
        }
        let ending = Arc::clone(&self.ending);
        match self.upkeep.quick_check(move || ending.get().is_none()) {
            Ok(None) => {}
            Ok(Some(report)) if report.is_sound() => tracing::info!("the store is sound"),
            Ok(Some(report)) => self.tell_damage(&report),
            Err(error) => tracing::warn!(%error, "the store could not be checked"),
        }
    }

    fn tell_damage(&self, report: &CheckReport) {
        let details: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        let error = StoreError::Damaged {
            doing: "checking the store",
            details: details.first().cloned().unwrap_or_default(),
        };
        tracing::error!(problems = details.len(), first = ?details.first(), "the store is damaged");
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
    }

    fn back_up(&self) {
        let go_on = || self.ending.get().is_none();
        let made = match self.upkeep.is_backup_due(now_ms(), BACKUP_EVERY_MS) {
            Ok(false) => return,
            Ok(true) => self
                .upkeep
                .back_up(now_ms(), &BackupPolicy::default(), &go_on),
            Err(error) => Err(error),
        };
        match made {
            Ok(BackupOutcome::Made(_) | BackupOutcome::Stopped) => {}
            Err(error) => tracing::warn!(%error, "no backup was made"),
        }
    }
}
