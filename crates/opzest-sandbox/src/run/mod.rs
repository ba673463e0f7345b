//! What a run is, whether in the sandbox or outside it: the request, the supervision, the report.

pub(crate) mod capture;
pub(crate) mod files;
pub(crate) mod python;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod rlimits;
pub(crate) mod supervise;
pub(crate) mod traceback;

use crate::SandboxError;
use tokio_util::sync::CancellationToken;

/// Drives a run on a thread and a runtime of its own, and cancels it when the caller drops the future.
///
/// The kernel ends bubblewrap with the *thread* that started it, so that thread must live exactly as long
/// as the run, which no thread of the caller's runtime promises.
pub(crate) async fn on_own_thread<F, T>(
    cancel: &CancellationToken,
    run: impl FnOnce(CancellationToken) -> F + Send + 'static,
) -> Result<T, SandboxError>
where
    F: Future<Output = Result<T, SandboxError>>,
    T: Send + 'static,
{
    let token = cancel.child_token();
    let _cancelled_on_drop = token.clone().drop_guard();
    let start = |source| SandboxError::Start {
        program: "a thread for the run".into(),
        source,
    };
    // Carries the one result out of the thread.
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("opzest-run".into())
        .spawn(move || {
            let result = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(start)
                .and_then(|runtime| runtime.block_on(run(token)));
            // Nobody waits any more when the caller dropped its future.
            let _ = send.send(result);
        })
        .map_err(start)?;
    receive.await.unwrap_or_else(|_| {
        Err(SandboxError::Setup {
            reason: "the thread of the run ended before it had a result".into(),
        })
    })
}
