//! A session on the screen.

use crate::errors::show_ui;
use crate::plain::{line, plain};
use crate::screen::{ACCENT, ERROR, HINT, QUIET, STRONG, WARNING, tell};
use crate::session::news::Parts;
use crate::wrap::{wrapped, wrapped_after, wrapped_within};
use opzest_app::dto::{
    AttemptView, CheckView, CycleEnd, CycleView, FileText, Need, SessionView, StepStatus, Verdict,
    WhoWorked,
};
use similar::{ChangeTag, TextDiff};
use std::io::{self, Write};

/// Lines of a diff around each change.
const AROUND: usize = 2;

/// Columns before a step's text, before a quoted line, and before a line of a diff.
const PLAN_MARK: usize = 5;
const QUOTE_MARK: usize = 4;
const DIFF_MARK: usize = 2;

pub fn plan(session: &SessionView) -> io::Result<()> {
    let mut out = anstream::stdout();
    writeln!(out, "{STRONG}Plan{STRONG:#}")?;
    for (number, step) in (1..).zip(&session.steps) {
        let mark = match step.status {
            StepStatus::Waiting => " ",
            StepStatus::Current => "›",
            StepStatus::Done => "✓",
            StepStatus::Skipped => "–",
        };
        let text = wrapped_after(PLAN_MARK, &plain(&step.text));
        writeln!(out, "{ACCENT}{mark}{ACCENT:#} {number}. {text}")?;
    }
    Ok(())
}

/// "SmolLM2 135M · 3.2 s · 120 tokens".
pub fn who(by: &WhoWorked) -> String {
    let place = if by.remote { " (server)" } else { "" };
    let tokens = match by.tokens {
        0 => String::new(),
        tokens => format!(" · {tokens} tokens"),
    };
    format!(
        "{}{place} · {:.1} s{tokens}",
        line(&by.model_name),
        by.seconds
    )
}

/// Parts of a cycle, as far as it has them.
pub fn cycle(cycle: &CycleView, parts: Parts) -> io::Result<()> {
    let mut out = anstream::stdout();
    if let Some(switch) = cycle.switch.as_ref().filter(|_| parts.instruction) {
        let name = |name: &Option<String>| line(name.as_deref().unwrap_or("nobody"));
        let (from, to) = (name(&switch.from), name(&switch.to));
        writeln!(
            out,
            "{HINT}Another teacher works now: {to}, after {from}.{HINT:#}"
        )?;
    }
    if let Some(instruction) = cycle.instruction.as_ref().filter(|_| parts.instruction) {
        writeln!(
            out,
            "{QUIET}Instruction ({}){QUIET:#}",
            who(&instruction.by)
        )?;
        writeln!(out, "{}", wrapped(&plain(&instruction.text)))?;
    }
    if let Some(attempt) = cycle.attempt.as_ref().filter(|_| parts.attempt) {
        self::attempt(attempt)?;
    }
    let said = cycle
        .feedback
        .as_ref()
        .map(|feedback| feedback.words.trim());
    if let Some(words) = said.filter(|words| parts.words && !words.is_empty()) {
        let words = wrapped_after("You: ".len(), &plain(words));
        writeln!(out, "{QUIET}You{QUIET:#}: {words}")?;
    }
    if let Some(end) = cycle.end.as_ref().filter(|_| parts.end) {
        writeln!(out, "{}", ending(end))?;
    }
    Ok(())
}

fn attempt(attempt: &AttemptView) -> io::Result<()> {
    let mut out = anstream::stdout();
    writeln!(
        out,
        "{QUIET}Attempt {} ({}){QUIET:#}",
        attempt.number,
        who(&attempt.by)
    )?;
    for left_out in &attempt.left_out {
        let text = wrapped(&format!("Left out: {}", plain(left_out)));
        writeln!(out, "{WARNING}{text}{WARNING:#}")?;
    }
    match &attempt.check {
        None => {}
        Some(CheckView::Passed { output, warnings }) => {
            writeln!(out, "{HINT}The check passed.{HINT:#}")?;
            quoted(output)?;
            for warning in warnings {
                writeln!(out, "{WARNING}{}{WARNING:#}", wrapped(&plain(warning)))?;
            }
        }
        Some(CheckView::Failed { error, output }) => {
            writeln!(out, "{ERROR}The check failed.{ERROR:#}")?;
            quoted(output)?;
            quoted(error)?;
        }
        Some(CheckView::NotRun { why }) => {
            writeln!(out, "{WARNING}{}{WARNING:#}", wrapped(&plain(why)))?;
        }
    }
    Ok(())
}

fn quoted(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    for text in plain(text).lines() {
        for text in wrapped_within(QUOTE_MARK, text).lines() {
            writeln!(out, "  {QUIET}│{QUIET:#} {text}")?;
        }
    }
    Ok(())
}

