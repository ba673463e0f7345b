//! Reading columns by name into domain types, and the few values that SQLite stores in another form.

use opzest_core::conversation::ModelName;
use opzest_core::ids::ModelId;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::str::FromStr;

/// A text column that holds an id or a word.
pub(crate) fn parsed<T>(row: &Row<'_>, name: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    let text: String = row.get(name)?;
    parse(row, name, &text)
}

/// The same for a column that may be NULL.
pub(crate) fn parsed_optional<T>(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(name)?;
    text.map(|text| parse(row, name, &text)).transpose()
}

fn parse<T>(row: &Row<'_>, name: &str, text: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| {
        let index = row.as_ref().column_index(name).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// A text column that holds JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, name: &str) -> rusqlite::Result<T> {
    let text: String = row.get(name)?;
    from_json(row, name, &text)
}

/// The same for a column that may be NULL.
pub(crate) fn json_optional<T: DeserializeOwned>(
    row: &Row<'_>,
    name: &str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(name)?;
    text.map(|text| from_json(row, name, &text)).transpose()
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, name: &str, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let index = row.as_ref().column_index(name).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// A domain value as a column holds it.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("domain types have string keys and finite numbers")
}

/// A model that was used, from two columns; `None` if they are NULL.
pub(crate) fn model_name(
    row: &Row<'_>,
    id: &str,
    name: &str,
) -> rusqlite::Result<Option<ModelName>> {
    let Some(id) = parsed_optional::<ModelId>(row, id)? else {
        return Ok(None);
    };
    let name = row.get(name)?;
    Ok(Some(ModelName { id, name }))
}

/// A count, size or time, none of which is ever negative here.
pub(crate) fn unsigned(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(name)?;
    to_unsigned(row, name, value)
}

/// The same for a column that may be NULL.
pub(crate) fn unsigned_optional(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(name)?;
    value.map(|value| to_unsigned(row, name, value)).transpose()
}

fn to_unsigned(row: &Row<'_>, name: &str, value: i64) -> rusqlite::Result<u64> {
    u64::try_from(value).map_err(|_| {
        let index = row.as_ref().column_index(name).unwrap_or_default();
        rusqlite::Error::IntegralValueOutOfRange(index, value)
    })
}

/// SQLite's integers are signed; nothing the app counts reaches their end.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
