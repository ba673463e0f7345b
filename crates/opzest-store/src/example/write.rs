//! Writing a whole row: its columns, its texts, and what follows from them.

use crate::column::{signed, to_json};
use opzest_core::artifact::Artifact;
use opzest_core::dataset::{ExampleSide, StoredExample};
use rusqlite::{Connection, named_params};
use sha2::{Digest, Sha256};

/// Adds a row, or replaces it. Sizes, state and content hash are taken from the texts.
pub(crate) fn put(connection: &Connection, example: &StoredExample) -> rusqlite::Result<()> {
    let summary = &example.summary;
    let prompt = to_json(&example.prompt);
    let (chosen, rejected) = (example.chosen.as_ref(), example.rejected.as_ref());
    let hash = chosen.map(|chosen| content_hash(&prompt, &chosen.text, text(rejected)));
    let seq: i64 = connection
        .prepare_cached(include_str!("put.sql"))?
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
    connection
        .prepare_cached(include_str!("put_text.sql"))?
        .execute(named_params! {
            ":seq": seq,
            ":prompt": prompt,
            ":chosen": text(chosen),
            ":chosen_reasoning": chosen.map(|side| side.reasoning.as_str()),
            ":chosen_artifact": artifact(chosen).map(to_json),
            ":chosen_words": chosen.map(|side| side.words.as_str()),
            ":rejected": text(rejected),
            ":rejected_reasoning": rejected.map(|side| side.reasoning.as_str()),
            ":rejected_artifact": artifact(rejected).map(to_json),
            ":rejected_words": rejected.map(|side| side.words.as_str()),
        })?;
    Ok(())
}

/// Names what a row says, whatever its id: 16 bytes of a SHA-256.
pub(super) fn content_hash(prompt: &str, chosen: &str, rejected: Option<&str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    // Lengths keep the parts apart.
    for part in [Some(prompt), Some(chosen), rejected].into_iter().flatten() {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].to_vec()
}

fn text(side: Option<&ExampleSide>) -> Option<&str> {
    side.map(|side| side.text.as_str())
}

fn artifact(side: Option<&ExampleSide>) -> Option<&Artifact> {
    side.and_then(|side| side.artifact.as_ref())
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
