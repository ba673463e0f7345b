//! The dataset: rows of prompt, chosen and rejected, as the user looks at them, changes them, and takes them
//! elsewhere.
//!
//! Which rows there are is decided by sessions and imports, not here.

mod columns;
mod commands;
pub(crate) mod deletion;
mod edit;
mod export;
mod filter;
mod import;
mod jsonl;
mod parquet;
mod readiness;
mod reading;
mod trace;
mod view;

pub use commands::*;

use crate::app::{App, now_ms};
use crate::calls::NoArguments;
use crate::dto::*;
use crate::error::{error, invalid};
use crate::sessions::Names;
use crate::training::forget_rows;
use crate::workflows::Workflows;
use filter::{Filter, example_id, example_ids};
use opzest_core::ids::{ExampleId, SessionId};
use opzest_dorpo::data::readiness::Counts;
use opzest_store::{ExampleOrder, SideEdit, UseCaseStats};
pub(crate) use readiness::readiness;
use std::collections::BTreeSet;

/// Rows of one page, at most.
const LONGEST_PAGE: u32 = 500;
/// The longest text of one side, in bytes; an import takes no longer ones either.
const LONGEST_TEXT: usize = 16 << 20;

/// One page, the newest row first.
pub async fn list_examples(app: &App, list: ListExamples) -> Result<ExamplePage, UiError> {
    let filter = Filter::read(&list.filter)?;
    let after = list.after.as_deref().map(str::parse).transpose();
    let after =
        after.map_err(|_| invalid("This is not the end of a page. Start the list again."))?;
    let limit = list.limit.clamp(1, LONGEST_PAGE);
    app.store(move |store| {
        let page = store.examples(&filter.store(), ExampleOrder::Newest, after, limit)?;
        let names = Names::read(store)?;
        Ok(ExamplePage {
            items: page
                .items
                .iter()
                .map(|row| view::summary(row, &names))
                .collect(),
            total: page.total.count,
            total_is_least: !page.total.is_exact,
            next: page.next.map(|next| next.to_string()),
        })
    })
    .await
}

pub async fn open_example(app: &App, example: ExampleArgument) -> Result<ExampleView, UiError> {
    let id = example_id(&example.id)?;
    let folder = app.data_folder().to_owned();
    app.store(move |store| view::whole(store, &store.example(id)?, &Workflows::load(&folder)))
        .await
}

/// The distributions that one side was taken from.
pub async fn example_trace(app: &App, example: ExampleTrace) -> Result<TraceView, UiError> {
    let (id, side) = (example_id(&example.id)?, example.side.into());
    let found = app
        .store(move |store| store.example_trace(id, side))
        .await?;
    let found = found.ok_or_else(|| {
        error(
            ErrorCode::NotFound,
            "There are no probabilities for this text.",
            "Its model gives none, or the text was changed afterwards.",
        )
    })?;
    trace::view(&found)
}

/// Puts the user's own text in the place of one side's. Files and reasoning are read from it again.
pub async fn edit_example(app: &App, edit: EditExample) -> Result<ExampleView, UiError> {
    let (id, side) = (example_id(&edit.id)?, edit.side.into());
    if edit.text.trim().is_empty() {
        return Err(error(
            ErrorCode::InvalidInput,
            "An empty text teaches nothing.",
            "Write something, or delete the row.",
        ));
    }
    if edit.text.len() > LONGEST_TEXT {
        return Err(invalid("The text is longer than 16 MB."));
    }
    let folder = app.data_folder().to_owned();
    app.store(move |store| {
        let workflows = Workflows::load(&folder);
        let row = store.example(id)?;
        let before = match side {
            opzest_core::dataset::Side::Chosen => row.chosen,
            opzest_core::dataset::Side::Rejected => row.rejected,
        };
        let workflow = row.summary.workflow.as_ref();
        let read = before.map(|before| edit::read(&edit.text, &before, workflow, &workflows));
        let read = read.unwrap_or_default();
        let edit = SideEdit {
            text: &edit.text,
            reasoning: &read.reasoning,
            artifact: read.artifact.as_ref(),
        };
        let row = store.edit_example(id, side, &edit, now_ms())?;
        view::whole(store, &row, &workflows)
    })
    .await
}

/// Deletes rows with their texts, wherever these stand for nothing else.
pub async fn delete_examples(app: &App, delete: DeleteExamples) -> Result<DeletionView, UiError> {
    let ids = example_ids(&delete.ids)?;
    // An open session holds the texts in memory and would write them again: it is read anew afterwards.
    let sessions = sessions_of(app, ids.clone()).await?;
    let unopenable = app.sessions().close_for_rewriting(sessions).await;
    // So does a training run that uses them.
    forget_rows(app, ids.clone()).await?;
    let deleted = app
        .store(move |store| {
            // Until the logs are rewritten, even if nobody waits for that any more.
            let _unopenable = unopenable;
            let report = store.delete_examples(&ids)?;
            let mut remains = deletion::sentences(store, &report.remains)?;
            remains.extend(deletion::learned(store, &report.learned_by)?);
            Ok(DeletionView {
                deleted: report.deleted,
                remains,
            })
        })
        .await?;
    app.erase_soon();
    Ok(deleted)
}

async fn sessions_of(app: &App, ids: Vec<ExampleId>) -> Result<BTreeSet<SessionId>, UiError> {
    app.store(move |store| {
        let session = |&id| store.example(id).map(|row| row.summary.session);
        let sessions = ids.iter().map(session).collect::<Result<Vec<_>, _>>()?;
        Ok(sessions.into_iter().flatten().collect())
    })
    .await
}

pub async fn mark_examples(app: &App, mark: MarkExamples) -> Result<(), UiError> {
    let ids = example_ids(&mark.ids)?;
    let (scope, split) = (mark.scope.map(Into::into), mark.split.map(Into::into));
    app.store(move |store| store.mark_examples(&ids, scope, split, now_ms()))
        .await
        .map(drop)
}

/// The counts of every use case, and whether they are enough to train.
pub async fn dataset_stats(app: &App, _: NoArguments) -> Result<Vec<DatasetStats>, UiError> {
    app.store(|store| Ok(store.dataset_stats()?.iter().map(stats).collect()))
        .await
}

fn stats(stats: &UseCaseStats) -> DatasetStats {
    let counts = Counts {
        complete: stats.complete as usize,
        paired: stats.paired as usize,
        held_out: stats.held_out as usize,
        groups: (stats.train_groups + stats.held_out_groups) as usize,
    };
    DatasetStats {
        use_case_id: stats.use_case.id.to_string(),
        use_case: stats.use_case.name.clone(),
        sessions: stats.sessions,
        complete: stats.complete,
        paired: stats.paired,
        pending: stats.pending(),
        traced: stats.traced,
        held_out: stats.held_out,
        communal: stats.communal,
        readiness: readiness(counts),
    }
}

/// Writes finished rows to a file; one that is there is replaced.
pub async fn export_dataset(app: &App, export: ExportDataset) -> Result<DatasetExport, UiError> {
    let filter = Filter::read(&export.filter)?;
    export::export(app, filter, export.format, &export.path).await
}

/// Adds the rows of a file to a use case. Bad lines are told, and stop nothing.
pub async fn import_dataset(app: &App, import: ImportDataset) -> Result<ImportReport, UiError> {
    let use_case = filter::use_case_id(&import.use_case_id)?;
    import::import(app, &import.path, use_case).await
}
