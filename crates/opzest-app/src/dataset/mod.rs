//! The dataset: rows of prompt, chosen and rejected.

mod commands;

pub use commands::*;

use crate::app::App;
use crate::calls::NoArguments;
use crate::dto::*;
use crate::error::unfinished;

pub async fn list_examples(_: &App, _: ListExamples) -> Result<ExamplePage, UiError> {
    Err(unfinished())
}

pub async fn open_example(_: &App, _: ExampleArgument) -> Result<ExampleView, UiError> {
    Err(unfinished())
}

pub async fn example_trace(_: &App, _: ExampleTrace) -> Result<TraceView, UiError> {
    Err(unfinished())
}

pub async fn edit_example(_: &App, _: EditExample) -> Result<ExampleView, UiError> {
    Err(unfinished())
}

pub async fn delete_examples(_: &App, _: DeleteExamples) -> Result<DeletionView, UiError> {
    Err(unfinished())
}

pub async fn mark_examples(_: &App, _: MarkExamples) -> Result<(), UiError> {
    Err(unfinished())
}

pub async fn dataset_stats(_: &App, _: NoArguments) -> Result<Vec<DatasetStats>, UiError> {
    Err(unfinished())
}

pub async fn export_dataset(_: &App, _: ExportDataset) -> Result<DatasetExport, UiError> {
    Err(unfinished())
}

pub async fn import_dataset(_: &App, _: ImportDataset) -> Result<ImportReport, UiError> {
    Err(unfinished())
}
