//! What a program prints, kept up to a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Someone outside the sandbox may hold a pipe open that the program left behind; nobody waits longer.
const GRACE: Duration = Duration::from_secs(2);

struct Budget {
    left: AtomicUsize,
    over: AtomicBool,
    /// Wakes the supervision when the limit is passed.
    passed: Notify,
}

/// Reads both streams of a program, which share one limit.
pub(crate) struct Capture {
    budget: Arc<Budget>,
    streams: [Stream; 2],
}

#[derive(Debug, Default)]
pub(crate) struct Captured {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// The program printed more than the limit.
    pub(crate) over: bool,
}

struct Stream {
    task: JoinHandle<()>,
    /// Shared with the task, so that what it read is there even if it has to be ended.
    kept: Arc<std::sync::Mutex<Vec<u8>>>,
}

impl Capture {
    pub(crate) fn start(
        stdout: impl AsyncRead + Unpin + Send + 'static,
        stderr: impl AsyncRead + Unpin + Send + 'static,
        limit: usize,
    ) -> Self {
        let budget = Arc::new(Budget {
            left: AtomicUsize::new(limit),
            over: AtomicBool::new(false),
            passed: Notify::new(),
        });
        let streams = [
            Stream::start(stdout, budget.clone()),
            Stream::start(stderr, budget.clone()),
        ];
        Self { budget, streams }
    }

    /// Resolves when the program has printed more than the limit.
    pub(crate) async fn passed(&self) {
        self.budget.passed.notified().await;
    }

    /// Everything that was read, once the streams have ended.
    pub(crate) async fn finish(self) -> Captured {
        let Self { budget, streams } = self;
        let [stdout, stderr] = streams;
        let stdout = stdout.finish().await;
        let stderr = stderr.finish().await;
        Captured {
            stdout,
            stderr,
            over: budget.over.load(Ordering::Relaxed),
        }
    }
}

impl Stream {
    fn start(mut from: impl AsyncRead + Unpin + Send + 'static, budget: Arc<Budget>) -> Self {
        let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
        let into = kept.clone();
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 16 * 1024];
            // A read error is an end like any other: the program has closed its side.
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                let fits = take(&budget.left, count);
                into.lock()
                    .expect("no reader panics with the lock")
                    .extend_from_slice(&buffer[..fits]);
                if fits < count {
                    budget.over.store(true, Ordering::Relaxed);
                    budget.passed.notify_one();
                    return;
                }
            }
        });
        Self { task, kept }
    }

    async fn finish(mut self) -> Vec<u8> {
        // After the grace, what came until then is all.
        let _ = tokio::time::timeout(GRACE, &mut self.task).await;
        self.task.abort();
        let mut kept = self.kept.lock().expect("no reader panics with the lock");
        std::mem::take(&mut kept)
    }
}

/// Takes up to `count` out of the budget.
fn take(left: &AtomicUsize, count: usize) -> usize {
    let before = left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(count))
        })
        .expect("the update always has a value");
    before.min(count)
}
