//! What happens to a program that takes too much of something.

use crate::support::patient;
use crate::world::World;
use opzest_sandbox::{Clock, Limits, RunOutcome, RunReport, RunRequest};
use std::time::Duration;

const MB: u64 = 1024 * 1024;

async fn limited(text: &str, change: impl FnOnce(&mut Limits)) -> RunReport {
    let mut request: RunRequest = patient();
    change(&mut request.limits);
    World::new().run_with(text, request).await
}

fn says(report: &RunReport, words: &str) {
    let text = report.error_text().unwrap_or_default();
    assert!(text.contains(words), "{text}");
}

#[tokio::test]
async fn a_fork_bomb_is_small() {
    let text = "import os, signal\nn = 0\ntry:\n    while True:\n        if os.fork() == 0: signal.pause()\n        n += 1\nexcept OSError as error: print(n, error.errno)";
    let report = limited(text, |_| {}).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    let (count, errno) = report.stdout.trim().split_once(' ').expect("two numbers");
    assert_eq!(errno, "11");
    let count: u32 = count.parse().expect("a number");
    assert!((25..=32).contains(&count), "{count}");
}

#[tokio::test]
async fn a_fork_bomb_that_goes_on_is_ended() {
    let text = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass";
    let report = limited(text, |limits| limits.wall = Duration::from_secs(2)).await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Wall));
}

#[tokio::test]
async fn threads_are_limited_as_processes_are() {
    let text = "import threading\nwait = threading.Event()\nn = 0\ntry:\n    while True:\n        threading.Thread(target=wait.wait, daemon=True).start(); n += 1\nexcept RuntimeError: print(n < 40)";
    let report = limited(text, |_| {}).await;
    assert_eq!(report.stdout, "True\n", "{}", report.stderr);
}

#[tokio::test]
async fn memory_bombs_are_ended() {
    for text in [
        "x = bytearray(10 ** 11)",
        "x = []\nwhile True: x.append(bytearray(10 ** 6))",
        "x = 'a'\nwhile True: x += x",
        "def f(n): return [f(n + 1) for _ in range(10)] if n < 12 else bytearray(100)\nf(0)",
    ] {
        let report = limited(text, |limits| limits.memory_bytes = 128 * MB).await;
        assert_eq!(
            report.outcome,
            RunOutcome::OutOfMemory,
            "{text}\n{}",
            report.stderr
        );
        says(&report, "more than 128 MB of memory");
    }
}

/// No process of it takes more than one process may.
#[tokio::test]
async fn memory_is_counted_for_all_processes_together() {
    for take in [
        "x = bytearray(os.urandom(1024)) * (60 * 1024)",
        "x = mmap.mmap(-1, 60 * 1024 * 1024); x.write(b'x' * len(x))",
    ] {
        let text = format!(
            "import mmap, os, signal\nfor _ in range(6):\n    if os.fork() == 0:\n        {take}\n        signal.pause()\nsignal.pause()"
        );
        let report = limited(&text, |limits| limits.memory_bytes = 150 * MB).await;
        assert_eq!(
            report.outcome,
            RunOutcome::OutOfMemory,
            "{take}\n{}",
            report.stderr
        );
    }
}

#[tokio::test]
async fn an_endless_loop_is_ended() {
    let report = limited("print('on')\nwhile True: pass", |limits| {
        limits.wall = Duration::from_secs(1)
    })
    .await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Wall));
    assert_eq!(report.stdout, "on\n");
    says(&report, "had not ended after 1 s");
    let report = limited("while True: pass", |limits| {
        limits.cpu = Duration::from_secs(1)
    })
    .await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Cpu));
    says(&report, "computed for 1 s");
}

#[tokio::test]
async fn signals_can_be_ignored_and_do_not_help() {
    let ignore = "import signal\nfor number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)\n";
    let text = format!("{ignore}while True: pass");
    let report = limited(&text, |limits| limits.cpu = Duration::from_secs(1)).await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Cpu));
    let text = format!("{ignore}import time\nwhile True: time.sleep(1000)");
    let report = limited(&text, |limits| limits.wall = Duration::from_secs(1)).await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Wall));
}

