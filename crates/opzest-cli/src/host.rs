//! The running app, as this program holds it.

use crate::apart;
use anyhow::Context;
use opzest_app::{Access, App, AppOptions, data_folder, embedded_model_folders, logging};
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;

pub struct Host {
    // Dropped first: it ends the model's process.
    pub app: App,
    runtime: Runtime,
    /// Flushes the log when the program ends.
    _log: Option<Box<dyn std::any::Any>>,
}

impl Host {
    /// Opens the data folder. If it cannot be used, the first call says why.
    pub fn start(
        data: Option<PathBuf>,
        verbose: u8,
        access: Access,
        started: Instant,
    ) -> anyhow::Result<Self> {
        choose_log_level(verbose);
        let data_folder = data.unwrap_or_else(data_folder);
        let data_folder = std::path::absolute(&data_folder)
            .with_context(|| format!("`{}` is not a folder", data_folder.display()))?;
        // The log's library complains on the screen about a folder that is not there yet. If it cannot
        // be made, opening the data folder says why.
        let _ = std::fs::create_dir_all(logging::folder(&data_folder));
        let log = logging::start(&data_folder);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        let app = App::open(AppOptions {
            data_folder,
            model_folders: embedded_model_folders(None),
            worker: apart::worker().context("this program's own file cannot be found")?,
            access,
            started,
        });
        Ok(Self {
            app,
            runtime,
            _log: log.map(|guard| Box::new(guard) as Box<dyn std::any::Any>),
        })
    }

    /// Waits for a call.
    pub fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}

/// Errors are told where they happen, so the log stays off the screen unless it is asked for.
fn choose_log_level(verbose: u8) {
    const VARIABLE: &str = "OPZEST_LOG";
    if verbose == 0 && std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let level = match verbose {
        0 => "off",
        1 => "info",
        _ => "debug",
    };
    // SAFETY: called at the start of `main`, before anything starts a thread.
    unsafe { std::env::set_var(VARIABLE, level) };
}

/// Unix milliseconds.
pub fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_millis() as f64)
}
