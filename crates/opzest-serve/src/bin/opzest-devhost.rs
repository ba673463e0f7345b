//! Starts the development host and prints its address with the token.

use anyhow::Context;
use clap::Parser;
use opzest_app::{Access, App, AppOptions, WorkerCommand, logging};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// The window in a browser, for tests: loopback only.
#[derive(Parser)]
struct Arguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// The built window.
    #[arg(long, default_value = "ui/dist")]
    ui: PathBuf,
    /// 0 takes a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

fn main() -> ExitCode {
    if let Some(code) = opzest_app::run_if_worker() {
        return code;
    }
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("opzest-devhost: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let index = arguments.ui.join("index.html");
    anyhow::ensure!(
        index.is_file(),
        "{} is missing: build the window first (make ui)",
        index.display()
    );
    let _log = logging::start(&arguments.data, logging::LevelFilter::WARN);
    let app = App::open(AppOptions {
        data_folder: arguments.data,
        model_folders: opzest_app::embedded_model_folders(None),
        worker: WorkerCommand::this_program()?,
        access: Access::Write,
        use_keyring: false,
        preview: None,
        tools: None,
        started: Instant::now(),
    });
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = tokio::net::TcpListener::bind(wanted)
        .await
        .with_context(|| format!("port {wanted}"))?;
    let address = listener.local_addr()?;
    let token = format!("{:032x}", rand::random::<u128>());
    println!("listening on http://{address}/#token={token}");
    let router = opzest_serve::router(app, &arguments.ui, token, address);
    axum::serve(listener, router)
        .await
        .context("the host stopped")
}
