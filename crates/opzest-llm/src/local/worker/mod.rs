//! The worker process: the app's own binary, started again with one argument, that runs llama.cpp and
//! nothing else. If ggml aborts or memory runs out, this process ends and the app lives.
//!
//! It speaks [`protocol`] frames over standard input and output, logs to standard error, opens no
//! socket, and ends when its standard input ends.

mod cancellations;
mod engine;
mod gguf;
mod model;
mod raw;
mod sampler;
mod slot;

use crate::error::{LlmError, ModelFileProblem};
use crate::local::info::{LoadedModel, QuantisedType};
use crate::local::protocol::{self, FromWorker, Hello, LoadOptions, Task, ToWorker};
use cancellations::Cancellations;
use engine::Engine;
use llama_cpp_sys_2 as sys;
use model::Model;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;

/// The only argument of a worker process.
pub const WORKER_ARGUMENT: &str = "--opzest-llm-worker";

/// Runs the worker if this process was started as one. Call it first in `main`, before anything
/// opens a window, a file or a thread.
pub fn run_if_worker() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == WORKER_ARGUMENT).then(run)
}

fn run() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OPZEST_WORKER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_ansi(false)
        .init();
    prefer_to_be_killed();
    raw::capture_log();

    let mut output = Output::new();
    let mut input = std::io::stdin().lock();
    let Ok(Some(hello)) = protocol::read_frame::<Hello>(&mut input) else {
        eprintln!("this is OpZest's worker process; OpZest starts it by itself");
        return ExitCode::from(2);
    };
    drop(input);
    output.send(&FromWorker::Hello {
        version: protocol::VERSION.to_owned(),
    });
    output.flush();
    if hello.version != protocol::VERSION {
        return ExitCode::from(3);
    }
    let result = match hello.task {
        Task::Serve { model, options } => serve(&model, &options, &mut output),
        Task::Inspect { file } => {
            exit_with_input();
            inspect(&file).map(|info| output.send(&info))
        }
        Task::Quantise {
            source,
            target,
            to,
            threads,
        } => {
            exit_with_input();
            quantise(&source, &target, to, threads)
                .map(|bytes| output.send(&FromWorker::Quantised { bytes }))
        }
    };
    if let Err(error) = result {
        output.send(&FromWorker::TaskFailed(error));
    }
    output.flush();
    ExitCode::SUCCESS
}

/// If memory runs out, the system should end this process and not the user's unsaved work.
fn prefer_to_be_killed() {
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "800") {
        tracing::debug!(%error, "the worker's out-of-memory score is unchanged");
    }
}

/// Frames to the app. A closed pipe means that the app is gone: then the worker ends, too.
pub struct Output(BufWriter<std::io::Stdout>);

impl Output {
    fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, std::io::stdout()))
    }

    fn send(&mut self, message: &FromWorker) {
        if protocol::write_frame(&mut self.0, message).is_err() {
            exit_now(0);
        }
    }

    fn flush(&mut self) {
        if self.0.flush().is_err() {
            exit_now(0);
        }
    }
}

/// Ends without running destructors: another thread may be inside llama.cpp.
fn exit_now(code: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { nix::libc::_exit(code) }
}

fn serve(path: &Path, options: &LoadOptions, output: &mut Output) -> Result<(), LlmError> {
    let cancellations = Arc::new(Cancellations::default());
    let inbox = read_requests(Arc::clone(&cancellations));
    let started = Instant::now();
    let model = Model::load(path, options)?;
    let context = model.context(options)?;
    let loaded = LoadedModel {
        file: model.info.clone(),
        context_size: raw::sequence_size(&context),
        system_info: raw::system_info(),
        load_ms: started.elapsed().as_millis() as u32,
    };
    output.send(&FromWorker::Loaded(loaded));
    output.flush();
    Engine::new(
        &model,
        context,
        options.sequences,
        inbox,
        cancellations,
        output,
    )
    .run();
    Ok(())
}

/// Reads requests on a thread of its own, so that a cancellation is seen while the engine computes.
fn read_requests(cancellations: Arc<Cancellations>) -> mpsc::Receiver<ToWorker> {
    let (sender, inbox) = mpsc::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            match protocol::read_frame(&mut input) {
                Ok(Some(ToWorker::Cancel { job })) => {
                    cancellations.cancel(job);
                    // Wakes the engine when the job is still waiting for a slot.
                    let _ = sender.send(ToWorker::Cancel { job });
                }
                Ok(Some(request)) => {
                    cancellations.open(request.job());
                    let _ = sender.send(request);
                }
                Ok(None) => exit_now(0),
                Err(error) => {
                    eprintln!("the worker could not read a request: {error}");
                    exit_now(4);
                }
            }
        }
    });
    inbox
}

/// For tasks that read no further requests: the end of standard input still ends the process.
fn exit_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        exit_now(0);
    });
}

fn inspect(path: &Path) -> Result<FromWorker, LlmError> {
    gguf::Gguf::open(path)
        .and_then(|gguf| gguf.model_info())
        .map(FromWorker::Inspected)
        .map_err(|problem| LlmError::ModelFile {
            path: path.to_owned(),
            problem,
        })
}

/// Writes beside the target and renames: llama.cpp leaves a broken file when it fails.
fn quantise(
    source: &Path,
    target: &Path,
    to: QuantisedType,
    threads: u32,
) -> Result<u64, LlmError> {
    inspect(source)?;
    let fail = |path: &Path, reason: String| LlmError::ModelFile {
        path: path.to_owned(),
        problem: ModelFileProblem::Unreadable(reason),
    };
    let aside = target.with_extension("gguf.part");
    let ftype = match to {
        QuantisedType::F32 => sys::LLAMA_FTYPE_ALL_F32,
        QuantisedType::F16 => sys::LLAMA_FTYPE_MOSTLY_F16,
        QuantisedType::Q8_0 => sys::LLAMA_FTYPE_MOSTLY_Q8_0,
        QuantisedType::Q6K => sys::LLAMA_FTYPE_MOSTLY_Q6_K,
        QuantisedType::Q4KM => sys::LLAMA_FTYPE_MOSTLY_Q4_K_M,
        QuantisedType::Q4_0 => sys::LLAMA_FTYPE_MOSTLY_Q4_0,
    };
    let written = raw::quantise(source, &aside, ftype, threads);
    let finish = || -> std::io::Result<u64> {
        let file = std::fs::File::open(&aside)?;
        file.sync_all()?;
        std::fs::rename(&aside, target)?;
        Ok(file.metadata()?.len())
    };
    let result = if written {
        finish().map_err(|error| fail(target, error.to_string()))
    } else {
        let reason = raw::take_errors()
            .pop()
            .unwrap_or_else(|| "llama.cpp could not write it".into());
        Err(fail(target, reason))
    };
    if result.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    result
}
