//! Rows of the dataset as the domain's types.

use crate::column::{json, json_optional, model_name, parsed, parsed_optional, unsigned};
use opzest_core::dataset::{ExampleSide, ExampleSummary, SideSummary, StoredExample};
use rusqlite::Row;

/// The longest piece of the user's words in a list, in characters.
const WORDS_CHARS: usize = 160;

/// From a query with the columns of `whole.sql`.
pub(super) fn whole(row: &Row<'_>) -> rusqlite::Result<StoredExample> {
    let chosen = side(row, &CHOSEN)?;
    let rejected = side(row, &REJECTED)?;
    let words = [&rejected, &chosen]
        .into_iter()
        .flatten()
        .map(|side| side.words.as_str())
        .find(|words| !words.is_empty())
        .unwrap_or_default();
    Ok(StoredExample {
        summary: summary(row, words)?,
        prompt: json(row, "prompt")?,
        chosen,
        rejected,
    })
}

/// From a query with the columns of `list.sql`; `words` is the beginning of the user's words.
pub(super) fn summary(row: &Row<'_>, words: &str) -> rusqlite::Result<ExampleSummary> {
    Ok(ExampleSummary {
        id: parsed(row, "id")?,
        origin: parsed(row, "origin")?,
        session: parsed_optional(row, "session_id")?,
        step: parsed_optional(row, "step_id")?,
        import: parsed_optional(row, "import_id")?,
        use_case: parsed(row, "use_case_id")?,
        workflow: parsed_optional(row, "workflow_id")?,
        scope: parsed(row, "scope")?,
        split: parsed(row, "split")?,
        group: row.get("split_group")?,
        state: parsed(row, "state")?,
        reason: parsed_optional(row, "reason")?,
        by_hand: row.get("by_hand")?,
        overruled: row.get("overruled")?,
        title: row.get("title")?,
        words: one_line(words),
        prompt_bytes: row.get("prompt_bytes")?,
        chosen: side_summary(row, &CHOSEN)?,
        rejected: side_summary(row, &REJECTED)?,
        created_at: unsigned(row, "created_at")?,
        updated_at: unsigned(row, "updated_at")?,
        hit: None,
    })
}

fn one_line(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The columns of one side.
struct Columns {
    text: &'static str,
    reasoning: &'static str,
    artifact: &'static str,
    words: &'static str,
    bytes: &'static str,
    attempt: &'static str,
    generation: &'static str,
    model_id: &'static str,
    model_name: &'static str,
    prompt_version: &'static str,
    cycle: &'static str,
    edited: &'static str,
    trace: &'static str,
}

const CHOSEN: Columns = Columns {
    text: "chosen",
    reasoning: "chosen_reasoning",
    artifact: "chosen_artifact",
    words: "chosen_words",
    bytes: "chosen_bytes",
    attempt: "chosen_attempt_id",
    generation: "chosen_generation_id",
    model_id: "chosen_model_id",
    model_name: "chosen_model_name",
    prompt_version: "chosen_prompt_version",
    cycle: "chosen_cycle",
    edited: "chosen_edited",
    trace: "chosen_trace",
};

const REJECTED: Columns = Columns {
    text: "rejected",
    reasoning: "rejected_reasoning",
    artifact: "rejected_artifact",
    words: "rejected_words",
    bytes: "rejected_bytes",
    attempt: "rejected_attempt_id",
    generation: "rejected_generation_id",
    model_id: "rejected_model_id",
    model_name: "rejected_model_name",
    prompt_version: "rejected_prompt_version",
    cycle: "rejected_cycle",
    edited: "rejected_edited",
    trace: "rejected_trace",
};

fn side_summary(row: &Row<'_>, columns: &Columns) -> rusqlite::Result<Option<SideSummary>> {
    let Some(bytes) = row.get(columns.bytes)? else {
        return Ok(None);
    };
    Ok(Some(SideSummary {
        bytes,
        model: model_name(row, columns.model_id, columns.model_name)?,
        edited: row.get(columns.edited)?,
        has_trace: row.get(columns.trace)?,
    }))
}

fn side(row: &Row<'_>, columns: &Columns) -> rusqlite::Result<Option<ExampleSide>> {
    let Some(text) = row.get(columns.text)? else {
        return Ok(None);
    };
    Ok(Some(ExampleSide {
        text,
        reasoning: row.get(columns.reasoning)?,
        artifact: json_optional(row, columns.artifact)?,
        words: row.get(columns.words)?,
        attempt: parsed_optional(row, columns.attempt)?,
        generation: parsed_optional(row, columns.generation)?,
        model: model_name(row, columns.model_id, columns.model_name)?,
        prompt_version: row.get(columns.prompt_version)?,
        cycle: row.get(columns.cycle)?,
        edited: row.get(columns.edited)?,
        has_trace: row.get(columns.trace)?,
    }))
}
