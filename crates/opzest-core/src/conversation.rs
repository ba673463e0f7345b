//! Conversations with a model: what is kept of them.
//!
//! A conversation is a row of positions. A question has one text; an answer may have several variants
//! (it was regenerated), one of which is selected. How answers are made is not decided here.

use crate::chat::{ChatMessage, Role};
use crate::ids::{ConversationId, MessageId, ModelId, UseCaseId};
use crate::words::words;
use serde::{Deserialize, Serialize};

/// Who may ever see it: decides which models it may use and whether it may leave this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    Private,
    Communal,
}

words!(Scope, "scope", { Private => "private", Communal => "communal" });

/// How far a message is. A question is always `Complete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being written right now.
    Streaming,
    Complete,
    /// Stopped by the user; the text so far is kept.
    Stopped,
    /// Cut at the token limit of the settings.
    CutByLimit,
    /// Cut because the context is full.
    CutByContext,
    /// The app or the model's process ended while it was written; the text so far is kept.
    Interrupted,
    Failed,
}

words!(MessageStatus, "message status", {
    Streaming => "streaming",
    Complete => "complete",
    Stopped => "stopped",
    CutByLimit => "cut_by_limit",
    CutByContext => "cut_by_context",
    Interrupted => "interrupted",
    Failed => "failed",
});

/// What one answer cost. Token counts are the model's own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AnswerStats {
    pub prompt_tokens: u32,
    /// Of the prompt's tokens, those reused from an earlier request.
    pub cached_tokens: u32,
    pub answer_tokens: u32,
    /// From the request to the first token.
    pub reading_ms: u32,
    pub tokens_per_second: f32,
    /// Tokens of the context in use after this answer, and how many it holds.
    pub context_used: u32,
    pub context_size: u32,
}

/// Why an answer failed, as the user was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerError {
    pub code: String,
    pub message: String,
    pub hint: String,
}

/// A model as it was called when it was used; it may be gone by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelName {
    pub id: ModelId,
    pub name: String,
}

/// One message: a question, or one variant of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub role: Role,
    pub text: String,
    pub status: MessageStatus,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds; unknown while streaming and for an interrupted answer.
    pub finished_at: Option<u64>,
    pub model: Option<ModelName>,
    pub stats: Option<AnswerStats>,
    pub error: Option<AnswerError>,
    /// Why the model stopped, in its own word.
    pub finish: Option<String>,
    /// All messages at this position, oldest first, this one included.
    pub variants: Vec<MessageId>,
}

impl Message {
    /// The message as a model reads it.
    pub fn to_chat(&self) -> ChatMessage {
        ChatMessage::new(self.role, self.text.clone())
    }
}

/// A conversation as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    pub id: ConversationId,
    pub use_case: UseCaseId,
    pub title: String,
    /// The user named it; otherwise the title was taken from the first question.
    pub title_is_users: bool,
    pub scope: Scope,
    /// The model of the last answer.
    pub model: Option<ModelId>,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds of the last turn; renaming does not count.
    pub updated_at: u64,
    /// Positions: variants of an answer count once.
    pub message_count: u32,
    /// Where a search found something.
    pub hit: Option<Vec<HitPart>>,
}

/// A piece of the text around a search hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitPart {
    pub text: String,
    pub matches: bool,
}

/// One conversation with the selected message at each position, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub summary: ConversationSummary,
    pub messages: Vec<Message>,
}

/// The longest title made from a question, in characters.
const TITLE_CHARS: usize = 60;

/// A title from the first words of a question: its first line with text, cut at a word where possible.
pub fn title_from(question: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = question
        .lines()
        .map(words)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let Some((cut, _)) = line.char_indices().nth(TITLE_CHARS) else {
        return line;
    };
    // A space in the second half is a good place; a long word, or a script without spaces, is cut.
    let end = line[..cut]
        .rfind(' ')
        .filter(|&space| space >= cut / 2)
        .unwrap_or(cut);
    format!("{}…", &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for &status in MessageStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for &scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        let error = "public".parse::<Scope>().expect_err("not a scope");
        assert_eq!(error.to_string(), "`public` is not a scope");
    }

    #[test]
    fn the_database_word_is_the_serde_word() {
        for &status in MessageStatus::ALL {
            let json = serde_json::to_string(&status).expect("an enum serialises");
            assert_eq!(json, format!("\"{status}\""));
        }
    }

    #[test]
    fn titles_are_the_first_words() {
        assert_eq!(title_from("  Hello\tthere  "), "Hello there");
        assert_eq!(title_from("\n\n first line\nsecond"), "first line");
        assert_eq!(title_from(" \n "), "");
        assert_eq!(
            title_from(
                "Please write a letter to my landlord about the broken heating in the kitchen"
            ),
            "Please write a letter to my landlord about the broken…"
        );
        let long_word = "漢".repeat(100);
        assert_eq!(title_from(&long_word), format!("{}…", "漢".repeat(60)));
    }
}
