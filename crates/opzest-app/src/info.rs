//! What the host and the user should know about this app and this computer.

use crate::app::App;
use crate::dto::{AppInfo, Machine, UiError};
use crate::logging;
use opzest_llm::local::machine;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

const WELCOME_SEEN: &str = "welcome_seen";

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
pub struct NoArguments {}

/// Also tries to open the data folder again if it could not be opened.
pub async fn app_info(app: &App, _: NoArguments) -> Result<AppInfo, UiError> {
    let problem = app.problem().await;
    let first_start = match &problem {
        Some(_) => false,
        None => !app
            .store(|store| store.setting::<bool>(WELCOME_SEEN))
            .await?
            .unwrap_or(false),
    };
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_folder: app.data_folder().display().to_string(),
        log_folder: logging::folder(app.data_folder()).display().to_string(),
        first_start,
        problem,
        machine: machine_info(),
    })
}

fn machine_info() -> Machine {
    let machine = machine::Machine::detect();
    Machine {
        processor: machine.processor,
        physical_cores: machine.physical_cores,
        logical_cores: machine.logical_cores,
        memory_mb: (machine.memory_bytes >> 20) as u32,
        free_memory_mb: (machine.available_bytes >> 20) as u32,
    }
}

/// The user has read the welcome page.
pub async fn finish_welcome(app: &App, _: NoArguments) -> Result<(), UiError> {
    app.store(|store| store.set_setting(WELCOME_SEEN, &true))
        .await
        .map(drop)
}

/// The window shows its first usable frame: the start's duration goes to the log, and to standard error
/// if `OPZEST_REPORT_START` is set.
pub async fn ui_ready(app: &App, _: NoArguments) -> Result<(), UiError> {
    let ms = app.started().elapsed().as_millis();
    tracing::info!(ms, "first usable frame");
    if std::env::var_os("OPZEST_REPORT_START").is_some() {
        eprintln!("first usable frame after {ms} ms");
    }
    Ok(())
}
