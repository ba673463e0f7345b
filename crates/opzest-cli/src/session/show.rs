//! A session on the screen.

use crate::plain::{line, plain};
use crate::screen::{ACCENT, ERROR, HINT, QUIET, STRONG, WARNING, tell};
use crate::session::news::Parts;
use opzest_app::dto::{
    AttemptView, CheckView, CycleEnd, CycleView, FileText, Need, SessionView, StepStatus, Verdict,
    WhoWorked,
};
use similar::{ChangeTag, TextDiff};
use std::io::{self, Write};

/// Lines of a diff around each change.
const AROUND: usize = 2;

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
        writeln!(
            out,
            "{ACCENT}{mark}{ACCENT:#} {number}. {}",
            plain(&step.text)
        )?;
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
        writeln!(out, "{}", plain(&instruction.text))?;
    }
    if let Some(attempt) = cycle.attempt.as_ref().filter(|_| parts.attempt) {
        self::attempt(attempt)?;
    }
    if let Some(feedback) = cycle.feedback.as_ref().filter(|_| parts.words) {
        writeln!(out, "{QUIET}You{QUIET:#}: {}", plain(&feedback.words))?;
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
        writeln!(out, "{WARNING}Left out: {}{WARNING:#}", plain(left_out))?;
    }
    match &attempt.check {
        None => {}
        Some(CheckView::Passed { output, warnings }) => {
            writeln!(out, "{HINT}The check passed.{HINT:#}")?;
            quoted(output)?;
            for warning in warnings {
                writeln!(out, "{WARNING}{}{WARNING:#}", plain(warning))?;
            }
        }
        Some(CheckView::Failed { error, output }) => {
            writeln!(out, "{ERROR}The check failed.{ERROR:#}")?;
            quoted(output)?;
            quoted(error)?;
        }
        Some(CheckView::NotRun { why }) => writeln!(out, "{WARNING}{}{WARNING:#}", plain(why))?,
    }
    Ok(())
}

fn quoted(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    for text in plain(text).lines() {
        writeln!(out, "  {QUIET}│{QUIET:#} {text}")?;
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

/// What has changed from the current artifact to an attempt; the whole text where there was nothing.
pub fn difference(before: &[FileText], after: &[FileText]) -> io::Result<()> {
    let mut out = anstream::stdout();
    for file in after {
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
        if groups.is_empty() {
            writeln!(out, "  {QUIET}no change{QUIET:#}")?;
        }
        for (index, group) in groups.iter().enumerate() {
            if index > 0 {
                writeln!(out, "  {QUIET}⋯{QUIET:#}")?;
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let text = change.value().trim_end_matches('\n');
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

/// What is asked of the user, in one line or two.
pub fn need(session: &SessionView) {
    match &session.need {
        Need::Working { .. } | Need::Checking | Need::Nothing => {}
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
        Need::Resume => tell(format_args!("Paused. `opzest session resume` goes on.")),
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