fn ending(end: &CycleEnd) -> String {
    match end {
        CycleEnd::Error { .. } => "→ Error: the lead gets it.".into(),
        CycleEnd::Judged { verdict, by_user } => {
            let by = if *by_user {
                "you"
            } else {
                "as understood; /undo takes it back"
            };
            format!("→ {} ({by})", verdict_name(*verdict))
        }
        CycleEnd::HandEdited { .. } => "→ Your own version was taken.".into(),
        CycleEnd::Overruled => "→ Accepted although the check failed.".into(),
    }
}

pub fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Redo => "Redo",
        Verdict::FurtherEdit => "Further edit",
        Verdict::Accepted => "Accepted",
    }
}

/// What has changed from the files before to those after; the whole text where there was nothing.
pub fn difference(before: &[FileText], after: &[FileText]) -> io::Result<()> {
    let mut out = anstream::stdout();
    let changed: Vec<_> = after.iter().filter(|file| !before.contains(file)).collect();
    if changed.is_empty() && !after.is_empty() {
        writeln!(out, "{QUIET}No file has changed.{QUIET:#}")?;
    }
    for file in changed {
        let old = before.iter().find(|old| old.name == file.name);
        let old = plain(old.map_or("", |old| &old.text));
        let new = plain(&file.text);
        writeln!(out, "{STRONG}{}{STRONG:#}", line(&file.name))?;
        if old.is_empty() {
            quoted(&new)?;
            continue;
        }
        let diff = TextDiff::from_lines(&old, &new);
        let groups = diff.grouped_ops(AROUND);
        for (index, group) in groups.iter().enumerate() {
            if index > 0 {
                writeln!(out, "  {QUIET}⋯{QUIET:#}")?;
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let text = change.value().trim_end_matches('\n');
                let text = wrapped_after(DIFF_MARK, text);
                match change.tag() {
                    ChangeTag::Delete => writeln!(out, "{ERROR}- {text}{ERROR:#}")?,
                    ChangeTag::Insert => writeln!(out, "{HINT}+ {text}{HINT:#}")?,
                    ChangeTag::Equal => writeln!(out, "  {text}")?,
                }
            }
        }
    }
    Ok(())
}

/// What is asked of the user, in one line or two. What would be sent is long, and not shown `again`.
pub fn need(session: &SessionView, again: bool) {
    match &session.need {
        Need::Working { .. } | Need::Checking => {}
        Need::Nothing => tell(format_args!(
            "{STRONG}That was the last step.{STRONG:#} Enter leaves; /undo takes the last verdict back."
        )),
        Need::ApprovePlan => tell(format_args!(
            "{STRONG}Is this plan right?{STRONG:#} /approve begins, /step TEXT adds a step."
        )),
        Need::Judge => tell(format_args!(
            "{STRONG}What do you say?{STRONG:#} In your own words, or /accept, /edit, /redo, /hand FILE."
        )),
        Need::ChooseVerdict => tell(format_args!(
            "{STRONG}What do your words mean?{STRONG:#} {}/accept, /edit or /redo.",
            guess(session)
        )),
        Need::PoolExhausted => tell(format_args!(
            "{WARNING}All teachers have tried {} times.{WARNING:#} /retry, /teacher worker N, /hand FILE, \
             /overrule, /skip or /stop.",
            session.allowed_attempts
        )),
        Need::Teacher { agent } => tell(format_args!(
            "{WARNING}There is no model for the {agent:?} that may be used.{WARNING:#} Choose one with \
             `opzest teachers`, then /teacher."
        )),
        Need::Trouble { problem, .. } => tell(format_args!(
            "{ERROR}{}{ERROR:#} {} /retry, /teacher AGENT N or /stop.",
            line(&problem.message),
            line(&problem.hint)
        )),
        Need::Consent { .. } if again => tell(format_args!("/allow or /refuse.")),
        Need::Consent {
            model_name,
            destination,
            messages,
            ..
        } => {
            tell(format_args!(
                "{WARNING}This session is private, and {} is on a server ({}). This would be sent:{WARNING:#}",
                line(model_name),
                line(destination)
            ));
            for message in messages {
                tell(format_args!(
                    "{QUIET}[{}]{QUIET:#} {}",
                    line(&message.role),
                    plain(&message.text)
                ));
            }
            tell(format_args!("/allow or /refuse."));
        }
        Need::Resume => {
            if let Some(unsaved) = &session.unsaved {
                show_ui(unsaved);
            }
            tell(format_args!("/retry goes on, /pause leaves."));
        }
    }
}

/// "Perhaps Redo (45 %). "
fn guess(session: &SessionView) -> String {
    let cycles = session.steps.iter().flat_map(|step| &step.cycles);
    let asked = cycles
        .filter_map(|cycle| cycle.feedback.as_ref())
        .next_back();
    let analysis = asked.and_then(|feedback| feedback.analysis.as_ref());
    analysis.map_or_else(String::new, |analysis| {
        let probability = match analysis.verdict {
            Verdict::Redo => analysis.redo,
            Verdict::FurtherEdit => analysis.further_edit,
            Verdict::Accepted => analysis.accepted,
        };
        format!(
            "Perhaps {} ({:.0} %). ",
            verdict_name(analysis.verdict),
            probability * 100.0
        )
    })
}
