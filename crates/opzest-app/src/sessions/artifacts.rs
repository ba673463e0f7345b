//! What the user does with an artifact outside the session: run it, look at it, take it away.

use crate::app::App;
use crate::dto::{ErrorCode, FileText, RunView, SandboxInfo, UiError};
use crate::error::{error, invalid, sentence};
use crate::info::NoArguments;
use crate::preview::PreviewPage;
use crate::sessions::acts::to_artifact;
use crate::sessions::commands::{ExportProduct, RunArtifact, ShowPreview};
use crate::sessions::driver::session_id;
use crate::sessions::view::files;
use opzest_sandbox::{
    Availability, ConsentToRunUnconfined, Missing, RunReport, RunRequest, Written, run_unconfined,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the user is told before a script runs without a sandbox.
const WITHOUT_SANDBOX: &str = "This computer has no sandbox: the script can read and change everything that you can, and use the network.";

/// Whether scripts and pages can be run safely here.
pub async fn sandbox_info(app: &App, _: NoArguments) -> Result<SandboxInfo, UiError> {
    let problem = match app.sandbox().await {
        Availability::Ready(_) => None,
        Availability::Missing(why) => Some(no_sandbox(&why)),
    };
    Ok(SandboxInfo {
        ready: problem.is_none(),
        problem,
        preview: app.preview().is_some(),
    })
}

fn no_sandbox(why: &Missing) -> UiError {
    error(
        ErrorCode::SandboxMissing,
        format!("Scripts cannot be run safely here: {why}."),
        why.hint(),
    )
}

/// Runs a script once more, with what it is to read.
pub async fn run_artifact(app: &App, run: RunArtifact) -> Result<RunView, UiError> {
    let artifact = to_artifact(run.files)?;
    let request = RunRequest {
        stdin: run.stdin,
        ..RunRequest::default()
    };
    let cancel = CancellationToken::new();
    let _stop_when_dropped = cancel.clone().drop_guard();
    let report = match (app.sandbox().await, run.without_sandbox) {
        (Availability::Ready(sandbox), _) => sandbox.run_python(&artifact, &request, cancel).await,
        (Availability::Missing(_), true) => {
            let consent = ConsentToRunUnconfined::given_after_showing(WITHOUT_SANDBOX);
            run_unconfined(&app.tools(), &artifact, &request, consent, cancel).await
        }
        (Availability::Missing(why), false) => return Err(no_sandbox(&why)),
    };
    let report = report.map_err(|problem| invalid(sentence(&problem.to_string())))?;
    Ok(to_view(&report))
}

fn to_view(report: &RunReport) -> RunView {
    let texts = report
        .written
        .iter()
        .filter_map(|file| match &file.content {
            Written::Text(text) | Written::Beginning(text) => Some(FileText {
                name: file.name.clone(),
                text: text.clone(),
            }),
            Written::Binary => None,
        });
    RunView {
        passed: report.passed(),
        outcome: report
            .error_text()
            .unwrap_or_else(|| "It ran to its end.".into()),
        stdout: report.stdout.clone(),
        stderr: report.stderr.clone(),
        files: texts.collect(),
        wall_ms: report.wall.as_millis() as u32,
    }
}

/// Shows a page in the window's preview.
pub async fn show_preview(app: &App, show: ShowPreview) -> Result<(), UiError> {
    let host = app.preview().ok_or_else(|| {
        error(
            ErrorCode::InvalidInput,
            "There is no window here to show a page in.",
            "Export the page and open it in a browser.",
        )
    })?;
    let id = session_id(&show.id)?;
    let session = app.store(move |store| store.session(id)).await?;
    let page = PreviewPage {
        id: show.id,
        title: session.title,
        artifact: to_artifact(show.files)?,
    };
    host.show(page, Arc::new(|_| {}))
        .await
        .map(drop)
        .map_err(|problem| invalid(sentence(&problem.to_string())))
}

/// Writes a version's files into a folder. Nothing that is there is replaced.
pub async fn export_product(app: &App, export: ExportProduct) -> Result<Vec<String>, UiError> {
    let id = session_id(&export.id)?;
    let product = app.store(move |store| store.product(id)).await?;
    let version = match export.version {
        None => product.versions.last(),
        Some(number) => (number as usize)
            .checked_sub(1)
            .and_then(|at| product.versions.get(at)),
    };
    let version = version.ok_or_else(|| {
        invalid("There is no such version: accept a result first, or choose another number.")
    })?;
    let folder = PathBuf::from(export.folder.trim());
    let files = files(&version.version.artifact);
    tokio::task::spawn_blocking(move || write_new(&folder, &files))
        .await
        .unwrap_or_else(|failed| Err(invalid(format!("The product was not written: {failed}."))))
}

/// All names are checked before the first file is written.
fn write_new(folder: &Path, files: &[FileText]) -> Result<Vec<String>, UiError> {
    let failed = |path: &Path, source: std::io::Error| {
        error(
            ErrorCode::InvalidInput,
            format!("{} could not be written: {source}.", path.display()),
            "Choose another folder.",
        )
    };
    let paths: Vec<_> = files.iter().map(|file| folder.join(&file.name)).collect();
    if let Some(path) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(error(
            ErrorCode::InvalidInput,
            format!("{} is there already and was not replaced.", path.display()),
            "Choose an empty folder, or move the file away.",
        ));
    }
    for (path, file) in paths.iter().zip(files) {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        }
        let mut options = std::fs::OpenOptions::new();
        let made = options.write(true).create_new(true).open(path);
        let written = made.and_then(|mut made| made.write_all(file.text.as_bytes()));
        written.map_err(|source| failed(path, source))?;
    }
    Ok(paths
        .iter()
        .map(|path| path.display().to_string())
        .collect())
}
