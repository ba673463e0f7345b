//! `opzest data`: what is kept on this computer.

use crate::args::DataCommand;
use crate::errors::mistake;
use crate::host::{Host, now_ms};
use crate::plain::line;
use crate::screen::{
    ACCENT, QUIET, WARNING, ago, columns, counted, file_size, print_facts, print_json, remark,
};
use opzest_app::calls::{
    BackupArgument, NoArguments, back_up_now, check_store, restore_backup, storage,
};
use opzest_app::dto::{BackupView, StorageView};
use std::io::Write;
use std::process::ExitCode;

pub fn run(host: &Host, command: DataCommand) -> anyhow::Result<ExitCode> {
    match command {
        DataCommand::Show(output) => {
            let view = host.wait(storage(&host.app, NoArguments {}))?;
            match output.json {
                true => print_json(&view)?,
                false => show(&view)?,
            }
        }
        DataCommand::Backup => {
            let view = host.wait(back_up_now(&host.app, NoArguments {}))?;
            if let Some(made) = view.backups.first() {
                remark(format_args!("Made {}", line(&made.name)));
            }
        }
        DataCommand::Check(output) => {
            let report = host.wait(check_store(&host.app, NoArguments {}))?;
            if output.json {
                print_json(&report)?;
            }
            for problem in report.problems.iter().filter(|_| !output.json) {
                writeln!(anstream::stdout(), "{WARNING}{}{WARNING:#}", line(problem))?;
            }
            if !report.sound {
                let hint = "`opzest data show` lists the backups, `opzest data restore NAME` goes back to one.";
                return Err(mistake("The data is damaged.", hint).into());
            }
            remark(format_args!(
                "Everything is in order ({} ms).",
                report.took_ms
            ));
        }
        DataCommand::Restore { name, yes: false } => {
            let what = format!(
                "This puts {} in the place of all that is there now.",
                line(&name)
            );
            return Err(mistake(
                what,
                "Add --yes if you want that; what is there is set aside.",
            )
            .into());
        }
        DataCommand::Restore { name, yes: true } => {
            host.wait(restore_backup(&host.app, BackupArgument { name }))?;
            remark("The backup is in use now. What was there is set aside in the data folder.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(view: &StorageView) -> anyhow::Result<()> {
    let mut facts = vec![
        ("database", file_size(view.database_bytes)),
        (
            "of it traces",
            format!(
                "{} of {} at most",
                file_size(view.traces_bytes),
                file_size(view.traces_cap_bytes)
            ),
        ),
        ("backups", file_size(view.backups_bytes)),
    ];
    if let Some(free) = view.free_bytes {
        facts.push(("free on the disk", file_size(free)));
    }
    print_facts(&facts)?;
    let now = now_ms();
    let row = |backup: &BackupView| {
        [
            line(&backup.name),
            ago(backup.made_at, now),
            file_size(backup.bytes),
            match (&backup.problem, backup.conversations) {
                (Some(problem), _) => line(problem),
                (None, Some(count)) => counted(count.into(), "conversation"),
                (None, None) => String::new(),
            },
        ]
    };
    let rows: Vec<_> = view.backups.iter().map(row).collect();
    let mut out = anstream::stdout();
    writeln!(out)?;
    for [name, when, size, contents] in columns(&rows) {
        writeln!(
            out,
            "{ACCENT}{name}{ACCENT:#}  {when}  {size}  {QUIET}{}{QUIET:#}",
            contents.trim_end()
        )?;
    }
    if view.backups.is_empty() {
        remark("No backups yet. The first is made by itself, or with `opzest data backup`.");
    }
    Ok(())
}
