//! Without a sandbox a script runs only with a consent, and some limits hold all the same.

use crate::support::{patient, script};
use crate::world::processes_with;
use opzest_sandbox::{
    Clock, ConsentToRunUnconfined, Ending, RunOutcome, RunReport, RunRequest, SandboxError, Tools,
    run_unconfined,
};
use static_assertions::assert_not_impl_any;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

// One consent, one run.
assert_not_impl_any!(ConsentToRunUnconfined: Clone, Copy, Default);

fn consent() -> ConsentToRunUnconfined {
    ConsentToRunUnconfined::given_after_showing("This script runs with your own rights. Run it?")
}

async fn run(text: &str, request: RunRequest) -> RunReport {
    let report = run_unconfined(
        &Tools::find(),
        &script(text),
        &request,
        consent(),
        CancellationToken::new(),
    )
    .await;
    let report = report.expect("the run starts");
    assert!(!report.confined);
    report
}

#[tokio::test]
async fn a_program_runs_in_a_folder_of_its_own() {
    assert_eq!(
        consent().shown(),
        "This script runs with your own rights. Run it?"
    );
    let request = RunRequest {
        arguments: vec!["a b".into()],
        stdin: "in".into(),
        ..patient()
    };
    let text = "import os, sys\nprint(sys.argv[1], sys.stdin.read(), sorted(os.environ))\nopen('out.txt', 'w').write(os.getcwd())\nos.symlink('/etc/passwd', 'link')\n1 / 0";
    let report = run(text, request).await;
    assert_eq!(report.outcome, RunOutcome::Failed(Ending::Code(1)));
    assert!(
        report
            .stdout
            .starts_with("a b in ['HOME', 'LANG', 'LC_ALL', 'OPZEST_RUN', 'PATH', 'PYTHON"),
        "{}",
        report.stdout
    );
    assert!(!report.stdout.contains("CARGO"));
    let text = report.error_text().expect("it failed");
    assert!(
        text.contains("File \"main.py\", line 5")
            && text.ends_with("ZeroDivisionError: division by zero"),
        "{text}"
    );
    let [written] = &report.written[..] else {
        panic!("{:?}", report.written)
    };
    assert_eq!((written.name.as_str(), report.left_out), ("out.txt", 1));
    let opzest_sandbox::Written::Text(folder) = &written.content else {
        panic!("a text")
    };
    assert!(!std::path::Path::new(folder).exists(), "{folder} is left");
}

#[tokio::test]
async fn the_limits_of_each_process_hold() {
    let mut request = patient();
    request.limits.wall = Duration::from_secs(1);
    assert_eq!(
        run("while True: pass", request).await.outcome,
        RunOutcome::TimedOut(Clock::Wall)
    );
    let mut request = patient();
    request.limits.cpu = Duration::from_secs(1);
    assert_eq!(
        run("while True: pass", request).await.outcome,
        RunOutcome::TimedOut(Clock::Cpu)
    );
    assert_eq!(
        run("while True: print('y' * 99)", patient()).await.outcome,
        RunOutcome::TooMuchOutput
    );
    assert_eq!(
        run("x = bytearray(10 ** 11)", patient()).await.outcome,
        RunOutcome::OutOfMemory
    );
    let text = "try: open('big', 'wb').write(b'x' * 20_000_000)\nexcept OSError as error: print(error.errno)";
    assert_eq!(run(text, patient()).await.stdout, "27\n");
    assert!(matches!(
        run("def", patient()).await.outcome,
        RunOutcome::SyntaxError { .. }
    ));
}

#[tokio::test]
async fn what_it_leaves_behind_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let marker = format!(
        "unconfined-{}",
        folder.path().file_name().expect("a name").display()
    );
    let text = "import os, sys, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(1000)\n    os._exit(0)\nos.wait()\nprint('done')";
    let request = RunRequest {
        arguments: vec![marker.clone()],
        ..patient()
    };
    let report = run(text, request).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "done\n")
    );
    assert_eq!(processes_with(&marker), [""; 0]);
}

#[tokio::test]
async fn without_python_it_says_so() {
    let tools = Tools::default();
    let run = run_unconfined(
        &tools,
        &script(""),
        &patient(),
        consent(),
        CancellationToken::new(),
    )
    .await;
    assert!(matches!(run, Err(SandboxError::Start { program, .. }) if program == "python3"));
}
