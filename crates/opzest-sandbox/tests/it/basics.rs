//! What a caller gets from a run.

use crate::support::{name, patient, run, run_with, sandbox, script};
use opzest_sandbox::{Ending, Limits, RunOutcome, RunRequest, SandboxError, Written, WrittenFile};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_program_gets_its_files_its_arguments_and_its_input() {
    let mut artifact =
        script("import tools.greet, sys\nprint(tools.greet.hello(sys.argv[1]), sys.stdin.read())");
    artifact.put(
        name("tools/greet.py"),
        "def hello(name): return 'hello ' + name",
    );
    artifact.put(name("data/list one.txt"), "1\n2\n");
    let request = RunRequest {
        arguments: vec!["Ann".into()],
        stdin: "from stdin".into(),
        ..patient()
    };
    let sandbox = sandbox().await;
    let report = sandbox
        .run_python(&artifact, &request, CancellationToken::new())
        .await
        .expect("starts");
    assert_eq!(report.stdout, "hello Ann from stdin\n");
    assert_eq!(report.outcome, RunOutcome::Passed);
    assert_eq!((report.written, report.left_out), (vec![], 0));
    assert!(report.confined && report.wall < Duration::from_secs(60));

    artifact.put(name("other.py"), "print(open('data/list one.txt').read())");
    let request = RunRequest {
        main: Some(name("other.py")),
        ..patient()
    };
    let report = sandbox
        .run_python(&artifact, &request, CancellationToken::new())
        .await
        .expect("starts");
    assert_eq!(report.stdout, "1\n2\n\n");
}

#[tokio::test]
async fn what_a_program_writes_is_shown() {
    let report = run(
        "import os\nos.makedirs('out/deep')\nopen('out/deep/a.txt', 'w').write('ä' * 3)\nopen('b.bin', 'wb').write(b'\\0\\1')\n\
         open('main.py', 'a').write('# more')\nopen('long.txt', 'w').write('é' * 50000)\nopen('/tmp/not shown', 'w')\nos.mkdir('empty')",
    )
    .await;
    let [a, b, long, main] = &report.written[..] else {
        panic!("{:?}", report.written);
    };
    let names: Vec<_> = [b, long, main, a].map(|file| file.name.as_str()).to_vec();
    assert_eq!(names, ["long.txt", "main.py", "out/deep/a.txt", "b.bin"]);
    let file = |name: &str, bytes, content| WrittenFile {
        name: name.into(),
        bytes,
        content,
    };
    assert_eq!(
        *main,
        file("out/deep/a.txt", 6, Written::Text("äää".into()))
    );
    assert_eq!(*a, file("b.bin", 2, Written::Binary));
    assert!(matches!(&long.content, Written::Text(text) if text.ends_with("# more")));
    assert!(matches!(&b.content, Written::Beginning(text) if text.len() == 64 * 1024));
}

#[tokio::test]
async fn failures_say_what_the_lead_needs() {
    let report = run("def f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n").await;
    assert_eq!(report.outcome, RunOutcome::Failed(Ending::Code(1)));
    assert_eq!(report.stdout, "before\n");
    let text = report.error_text().expect("it failed");
    assert!(
        text.starts_with("The program ended with exit code 1.\nTraceback (most recent call last):\n  File \"main.py\", line 5, in <module>"),
        "{text}"
    );
    assert!(
        text.ends_with("ZeroDivisionError: division by zero"),
        "{text}"
    );
    assert!(!text.contains("/work"), "{text}");

    let report = run("import sys, os\nprint('half done')\nsys.exit('no more tea')").await;
    assert_eq!(
        report.error_text().as_deref(),
        Some("The program ended with exit code 1.\nno more tea")
    );
    let report = run("print('all', 'right')\nraise SystemExit(7)").await;
    assert_eq!(
        report.error_text().as_deref(),
        Some("The program ended with exit code 7. The last that it printed:\nall right")
    );
    let report = run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)").await;
    assert_eq!(report.outcome, RunOutcome::Failed(Ending::Signal(15)));
    let report = run("import ctypes; ctypes.string_at(0)").await;
    assert_eq!(report.outcome, RunOutcome::Failed(Ending::Signal(11)));
    assert!(
        report
            .error_text()
            .is_some_and(|text| text.contains("File \"main.py\", line 1"))
    );
    assert_eq!(run("").await.error_text(), None);
}

