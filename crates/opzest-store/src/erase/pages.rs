//! Wiping the unused parts of all pages, a few at a time, while others write.
//!
//! Only pages that hold something to wipe are written, each few in a transaction of their own: writers wait
//! some milliseconds, and no second copy of the file is needed (VACUUM blocks them for seconds, and needs it).

use super::slack::{MOST_PAGES, wipe};
use crate::error::{During, StoreError};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::time::Duration;

const DOING: &str = "erasing deleted text";

/// Pages that are looked at in one go.
const LOOKED_AT: u32 = 256;
/// Pages that are written in one transaction.
const WRITTEN: usize = 64;

/// Between two of them: who waits for its turn looks only now and then.
const PAUSE: Duration = Duration::from_millis(1);

/// How a wiping ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wiped {
    All,
    /// It was told to stop.
    Part,
}

/// Wipes what deleted rows have left in the database's pages. `go_on` is asked every few pages.
pub(super) fn wipe_all(
    connection: &mut Connection,
    go_on: &dyn Fn() -> bool,
) -> Result<Wiped, StoreError> {
    let pages: u32 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .during(DOING)?;
    if pages > MOST_PAGES || !has_pages_table(connection)? {
        // Blocks everyone else, but leaves nothing.
        connection.execute_batch("VACUUM").during(DOING)?;
        return Ok(Wiped::All);
    }
    let reserved = reserved_bytes(connection)?;
    let mut from = 1;
    while from <= pages {
        if !go_on() {
            return Ok(Wiped::Part);
        }
        let to = pages.min(from + LOOKED_AT - 1);
        let dirty = dirty_pages(connection, from, to, reserved)?;
        for some in dirty.chunks(WRITTEN) {
            wipe_pages(connection, some, reserved)?;
            std::thread::sleep(PAUSE);
        }
        from = to + 1;
    }
    Ok(Wiped::All)
}

/// SQLite has it only when it is built with it (.cargo/config.toml).
fn has_pages_table(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row(include_str!("has_pages.sql"), [], |row| row.get("found"))
        .during(DOING)
}

/// At the end of each page, used by encryption: <https://www.sqlite.org/fileformat2.html#resbyte>.
fn reserved_bytes(connection: &Connection) -> Result<usize, StoreError> {
    let first = page(connection, 1).during(DOING)?.unwrap_or_default();
    Ok(first.get(20).copied().map_or(0, usize::from))
}

fn page(connection: &Connection, number: u32) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(include_str!("page.sql"))?
        .query_row([number], |row| row.get("data"))
        .optional()
}

fn wiped(mut data: Vec<u8>, number: u32, reserved: usize) -> Option<Vec<u8>> {
    let usable = data.len().checked_sub(reserved)?;
    wipe(&mut data[..usable], number == 1).then_some(data)
}

fn dirty_pages(
    connection: &Connection,
    from: u32,
    to: u32,
    reserved: usize,
) -> Result<Vec<u32>, StoreError> {
    let mut dirty = Vec::new();
    for number in from..=to {
        // Gone, if the file was made shorter meanwhile.
        if let Some(data) = page(connection, number).during(DOING)?
            && wiped(data, number, reserved).is_some()
        {
            dirty.push(number);
        }
    }
    Ok(dirty)
}

/// Reads the pages again, as nobody else can write now.
fn wipe_pages(
    connection: &mut Connection,
    numbers: &[u32],
    reserved: usize,
) -> Result<(), StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .during(DOING)?;
    for &number in numbers {
        if let Some(data) = page(&transaction, number).during(DOING)?
            && let Some(clean) = wiped(data, number, reserved)
        {
            transaction
                .prepare_cached(include_str!("write_page.sql"))
                .and_then(|mut statement| statement.execute((number, clean)))
                .during(DOING)?;
        }
    }
    transaction.commit().during(DOING)
}
