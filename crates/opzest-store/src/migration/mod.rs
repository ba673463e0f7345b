//! The store's versions. Migrations are only ever added at the end: version n is what the first n files
//! make of an empty database. Each runs in a transaction of its own together with its version number,
//! so a killed process leaves a store of one version or the next.

use crate::error::{During, StoreError};
use rusqlite::{Connection, TransactionBehavior};

/// "OpZs": marks the file as ours in its header.
pub(crate) const APPLICATION_ID: i32 = 0x4F70_5A73;

pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration { name: $name, sql: include_str!(concat!($name, ".sql")) }),+]
    };
}

pub(crate) const MIGRATIONS: &[Migration] = migrations![
    "0001_conversations",
    "0002_models_and_settings",
    "0003_search",
    "0004_sessions",
    "0005_put_aside",
    "0006_training",
    "0007_soft_labels"
];

/// The version that this program writes.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// Brings a store from the version it has to that of the last migration. The caller has made sure that
/// it is ours and not newer. Foreign keys must be off: a migration may rebuild a table that others
/// refer to, and what it leaves is checked before it is committed.
pub(crate) fn migrate(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    const DOING: &str = "bringing the store up to date";
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .during(DOING)?;
    for (version, migration) in (1u32..).zip(migrations).skip(found as usize) {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .during(DOING)?;
        transaction.execute_batch(migration.sql).during(DOING)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .during(DOING)?;
        transaction
            .pragma_update(None, "user_version", version)
            .during(DOING)?;
        let mut dangling = 0;
        transaction
            .pragma_query(None, "foreign_key_check", |_| {
                dangling += 1;
                Ok(())
            })
            .during(DOING)?;
        if dangling > 0 {
            return Err(StoreError::Damaged {
                doing: DOING,
                details: format!("{dangling} rows refer to rows that do not exist"),
            });
        }
        transaction.commit().during(DOING)?;
        tracing::info!(version, name = migration.name, "store migrated");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
