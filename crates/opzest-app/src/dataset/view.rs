//! Rows as the window and the terminal show them.

use crate::dto::{ExampleSummary, ExampleView, SentMessage, SideView};
use crate::sessions::{Names, files};
use crate::workflows::Workflows;
use opzest_core::dataset::{self as core, ExampleSide, ExampleState, Side, StoredExample};
use opzest_core::workflow::WorkflowId;
use opzest_store::{Store, StoreError};

pub(super) fn summary(row: &core::ExampleSummary, names: &Names) -> ExampleSummary {
    let sides = || row.chosen.iter().chain(&row.rejected);
    let model = sides().find_map(|side| side.model.as_ref());
    ExampleSummary {
        id: row.id.to_string(),
        title: row.title.clone(),
        words: row.words.clone(),
        reason: row.reason.map(Into::into),
        pending: row.state == ExampleState::Pending,
        paired: row.chosen.is_some() && row.rejected.is_some(),
        by_hand: row.by_hand,
        edited: sides().any(|side| side.edited),
        traced: sides().any(|side| side.has_trace),
        scope: row.scope.into(),
        split: row.split.into(),
        use_case: names.get(row.use_case),
        model_name: model.map(|model| model.name.clone()),
        created_at: row.created_at as f64,
    }
}

/// A row, whole, with what the store knows beside it.
pub(super) fn whole(
    store: &Store,
    row: &StoredExample,
    workflows: &Workflows,
) -> Result<ExampleView, StoreError> {
    let kept = &row.summary;
    let session = kept.session.map(|id| store.session(id)).transpose()?;
    let show = |which, side: &Option<ExampleSide>| {
        let shown = side.as_ref().map(|side| one_side(store, row, which, side));
        shown.transpose()
    };
    let written = row.chosen.iter().chain(&row.rejected);
    let prompt_version = written.map(|side| side.prompt_version).find(|&at| at > 0);
    Ok(ExampleView {
        summary: summary(kept, &Names::read(store)?),
        prompt: row.prompt.iter().map(message).collect(),
        chosen: show(Side::Chosen, &row.chosen)?,
        rejected: show(Side::Rejected, &row.rejected)?,
        session_id: kept.session.map(|id| id.to_string()),
        session_title: session.map(|session| session.title),
        use_case_id: kept.use_case.to_string(),
        overruled: kept.overruled,
        prompt_version,
        workflow: kept.workflow.as_ref().map(|id| name(id, workflows)),
    })
}

/// A workflow's name; its id, if it is no longer there.
fn name(id: &WorkflowId, workflows: &Workflows) -> String {
    workflows
        .get(id)
        .map_or_else(|| id.to_string(), |workflow| workflow.name.clone())
}

fn message(message: &opzest_core::chat::ChatMessage) -> SentMessage {
    SentMessage {
        role: message.role.to_string(),
        text: message.content.clone(),
    }
}

fn one_side(
    store: &Store,
    row: &StoredExample,
    which: Side,
    side: &ExampleSide,
) -> Result<SideView, StoreError> {
    let traced_tokens = match side.has_trace {
        true => store.example_trace(row.summary.id, which)?,
        false => None,
    };
    Ok(SideView {
        text: side.text.clone(),
        reasoning: side.reasoning.clone(),
        files: side.artifact.as_ref().map(files).unwrap_or_default(),
        words: side.words.clone(),
        model_name: side.model.as_ref().map(|model| model.name.clone()),
        cycle: (side.cycle > 0).then_some(side.cycle),
        traced_tokens: traced_tokens.map_or(0, |trace| trace.tokens),
    })
}
