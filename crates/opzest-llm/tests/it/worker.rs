//! The worker process as a thing that can die.

use crate::support::{OPTIONS, greedy, model, model_path, run, worker};
use futures::StreamExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use opzest_llm::local::protocol::{self, FromWorker, Hello, Task, ToWorker};
use opzest_llm::local::{LoadOptions, LocalModel, WorkerCommand};
use opzest_llm::{ChatModel, GenerationEvent, LlmError};
use tokio_util::sync::CancellationToken;

async fn kill_while_writing(model: &LocalModel, signal: Signal) -> LlmError {
    let request = greedy("Write a long story about the sea.", 1000);
    let mut generation = model
        .generate(request, CancellationToken::new())
        .await
        .expect("starts");
    let process = model.process_id().await.expect("a worker runs");
    let mut tokens = 0;
    loop {
        match generation.next().await.expect("an event or an error") {
            Ok(GenerationEvent::Token { .. }) => {
                tokens += 1;
                if tokens == 5 {
                    kill(Pid::from_raw(process as i32), signal).expect("kills");
                }
            }
            Ok(GenerationEvent::Reading { .. }) => {}
            Ok(GenerationEvent::Finished(summary)) => panic!("it went on: {summary:?}"),
            Err(error) => return error,
        }
    }
}

#[tokio::test]
async fn a_killed_worker_is_told_and_replaced() {
    let model = model();
    for (signal, said) in [
        (
            Signal::SIGKILL,
            "it was killed; if nobody did that, the computer ran out of memory",
        ),
        (Signal::SIGABRT, "SIGABRT"),
        (Signal::SIGILL, "SIGILL"),
    ] {
        let error = kill_while_writing(&model, signal).await;
        assert!(matches!(error, LlmError::WorkerDied { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        let next = run(&model, greedy("How many days are in a week?", 24))
            .await
            .expect("answers");
        assert!(next.text.contains('7'), "{}", next.text);
    }
}

#[tokio::test]
async fn too_little_memory_is_an_error_of_the_request() {
    // The address space is limited, so that the cache cannot be allocated although the machine has room.
    let limited = worker().through("prlimit", &["--as=700000000"]);
    let options = LoadOptions {
        context_size: 8192,
        sequences: 8,
        ..OPTIONS
    };
    let model = LocalModel::new(limited, model_path(), options);
    let error = run(&model, greedy("Hi", 2)).await.expect_err("no memory");
    assert!(
        matches!(
            error,
            LlmError::OutOfMemory { .. } | LlmError::WorkerDied { .. }
        ),
        "{error:?}"
    );
    // And one that the machine itself could never hold is refused before loading.
    let options = LoadOptions {
        context_size: 8192,
        sequences: 100_000,
        ..OPTIONS
    };
    let error = LocalModel::new(worker(), model_path(), options)
        .load()
        .await
        .expect_err("too much");
    match error {
        LlmError::OutOfMemory {
            needed_mb,
            available_mb,
        } => assert!(needed_mb > available_mb),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_told() {
    for (program, said) in [
        ("/nonexistent/opzest", "could not be started"),
        ("/bin/false", "exit code 1"),
        ("/bin/echo", "exit code 0"),
    ] {
        let model = LocalModel::new(WorkerCommand::new(program), model_path(), OPTIONS);
        let error = model.load().await.expect_err("no worker");
        assert!(error.to_string().contains(said), "{program}: {error}");
    }
}

#[tokio::test]
async fn the_worker_ends_with_its_model() {
    let model = model();
    model.load().await.expect("loads");
    let process = model.process_id().await.expect("runs");
    let alive = || std::path::Path::new(&format!("/proc/{process}")).exists();
    assert!(alive());
    drop(model);
    for _ in 0..500 {
        if !alive() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the worker outlived its model");
}

/// As when the app is killed: the pipe closes, and nobody says anything.
#[test]
fn a_serving_worker_ends_with_its_standard_input() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_opzest-llm-worker"))
        .arg(opzest_llm::local::WORKER_ARGUMENT)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    let task = Task::Serve {
        model: model_path(),
        options: OPTIONS,
    };
    let hello = Hello {
        version: protocol::VERSION.to_owned(),
        task,
    };
    protocol::write_frame(&mut input, &hello).expect("writes");
    let mut next = || protocol::read_frame::<FromWorker>(&mut output).expect("reads");
    assert!(matches!(next(), Some(FromWorker::Hello { .. })));
    assert!(matches!(next(), Some(FromWorker::Loaded(_))));
    let request = greedy("Write a long story about the sea.", 2000);
    protocol::write_frame(&mut input, &ToWorker::Generate { job: 1, request }).expect("writes");
    assert!(
        matches!(next(), Some(FromWorker::Generation { job: 1, .. })),
        "it is at work"
    );
    drop(input);
    // Its output ends with it.
    while next().is_some() {}
    child.wait().expect("it ends by itself");
}

#[test]
fn a_worker_of_another_version_says_so_and_ends() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_opzest-llm-worker"))
        .arg(opzest_llm::local::WORKER_ARGUMENT)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let task = Task::Inspect { file: model_path() };
    let hello = Hello {
        version: "0.0.1/0".into(),
        task,
    };
    let mut input = child.stdin.take().expect("a pipe");
    protocol::write_frame(&mut input, &hello).expect("writes");
    let mut output = child.stdout.take().expect("a pipe");
    let mut next = || protocol::read_frame::<FromWorker>(&mut output).expect("reads");
    match next() {
        Some(FromWorker::Hello { version }) => assert_eq!(version, protocol::VERSION),
        other => panic!("{other:?}"),
    }
    assert!(next().is_none(), "nothing after that");
    assert_eq!(child.wait().expect("ends").code(), Some(3));
}
