//! What can keep an artifact from being run at all. What the program itself does wrong is no error but a
//! [`RunOutcome`](crate::RunOutcome).

use opzest_core::artifact::FileName;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("there is nothing to run: the artifact has no file")]
    NothingToRun,
    #[error("`{0}` cannot be run: the artifact has no file of this name")]
    NoSuchFile(FileName),
    #[error("`{folder}` cannot be a file and the folder of `{file}` at once: rename one of them")]
    NamesCollide { folder: FileName, file: FileName },
    #[error("the artifact is too large to run: {what}, and the most is {most}")]
    TooLarge { what: String, most: String },
    #[error("argument {0} of the program holds a NUL character, which no system can pass on")]
    Argument(usize),
    #[error("{program} could not be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("the sandbox could not be set up: {reason}")]
    Setup { reason: String },
    #[error("the program's folder could not be prepared: {0}")]
    Folder(#[source] io::Error),
}
