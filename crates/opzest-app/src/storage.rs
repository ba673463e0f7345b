//! The data folder's care at the user's request: what it takes, backups, checks, going back to a backup.
//! What happens by itself is in `upkeep`.

use crate::app::{App, now_ms};
use crate::dto::{BackupView, CheckReport, ErrorCode, StorageView, UiError};
use crate::error::{error, invalid, sentence};
use crate::info::NoArguments;
use opzest_store::{
    BackupFile, BackupPolicy, StoreError, StoreOptions, Upkeep, backups, restore, verify_backup,
};
use serde::{Deserialize, Serialize};
use std::time::Instant;
use ts_rs::TS;

/// The most that traces may take, unless the user says otherwise.
const USUAL_TRACES_CAP: u64 = 2 << 30;
const TRACES_CAP: &str = "traces_cap_bytes";
/// Backups up to this size in all are opened to see what is in them.
const OPENED_BYTES: u64 = 256 << 20;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BackupArgument {
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetTracesCap {
    pub bytes: f64,
}

/// What the data folder takes, and its backups.
pub async fn storage(app: &App, _: NoArguments) -> Result<StorageView, UiError> {
    let measured =
        app.store(|store| Ok((store.disk_use()?, store.trace_bytes()?, traces_cap(store)?)));
    let (used, traces, cap) = match measured.await {
        Ok((used, traces, cap)) => (Some(used), traces, cap),
        // The backups of a store that cannot be read are what its owner needs.
        Err(problem) if problem.code == ErrorCode::StoreDamaged => (None, 0, USUAL_TRACES_CAP),
        Err(problem) => return Err(problem),
    };
    let folder = app.data_folder().to_owned();
    let listed = blocking(move || {
        let found = backups(&folder)?;
        let opened = found.iter().map(|backup| backup.bytes).sum::<u64>() <= OPENED_BYTES;
        Ok(found.iter().map(|backup| to_view(backup, opened)).collect())
    });
    Ok(StorageView {
        database_bytes: used.map_or(0, |used| used.database + used.log) as f64,
        traces_bytes: traces as f64,
        backups_bytes: used.map_or(0, |used| used.backups + used.set_aside) as f64,
        traces_cap_bytes: cap as f64,
        free_bytes: used.map(|used| used.disk.available as f64),
        backups: listed.await?,
        check: None,
    })
}

fn to_view(backup: &BackupFile, opened: bool) -> BackupView {
    let contents = opened.then(|| verify_backup(backup, &StoreOptions::default()));
    let (counts, problem) = match contents {
        None => (None, None),
        Some(Ok(contents)) => (Some(contents), None),
        Some(Err(problem)) => (None, Some(sentence(&problem.to_string()))),
    };
    BackupView {
        name: backup.name.clone(),
        made_at: backup.made_at_ms as f64,
        bytes: backup.bytes as f64,
        conversations: counts.map(|counts| counts.conversations as u32),
        examples: None,
        problem,
    }
}

fn traces_cap(store: &opzest_store::Store) -> Result<u64, StoreError> {
    Ok(store
        .setting::<u64>(TRACES_CAP)?
        .unwrap_or(USUAL_TRACES_CAP))
}

/// Makes a backup now, beside the open store.
pub async fn back_up_now(app: &App, _: NoArguments) -> Result<StorageView, UiError> {
    let upkeep = upkeep(app).await?;
    blocking(move || upkeep.back_up(now_ms(), &BackupPolicy::default(), &|| true)).await?;
    storage(app, NoArguments {}).await
}

/// Checks everything that can be checked; the app goes on meanwhile.
pub async fn check_store(app: &App, _: NoArguments) -> Result<CheckReport, UiError> {
    let upkeep = upkeep(app).await?;
    let began = Instant::now();
    let report = blocking(move || upkeep.full_check(&|| true)).await?;
    let report = report.unwrap_or_default();
    Ok(CheckReport {
        sound: report.is_sound(),
        problems: report
            .problems
            .iter()
            .map(|problem| sentence(&problem.to_string()))
            .collect(),
        took_ms: began.elapsed().as_millis() as u32,
    })
}

/// Puts a backup in the place of the store. Sessions and answers that run are ended first; the store that
/// was there is set aside.
pub async fn restore_backup(app: &App, backup: BackupArgument) -> Result<StorageView, UiError> {
    let folder = app.data_folder().to_owned();
    let found = blocking(move || backups(&folder)).await?;
    let wanted = found.into_iter().find(|file| file.name == backup.name);
    let wanted = wanted.ok_or_else(|| invalid(format!("There is no backup `{}`.", backup.name)))?;
    app.with_store_closed(move |lock| {
        restore(lock, &wanted, &StoreOptions::default(), now_ms()).map(drop)
    })
    .await?;
    storage(app, NoArguments {}).await
}

/// Changes how much traces may take. When that is full, new rows go without; nothing is deleted.
pub async fn set_traces_cap(app: &App, set: SetTracesCap) -> Result<StorageView, UiError> {
    if !(0.0..=1e15).contains(&set.bytes) {
        return Err(invalid("The limit must be a number of bytes."));
    }
    let cap = set.bytes as u64;
    app.store(move |store| store.set_setting(TRACES_CAP, &cap))
        .await?;
    storage(app, NoArguments {}).await
}

/// Whether another trace may be stored.
pub(crate) fn has_room_for_traces(store: &opzest_store::Store) -> Result<bool, StoreError> {
    Ok(store.trace_bytes()? < traces_cap(store)?)
}

async fn upkeep(app: &App) -> Result<Upkeep, UiError> {
    let upkeep = app.store(|store| Ok(store.upkeep())).await?;
    upkeep.ok_or_else(|| {
        error(
            ErrorCode::DataFolderInUse,
            "Another OpZest writes this data folder.",
            "Do this there.",
        )
    })
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, UiError> {
    match tokio::task::spawn_blocking(run).await {
        Ok(done) => done.map_err(UiError::from),
        Err(failed) => Err(crate::app::panicked(&failed)),
    }
}
