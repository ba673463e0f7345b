//! `opzest dataset`: what was gathered, as rows of prompt, rejected and chosen.

use crate::args::{DatasetCommand, Output, RowFilter};
use crate::errors::mistake;
use crate::host::{Host, now_ms};
use crate::plain::{line, plain};
use crate::screen::{
    ACCENT, QUIET, STRONG, WARNING, ago, columns, counted, print_json, remark, shorten,
};
use crate::session::use_case;
use opzest_app::calls::{
    DeleteExamples, ExampleArgument, ExportDataset, ImportDataset, LabelRows, ListExamples,
    NoArguments, dataset_stats, delete_examples, export_dataset, import_dataset, list_examples,
    list_use_cases, open_example,
};
use opzest_app::dto::{
    DatasetFormat, DatasetStats, ExampleFilter, ExamplePage, ExampleSummary, ExampleView, Reason,
    SideView,
};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Rows that can be named by their number.
const MOST_NUMBERED: u32 = 500;

pub fn run(host: &Host, command: DatasetCommand) -> anyhow::Result<ExitCode> {
    match command {
        DatasetCommand::List {
            filter,
            limit,
            output,
        } => list(host, &filter, limit, output)?,
        DatasetCommand::Show { id, output } => show(host, &id, output)?,
        DatasetCommand::Stats(output) => stats(host, output)?,
        DatasetCommand::Label {
            use_case,
            model,
            communal,
            again,
            output,
        } => {
            let asked = LabelRows {
                use_case_id: known_use_case(host, &use_case)?,
                scope: crate::training::scope(communal),
                model_id: model,
                again,
            };
            crate::training::label(host, asked, output)?;
        }
        DatasetCommand::Export {
            file,
            filter,
            replace,
            output,
        } => export(host, &file, &filter, replace, output)?,
        DatasetCommand::Import {
            file,
            use_case,
            output,
        } => return import(host, &file, use_case.as_deref(), output),
        DatasetCommand::Delete { ids, yes, output } => delete(host, &ids, yes, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn to_filter(host: &Host, filter: &RowFilter) -> anyhow::Result<ExampleFilter> {
    let use_case_id = match &filter.use_case {
        Some(name) => Some(known_use_case(host, name)?),
        None => None,
    };
    Ok(ExampleFilter {
        query: filter.search.clone(),
        use_case_id,
        pending: match (filter.pending, filter.complete) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        },
        ..ExampleFilter::default()
    })
}

pub fn known_use_case(host: &Host, name: &str) -> anyhow::Result<String> {
    let all = host.wait(list_use_cases(&host.app, NoArguments {}))?;
    let found = all
        .iter()
        .find(|found| found.name.eq_ignore_ascii_case(name));
    found.map(|found| found.id.clone()).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| line(&one.name)).collect();
        let what = format!("There is no use case `{name}`.");
        mistake(what, format!("There are: {}.", names.join(", "))).into()
    })
}

fn page(host: &Host, filter: ExampleFilter, limit: u32) -> anyhow::Result<ExamplePage> {
    let list = ListExamples {
        filter,
        after: None,
        limit,
    };
    Ok(host.wait(list_examples(&host.app, list))?)
}

/// An id, from an id or from a number of the list of all rows.
fn identify(host: &Host, named: &str) -> anyhow::Result<String> {
    let Ok(number) = named.parse::<u32>() else {
        return Ok(named.to_owned());
    };
    let limit = number.clamp(1, MOST_NUMBERED);
    let page = page(host, ExampleFilter::default(), limit)?;
    let found = number
        .checked_sub(1)
        .and_then(|at| page.items.get(at as usize));
    found.map(|row| row.id.clone()).ok_or_else(|| {
        let there_are = counted(page.total.into(), "row");
        let what = format!("There is no row {number}: the list has {there_are}.");
        mistake(
            what,
            "`opzest dataset list` shows their numbers; `--json` their IDs.",
        )
        .into()
    })
}

