//! What the commands of a conversation do.

use crate::args::Output;
use crate::chat::answer::Asked;
use crate::chat::commands::{COMMANDS, Command};
use crate::chat::talk::{Next, Talk, last_answer};
use crate::conversations::{
    Named, export_to_file, find, identify, is_yes, no_such_number, numbered, print_list,
    print_messages,
};
use crate::errors::mistake;
use crate::plain::{line, plain};
use crate::screen::{QUIET, print_facts, remark};
use crate::wrap::wrapped;
use crate::{models, settings, slash};
use opzest_app::calls::{
    DeleteConversation, ExportConversation, OpenConversation, Regenerate, RenameConversation,
    SelectVariant, delete_conversation, export_conversation, open_conversation,
    rename_conversation, select_variant,
};
use opzest_app::dto::{Conversation, ExportFormat};
use std::io::Write;
use std::path::PathBuf;

/// How many conversations `/list` and `/search` show.
const LISTED: u32 = 20;

const TABLE: Output = Output { json: false };

impl Talk<'_> {
    pub fn obey(&mut self, command: Command) -> anyhow::Result<Next> {
        match command {
            Command::New => self.begin(),
            Command::List => self.list(None)?,
            Command::Search(text) => self.list(Some(text))?,
            Command::Open(named) => self.open(&named)?,
            Command::Show => print_messages(&self.here()?, usize::MAX)?,
            Command::Regenerate => self.regenerate()?,
            Command::Variant(None) => self.show_variants()?,
            Command::Variant(Some(number)) => self.choose_variant(&number)?,
            Command::Rename(title) => self.rename(title)?,
            Command::Export(file) => self.export(file)?,
            Command::Delete => self.delete()?,
            Command::Models => models::list(self.host, TABLE)?,
            Command::Model(None) => self.show_model()?,
            Command::Model(Some(named)) => self.choose_model(&named)?,
            Command::Settings(changes) if changes.is_empty() => settings::show(self.host, TABLE)?,
            Command::Settings(changes) => settings::set(self.host, &changes)?,
            Command::Stats => self.show_stats()?,
            Command::Help => help()?,
            Command::Quit => return Ok(Next::Leave),
        }
        Ok(Next::Prompt)
    }

    fn begin(&mut self) {
        self.conversation = None;
        self.answer = None;
        remark("A new conversation.");
    }

    /// The id of the conversation at the prompt.
    fn here_id(&self) -> anyhow::Result<String> {
        let here = self.conversation.as_ref().map(|here| here.id.clone());
        here.ok_or_else(|| {
            let hint = "Ask something first, or /open one of /list.";
            mistake("This conversation is still empty.", hint).into()
        })
    }

    fn here(&self) -> anyhow::Result<Conversation> {
        let id = self.here_id()?;
        let open = OpenConversation { id };
        Ok(self.host.wait(open_conversation(&self.host.app, open))?)
    }

    fn list(&mut self, query: Option<String>) -> anyhow::Result<()> {
        let list = find(self.host, query, LISTED)?;
        print_list(&list, Named::Number)?;
        self.listed = list.items;
        Ok(())
    }

    fn open(&mut self, named: &str) -> anyhow::Result<()> {
        // A number means the list on the screen, which may be older than the store.
        let id = match named.parse::<u32>() {
            Ok(number) if !self.listed.is_empty() => numbered(&self.listed, number)
                .ok_or_else(|| no_such_number(number, self.listed.len() as u32))?,
            _ => identify(self.host, named)?,
        };
        let open = OpenConversation { id };
        let conversation = self.host.wait(open_conversation(&self.host.app, open))?;
        self.enter(conversation)
    }

    fn regenerate(&mut self) -> anyhow::Result<()> {
        let conversation_id = self.here_id()?;
        let model_id = self.model.as_ref().map(|model| model.id.clone());
        self.ask(Asked::Again(Regenerate {
            conversation_id,
            model_id,
        }))
    }

    fn show_variants(&mut self) -> anyhow::Result<()> {
        let conversation = self.here()?;
        let Some(answer) = last_answer(&conversation) else {
            remark("There is no answer yet.");
            return Ok(());
        };
        let shown = answer.variants.iter().position(|id| *id == answer.id);
        match (answer.variants.len(), shown) {
            (count @ 2.., Some(shown)) => remark(format_args!(
                "Answer {} of {count} is the one that counts; /variant N takes another one.",
                shown + 1
            )),
            _ => remark("There is one answer; /regenerate writes another one."),
        }
        Ok(())
    }

    fn choose_variant(&mut self, number: &str) -> anyhow::Result<()> {
        let conversation = self.here()?;
        let variants = last_answer(&conversation).map_or(&[][..], |answer| &answer.variants);
        let index = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let Some(message_id) = index.and_then(|index| variants.get(index)).cloned() else {
            let message = format!("There is no answer {number}.");
            let hint = format!("The last question has {}.", variants.len());
            return Err(mistake(message, hint).into());
        };
        let select = SelectVariant { message_id };
        let conversation = self.host.wait(select_variant(&self.host.app, select))?;
        self.answer = last_answer(&conversation).cloned();
        self.conversation = Some(conversation.summary);
        if let Some(answer) = &self.answer {
            writeln!(
                anstream::stdout(),
                "{}",
                wrapped(plain(&answer.text).trim_end())
            )?;
        }
        Ok(())
    }

    fn rename(&mut self, title: String) -> anyhow::Result<()> {
        let id = self.here_id()?;
        let rename = RenameConversation { id, title };
        let renamed = self
            .host
            .wait(rename_conversation(&self.host.app, rename))?;
        remark(format_args!(
            "This conversation is “{}” now.",
            line(&renamed.title)
        ));
        self.conversation = Some(renamed);
        Ok(())
    }

    fn export(&mut self, file: Option<String>) -> anyhow::Result<()> {
        let id = self.here_id()?;
        let file = match file {
            Some(file) => at_home(&file),
            None => {
                let wanted = ExportConversation {
                    id: id.clone(),
                    format: ExportFormat::Markdown,
                };
                let export = export_conversation(&self.host.app, wanted);
                self.host.wait(export)?.file_name.into()
            }
        };
        export_to_file(self.host, id, &file)
    }

    fn delete(&mut self) -> anyhow::Result<()> {
        let id = self.here_id()?;
        let title = self.conversation.as_ref().map(|here| line(&here.title));
        let title = title.unwrap_or_default();
        let question = format!("Delete “{title}” for good? [y/N] ");
        let answer = self.prompt.confirm(&question)?;
        if !answer.is_some_and(|answer| is_yes(&answer)) {
            remark("Kept.");
            return Ok(());
        }
        let delete = DeleteConversation { id };
        self.host
            .wait(delete_conversation(&self.host.app, delete))?;
        remark(format_args!("“{title}” is deleted."));
        self.listed.clear();
        self.begin();
        Ok(())
    }

    fn show_model(&self) -> anyhow::Result<()> {
        let model = match &self.model {
            Some(model) => model.clone(),
            None => models::selected(self.host)?,
        };
        remark(format_args!(
            "{} ({}) answers.",
            line(&model.name),
            line(&model.id)
        ));
        Ok(())
    }

    fn choose_model(&mut self, named: &str) -> anyhow::Result<()> {
        let model = models::select(self.host, named)?;
        self.model = None;
        remark(format_args!("{} answers from now on.", line(&model.name)));
        Ok(())
    }

    fn show_stats(&self) -> anyhow::Result<()> {
        let stats = self.answer.as_ref().and_then(|answer| answer.stats);
        let Some(stats) = stats else {
            remark("There is nothing to tell yet.");
            return Ok(());
        };
        let model = self
            .answer
            .as_ref()
            .and_then(|answer| answer.model_name.clone());
        print_facts(&[
            ("Model", line(&model.unwrap_or_default())),
            (
                "Read",
                format!(
                    "{} tokens, {} of them known from before, in {:.1} s",
                    stats.prompt_tokens,
                    stats.cached_tokens,
                    f64::from(stats.reading_ms) / 1000.0
                ),
            ),
            (
                "Written",
                format!(
                    "{} tokens, {:.1} tokens/s",
                    stats.answer_tokens, stats.tokens_per_second
                ),
            ),
            (
                "Context",
                format!(
                    "{} of {} tokens in use",
                    stats.context_used, stats.context_size
                ),
            ),
        ])?;
        Ok(())
    }
}

/// `~/` as the shell would read it.
fn at_home(file: &str) -> PathBuf {
    match (file.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => file.into(),
    }
}

fn help() -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    slash::help(&mut out, COMMANDS)?;
    writeln!(
        out,
        "{QUIET}A line that ends with \\ goes on; Ctrl-C stops an answer; Tab completes commands.{QUIET:#}"
    )?;
    Ok(())
}
