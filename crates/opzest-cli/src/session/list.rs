//! `opzest session list`, and the sessions that its numbers stand for.

use crate::args::Output;
use crate::errors::mistake;
use crate::host::{Host, now_ms};
use crate::plain::line;
use crate::screen::{ACCENT, QUIET, ago, columns, counted, print_json, remark, shorten};
use crate::wrap::output_width;
use opzest_app::calls::{ListSessions, list_sessions};
use opzest_app::dto::{SessionList, SessionStatus, SessionSummary};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// Of a terminal, for output that is no terminal.
const USUAL_WIDTH: usize = 80;

/// Columns between columns, and for a title.
const GAP: usize = 2;
const SHORTEST_TITLE: usize = 12;
const LONGEST_TITLE: usize = 60;

fn find(host: &Host, limit: u32) -> anyhow::Result<SessionList> {
    let list = ListSessions { query: None, limit };
    Ok(host.wait(list_sessions(&host.app, list))?)
}

/// An id, from an id or from a number of the list.
pub fn identify(host: &Host, named: &str) -> anyhow::Result<String> {
    let Ok(number) = named.parse::<u32>() else {
        return Ok(named.to_owned());
    };
    let list = find(host, number.max(1))?;
    let found = number
        .checked_sub(1)
        .and_then(|at| list.items.get(at as usize));
    found.map(|item| item.id.clone()).ok_or_else(|| {
        let there_are = counted(list.total.into(), "session");
        let what = format!("There is no session {number}: the list has {there_are}.");
        mistake(what, "`opzest session list` shows their numbers.").into()
    })
}

pub fn latest_open(host: &Host) -> anyhow::Result<String> {
    let list = find(host, 200)?;
    let is_open = |item: &&SessionSummary| item.status != SessionStatus::Finished;
    list.items
        .iter()
        .find(is_open)
        .map(|item| item.id.clone())
        .ok_or_else(|| {
            mistake(
                "There is no session to go on with.",
                "`opzest session new` begins one.",
            )
            .into()
        })
}

pub fn list(host: &Host, limit: u32, output: Output) -> anyhow::Result<()> {
    let list = find(host, limit)?;
    if output.json {
        return print_json(&list);
    }
    let now = now_ms();
    let beside_title = |(index, item): (usize, &SessionSummary)| {
        [
            format!("{:>3}", index + 1),
            status(item.status).to_owned(),
            counted(item.versions.into(), "version"),
            counted(item.examples.into(), "row"),
            ago(item.updated_at, now),
        ]
    };
    let rows: Vec<_> = list.items.iter().enumerate().map(beside_title).collect();
    let rows = columns(&rows);
    let taken = rows.first().map_or(0, |row| {
        row.iter().map(|cell| cell.width() + GAP).sum::<usize>()
    });
    let width = output_width().unwrap_or(USUAL_WIDTH);
    let room = width
        .saturating_sub(taken)
        .clamp(SHORTEST_TITLE, LONGEST_TITLE);
    let titles = list
        .items
        .iter()
        .map(|item| [shorten(&line(&item.title), room)]);
    let titles = columns(&titles.collect::<Vec<_>>());
    let mut out = anstream::stdout();
    for ([number, status, versions, rows, when], [title]) in rows.iter().zip(&titles) {
        writeln!(
            out,
            "{ACCENT}{number}{ACCENT:#}  {title}  {status}  {QUIET}{versions}  {rows}  {}{QUIET:#}",
            when.trim_end()
        )?;
    }
    if list.items.is_empty() {
        remark("No sessions. `opzest session new \"A letter to my landlord\"` begins one.");
    }
    Ok(())
}

pub fn status(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Working => "working",
        SessionStatus::NeedsYou => "needs you",
        SessionStatus::Paused => "paused",
        SessionStatus::Finished => "finished",
        SessionStatus::Stopped => "stopped",
    }
}