fn list(host: &Host, filter: &RowFilter, limit: u32, output: Output) -> anyhow::Result<()> {
    let wanted = to_filter(host, filter)?;
    let is_everything = wanted == ExampleFilter::default();
    let page = page(host, wanted, limit)?;
    if output.json {
        return print_json(&page);
    }
    let now = now_ms();
    let row = |(index, row): (usize, &ExampleSummary)| {
        [
            // A number names a row of the whole list.
            match is_everything {
                true => format!("{:>3}", index + 1),
                false => line(&row.id),
            },
            shorten(&line(&row.title), 40),
            kind(row).to_owned(),
            line(&row.use_case),
            ago(row.created_at, now),
        ]
    };
    let rows: Vec<_> = page.items.iter().enumerate().map(row).collect();
    let mut out = anstream::stdout();
    for [name, title, kind, use_case, when] in columns(&rows) {
        writeln!(
            out,
            "{ACCENT}{name}{ACCENT:#}  {title}  {kind}  {QUIET}{use_case}  {}{QUIET:#}",
            when.trim_end()
        )?;
    }
    tell_total(&page);
    Ok(())
}

fn tell_total(page: &ExamplePage) {
    if page.items.is_empty() {
        remark("No rows. Sessions make them: `opzest session new \"A letter to my landlord\"`.");
    } else if page.next.is_some() {
        let at_least = if page.total_is_least { "at least " } else { "" };
        remark(format_args!(
            "{} of {at_least}{} are shown.",
            page.items.len(),
            counted(page.total.into(), "row")
        ));
    }
}

fn kind(row: &ExampleSummary) -> &'static str {
    match (row.pending, row.reason) {
        (true, _) => "pending",
        (false, None) => "accepted",
        (false, Some(Reason::Error)) => "after an error",
        (false, Some(Reason::Redo)) => "after a redo",
        (false, Some(Reason::FurtherEdit)) => "after a further edit",
        (false, Some(Reason::HandEdit)) => "edited by hand",
    }
}

fn show(host: &Host, named: &str, output: Output) -> anyhow::Result<()> {
    let id = identify(host, named)?;
    let row = host.wait(open_example(&host.app, ExampleArgument { id }))?;
    if output.json {
        return print_json(&row);
    }
    print_row(&row)
}

fn print_row(row: &ExampleView) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    writeln!(
        out,
        "{QUIET}{} · {} · {}{QUIET:#}",
        row.summary.id,
        line(&row.summary.use_case),
        kind(&row.summary)
    )?;
    for message in &row.prompt {
        let text = plain(&message.text);
        writeln!(
            out,
            "\n{STRONG}{}{STRONG:#}\n{}",
            line(&message.role),
            text.trim_end()
        )?;
    }
    for (name, side) in [("rejected", &row.rejected), ("chosen", &row.chosen)] {
        print_side(&mut out, name, side.as_ref())?;
    }
    Ok(())
}

fn print_side(out: &mut impl Write, name: &str, side: Option<&SideView>) -> anyhow::Result<()> {
    let Some(side) = side else {
        return Ok(writeln!(
            out,
            "\n{STRONG}{name}{STRONG:#} {QUIET}nothing{QUIET:#}"
        )?);
    };
    let by = side.model_name.as_deref().map(line).unwrap_or_default();
    let text = plain(&side.text);
    writeln!(
        out,
        "\n{STRONG}{name}{STRONG:#} {QUIET}{by}{QUIET:#}\n{}",
        text.trim_end()
    )?;
    if !side.words.is_empty() {
        writeln!(out, "{QUIET}Said of it: {}{QUIET:#}", line(&side.words))?;
    }
    Ok(())
}

fn stats(host: &Host, output: Output) -> anyhow::Result<()> {
    let all = host.wait(dataset_stats(&host.app, NoArguments {}))?;
    if output.json {
        return print_json(&all);
    }
    let mut out = anstream::stdout();
    for stats in &all {
        print_stats(&mut out, stats)?;
    }
    Ok(())
}

