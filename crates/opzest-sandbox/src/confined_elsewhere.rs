//! There is no sandbox on this system yet; the types say so.

use crate::{Availability, Missing, RunReport, RunRequest, SandboxError, Tools};
use opzest_core::artifact::Artifact;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone)]
pub enum Sandbox {}

impl Sandbox {
    pub async fn detect() -> Availability {
        Availability::Missing(Missing::NotLinux)
    }

    pub async fn detect_with(_: &Tools) -> Availability {
        Availability::Missing(Missing::NotLinux)
    }

    pub fn python_version(&self) -> &str {
        match *self {}
    }

    pub async fn run_python(
        &self,
        _: &Artifact,
        _: &RunRequest,
        _: CancellationToken,
    ) -> Result<RunReport, SandboxError> {
        match *self {}
    }
}
