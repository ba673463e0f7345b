//! The rows of labels after the fact: what a local model makes of an accepted text that it has not written.

use crate::column::parsed;
use crate::soft_labels::{Label, NewLabel};
use crate::trace::decode_trace;
use opzest_core::conversation::ModelName;
use opzest_core::ids::ExampleId;
use rusqlite::{Connection, OptionalExtension, named_params};

/// In the place of the one that is there.
pub(crate) fn put(connection: &Connection, new: &NewLabel<'_>, now: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("put.sql"))?
        .execute(named_params! {
            ":example_id": new.example.to_string(),
            ":model_id": new.model.id.as_str(),
            ":model_name": new.model.name,
            ":tokenizer": new.tokenizer,
            ":tokens": new.tokens,
            ":now": crate::column::signed(now),
            ":data": new.data,
        })?;
    Ok(())
}

/// Of a row whose chosen text is another one from now on.
pub(crate) fn delete(connection: &Connection, example: ExampleId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":example_id": example.to_string() })?;
    Ok(())
}

pub(crate) fn one(connection: &Connection, example: ExampleId) -> rusqlite::Result<Option<Label>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(
            named_params! { ":example_id": example.to_string() },
            |row| {
                let data: Vec<u8> = row.get("data")?;
                Ok(Label {
                    model: ModelName {
                        id: parsed(row, "model_id")?,
                        name: row.get("model_name")?,
                    },
                    tokenizer: row.get("tokenizer")?,
                    records: decode_trace(&data),
                })
            },
        )
        .optional()
}
