//! What a row is outside OpZest: the conversational preference format that TRL and Axolotl read (`prompt`,
//! `chosen` and `rejected` as lists of messages), and our own columns beside it. JSON Lines and Parquet have
//! the same columns.
//!
//! Not here: the token probabilities. They are many times the text, and no other program's format has them.

use crate::sessions::Names;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::dataset::{ExampleSide, StoredExample};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    /// A list of two texts each, of these names.
    Pairs([&'static str; 2]),
}

const MESSAGES: Kind = Kind::Pairs(["role", "content"]);
const FILES: Kind = Kind::Pairs(["name", "text"]);

/// A row with what is exported of the store beside it.
pub(super) struct Exported<'a> {
    pub(super) row: &'a StoredExample,
    pub(super) names: &'a Names,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// It may be null.
    pub(super) optional: bool,
    pub(super) value: fn(&Exported<'_>) -> Value,
}

const fn required(name: &'static str, kind: Kind, value: fn(&Exported<'_>) -> Value) -> Column {
    Column {
        name,
        kind,
        optional: false,
        value,
    }
}

const fn optional(name: &'static str, kind: Kind, value: fn(&Exported<'_>) -> Value) -> Column {
    Column {
        name,
        kind,
        optional: true,
        value,
    }
}

/// All columns, in the order of the file.
pub(super) const COLUMNS: &[Column] = &[
    required("prompt", MESSAGES, |of| json!(of.row.prompt)),
    // Only rows with something chosen are exported.
    required("chosen", MESSAGES, |of| {
        json!(
            of.row
                .chosen
                .as_slice()
                .iter()
                .map(answer)
                .collect::<Vec<_>>()
        )
    }),
    optional("rejected", MESSAGES, |of| {
        json!(of.row.rejected.as_ref().map(|side| [answer(side)]))
    }),
    required("id", Kind::Text, |of| json!(of.row.summary.id)),
    required("use_case", Kind::Text, |of| {
        json!(of.names.get(of.row.summary.use_case))
    }),
    optional("session", Kind::Text, |of| json!(of.row.summary.session)),
    optional("step", Kind::Text, |of| json!(of.row.summary.step)),
    required("group", Kind::Text, |of| json!(of.row.summary.group)),
    optional("workflow", Kind::Text, |of| json!(of.row.summary.workflow)),
    required("scope", Kind::Text, |of| {
        json!(of.row.summary.scope.as_str())
    }),
    required("split", Kind::Text, |of| {
        json!(of.row.summary.split.as_str())
    }),
    optional("reason", Kind::Text, |of| {
        json!(of.row.summary.reason.map(|reason| reason.as_str()))
    }),
    required("by_hand", Kind::Flag, |of| json!(of.row.summary.by_hand)),
    required("overruled", Kind::Flag, |of| {
        json!(of.row.summary.overruled)
    }),
    optional("chosen_reasoning", Kind::Text, |of| {
        reasoning(&of.row.chosen)
    }),
    optional("chosen_files", FILES, |of| files(&of.row.chosen)),
    optional("chosen_words", Kind::Text, |of| words(&of.row.chosen)),
    optional("chosen_model", Kind::Text, |of| model(&of.row.chosen)),
    optional("chosen_model_id", Kind::Text, |of| model_id(&of.row.chosen)),
    optional("chosen_prompt_version", Kind::Number, |of| {
        version(&of.row.chosen)
    }),
    optional("chosen_cycle", Kind::Number, |of| cycle(&of.row.chosen)),
    optional("chosen_edited", Kind::Flag, |of| edited(&of.row.chosen)),
    optional("rejected_reasoning", Kind::Text, |of| {
        reasoning(&of.row.rejected)
    }),
    optional("rejected_files", FILES, |of| files(&of.row.rejected)),
    optional("rejected_words", Kind::Text, |of| words(&of.row.rejected)),
    optional("rejected_model", Kind::Text, |of| model(&of.row.rejected)),
    optional("rejected_model_id", Kind::Text, |of| {
        model_id(&of.row.rejected)
    }),
    optional("rejected_prompt_version", Kind::Number, |of| {
        version(&of.row.rejected)
    }),
    optional("rejected_cycle", Kind::Number, |of| cycle(&of.row.rejected)),
    optional("rejected_edited", Kind::Flag, |of| edited(&of.row.rejected)),
    required("created_at_ms", Kind::Number, |of| {
        json!(of.row.summary.created_at)
    }),
];

type Side = Option<ExampleSide>;

fn answer(side: &ExampleSide) -> ChatMessage {
    ChatMessage::new(Role::Assistant, &*side.text)
}

fn reasoning(side: &Side) -> Value {
    json!(side.as_ref().map(|side| &side.reasoning))
}

fn files(side: &Side) -> Value {
    json!(side.as_ref().and_then(|side| side.artifact.as_ref()))
}

fn words(side: &Side) -> Value {
    json!(side.as_ref().map(|side| &side.words))
}

fn model(side: &Side) -> Value {
    let model = side.as_ref().and_then(|side| side.model.as_ref());
    json!(model.map(|model| &model.name))
}

fn model_id(side: &Side) -> Value {
    let model = side.as_ref().and_then(|side| side.model.as_ref());
    json!(model.map(|model| &model.id))
}

fn version(side: &Side) -> Value {
    json!(side.as_ref().map(|side| side.prompt_version))
}

fn cycle(side: &Side) -> Value {
    json!(side.as_ref().map(|side| side.cycle))
}

fn edited(side: &Side) -> Value {
    json!(side.as_ref().map(|side| side.edited))
}

/// A JSON object with all columns in their order.
impl Serialize for Exported<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(COLUMNS.len()))?;
        for column in COLUMNS {
            object.serialize_entry(column.name, &(column.value)(self))?;
        }
        object.end()
    }
}
