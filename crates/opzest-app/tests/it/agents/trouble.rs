//! Calls that give no result.

use super::scripted::{SERVER, Says, Scripted};
use super::stage::{Stage, Watched};
use opzest_app::agents::{AgentError, work};
use opzest_core::artifact::Artifact;
use opzest_llm::LlmError;
use std::time::Duration;

fn stage() -> Stage {
    Stage::begun("script", "r", "s", Artifact::EMPTY).instructed("Print the number 1.")
}

async fn failed(says: Says) -> AgentError {
    let watched = Watched::new(Scripted::new(SERVER, vec![says]));
    let stage = stage();
    work(stage.session.state(), &watched.call())
        .await
        .expect_err("it fails")
}

fn server(status: u16) -> LlmError {
    LlmError::Server {
        server: "example.org".into(),
        status,
        message: "no".into(),
    }
}

#[tokio::test]
async fn what_passes_may_be_tried_again() {
    let timeout = LlmError::Timeout {
        server: "example.org".into(),
        what: "the first token".into(),
        after: Duration::from_secs(60),
    };
    let cut = LlmError::Connection {
        server: "example.org".into(),
        reason: "closed".into(),
    };
    let died = LlmError::WorkerDied {
        how: "signal 9".into(),
    };
    for error in [timeout, died, server(429), server(500), server(503)] {
        let problem = failed(Says::Fails(error)).await.problem().expect("told");
        assert!(problem.passing, "{problem:?}");
        assert!(
            !problem.code.is_empty() && problem.message.ends_with('.'),
            "{problem:?}"
        );
    }
    let problem = failed(Says::Breaks("I wri".into(), cut))
        .await
        .problem()
        .expect("told");
    assert!(problem.passing, "{problem:?}");
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    let missing = LlmError::ModelFile {
        path: "/models/a.gguf".into(),
        problem: opzest_llm::ModelFileProblem::Missing,
    };
    for error in [server(401), server(404), missing] {
        let problem = failed(Says::Fails(error)).await.problem().expect("told");
        assert!(!problem.passing, "{problem:?}");
    }
}

#[tokio::test]
async fn cancelling_is_its_own_outcome() {
    let watched = Watched::new(Scripted::new(SERVER, vec![Says::Waits]));
    let stage = stage();
    let call = watched.call();
    let (result, ()) = tokio::join!(work(stage.session.state(), &call), async {
        tokio::task::yield_now().await;
        watched.cancel.cancel();
    });
    let error = result.expect_err("cancelled");
    assert_eq!(error, AgentError::Cancelled);
    assert_eq!(error.problem(), None);
}

#[tokio::test]
async fn a_task_at_the_wrong_time_is_refused() {
    let watched = Watched::new(Scripted::new(SERVER, vec![]));
    let stage = Stage::begun("script", "r", "s", Artifact::EMPTY);
    let error = work(stage.session.state(), &watched.call())
        .await
        .expect_err("no instruction");
    assert_eq!(
        error,
        AgentError::NotWanted {
            what: "instruction"
        }
    );
}
