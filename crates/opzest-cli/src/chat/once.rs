//! One question: the answer, and nothing else, on standard output.

use crate::chat::answer::{Asked, write_answer};
use crate::errors::{INTERRUPTED, mistake, show_ui};
use crate::host::Host;
use crate::screen::{is_watched, remark};
use opzest_app::calls::SendMessage;
use opzest_app::dto::{Conversation, MessageStatus, Model};
use std::io::{self, Read};
use std::process::ExitCode;

/// Stands for standard input among the words of a question.
pub const STANDARD_INPUT: &str = "-";

/// More than this is no question; a pipe may be endless.
const LONGEST_INPUT: u64 = 1 << 20;

pub fn ask(
    host: &Host,
    prompt: Vec<String>,
    conversation: Option<Conversation>,
    model: Option<Model>,
) -> anyhow::Result<ExitCode> {
    let asked = Asked::Question(SendMessage {
        conversation_id: conversation.map(|conversation| conversation.summary.id),
        model_id: model.map(|model| model.id),
        text: question(prompt)?,
    });
    let answer = host.wait(write_answer(&host.app, asked))?.answer;
    let code = match answer.status {
        MessageStatus::Failed | MessageStatus::Interrupted => ExitCode::FAILURE,
        MessageStatus::Stopped => ExitCode::from(INTERRUPTED),
        MessageStatus::Complete
        | MessageStatus::CutByLimit
        | MessageStatus::CutByContext
        | MessageStatus::Streaming => ExitCode::SUCCESS,
    };
    super::answer::tell_end(&answer);
    if is_watched()
        && let Some(stats) = &answer.stats
    {
        remark(super::answer::status_line(stats));
    }
    if let Some(error) = &answer.error {
        show_ui(error);
    }
    Ok(code)
}

/// The words, with what standard input has in the place of `-`.
pub fn question(prompt: Vec<String>) -> anyhow::Result<String> {
    if prompt.is_empty() {
        return read_input();
    }
    let mut text = String::new();
    for word in prompt {
        if word == STANDARD_INPUT {
            text = format!("{}\n\n{}\n\n", text.trim_end(), read_input()?.trim_end());
        } else {
            text.push_str(&word);
            text.push(' ');
        }
    }
    Ok(text.trim().to_owned())
}

fn read_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(LONGEST_INPUT + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_INPUT {
        let hint = "A model reads some thousand words at most; send a part of it.";
        return Err(mistake("Standard input is too long for a question.", hint).into());
    }
    String::from_utf8(bytes).map_err(|_| {
        let hint = "Only text can be sent; convert it to UTF-8 first.";
        mistake("Standard input is not UTF-8 text.", hint).into()
    })
}
