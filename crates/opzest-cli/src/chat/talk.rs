//! A conversation at the prompt: asking and answering. What commands do is in `steer`.

use crate::chat::answer::{Asked, status_line, tell_end, write_answer};
use crate::chat::commands::{COMMANDS, Input, read};
use crate::chat::editor::Prompt;
use crate::conversations::print_messages;
use crate::errors::{LeftAtOnce, is_broken_pipe, show, show_ui};
use crate::host::Host;
use crate::models::selected;
use crate::plain::{line, plain};
use crate::screen::{STRONG, remark};
use opzest_app::calls::{NoArguments, SendMessage, finish_welcome};
use opzest_app::dto::{
    AppInfo, Conversation, ConversationSummary, Message, MessageStatus, Model, Speaker,
};
use std::io::Write;
use std::process::ExitCode;

const WELCOME: &str = "\
OpZest is your own assistant: a small language model that runs on this computer.
Nothing you write leaves it: no account, no cloud, no network.";

/// How much of a conversation is shown when it is opened: the last question and its answer.
const RECALLED: usize = 2;

pub struct Talk<'a> {
    pub host: &'a Host,
    pub prompt: Prompt,
    /// `None` until the first question of a new one.
    pub conversation: Option<ConversationSummary>,
    /// The last answer here.
    pub answer: Option<Message>,
    /// Asked instead of the selected one, in this run of the program.
    pub model: Option<Model>,
    /// What the numbers of the last list stand for.
    pub listed: Vec<ConversationSummary>,
}

/// Whether the conversation goes on.
pub enum Next {
    Prompt,
    Leave,
}

pub fn talk(
    host: &Host,
    info: &AppInfo,
    conversation: Option<Conversation>,
    model: Option<Model>,
) -> anyhow::Result<ExitCode> {
    let mut talk = Talk {
        host,
        prompt: Prompt::new(COMMANDS)?,
        conversation: None,
        answer: None,
        model,
        listed: Vec::new(),
    };
    talk.greet(info)?;
    if let Some(conversation) = conversation {
        talk.enter(conversation)?;
    }
    while let Some(typed) = talk.prompt.read()? {
        match talk.handle(&typed) {
            Ok(Next::Prompt) => {}
            Ok(Next::Leave) => break,
            Err(error) if is_broken_pipe(&error) || error.is::<LeftAtOnce>() => return Err(error),
            Err(error) => show(&error),
        }
    }
    if talk.conversation.is_some() {
        remark("Kept. `opzest chat --continue` goes on here.");
    }
    Ok(ExitCode::SUCCESS)
}

impl Talk<'_> {
    fn greet(&self, info: &AppInfo) -> anyhow::Result<()> {
        let model = match &self.model {
            Some(model) => model.clone(),
            None => selected(self.host)?,
        };
        let mut out = anstream::stdout();
        let name = line(&model.name);
        writeln!(out, "{STRONG}OpZest{STRONG:#} {} · {name}", info.version)?;
        if info.first_start {
            writeln!(out, "\n{WELCOME}\n")?;
            let welcome = finish_welcome(&self.host.app, NoArguments {});
            self.host.wait(welcome)?;
        }
        remark("Ask something. /help shows what else you can do, Ctrl-D leaves.");
        if let Some(problem) = &model.problem {
            show_ui(problem);
        }
        Ok(())
    }

    fn handle(&mut self, typed: &str) -> anyhow::Result<Next> {
        match read(typed) {
            Input::Nothing => {}
            Input::Question(text) => {
                let asked = Asked::Question(SendMessage {
                    conversation_id: self.conversation.as_ref().map(|here| here.id.clone()),
                    model_id: self.model.as_ref().map(|model| model.id.clone()),
                    text,
                });
                self.ask(asked)?;
            }
            Input::Command(command) => return self.obey(command),
            Input::Unknown(name) => remark(format_args!(
                "There is no command /{}; /help lists them. A space before the slash sends it as text.",
                line(&name)
            )),
            Input::Incomplete(name) => remark(format_args!(
                "/{name} needs something more; /help shows what."
            )),
        }
        Ok(Next::Prompt)
    }

    pub fn ask(&mut self, asked: Asked) -> anyhow::Result<()> {
        let outcome = self.host.wait(write_answer(&self.host.app, asked))?;
        tell_end(&outcome.answer);
        if let Some(error) = &outcome.answer.error {
            show_ui(error);
        }
        if let Some(stats) = &outcome.answer.stats {
            remark(status_line(stats));
            if stats.context_used * 10 > stats.context_size * 8
                && outcome.answer.status != MessageStatus::CutByContext
            {
                remark("This conversation soon fills the context; /new begins another one.");
            }
        }
        writeln!(anstream::stdout())?;
        self.conversation = Some(outcome.conversation);
        self.answer = Some(outcome.answer);
        Ok(())
    }

    /// Goes on with a conversation: shows where it was, and makes its questions reachable with the
    /// arrow keys.
    pub fn enter(&mut self, conversation: Conversation) -> anyhow::Result<()> {
        writeln!(
            anstream::stdout(),
            "\n{STRONG}{}{STRONG:#}",
            line(&conversation.summary.title)
        )?;
        print_messages(&conversation, RECALLED)?;
        writeln!(anstream::stdout())?;
        for message in &conversation.messages {
            if message.speaker == Speaker::User {
                self.prompt.remember(&plain(&message.text))?;
            }
        }
        self.answer = last_answer(&conversation).cloned();
        self.conversation = Some(conversation.summary);
        Ok(())
    }
}

pub fn last_answer(conversation: &Conversation) -> Option<&Message> {
    let last = conversation.messages.last();
    last.filter(|message| message.speaker == Speaker::Assistant)
}