#[tokio::test]
async fn scripts_that_python_cannot_read_have_their_place() {
    for (text, line, message) in [
        ("x = 1\nprint('a'\n", 2, "SyntaxError: "),
        ("if 1:\nprint()\n", 2, "IndentationError: "),
        ("if 1:\n\tx = 1\n        y = 1\n", 3, "TabError: "),
        ("def f():\n    return\n  x = 1\n", 3, "IndentationError: "),
        ("a = \u{201c}b\u{201d}\n", 1, "SyntaxError: "),
    ] {
        let report = run(text).await;
        match &report.outcome {
            RunOutcome::SyntaxError {
                file,
                line: at,
                message: said,
            } => {
                assert_eq!((file.as_str(), *at), ("main.py", line), "{text}");
                assert!(said.starts_with(message), "{said}");
            }
            other => panic!("{text}: {other:?} {}", report.stderr),
        }
        assert!(
            report
                .error_text()
                .is_some_and(|text| text.contains(message))
        );
    }
    let mut artifact = script("print(1)\nimport other");
    artifact.put(name("other.py"), "def");
    let report = sandbox()
        .await
        .run_python(&artifact, &patient(), CancellationToken::new())
        .await;
    let report = report.expect("starts");
    assert!(
        matches!(&report.outcome, RunOutcome::SyntaxError { file, line: 1, .. } if file == "other.py"),
        "{report:?}"
    );
}

#[tokio::test]
async fn output_that_is_no_text_is_shown_all_the_same() {
    let report = run("import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb\\0c')\nsys.stderr.buffer.write(b'\\xc3')").await;
    assert_eq!(report.stdout, "a\u{fffd}\u{fffd}b\0c");
    assert_eq!(report.stderr, "\u{fffd}");
}

#[tokio::test]
async fn memory_in_use_is_known() {
    let report = run("x = bytearray(100 * 1024 * 1024)\nimport time; time.sleep(0.3)").await;
    let peak = report.peak_memory_bytes.expect("it ran long enough");
    assert!((100..200).contains(&(peak / (1024 * 1024))), "{peak}");
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before() {
    let sandbox = sandbox().await;
    let nothing = opzest_core::artifact::Artifact::EMPTY;
    let run = sandbox
        .run_python(&nothing, &patient(), CancellationToken::new())
        .await;
    assert!(matches!(run, Err(SandboxError::NothingToRun)));
    let large = script(&"#".repeat(20 * 1024 * 1024));
    let run = sandbox
        .run_python(&large, &patient(), CancellationToken::new())
        .await;
    assert!(matches!(run, Err(SandboxError::TooLarge { .. })));
}

#[tokio::test]
async fn ten_megabytes_of_input_and_of_script_are_fine() {
    let text = format!(
        "import sys\nprint(len(sys.stdin.read()))\n#{}",
        "x".repeat(10 * 1024 * 1024)
    );
    let stdin = "y".repeat(10 * 1024 * 1024);
    let report = run_with(&text, RunRequest { stdin, ..patient() }).await;
    assert_eq!(report.stdout, "10485760\n");
    // A program need not read it.
    let stdin = "y".repeat(10 * 1024 * 1024);
    let report = run_with("print(1)", RunRequest { stdin, ..patient() }).await;
    assert_eq!(report.outcome, RunOutcome::Passed);
}

#[tokio::test]
async fn many_runs_at_once_do_not_disturb_each_other() {
    let sandbox = sandbox().await;
    let mut runs = tokio::task::JoinSet::new();
    for n in 0..12 {
        let sandbox = sandbox.clone();
        runs.spawn(async move {
            let text = format!("open('n', 'w').write('{n}'); print(open('n').read())");
            let report = sandbox
                .run_python(&script(&text), &patient(), CancellationToken::new())
                .await
                .expect("starts");
            (n, report.stdout)
        });
    }
    for (n, printed) in runs.join_all().await {
        assert_eq!(printed, format!("{n}\n"));
    }
}

#[tokio::test]
async fn a_cancelled_run_says_so() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let report = sandbox()
        .await
        .run_python(&script("while True: pass"), &patient(), cancel)
        .await;
    let report = report.expect("starts");
    assert_eq!(report.outcome, RunOutcome::Cancelled);
    assert_eq!(report.error_text(), None);
}

#[tokio::test]
async fn exactly_the_limit_of_output_is_not_too_much() {
    let limits = Limits {
        output_bytes: 1000,
        ..patient().limits
    };
    let request = RunRequest {
        limits,
        ..patient()
    };
    let report = run_with(
        "import sys; sys.stdout.write('x' * 600); sys.stderr.write('y' * 400)",
        request.clone(),
    )
    .await;
    assert_eq!(report.outcome, RunOutcome::Passed);
    let report = run_with("import sys; sys.stdout.write('x' * 1001)", request).await;
    assert_eq!(report.outcome, RunOutcome::TooMuchOutput);
}
