//! `opzest chat`: one question, or a conversation.

mod answer;
mod commands;
mod editor;
mod once;
mod steer;
mod talk;

pub use editor::Prompt;
pub use once::{STANDARD_INPUT, question};

use crate::args::ChatArguments;
use crate::conversations::{identify, latest};
use crate::errors::mistake;
use crate::host::Host;
use crate::models::find_or_add;
use opzest_app::calls::{NoArguments, OpenConversation, app_info, open_conversation};
use opzest_app::dto::Conversation;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

pub fn run(host: &Host, arguments: ChatArguments) -> anyhow::Result<ExitCode> {
    let info = host.wait(app_info(&host.app, NoArguments {}))?;
    if let Some(problem) = info.problem.clone() {
        return Err(problem.into());
    }
    let ChatArguments {
        model,
        go_on,
        conversation,
        prompt,
    } = arguments;
    let model = model.map(|named| find_or_add(host, &named)).transpose()?;
    let conversation = match conversation {
        Some(named) => Some(identify(host, &named)?),
        None if go_on => Some(latest_id(host)?),
        None => None,
    };
    let conversation = conversation.map(|id| open(host, id)).transpose()?;
    if prompt.is_empty() && io::stdin().is_terminal() {
        talk::talk(host, &info, conversation, model)
    } else {
        once::ask(host, prompt, conversation, model)
    }
}

fn latest_id(host: &Host) -> anyhow::Result<String> {
    let latest = latest(host)?.map(|summary| summary.id);
    latest.ok_or_else(|| {
        let hint = "Leave out `--continue` to begin one.";
        mistake("There is no conversation to go on with.", hint).into()
    })
}

fn open(host: &Host, id: String) -> anyhow::Result<Conversation> {
    Ok(host.wait(open_conversation(&host.app, OpenConversation { id }))?)
}
