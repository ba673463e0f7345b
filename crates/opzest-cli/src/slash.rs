//! Commands that are typed behind a `/`: how a prompt describes them, in its help and when it completes.

use crate::screen::{ACCENT, columns};
use std::io::{self, Write};

/// One command.
pub struct Described {
    pub name: &'static str,
    pub arguments: &'static str,
    pub about: &'static str,
}

pub const fn described(
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
) -> Described {
    Described {
        name,
        arguments,
        about,
    }
}

/// Writes a table of commands.
pub fn help(mut out: impl Write, commands: &[Described]) -> io::Result<()> {
    let row = |command: &Described| {
        let typed = format!("/{} {}", command.name, command.arguments);
        [typed.trim_end().to_owned(), command.about.to_owned()]
    };
    let rows: Vec<_> = commands.iter().map(row).collect();
    for [typed, about] in columns(&rows) {
        writeln!(out, "  {ACCENT}{typed}{ACCENT:#}  {}", about.trim_end())?;
    }
    Ok(())
}
