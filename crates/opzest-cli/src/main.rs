//! `opzest`: OpZest in a terminal and in scripts. Every command is a call of opzest-app; here are only
//! arguments, keys and text.

mod args;
mod chat;
mod conversations;
mod data;
mod dataset;
mod errors;
mod host;
mod info;
mod models;
mod plain;
mod screen;
mod session;
mod settings;
mod slash;
mod teachers;
mod training;
mod wrap;

use args::{Arguments, Command};
use clap::Parser;
use host::Host;
use opzest_app::Access;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    if let Some(code) = opzest_app::run_if_worker() {
        return code;
    }
    let started = Instant::now();
    let arguments = Arguments::parse();
    match run(arguments, started) {
        Ok(code) => code,
        Err(error) => errors::report(&error),
    }
}

fn run(arguments: Arguments, started: Instant) -> anyhow::Result<ExitCode> {
    let Arguments {
        data,
        verbose,
        command,
    } = arguments;
    let command = command.unwrap_or_default();
    let access = if command.writes() {
        Access::Write
    } else {
        Access::ReadIfBusy
    };
    let host = Host::start(data, verbose, access, started)?;
    match command {
        Command::Chat(chat) => return chat::run(&host, chat),
        Command::Session(session) => return session::run(&host, session),
        Command::Dataset(dataset) => return dataset::run(&host, dataset),
        Command::Teachers(teachers) => return teachers::run(&host, teachers),
        Command::Train(train) => return training::train(&host, *train),
        Command::Runs(runs) => return training::runs(&host, runs),
        Command::Promote(promote) => training::promote(&host, promote)?,
        Command::Eval(eval) => training::eval(&host, eval)?,
        Command::Rollback(rollback) => training::rollback(&host, rollback)?,
        Command::ExportModel(export) => training::export_model(&host, export)?,
        Command::Models(models) => models::run(&host, models)?,
        Command::Conversations(conversations) => conversations::run(&host, conversations)?,
        Command::Data(data) => return data::run(&host, data),
        Command::Settings(settings) => settings::run(&host, settings)?,
        Command::Info(output) => info::run(&host, output)?,
    }
    Ok(ExitCode::SUCCESS)
}
