//! What a session can make: the workflows, and the user's own files that cannot be used.

use crate::args::Output;
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{ACCENT, QUIET, WARNING, columns, print_json, remark, tell};
use crate::wrap::wrapped_after;
use opzest_app::calls::{NoArguments, list_workflows};
use opzest_app::dto::{UiError, WorkflowInfo};
use std::io::Write;

/// Columns before a description.
const INDENT: usize = 2;

pub fn list(host: &Host, output: Output) -> anyhow::Result<()> {
    let list = host.wait(list_workflows(&host.app, NoArguments {}))?;
    if output.json {
        return print_json(&list);
    }
    let row = |workflow: &WorkflowInfo| {
        let from = workflow
            .path
            .as_deref()
            .map_or("comes with OpZest", |_| "yours");
        [
            line(&workflow.id),
            line(&workflow.name),
            line(&workflow.file_name),
            from.to_owned(),
        ]
    };
    let rows: Vec<_> = list.workflows.iter().map(row).collect();
    let mut out = anstream::stdout();
    for ([id, name, file, from], workflow) in columns(&rows).iter().zip(&list.workflows) {
        let from = from.trim_end();
        writeln!(
            out,
            "{ACCENT}{id}{ACCENT:#}  {name}  {QUIET}{file}  {from}{QUIET:#}"
        )?;
        let about = wrapped_after(INDENT, &line(&workflow.description));
        writeln!(out, "  {about}")?;
    }
    list.problems.iter().for_each(tell_fault);
    remark(format_args!("Your own belong into {}", line(&list.folder)));
    Ok(())
}

/// Before a session begins: tells which files cannot be used, and what stands in for the wanted one.
pub fn check(host: &Host, wanted: Option<&str>) -> anyhow::Result<()> {
    let list = host.wait(list_workflows(&host.app, NoArguments {}))?;
    list.problems.iter().for_each(tell_fault);
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let named = |workflow: &&WorkflowInfo| workflow.id == wanted;
    let Some(found) = list.workflows.iter().find(named) else {
        let what = format!("There is no workflow `{wanted}` that can be used.");
        return Err(mistake(what, "`opzest session workflows` lists them.").into());
    };
    if found.path.is_none() && !list.problems.is_empty() {
        remark(format_args!(
            "`{wanted}` is the one that comes with OpZest."
        ));
    }
    Ok(())
}

fn tell_fault(problem: &UiError) {
    let text = format!("{} This file is not used.", line(&problem.message));
    let text = wrapped_after("warning: ".len(), &text);
    tell(format_args!("{WARNING}warning{WARNING:#}: {text}"));
}
