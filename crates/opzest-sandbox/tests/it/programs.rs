//! Ordinary programs run as they do without a sandbox. What each prints was written by CPython 3.11 and is
//! the same with 3.9, 3.10, 3.12 and 3.13.

use crate::support::{name, patient, sandbox};
use opzest_core::artifact::Artifact;
use opzest_sandbox::{RunOutcome, RunRequest, Sandbox};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const AT_ONCE: usize = 3;

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let entries = folder.read_dir().expect("the folder of programs");
    let mut programs: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    programs
}

/// What is wrong with a run of a program.
async fn try_one(sandbox: &Sandbox, path: &Path) -> Option<String> {
    let read = |extension| std::fs::read_to_string(path.with_extension(extension));
    let file = path.file_name().expect("a file").to_string_lossy();
    let artifact = Artifact::one(name(&file), read("py").expect("the program"));
    let request = RunRequest {
        stdin: read("in").unwrap_or_default(),
        ..patient()
    };
    let expected = read("out").expect("what it prints");
    let report = sandbox
        .run_python(&artifact, &request, CancellationToken::new())
        .await
        .expect("the run starts");
    (report.outcome != RunOutcome::Passed || report.stdout != expected).then(|| {
        format!(
            "{file}: {:?}\n{}\n{}",
            report.outcome, report.stderr, report.stdout
        )
    })
}

#[tokio::test]
async fn ordinary_programs_run_right() {
    let sandbox = sandbox().await;
    let programs = programs();
    assert!(programs.len() >= 100, "only {} programs", programs.len());
    // Programs that wait share the processors with those that compute.
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for program in programs {
        let (sandbox, permits) = (sandbox.clone(), permits.clone());
        runs.spawn(async move {
            let _permit = permits.acquire().await.expect("never closed");
            try_one(&sandbox, &program).await
        });
    }
    let wrong: Vec<_> = runs.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
