//! The model registry. Removing a model never touches its file.

use crate::column::{parsed, parsed_optional, signed, unsigned, unsigned_optional};
use crate::error::ModelNeed;
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelMetadata, RegisteredModel};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// In the order in which they were added.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<RegisteredModel>> {
    let mut statement = connection.prepare_cached(include_str!("all.sql"))?;
    let rows = statement.query_map([], from_row)?;
    rows.collect()
}

pub(crate) fn one(
    connection: &Connection,
    id: &ModelId,
) -> rusqlite::Result<Option<RegisteredModel>> {
    connection
        .prepare_cached(include_str!("one.sql"))?
        .query_row(named_params! { ":id": id.as_str() }, from_row)
        .optional()
}

/// The model that is at the same place: the same file, or the same model of the same server.
pub(crate) fn same_place(
    connection: &Connection,
    details: &ModelDetails,
) -> rusqlite::Result<Option<ModelId>> {
    connection
        .prepare_cached(include_str!("same_place.sql"))?
        .query_row(
            named_params! {
                ":kind": details.kind.as_str(),
                ":location": details.location,
                ":remote_name": details.remote_name,
            },
            |row| parsed(row, "id"),
        )
        .optional()
}

/// Why a model cannot be removed, if something needs it: what comes first of a model that was trained on it, a run
/// that is not over, and a use case that works with it.
pub(crate) fn needed_by(
    connection: &Connection,
    id: &ModelId,
) -> rusqlite::Result<Option<ModelNeed>> {
    connection
        .prepare_cached(include_str!("needed_by.sql"))?
        .query_row(named_params! { ":id": id.as_str() }, |row| {
            let name = row.get("name")?;
            let need: String = row.get("need")?;
            Ok(match need.as_str() {
                "base" => ModelNeed::Base(name),
                "run" => ModelNeed::Run(name),
                _ => ModelNeed::UseCase(name),
            })
        })
        .optional()
}

/// Has a model of this id ever been promoted? Then no other model gets it: going back would lead to the wrong one.
pub(crate) fn was_promoted(connection: &Connection, id: &ModelId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("was_promoted.sql"))?
        .query_row(named_params! { ":id": id.as_str() }, |row| {
            row.get("was_promoted")
        })
}

/// Inserts the model, or replaces the details of the one with this id.
pub(crate) fn put(
    connection: &Connection,
    id: &ModelId,
    details: &ModelDetails,
    now: u64,
) -> rusqlite::Result<()> {
    let metadata = &details.metadata;
    connection
        .prepare_cached(include_str!("put.sql"))?
        .execute(named_params! {
            ":id": id.as_str(),
            ":kind": details.kind.as_str(),
            ":name": details.name,
            ":location": details.location,
            ":remote_name": details.remote_name,
            ":base_model_id": details.base.as_ref().map(ModelId::as_str),
            ":file_bytes": metadata.file_bytes.map(signed),
            ":file_modified_at": metadata.file_modified_at.map(signed),
            ":architecture": metadata.architecture,
            ":parameter_count": metadata.parameter_count.map(signed),
            ":quantisation": metadata.quantisation,
            ":trained_context": metadata.trained_context,
            ":licence": metadata.licence,
            ":added_at": signed(now),
        })?;
    Ok(())
}

pub(crate) fn delete(connection: &Connection, id: &ModelId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("delete.sql"))?
        .execute(named_params! { ":id": id.as_str() })?;
    Ok(())
}

pub(crate) fn deselect(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("deselect.sql"))?
        .execute([])?;
    Ok(())
}

/// How many rows were changed: 0 or 1.
pub(crate) fn select(connection: &Connection, id: &ModelId) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(include_str!("select.sql"))?
        .execute(named_params! { ":id": id.as_str() })
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<RegisteredModel> {
    Ok(RegisteredModel {
        id: parsed(row, "id")?,
        details: ModelDetails {
            kind: parsed(row, "kind")?,
            name: row.get("name")?,
            location: row.get("location")?,
            remote_name: row.get("remote_name")?,
            base: parsed_optional(row, "base_model_id")?,
            metadata: ModelMetadata {
                file_bytes: unsigned_optional(row, "file_bytes")?,
                file_modified_at: unsigned_optional(row, "file_modified_at")?,
                architecture: row.get("architecture")?,
                parameter_count: unsigned_optional(row, "parameter_count")?,
                quantisation: row.get("quantisation")?,
                trained_context: row.get("trained_context")?,
                licence: row.get("licence")?,
            },
        },
        added_at: unsigned(row, "added_at")?,
        selected: row.get("selected")?,
    })
}
