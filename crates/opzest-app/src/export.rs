//! Conversations as files that other programs read.

use crate::dto::{Conversation, ExportFormat, ExportedFile, Message, Speaker};
use serde_json::json;

/// The longest file name made from a title, in characters.
const NAME_CHARS: usize = 60;

pub(crate) fn export(conversation: &Conversation, format: ExportFormat) -> ExportedFile {
    let (extension, content) = match format {
        ExportFormat::Markdown => ("md", markdown(conversation)),
        ExportFormat::Json => ("json", json_text(conversation)),
    };
    ExportedFile {
        file_name: format!("{}.{extension}", file_name(&conversation.summary.title)),
        content,
    }
}

fn speaker(message: &Message) -> &str {
    match message.speaker {
        Speaker::User => "You",
        Speaker::Assistant => message.model_name.as_deref().unwrap_or("Assistant"),
    }
}

fn markdown(conversation: &Conversation) -> String {
    let mut out = format!("# {}\n", conversation.summary.title.replace('\n', " "));
    for message in &conversation.messages {
        out.push_str(&format!(
            "\n**{}**\n\n{}\n",
            speaker(message),
            message.text.trim_end()
        ));
    }
    out
}

fn json_text(conversation: &Conversation) -> String {
    let messages: Vec<_> = conversation
        .messages
        .iter()
        .map(|message| {
            let role = match message.speaker {
                Speaker::User => "user",
                Speaker::Assistant => "assistant",
            };
            json!({
                "role": role,
                "content": message.text,
                "status": message.status,
                "model": message.model_name,
                "created_at_ms": message.created_at,
            })
        })
        .collect();
    let value = json!({
        "format": "opzest-conversation",
        "version": 1,
        "title": conversation.summary.title,
        "created_at_ms": conversation.summary.created_at,
        "messages": messages,
    });
    format!("{value:#}\n")
}

/// A name that every file system takes: letters, digits, spaces, `-` and `_` of the title.
fn file_name(title: &str) -> String {
    let kept: String = title
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                ' '
            }
        })
        .collect();
    let words = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(NAME_CHARS).collect();
    let short = short.trim_end();
    if short.is_empty() {
        "conversation".to_owned()
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe_everywhere() {
        assert_eq!(file_name("../../etc/passwd"), "etc passwd");
        assert_eq!(file_name("What is 1/2 + 1/3?"), "What is 1 2 1 3");
        assert_eq!(file_name("🍋🍋"), "conversation");
        assert_eq!(file_name(&"é".repeat(200)).chars().count(), 60);
    }
}