fn print_stats(out: &mut impl Write, stats: &DatasetStats) -> anyhow::Result<()> {
    writeln!(out, "{ACCENT}{}{ACCENT:#}", line(&stats.use_case))?;
    writeln!(out, "  {}", line(&stats.readiness.words))?;
    writeln!(
        out,
        "  {QUIET}{}, {} paired, {} pending, {} traced, {} held out, {} communal{QUIET:#}",
        counted(stats.sessions.into(), "session"),
        stats.paired,
        stats.pending,
        stats.traced,
        stats.held_out,
        stats.communal
    )?;
    for missing in &stats.readiness.missing {
        writeln!(out, "  {WARNING}-{WARNING:#} {}", line(missing))?;
    }
    Ok(())
}

fn export(
    host: &Host,
    file: &Path,
    filter: &RowFilter,
    replace: bool,
    output: Output,
) -> anyhow::Result<()> {
    let format = format_of(file)?;
    if !replace && file.symlink_metadata().is_ok() {
        let what = format!("{} is there already and was not replaced.", file.display());
        return Err(mistake(what, "Add --replace, or choose another name.").into());
    }
    let export = ExportDataset {
        filter: to_filter(host, filter)?,
        format,
        path: std::path::absolute(file)?.display().to_string(),
    };
    let done = host.wait(export_dataset(&host.app, export))?;
    if output.json {
        return print_json(&done);
    }
    let left_out = match done.pending {
        0 => String::new(),
        pending => format!("; {pending} pending were left out"),
    };
    let rows = counted(done.rows.into(), "row");
    remark(format_args!(
        "Wrote {rows} to {}{left_out}.",
        line(&done.path)
    ));
    Ok(())
}

fn format_of(file: &Path) -> anyhow::Result<DatasetFormat> {
    let extension = file
        .extension()
        .map(|end| end.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("jsonl") => Ok(DatasetFormat::Jsonl),
        Some("parquet") => Ok(DatasetFormat::Parquet),
        _ => {
            let what = format!("{} has no format: its name has to say it.", file.display());
            Err(mistake(what, "Let it end in .jsonl or .parquet.").into())
        }
    }
}

fn import(
    host: &Host,
    file: &Path,
    name: Option<&str>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let use_case_id = match name {
        Some(name) => use_case(host, name)?,
        None => default_use_case(host)?,
    };
    let import = ImportDataset {
        path: std::path::absolute(file)?.display().to_string(),
        use_case_id,
    };
    let report = host.wait(import_dataset(&host.app, import))?;
    let code = match report.added + report.duplicates {
        0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    };
    if output.json {
        print_json(&report)?;
        return Ok(code);
    }
    for problem in &report.problems {
        remark(format_args!(
            "Line {}: {}",
            problem.line,
            line(&problem.message)
        ));
    }
    remark(format_args!(
        "{} added, {} there already, {} bad.",
        counted(report.added.into(), "row"),
        report.duplicates,
        report.bad
    ));
    Ok(code)
}

/// The first one of the list is where everything belongs that belongs nowhere else.
fn default_use_case(host: &Host) -> anyhow::Result<String> {
    let all = host.wait(list_use_cases(&host.app, NoArguments {}))?;
    let first = all.into_iter().next();
    first.map(|found| found.id).ok_or_else(|| {
        mistake(
            "There is no use case yet.",
            "Name one with `--use-case NAME`.",
        )
        .into()
    })
}

fn delete(host: &Host, named: &[String], yes: bool, output: Output) -> anyhow::Result<()> {
    let ids = named.iter().map(|named| identify(host, named));
    let ids = ids.collect::<anyhow::Result<Vec<_>>>()?;
    if !yes {
        let rows = counted(ids.len() as u64, "row");
        let what = format!("This deletes {rows} with all texts for good.");
        return Err(mistake(what, "Add --yes if you want that.").into());
    }
    let done = host.wait(delete_examples(&host.app, DeleteExamples { ids }))?;
    if output.json {
        return print_json(&done);
    }
    remark(format_args!(
        "Deleted {}.",
        counted(done.deleted.into(), "row")
    ));
    for place in &done.remains {
        remark(line(place));
    }
    Ok(())
}
