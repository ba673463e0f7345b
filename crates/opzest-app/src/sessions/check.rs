//! Checking an artifact by its kind: a script is run in the sandbox, a page is parsed and run in the
//! preview, JSON is validated, Markdown is parsed.

use crate::app::App;
use crate::dto::SessionEvent;
use crate::error::sentence;
use crate::preview::{PreviewEnd, PreviewEvent, PreviewPage};
use crate::sessions::live::Live;
use opzest_core::artifact::Artifact;
use opzest_core::ids::SessionId;
use opzest_core::session::CheckOutcome;
use opzest_core::workflow::{ArtifactKind, Workflow};
use opzest_sandbox::check::{
    Problem, check_html, check_json, check_markdown, error_text, has_errors,
};
use opzest_sandbox::{Availability, RunReport, RunRequest, SandboxError};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The schema of a JSON product, if the session brings its own.
const SCHEMA_FILE: &str = "schema.json";

pub(super) struct Check<'a> {
    pub(super) app: &'a App,
    pub(super) session: SessionId,
    pub(super) title: String,
    pub(super) workflow: &'a Workflow,
    /// What the session began with.
    pub(super) start: &'a Artifact,
    pub(super) artifact: &'a Artifact,
    pub(super) live: &'a Live,
    pub(super) cancel: &'a CancellationToken,
}

impl Check<'_> {
    pub(super) async fn run(&self) -> CheckOutcome {
        match self.workflow.product.kind {
            ArtifactKind::Python => self.script().await,
            ArtifactKind::Page => self.page().await,
            ArtifactKind::Json => self.json(),
            ArtifactKind::Markdown => from_problems(check_markdown(self.main_text())),
        }
    }

    fn main_text(&self) -> &str {
        let own = |name: &opzest_core::artifact::FileName| *name == self.workflow.product.file;
        let files = self.artifact.files();
        let file = files.iter().find(|file| own(&file.name)).or(files.first());
        file.map_or("", |file| &file.text)
    }

    async fn script(&self) -> CheckOutcome {
        let sandbox = match self.app.sandbox().await {
            Availability::Ready(sandbox) => sandbox,
            Availability::Missing(missing) => {
                let why = format!("It was not run: {missing}. {}", missing.hint());
                return CheckOutcome::NotRun { why };
            }
        };
        let request = RunRequest {
            main: Some(self.workflow.product.file.clone())
                .filter(|own| self.artifact.files().iter().any(|file| file.name == *own)),
            ..RunRequest::default()
        };
        match sandbox
            .run_python(self.artifact, &request, self.cancel.clone())
            .await
        {
            Ok(report) => from_report(&report),
            Err(problem) => not_run(&problem),
        }
    }

    async fn page(&self) -> CheckOutcome {
        let problems = check_html(self.artifact);
        if has_errors(&problems) {
            return from_problems(problems);
        }
        let Some(host) = self.app.preview() else {
            return from_problems(problems);
        };
        let page = PreviewPage {
            id: self.session.to_string(),
            title: self.title.clone(),
            artifact: self.artifact.clone(),
        };
        let live = self.live.clone();
        let later = Arc::new(move |event: PreviewEvent| {
            if let Some(message) = preview_words(&event) {
                live.send(SessionEvent::PreviewProblem { message });
            }
        });
        let shown = tokio::select! {
            shown = host.show(page, later) => shown,
            () = self.cancel.cancelled() => {
                return CheckOutcome::NotRun { why: "It was stopped.".into() };
            }
        };
        match shown {
            Err(problem) => CheckOutcome::NotRun {
                why: format!("It was not run: {problem}."),
            },
            Ok(report) if report.frozen() => CheckOutcome::Failed {
                error: "The page does not answer: it seems to have an endless loop.".into(),
                output: String::new(),
            },
            Ok(report) if !report.errors.is_empty() => CheckOutcome::Failed {
                error: report
                    .errors
                    .iter()
                    .map(error_line)
                    .collect::<Vec<_>>()
                    .join("\n"),
                output: String::new(),
            },
            Ok(_) => from_problems(problems),
        }
    }

    fn json(&self) -> CheckOutcome {
        let attached = self
            .start
            .files()
            .iter()
            .find(|file| file.name.as_str() == SCHEMA_FILE);
        let schema = self.workflow.product.schema.as_deref();
        let schema = schema.or(attached.map(|file| &*file.text));
        let schema = match schema.map(serde_json::from_str).transpose() {
            Ok(schema) => schema,
            Err(source) => {
                let why = format!("The schema is not JSON: {source}.");
                return CheckOutcome::NotRun { why };
            }
        };
        match check_json(self.main_text(), schema.as_ref()) {
            Ok(problems) => from_problems(problems),
            Err(invalid) => CheckOutcome::NotRun {
                why: sentence(&invalid.to_string()),
            },
        }
    }
}

