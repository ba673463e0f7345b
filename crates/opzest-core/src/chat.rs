//! Messages between a person and a language model.

use crate::words::words;
use serde::{Deserialize, Serialize};

/// Who speaks, in the roles that chat templates know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

// The names that chat templates and OpenAI-compatible servers use.
words!(Role, "role", { System => "system", User => "user", Assistant => "assistant" });

/// One message as a model reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    pub role: Role,
    pub content: String,
}

impl ChatMessage {
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}
