//! Keeps Ctrl-C away from the model's process. The terminal sends it to every process of the foreground
//! group, and the model must outlive it: it is this program that stops an answer. So the worker is
//! started through this program once more, which moves to a group of its own and becomes the worker.

use opzest_app::WorkerCommand;
use std::process::ExitCode;

#[cfg(unix)]
const ARGUMENT: &str = "--opzest-apart";

/// The worker, out of the terminal's reach.
#[cfg(unix)]
pub fn worker() -> std::io::Result<WorkerCommand> {
    let program = std::env::current_exe()?;
    Ok(WorkerCommand::this_program()?.through(program, &[ARGUMENT]))
}

#[cfg(not(unix))]
pub fn worker() -> std::io::Result<WorkerCommand> {
    WorkerCommand::this_program()
}

/// Becomes the program named by the arguments if this process was started for that. It keeps the process
/// id, so whoever started it can watch and end it.
#[cfg(unix)]
pub fn run_if_asked() -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;

    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let program = arguments.next()?;
    let error = std::process::Command::new(&program)
        .args(arguments)
        .process_group(0)
        .exec();
    eprintln!("{} cannot be started: {error}", program.display());
    Some(ExitCode::FAILURE)
}

#[cfg(not(unix))]
pub fn run_if_asked() -> Option<ExitCode> {
    None
}