#[tokio::test]
async fn endless_output_is_cut() {
    for text in [
        "while True: print('y' * 100)",
        "import sys\nwhile True: sys.stderr.write('e')",
        "import os\nwhile True: os.write(1, b'\\xff' * 100000)",
        "import subprocess\nsubprocess.run(['yes'])",
        "import os\nos.fork()\nos.fork()\nwhile True: print('many')",
    ] {
        let report = limited(text, |_| {}).await;
        assert_eq!(report.outcome, RunOutcome::TooMuchOutput, "{text}");
        let bytes = report.stdout.len() + report.stderr.len();
        assert!(
            bytes < 4 * Limits::default().output_bytes,
            "{text}: {bytes}"
        );
        assert!(
            report
                .stdout
                .ends_with("[cut: the program printed too much]")
        );
        says(&report, "printed more than 256 KB");
    }
}

#[tokio::test]
async fn closing_the_output_ends_nothing() {
    let text = "import os, sys\nprint('first', flush=True)\nos.close(1)\nos.close(2)\nopen('after.txt', 'w').write('went on')";
    let report = limited(text, |_| {}).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "first\n")
    );
    assert_eq!(report.written.len(), 1);
    let text = "import os\nos.close(0); os.close(1); os.close(2)\nwhile True: pass";
    let report = limited(text, |limits| limits.wall = Duration::from_secs(1)).await;
    assert_eq!(report.outcome, RunOutcome::TimedOut(Clock::Wall));
}

#[tokio::test]
async fn one_file_cannot_fill_the_disk() {
    let text = "total = 0\ntry:\n    with open('big', 'wb', buffering=0) as file:\n        while True: total += file.write(b'x' * 100_000)\nexcept OSError as error: print(total, error.errno)\ntry: open('sparse', 'wb').truncate(10 ** 12)\nexcept OSError as error: print(error.errno)";
    let report = limited(text, |_| {}).await;
    assert_eq!(
        report.stdout,
        format!("{} 27\n27\n", 16 * MB),
        "{}",
        report.stderr
    );
}

#[tokio::test]
async fn many_files_cannot_fill_the_disk() {
    let text = "import os\nfor folder in ('/work', '/tmp', '/dev/shm'):\n    total = 0\n    try:\n        for n in range(1000):\n            with open(f'{folder}/{n}', 'wb', buffering=0) as file: total += file.write(b'x' * 1_000_000)\n    except OSError as error: print(folder, total <= 16 * 1024 * 1024, error.errno)\n    for name in os.listdir(folder): os.remove(f'{folder}/{name}')";
    let report = limited(text, |limits| limits.folder_bytes = 16 * MB).await;
    assert_eq!(
        report.stdout, "/work True 28\n/tmp True 28\n/dev/shm True 28\n",
        "{}",
        report.stderr
    );
}

#[tokio::test]
async fn empty_files_are_counted() {
    for folder in [".", "/tmp", "/dev/shm"] {
        let text = format!("n = 0\nwhile True:\n    open(f'{folder}/{{n}}', 'w').close(); n += 1");
        let report = limited(&text, |limits| limits.files = 500).await;
        assert_eq!(report.outcome, RunOutcome::TooMuchWritten, "{folder}");
        says(&report, "more than 500 files or 64 MB");
        assert!(report.written.len() <= 50);
    }
}

#[tokio::test]
async fn deep_recursion_ends() {
    for text in [
        "def f(): f()\nf()",
        "import sys\nsys.setrecursionlimit(10 ** 8)\ndef f(n): return f(n + 1) + 1\nf(0)",
        "import sys\nsys.setrecursionlimit(10 ** 8)\nclass A:\n    def __getattr__(self, name): return getattr(self, name + 'x')\nA().a",
        "x = []\nfor _ in range(10 ** 6): x = [x]\nrepr(x)",
    ] {
        let report = limited(text, |limits| limits.memory_bytes = 128 * MB).await;
        assert!(
            matches!(
                report.outcome,
                RunOutcome::Failed(_) | RunOutcome::OutOfMemory
            ),
            "{text}: {:?}",
            report.outcome
        );
        assert!(report.error_text().is_some_and(|text| text.len() < 2_200));
    }
}
