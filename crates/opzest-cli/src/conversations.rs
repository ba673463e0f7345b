//! `opzest conversations`, and how a conversation is named on the command line.

use crate::args::{ConversationsCommand, Format, Output};
use crate::errors::mistake;
use crate::host::{Host, now_ms};
use crate::plain::{line, plain, plain_json};
use crate::screen::{ACCENT, QUIET, STRONG, ago, columns, counted, print_json, remark, shorten};
use crate::wrap::wrapped;
use opzest_app::calls::{
    DeleteConversation, ExportConversation, ListConversations, OpenConversation,
    RenameConversation, delete_conversation, export_conversation, list_conversations,
    open_conversation, rename_conversation,
};
use opzest_app::dto::{
    Conversation, ConversationList, ConversationSummary, ExportFormat, Message, MessageStatus,
    Speaker,
};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

pub fn run(host: &Host, command: ConversationsCommand) -> anyhow::Result<()> {
    match command {
        ConversationsCommand::List { limit, output } => {
            show_list(&find(host, None, limit)?, Named::Number, output)
        }
        ConversationsCommand::Search {
            text,
            limit,
            output,
        } => show_list(&find(host, Some(text.join(" ")), limit)?, Named::Id, output),
        ConversationsCommand::Show { id, output } => show(host, &id, output),
        ConversationsCommand::Rename { id, title } => {
            let id = identify(host, &id)?;
            let title = title.join(" ");
            host.wait(rename_conversation(
                &host.app,
                RenameConversation { id, title },
            ))?;
            Ok(())
        }
        ConversationsCommand::Delete { id, yes } => delete(host, &id, yes),
        ConversationsCommand::Export { id, file, format } => {
            let id = identify(host, &id)?;
            match file {
                Some(file) => export_to_file(host, id, &file),
                None => export_to_output(host, id, format),
            }
        }
    }
}

pub fn find(host: &Host, query: Option<String>, limit: u32) -> anyhow::Result<ConversationList> {
    let list = ListConversations { query, limit };
    Ok(host.wait(list_conversations(&host.app, list))?)
}

/// The latest conversation.
pub fn latest(host: &Host) -> anyhow::Result<Option<ConversationSummary>> {
    Ok(find(host, None, 1)?.items.into_iter().next())
}

/// An id, from an id or from a number of the list.
pub fn identify(host: &Host, named: &str) -> anyhow::Result<String> {
    let Ok(number) = named.parse::<u32>() else {
        return Ok(named.to_owned());
    };
    let list = find(host, None, number)?;
    numbered(&list.items, number).ok_or_else(|| no_such_number(number, list.total))
}

pub fn numbered(items: &[ConversationSummary], number: u32) -> Option<String> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    items.get(index).map(|item| item.id.clone())
}

pub fn no_such_number(number: u32, total: u32) -> anyhow::Error {
    let there_are = counted(total.into(), "conversation");
    let hint = "The list of conversations shows their numbers.";
    mistake(
        format!("There is no conversation {number}: the list has {there_are}."),
        hint,
    )
    .into()
}

/// What stands before each conversation of a list, to name it in the next command.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    Number,
    Id,
}

fn show_list(list: &ConversationList, named: Named, output: Output) -> anyhow::Result<()> {
    if output.json {
        return print_json(list);
    }
    print_list(list, named)
}

pub fn print_list(list: &ConversationList, named: Named) -> anyhow::Result<()> {
    let now = now_ms();
    let rows: Vec<_> = list
        .items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            [
                match named {
                    Named::Number => format!("{:>3}", index + 1),
                    Named::Id => line(&item.id),
                },
                shorten(&line(&item.title), 44),
                counted(item.message_count.into(), "message"),
                ago(item.updated_at, now),
            ]
        })
        .collect();
    let mut out = anstream::stdout();
    for (item, [number, title, messages, when]) in list.items.iter().zip(columns(&rows)) {
        writeln!(
            out,
            "{ACCENT}{number}{ACCENT:#}  {title}  {QUIET}{messages}  {}{QUIET:#}",
            when.trim_end()
        )?;
        for part in item.hit.iter().take(1) {
            write!(out, "     ")?;
            for part in part {
                let text = line(&part.text);
                if part.matches {
                    write!(out, "{STRONG}{text}{STRONG:#}")?;
                } else {
                    write!(out, "{QUIET}{text}{QUIET:#}")?;
                }
            }
            writeln!(out)?;
        }
    }
    let shown = list.items.len() as u32;
    if list.items.is_empty() {
        remark("No conversations.");
    } else if shown < list.total {
        remark(format_args!("{shown} of {} are shown.", list.total));
    }
    Ok(())
}

