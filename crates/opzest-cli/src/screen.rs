//! Printing: colours where the terminal has them, columns, sizes and times. What is printed has been
//! through [`crate::plain`] before.

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
pub const ACCENT: Style = AnsiColor::Cyan.on_default();
pub const STRONG: Style = Style::new().bold();
pub const QUIET: Style = Style::new().dimmed();

/// Prints a line to standard error. If that fails there is nobody left to tell.
pub fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A quiet remark on standard error.
pub fn remark(text: impl fmt::Display) {
    tell(format_args!("{QUIET}{text}{QUIET:#}"));
}

/// Whether a person watches standard error.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Whether standard output takes colours.
pub fn has_colours() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(value)?;
    writeln!(io::stdout(), "{}", crate::plain::plain_json(&json))?;
    Ok(())
}

/// A line on standard error that the next one replaces; only where that is possible.
#[derive(Debug, Default)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    pub fn show(&mut self, text: impl fmt::Display) {
        let stderr = io::stderr();
        if !stderr.is_terminal()
            || anstream::AutoStream::choice(&stderr) == anstream::ColorChoice::Never
        {
            return;
        }
        self.shown = true;
        let _ = write!(stderr.lock(), "\r\x1b[2K{QUIET}{text}{QUIET:#}");
    }

    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// Rows as columns, two spaces apart; each cell is one line of plain text.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<[String; N]> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    rows.iter()
        .map(|row| std::array::from_fn(|i| pad(&row[i], widths[i])))
        .collect()
}

/// Prints named values, one a line.
pub fn print_facts(facts: &[(&str, String)]) -> io::Result<()> {
    let width = facts.iter().map(|(name, _)| name.width()).max();
    let mut out = anstream::stdout();
    for (name, value) in facts {
        let name = pad(name, width.unwrap_or(0));
        writeln!(out, "{QUIET}{name}{QUIET:#}  {value}")?;
    }
    Ok(())
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// At most `width` columns of a text.
pub fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// "98 MB", in the powers of ten that file managers show.
pub fn file_size(bytes: f64) -> String {
    if bytes < 1e9 {
        format!("{:.0} MB", bytes / 1e6)
    } else {
        format!("{:.1} GB", bytes / 1e9)
    }
}

/// "5 minutes ago".
pub fn ago(then_ms: f64, now_ms: f64) -> String {
    let minutes = ((now_ms - then_ms) / 60_000.0).max(0.0) as u64;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{} ago", counted(count, unit))
}

/// "1 message", "2 messages".
pub fn counted(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_do() {
        assert_eq!(ago(0.0, 59_000.0), "just now");
        assert_eq!(ago(0.0, 60_000.0), "1 minute ago");
        assert_eq!(ago(0.0, 7_200_000.0), "2 hours ago");
        assert_eq!(ago(0.0, 864e5 * 3.5), "3 days ago");
        assert_eq!(ago(60_000.0, 0.0), "just now");
    }

    #[test]
    fn long_texts_are_cut_by_columns() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("a longer text", 6), "a lon…");
        assert_eq!(shorten("三三三", 5), "三三…");
    }

    #[test]
    fn columns_line_up() {
        let rows = [["a".into(), "bb".into()], ["三".into(), "c".into()]];
        assert_eq!(columns(&rows), [["a ", "bb"], ["三", "c "]]);
    }
}
