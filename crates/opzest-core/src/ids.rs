//! Newtype ids. Rows get UUIDv7 ids (sortable by creation time); models get a readable slug, because
//! people type them in a terminal.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// An id that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} id")]
pub struct InvalidId {
    pub kind: &'static str,
    pub text: String,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A UUIDv7 from a Unix time in milliseconds and 10 random bytes.
            pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| InvalidId { kind: $kind, text: text.to_owned() })
            }
        }
    };
}

uuid_id!(
    /// One conversation with a model.
    ConversationId, "conversation"
);
uuid_id!(
    /// One message of a conversation.
    MessageId, "message"
);
uuid_id!(
    /// A user-named kind of work ("my e-mails"); selects rows, readiness and models.
    UseCaseId, "use case"
);

uuid_id!(
    /// One session: from a request to a product.
    SessionId, "session"
);
uuid_id!(
    /// One step of a session's plan.
    StepId, "step"
);
uuid_id!(
    /// One whole artifact that a worker wrote, or that a user wrote in its place.
    AttemptId, "attempt"
);
uuid_id!(
    /// One row of the dataset.
    ExampleId, "example"
);
uuid_id!(
    /// One generation of a model; names its trace.
    GenerationId, "generation"
);

uuid_id!(
    /// One import into the dataset.
    ImportId, "import"
);

uuid_id!(
    /// One training run: from the rows of a use case to a model.
    TrainingRunId, "training run"
);

impl From<AttemptId> for ExampleId {
    /// An attempt makes one row at most, so the row takes its id: an undone and repeated verdict
    /// makes the same row again.
    fn from(attempt: AttemptId) -> Self {
        Self(attempt.0)
    }
}

/// A model known to the app, as a slug: lower-case letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

impl ModelId {
    /// The id for a model called `name`: what a slug cannot hold becomes `-`.
    /// Returns `None` if nothing is left.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::with_capacity(name.len());
        for c in name.chars().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' | '.' | '_' => slug.push(c),
                _ if slug.ends_with('-') || slug.is_empty() => {}
                _ => slug.push('-'),
            }
        }
        let slug = slug.trim_matches(['-', '.']).to_owned();
        (!slug.is_empty()).then_some(Self(slug))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModelId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let valid = !text.is_empty()
            && text
                .chars()
                .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-'));
        if valid {
            Ok(Self(text))
        } else {
            Err(InvalidId {
                kind: "model",
                text,
            })
        }
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> String {
        id.0
    }
}

impl FromStr for ModelId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_ids_sort_by_creation_time_and_read_back() {
        let early = MessageId::new(1_000, [7; 10]);
        let late = MessageId::new(1_001, [0; 10]);
        assert!(early < late);
        assert_eq!(early.to_string().parse::<MessageId>(), Ok(early));
    }

    #[test]
    fn a_foreign_text_is_refused_by_name() {
        let error = "42".parse::<ConversationId>().expect_err("not a uuid");
        assert_eq!(error.to_string(), "`42` is not a conversation id");
    }

    #[test]
    fn model_ids_are_slugs() {
        let id = |name| ModelId::from_name(name).map(|id| id.to_string());
        assert_eq!(
            id("SmolLM2-135M-Instruct.Q4_1"),
            Some("smollm2-135m-instruct.q4_1".into())
        );
        assert_eq!(id("  Mon modèle (v2) "), Some("mon-mod-le-v2".into()));
        assert_eq!(id("***"), None);
        assert!("../etc/passwd".parse::<ModelId>().is_err());
    }
}
