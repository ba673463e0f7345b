//! The log: a file a day in the data folder, kept for a week, and standard error.
//!
//! What the user writes and what a model answers is never logged at `info` or above.

use std::path::{Path, PathBuf};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::EnvFilter;
pub use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

const DAYS_KEPT: usize = 7;

/// The log's folder in a data folder.
pub fn folder(data_folder: &Path) -> PathBuf {
    data_folder.join("logs")
}

/// Starts logging for this process. Standard error shows `level` and above, or what `OPZEST_LOG` says; the file has
/// `info` and above of our own crates. Keep the guard until the process ends: it flushes the file.
///
/// Without a writable folder there is only standard error.
pub fn start(data_folder: &Path, level: LevelFilter) -> Option<WorkerGuard> {
    let stderr_filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .with_env_var("OPZEST_LOG")
        .from_env_lossy();
    let stderr = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_filter(stderr_filter);
    // The library complains on standard error about a folder that is not there yet.
    let _ = crate::opening::make_private_folder(&folder(data_folder));
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("opzest")
        .filename_suffix("log")
        .max_log_files(DAYS_KEPT)
        .build(folder(data_folder));
    let (file, guard) = match appender {
        Ok(appender) => {
            let (writer, guard) = tracing_appender::non_blocking(appender);
            let filter = EnvFilter::new(
                "warn,opzest_app=info,opzest_llm=info,opzest_store=info,opzest_desktop=info",
            );
            (
                Some(
                    fmt::layer()
                        .with_ansi(false)
                        .with_writer(writer)
                        .with_filter(filter),
                ),
                Some(guard),
            )
        }
        Err(error) => {
            eprintln!("the log file cannot be written: {error}");
            (None, None)
        }
    };
    // A second call (in tests) keeps the first one's subscriber.
    let _ = tracing_subscriber::registry()
        .with(stderr)
        .with(file)
        .try_init();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "OpZest starts");
    guard
}
