//! A row of a file, judged and read.
//!
//! `prompt`, `chosen` and `rejected` have to be right. The other columns are taken where they are ours, and
//! passed over where they are not: other people's files have columns of the same names that mean something else.
//! Only files that are ours and too many make a row bad.

use super::LONGEST_TEXT;
use opzest_core::artifact::{Artifact, ArtifactFile};
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::ModelName;
use opzest_core::dataset::ExampleSide;
use opzest_core::ids::{ExampleId, ModelId, UseCaseId};
use opzest_store::NewExample;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The longest name of a group, in bytes.
const LONGEST_GROUP: usize = 200;

/// What is wrong with a row of a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadRow {
    #[error("it is longer than 16 MB")]
    TooLong,
    #[error("it is not UTF-8 text")]
    NotUtf8,
    #[error("it is not JSON: {source}")]
    NotJson { source: serde_json::Error },
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("`{column}` is missing")]
    Missing { column: &'static str },
    #[error("`{column}` is neither a text nor a list of messages with `role` and `content`")]
    NotMessages { column: &'static str },
    #[error(
        "`{column}` has a message of the role `{role}`: only system, user and assistant are known"
    )]
    Role { column: &'static str, role: String },
    #[error("`{column}` is empty")]
    Empty { column: &'static str },
    #[error("the last message of `prompt` is not the user's")]
    NotAsked,
    #[error("`{column}` is not one message of the assistant")]
    NotOneAnswer { column: &'static str },
    #[error(
        "`{column}` has {files} files, and {} is the most",
        Artifact::MOST_FILES
    )]
    TooManyFiles { column: String, files: usize },
}

/// An object of the file.
pub(super) type Object = Map<String, Value>;

/// The row in an object.
pub(super) fn row(
    object: &Object,
    id: ExampleId,
    use_case: UseCaseId,
) -> Result<NewExample, BadRow> {
    let prompt = prompt(object)?;
    let chosen = answer(object, "chosen", &prompt)?.ok_or(BadRow::Missing { column: "chosen" })?;
    if chosen.trim().is_empty() {
        return Err(BadRow::Empty { column: "chosen" });
    }
    let rejected = answer(object, "rejected", &prompt)?;
    let texts = prompt.iter().map(|message| message.content.len());
    let bytes = texts.sum::<usize>() + chosen.len() + rejected.as_ref().map_or(0, String::len);
    if bytes > LONGEST_TEXT {
        return Err(BadRow::TooLong);
    }
    let group = text(object, "group").filter(|group| group.len() <= LONGEST_GROUP);
    Ok(NewExample {
        id,
        use_case,
        scope: word(object, "scope").unwrap_or_default(),
        workflow: word(object, "workflow"),
        group: group.map(str::to_owned),
        split: word(object, "split"),
        reason: word(object, "reason").filter(|_| rejected.is_some()),
        by_hand: flag(object, "by_hand"),
        overruled: flag(object, "overruled"),
        chosen: side(object, "chosen", chosen)?,
        rejected: rejected
            .map(|text| side(object, "rejected", text))
            .transpose()?,
        prompt,
    })
}

fn prompt(object: &Object) -> Result<Vec<ChatMessage>, BadRow> {
    let column = "prompt";
    let prompt = match value(object, column).ok_or(BadRow::Missing { column })? {
        Value::String(text) => vec![ChatMessage::new(Role::User, text)],
        messages => messages_of(messages, column)?,
    };
    let last = prompt.last().ok_or(BadRow::Empty { column })?;
    if last.role != Role::User {
        return Err(BadRow::NotAsked);
    }
    match last.content.trim().is_empty() {
        true => Err(BadRow::Empty { column }),
        false => Ok(prompt),
    }
}

/// The text of one side. Nothing, an empty list and an empty text mean that there is none; an empty message is one:
/// a model wrote nothing.
fn answer(
    object: &Object,
    column: &'static str,
    prompt: &[ChatMessage],
) -> Result<Option<String>, BadRow> {
    let messages = match value(object, column) {
        None => return Ok(None),
        Some(Value::String(text)) => {
            return match text.trim().is_empty() {
                true if column == "chosen" => Err(BadRow::Empty { column }),
                true => Ok(None),
                false => Ok(Some(text.clone())),
            };
        }
        Some(Value::Array(none)) if none.is_empty() => return Ok(None),
        Some(messages) => messages_of(messages, column)?,
    };
    // Some files repeat the prompt on both sides.
    match messages.strip_prefix(prompt).unwrap_or(&messages) {
        [only] if only.role == Role::Assistant => Ok(Some(only.content.clone())),
        _ => Err(BadRow::NotOneAnswer { column }),
    }
}

fn messages_of(value: &Value, column: &'static str) -> Result<Vec<ChatMessage>, BadRow> {
    let list = value.as_array().ok_or(BadRow::NotMessages { column })?;
    let message = |message: &Value| {
        let part = |name| message.get(name).and_then(Value::as_str);
        let role = part("role").ok_or(BadRow::NotMessages { column })?;
        let content = part("content").ok_or(BadRow::NotMessages { column })?;
        let role = role.parse().map_err(|_| BadRow::Role {
            column,
            role: role.chars().take(40).collect(),
        })?;
        Ok(ChatMessage::new(role, content))
    };
    list.iter().map(message).collect()
}

fn side(object: &Object, side: &str, text: String) -> Result<ExampleSide, BadRow> {
    let column = |name| format!("{side}_{name}");
    let files: Option<Vec<ArtifactFile>> = typed(object, &column("files"));
    if let Some(files) = &files
        && files.len() > Artifact::MOST_FILES
    {
        return Err(BadRow::TooManyFiles {
            column: column("files"),
            files: files.len(),
        });
    }
    Ok(ExampleSide {
        text,
        reasoning: owned(object, &column("reasoning")),
        artifact: files.map(|files| files.into_iter().collect()),
        words: owned(object, &column("words")),
        attempt: None,
        generation: None,
        model: model(object, &column("model"), &column("model_id")),
        prompt_version: typed(object, &column("prompt_version")).unwrap_or_default(),
        cycle: typed(object, &column("cycle")).unwrap_or_default(),
        edited: flag(object, &column("edited")),
        has_trace: false,
    })
}

fn model(object: &Object, name: &str, id: &str) -> Option<ModelName> {
    let name = text(object, name)?;
    let id = word(object, id).or_else(|| ModelId::from_name(name))?;
    Some(ModelName {
        id,
        name: name.to_owned(),
    })
}

/// What stands in a column; null is nothing.
fn value<'a>(object: &'a Object, column: &str) -> Option<&'a Value> {
    object.get(column).filter(|value| !value.is_null())
}

fn typed<T: DeserializeOwned>(object: &Object, column: &str) -> Option<T> {
    let value = value(object, column)?;
    serde_json::from_value(value.clone()).ok()
}

fn text<'a>(object: &'a Object, column: &str) -> Option<&'a str> {
    let text = value(object, column)?.as_str()?;
    (!text.trim().is_empty()).then_some(text)
}

fn owned(object: &Object, column: &str) -> String {
    let text = value(object, column).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn word<T: FromStr>(object: &Object, column: &str) -> Option<T> {
    text(object, column)?.parse().ok()
}

fn flag(object: &Object, column: &str) -> bool {
    value(object, column)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}
