//! Errors on standard error: what happened, and what to do.

use crate::plain::line;
use crate::screen::{ERROR, HINT, tell};
use opzest_app::dto::{ErrorCode, UiError};
use std::fmt;
use std::io;
use std::process::ExitCode;

/// Ended with Ctrl-C, as shells count it.
pub const INTERRUPTED: u8 = 130;

/// The user pressed Ctrl-C twice: leave without waiting.
#[derive(Debug)]
pub struct LeftAtOnce;

impl fmt::Display for LeftAtOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for LeftAtOnce {}

/// An error of the command line itself.
pub fn mistake(message: impl Into<String>, hint: impl Into<String>) -> UiError {
    UiError {
        code: ErrorCode::InvalidInput,
        message: message.into(),
        hint: hint.into(),
    }
}

/// Whether the reader of our output went away (`opzest ... | head`), which is no failure.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Tells an error and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if error.is::<LeftAtOnce>() {
        return ExitCode::from(INTERRUPTED);
    }
    show(error);
    ExitCode::FAILURE
}

pub fn show(error: &anyhow::Error) {
    match error.downcast_ref::<UiError>() {
        Some(error) => show_ui(error),
        None => tell(format_args!(
            "{ERROR}error{ERROR:#}: {}",
            line(&format!("{error:#}"))
        )),
    }
}

pub fn show_ui(error: &UiError) {
    tell(format_args!(
        "{ERROR}error{ERROR:#}: {}",
        line(&error.message)
    ));
    let more = match error.code {
        ErrorCode::DataFolderInUse => {
            " Meanwhile `opzest conversations list` and other reading commands work, and `--data DIR` \
             uses another folder."
        }
        _ => "",
    };
    let hint = format!("{}{more}", line(&error.hint));
    if !hint.trim().is_empty() {
        tell(format_args!("{HINT}hint{HINT:#}: {}", hint.trim()));
    }
}