/// Whether an artifact passes its workflow's check, where that can be found out without anybody looking: pages are only
/// parsed.
pub(crate) async fn passes(app: &App, workflow: &Workflow, artifact: &Artifact) -> Option<bool> {
    if workflow.product.kind == ArtifactKind::Page {
        return Some(!has_errors(&check_html(artifact)));
    }
    let check = Check {
        app,
        session: SessionId::new(0, [0; 10]),
        title: String::new(),
        workflow,
        start: &Artifact::default(),
        artifact,
        live: &Live::new(),
        cancel: &CancellationToken::new(),
    };
    match check.run().await {
        CheckOutcome::Passed { .. } => Some(true),
        CheckOutcome::Failed { .. } => Some(false),
        CheckOutcome::NotRun { .. } => None,
    }
}

fn from_problems(problems: Vec<Problem>) -> CheckOutcome {
    match error_text(&problems).filter(|_| has_errors(&problems)) {
        Some(error) => CheckOutcome::Failed {
            error,
            output: String::new(),
        },
        None => CheckOutcome::Passed {
            output: String::new(),
            warnings: problems.iter().map(ToString::to_string).collect(),
        },
    }
}

fn from_report(report: &RunReport) -> CheckOutcome {
    let output = report.stdout.clone();
    match report.error_text() {
        None => CheckOutcome::Passed {
            output,
            warnings: Vec::new(),
        },
        Some(error) => CheckOutcome::Failed { error, output },
    }
}

/// Names that collide or an artifact that is too large are the model's mistakes; the rest is ours.
fn not_run(problem: &SandboxError) -> CheckOutcome {
    match problem {
        SandboxError::NothingToRun
        | SandboxError::NoSuchFile(_)
        | SandboxError::NamesCollide { .. }
        | SandboxError::TooLarge { .. }
        | SandboxError::Argument(_) => CheckOutcome::Failed {
            error: sentence(&problem.to_string()),
            output: String::new(),
        },
        SandboxError::Start { .. } | SandboxError::Setup { .. } | SandboxError::Folder(_) => {
            let why = format!("It was not run: {problem}.");
            CheckOutcome::NotRun { why }
        }
    }
}

fn error_line(error: &crate::preview::PreviewError) -> String {
    let place = match (&error.source, error.line) {
        (Some(file), Some(line)) => format!("{file}, line {line}: "),
        (None, Some(line)) => format!("line {line}: "),
        _ => String::new(),
    };
    format!("{place}{}", error.message)
}

/// What a page did after it had been checked, in words.
pub(super) fn preview_words(event: &PreviewEvent) -> Option<String> {
    match event {
        PreviewEvent::Error(error) => Some(error_line(error)),
        PreviewEvent::Ended(PreviewEnd::Frozen) => {
            Some("The page did not answer any more and was closed.".into())
        }
        PreviewEvent::Ended(PreviewEnd::Crashed) => {
            Some("The page broke down, or took too much memory.".into())
        }
        PreviewEvent::Ended(PreviewEnd::Closed) => None,
    }
}
