//! Writing a whole row: its columns, its texts, and what follows from them.

use crate::column::{signed, to_json};
use opzest_core::chat::ChatMessage;
use opzest_core::dataset::{ExampleSide, StoredExample};
use rusqlite::{Connection, named_params};
use sha2::{Digest, Sha256};

/// Adds a row; fails if there is one of its id. Sizes, state and content hash are taken from the texts.
pub(crate) fn add(connection: &Connection, example: &StoredExample) -> rusqlite::Result<()> {
    let sql = concat!(include_str!("insert.sql"), "RETURNING seq");
    write(connection, sql, example)
}

/// The same in the place of the row of its id.
pub(crate) fn replace(connection: &Connection, example: &StoredExample) -> rusqlite::Result<()> {
    let sql = concat!(
        include_str!("insert.sql"),
        include_str!("on_conflict.sql"),
        "RETURNING seq"
    );
    write(connection, sql, example)
}

fn write(connection: &Connection, sql: &str, example: &StoredExample) -> rusqlite::Result<()> {
    let summary = &example.summary;
    let prompt = to_json(&example.prompt);
    let (chosen, rejected) = (example.chosen.as_ref(), example.rejected.as_ref());
    let hash = chosen.map(|chosen| content_hash(&prompt, &chosen.text, text(rejected)));
    let seq: i64 = connection
        .prepare_cached(sql)?
        .query_row(
            named_params! {
                ":id": summary.id.to_string(),
                ":origin": summary.origin.as_str(),
                ":session_id": summary.session.map(|id| id.to_string()),
                ":step_id": summary.step.map(|id| id.to_string()),
                ":import_id": summary.import.map(|id| id.to_string()),
                ":use_case_id": summary.use_case.to_string(),
                ":workflow_id": summary.workflow.as_ref().map(|id| id.as_str()),
                ":scope": summary.scope.as_str(),
                ":split": summary.split.as_str(),
                ":split_group": summary.group,
                ":state": if chosen.is_some() { "complete" } else { "pending" },
                ":reason": summary.reason.filter(|_| rejected.is_some()).map(|reason| reason.as_str()),
                ":title": summary.title,
                ":content_hash": hash,
                ":prompt_bytes": length(&prompt),
                ":chosen_bytes": text(chosen).map(length),
                ":chosen_attempt_id": chosen.and_then(|side| side.attempt).map(|id| id.to_string()),
                ":chosen_generation_id": chosen.and_then(|side| side.generation).map(|id| id.to_string()),
                ":chosen_model_id": model_id(chosen),
                ":chosen_model_name": model_name(chosen),
                ":chosen_prompt_version": chosen.map_or(0, |side| side.prompt_version),
                ":chosen_cycle": chosen.map_or(0, |side| side.cycle),
                ":chosen_edited": chosen.is_some_and(|side| side.edited),
                ":by_hand": summary.by_hand,
                ":overruled": summary.overruled,
                ":rejected_bytes": text(rejected).map(length),
                ":rejected_attempt_id": rejected.and_then(|side| side.attempt).map(|id| id.to_string()),
                ":rejected_generation_id": rejected.and_then(|side| side.generation).map(|id| id.to_string()),
                ":rejected_model_id": model_id(rejected),
                ":rejected_model_name": model_name(rejected),
                ":rejected_prompt_version": rejected.map_or(0, |side| side.prompt_version),
                ":rejected_cycle": rejected.map_or(0, |side| side.cycle),
                ":rejected_edited": rejected.is_some_and(|side| side.edited),
                ":created_at": signed(summary.created_at),
                ":updated_at": signed(summary.updated_at),
            },
            |row| row.get("seq"),
        )?;
    put_text(connection, seq * 4, "", &prompt, "", None)?;
    put_side(connection, seq * 4 + 1, chosen)?;
    put_side(connection, seq * 4 + 2, rejected)
}

fn put_side(connection: &Connection, seq: i64, side: Option<&ExampleSide>) -> rusqlite::Result<()> {
    match side {
        Some(side) => {
            let artifact = side.artifact.as_ref().map(to_json);
            put_text(
                connection,
                seq,
                &side.words,
                &side.text,
                &side.reasoning,
                artifact,
            )
        }
        None => {
            connection
                .prepare_cached(include_str!("delete_text.sql"))?
                .execute(named_params! { ":seq": seq })?;
            Ok(())
        }
    }
}

fn put_text(
    connection: &Connection,
    seq: i64,
    words: &str,
    text: &str,
    reasoning: &str,
    artifact: Option<String>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("put_text.sql"))?
        .execute(named_params! {
            ":seq": seq,
            ":words": words,
            ":text": text,
            ":reasoning": reasoning,
            ":artifact": artifact,
        })?;
    Ok(())
}

/// Names what a complete row says, whatever its id; a pending one has no name yet.
pub(super) fn content_hash_of(example: &StoredExample) -> Option<Vec<u8>> {
    let chosen = example.chosen.as_ref()?;
    Some(content_hash(
        &to_json(&example.prompt),
        &chosen.text,
        text(example.rejected.as_ref()),
    ))
}

fn content_hash(prompt: &str, chosen: &str, rejected: Option<&str>) -> Vec<u8> {
    digest([prompt, chosen].into_iter().chain(rejected)).to_vec()
}

/// The group of imported rows that belong to no other: those with the same prompt.
pub(crate) fn prompt_group(prompt: &[ChatMessage]) -> String {
    let hex = digest([&*to_json(prompt)]).map(|byte| format!("{byte:02x}"));
    format!("prompt {}", hex.concat())
}

/// 16 bytes of a SHA-256.
fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        // Lengths keep the parts apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    *whole.first_chunk().expect("32 bytes are more than 16")
}

fn text(side: Option<&ExampleSide>) -> Option<&str> {
    side.map(|side| side.text.as_str())
}

fn model_id(side: Option<&ExampleSide>) -> Option<&str> {
    side.and_then(|side| side.model.as_ref())
        .map(|model| model.id.as_str())
}

fn model_name(side: Option<&ExampleSide>) -> Option<&str> {
    side.and_then(|side| side.model.as_ref())
        .map(|model| model.name.as_str())
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