fn show(host: &Host, named: &str, output: Output) -> anyhow::Result<()> {
    let id = identify(host, named)?;
    let conversation = host.wait(open_conversation(&host.app, OpenConversation { id }))?;
    if output.json {
        return print_json(&conversation);
    }
    let mut out = anstream::stdout();
    let summary = &conversation.summary;
    writeln!(out, "{STRONG}{}{STRONG:#}", line(&summary.title))?;
    writeln!(out, "{QUIET}{}{QUIET:#}", line(&summary.id))?;
    print_messages(&conversation, usize::MAX)
}

/// The last messages of a conversation.
pub fn print_messages(conversation: &Conversation, at_most: usize) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    let skipped = conversation.messages.len().saturating_sub(at_most);
    for message in &conversation.messages[skipped..] {
        let text = wrapped(plain(&message.text).trim_end());
        writeln!(out)?;
        match message.speaker {
            Speaker::User => writeln!(out, "{ACCENT}›{ACCENT:#} {text}")?,
            Speaker::Assistant => writeln!(out, "{text}")?,
        }
        if let Some(note) = note(message) {
            writeln!(out, "{QUIET}{note}{QUIET:#}")?;
        }
    }
    Ok(())
}

/// What there is to say of an answer that did not come to its end.
pub fn note(message: &Message) -> Option<String> {
    match message.status {
        MessageStatus::Complete => None,
        MessageStatus::Streaming => Some("(being written)".to_owned()),
        MessageStatus::Stopped => Some("(stopped)".to_owned()),
        MessageStatus::CutByLimit => Some("(cut at the longest answer of the settings)".to_owned()),
        MessageStatus::CutByContext => Some("(cut: the context is full)".to_owned()),
        MessageStatus::Interrupted | MessageStatus::Failed => {
            let why = message.error.as_ref().map(|error| line(&error.to_string()));
            Some(format!(
                "({})",
                why.unwrap_or_else(|| "broken off".to_owned())
            ))
        }
    }
}

fn delete(host: &Host, named: &str, yes: bool) -> anyhow::Result<()> {
    let id = identify(host, named)?;
    let open = OpenConversation { id: id.clone() };
    let title = line(&host.wait(open_conversation(&host.app, open))?.summary.title);
    if !yes {
        if !io::stdin().is_terminal() {
            let hint = "Add `--yes` to delete without being asked.";
            return Err(mistake(format!("“{title}” was not deleted."), hint).into());
        }
        write!(anstream::stderr(), "Delete “{title}” for good? [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if !is_yes(&answer) {
            remark("Kept.");
            return Ok(());
        }
    }
    host.wait(delete_conversation(&host.app, DeleteConversation { id }))?;
    remark(format_args!("“{title}” is deleted."));
    Ok(())
}

pub fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn export_to_output(host: &Host, id: String, format: Format) -> anyhow::Result<()> {
    let format = match format {
        Format::Markdown => ExportFormat::Markdown,
        Format::Json => ExportFormat::Json,
    };
    let wanted = ExportConversation { id, format };
    let content = host.wait(export_conversation(&host.app, wanted))?.content;
    let safe = match format {
        _ if !io::stdout().is_terminal() => content,
        ExportFormat::Markdown => plain(&content),
        ExportFormat::Json => plain_json(&content),
    };
    io::stdout().write_all(safe.as_bytes())?;
    Ok(())
}

/// Writes a conversation to a new file, in the format of its name.
pub fn export_to_file(host: &Host, id: String, file: &Path) -> anyhow::Result<()> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let format = match extension.map(str::to_lowercase).as_deref() {
        Some("md" | "markdown") => ExportFormat::Markdown,
        Some("json") => ExportFormat::Json,
        _ => {
            let message = format!("{} is neither Markdown nor JSON.", file.display());
            return Err(mistake(message, "Choose a name that ends in .md or .json.").into());
        }
    };
    let wanted = ExportConversation { id, format };
    let content = host.wait(export_conversation(&host.app, wanted))?.content;
    let written = std::fs::File::create_new(file).and_then(|mut new| {
        new.write_all(content.as_bytes())
            .and_then(|()| new.sync_all())
    });
    written.map_err(|error| {
        let (reason, hint) = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                ("it exists already".to_owned(), "Choose another name.")
            }
            io::ErrorKind::NotFound => (
                "its folder does not exist".to_owned(),
                "Make the folder first.",
            ),
            _ => (error.to_string(), "Choose another place."),
        };
        mistake(
            format!("{} was not written: {reason}.", file.display()),
            hint,
        )
    })?;
    remark(format_args!(
        "Written to {}.",
        line(&file.display().to_string())
    ));
    Ok(())
}
