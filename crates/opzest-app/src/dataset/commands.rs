//! The dataset commands' arguments.

use crate::dto::{DatasetFormat, ExampleFilter, Scope, Side, Split};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListExamples {
    pub filter: ExampleFilter,
    /// The `next` of the page before; absent: the first page.
    #[serde(default)]
    pub after: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExampleArgument {
    pub id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExampleTrace {
    pub id: String,
    pub side: Side,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct EditExample {
    pub id: String,
    pub side: Side,
    /// The new raw text.
    pub text: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DeleteExamples {
    pub ids: Vec<String>,
}

/// An absent field stays as it is. The split is that of the whole session.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct MarkExamples {
    pub ids: Vec<String>,
    #[serde(default)]
    pub scope: Option<Scope>,
    #[serde(default)]
    pub split: Option<Split>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExportDataset {
    pub filter: ExampleFilter,
    pub format: DatasetFormat,
    /// The file to write; one that is there is replaced.
    pub path: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportDataset {
    pub path: String,
    pub use_case_id: String,
}
