//! The running app, as this program holds it.

use anyhow::Context;
use opzest_app::logging::LevelFilter;
use opzest_app::{
    Access, App, AppOptions, WorkerCommand, data_folder, embedded_model_folders, logging,
};
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
        let data_folder = data.unwrap_or_else(data_folder);
        let data_folder = std::path::absolute(&data_folder)
            .with_context(|| format!("`{}` is not a folder", data_folder.display()))?;
        let log = logging::start(&data_folder, log_level(verbose));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        let app = App::open(AppOptions {
            data_folder,
            model_folders: embedded_model_folders(None),
            worker: WorkerCommand::this_program()
                .context("this program's own file cannot be found")?,
            access,
            use_keyring: true,
            preview: None,
            tools: None,
            started,
        });
        Ok(Self {
            app,
            runtime,
            _log: log.map(|guard| Box::new(guard) as Box<dyn std::any::Any>),
        })
    }

    /// Lets a call run beside the others.
    pub fn spawn(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(call);
    }

    /// Waits for a call.
    pub fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}

/// Errors are told where they happen, so the log stays off the screen unless it is asked for.
fn log_level(verbose: u8) -> LevelFilter {
    match verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    }
}

/// Unix milliseconds.
pub fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_millis() as f64)
}
