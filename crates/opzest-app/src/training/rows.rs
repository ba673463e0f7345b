//! A use case's rows as the trainer wants them: in the base model's tokens, with a report of what is left out.

use super::texts;
use super::tokenizer::RuntimeTokenizer;
use crate::agents::{TrainingText, training_texts};
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, UiError};
use crate::error::{error, sentence};
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleSide, Split};
use opzest_core::ids::{ExampleId, UseCaseId};
use opzest_core::trace::TokenRecord;
use opzest_core::training::RunRow;
use opzest_core::workflow::ArtifactKind;
use opzest_dorpo::child::Texts;
use opzest_dorpo::data::{
    Loses, Preparation, PrepareError, PrepareSettings, Prepared, Row, Tokenize, Trace, Written,
};
use opzest_store::{Store, StoreError, StoreOptions, TraceProblem, TrainingRow, TrainingTrace};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Which rows, and how they are read.
pub(super) struct Wanted {
    pub(super) use_case: UseCaseId,
    pub(super) scope: Scope,
    pub(super) max_tokens: usize,
    pub(super) soft_labels: bool,
}

/// Held-out work: what a new model is judged by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HeldOutWork {
    /// The first row that the example is of.
    pub(super) row: String,
    /// All of them.
    pub(super) rows: Vec<String>,
    pub(super) title: String,
    pub(super) prompt: Vec<ChatMessage>,
    pub(super) accepted: String,
    pub(super) kind: Option<ArtifactKind>,
    /// Of the chosen answer and of each rejected one, as UTF-8.
    pub(super) bytes: (u32, Vec<u32>),
}

pub(super) struct Gathered {
    pub(super) prepared: Prepared,
    /// Those that are used.
    pub(super) rows: Vec<RunRow>,
    /// In the order of the held-out examples.
    pub(super) held_out: Vec<HeldOutWork>,
    pub(super) texts: Texts,
}

/// Reads and tokenises; on a thread that may block, in one state of the store.
pub(super) async fn gather(
    app: &App,
    wanted: Wanted,
    tokenizer: RuntimeTokenizer,
) -> Result<Gathered, UiError> {
    let folder = app.data_folder().to_owned();
    let work = move || read(folder, &wanted, &tokenizer);
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|failed| {
            tracing::error!(%failed, "preparing rows for training panicked");
            let message = "The rows could not be made ready for training.";
            Err(error(
                ErrorCode::Internal,
                message,
                "The log has the details.",
            ))
        })
}

fn read(
    folder: PathBuf,
    wanted: &Wanted,
    tokenizer: &RuntimeTokenizer,
) -> Result<Gathered, UiError> {
    let options = StoreOptions {
        key: None,
        now_ms: now_ms(),
    };
    let store = Store::open_read_only(&folder, &options)?;
    let settings = PrepareSettings {
        max_tokens: wanted.max_tokens,
        max_candidates: opzest_core::trace::DEFAULT_TRACE_K as usize,
    };
    let mut preparation = Preparation::new(tokenizer, settings);
    let mut held_out = HashMap::new();
    store.for_each_training_row(wanted.use_case, wanted.scope, |row| {
        if row.example.summary.split == Split::HeldOut
            && let Some(chosen) = &row.example.chosen
        {
            let work = HeldOutWork {
                row: row.example.summary.id.to_string(),
                rows: Vec::new(),
                title: row.example.summary.title.clone(),
                prompt: row.example.prompt.clone(),
                accepted: chosen.text.clone(),
                kind: row.kind,
                bytes: Default::default(),
            };
            held_out.insert(row.example.summary.id.to_string(), work);
        }
        match prepared_form(row) {
            Some(row) => preparation.add(row).map_err(Problem::Prepare),
            None => Ok(()),
        }
    })?;
    let mut prepared = preparation.finish();
    let held_out = in_order(&prepared, held_out, tokenizer);
    let rows = used_rows(&prepared);
    if !wanted.soft_labels {
        let examples = prepared.train.iter_mut().chain(&mut prepared.held_out);
        examples.for_each(|example| example.chosen.soft.clear());
    }
    let texts = texts::texts(tokenizer, wanted.max_tokens).map_err(|source| {
        Problem::Prepare(PrepareError::Tokenize {
            row: "of the texts to compare by".into(),
            source,
        })
    })?;
    Ok(Gathered {
        prepared,
        rows,
        held_out,
        texts,
    })
}

/// `None`: it has nothing chosen, which the store does not give.
fn prepared_form(row: TrainingRow) -> Option<Row> {
    let TrainingRow {
        example,
        kind,
        chosen_trace,
        rejected_trace,
        label,
    } = row;
    let chosen = example.chosen.as_ref()?;
    let rejected = example.rejected.as_ref();
    let (of_chosen, of_rejected) = learned_texts(chosen, rejected, kind);
    let of_side = |whole: bool, written: Option<TrainingTrace>| {
        let written = written.filter(|_| whole)?;
        Some(trace(written.tokenizer, written.records))
    };
    let label = || label.map(|label| trace(Some(label.tokenizer), label.records));
    Some(Row {
        chosen: Written {
            text: of_chosen.text.to_owned(),
            trace: of_side(of_chosen.whole, chosen_trace).or_else(label),
        },
        rejected: of_rejected.map(|of| Written {
            text: of.text.to_owned(),
            trace: of_side(of.whole, rejected_trace),
        }),
        id: example.summary.id.to_string(),
        group: example.summary.group,
        split: example.summary.split,
        prompt: example.prompt,
    })
}

/// What is learned of both sides. Somebody else's rows have no form that we know.
pub(super) fn learned_texts<'a>(
    chosen: &'a ExampleSide,
    rejected: Option<&'a ExampleSide>,
    kind: Option<ArtifactKind>,
) -> (TrainingText<'a>, Option<TrainingText<'a>>) {
    let whole = |side: &'a ExampleSide| TrainingText {
        text: &side.text,
        whole: true,
    };
    match kind {
        Some(kind) => training_texts(chosen, rejected, kind),
        None => (whole(chosen), rejected.map(whole)),
    }
}

fn trace(tokenizer: Option<String>, records: Result<Vec<TokenRecord>, TraceProblem>) -> Trace {
    Trace {
        tokenizer,
        records: records.map_err(|problem| problem.to_string()),
    }
}

fn in_order(
    prepared: &Prepared,
    mut of_rows: HashMap<String, HeldOutWork>,
    tokenizer: &RuntimeTokenizer,
) -> Vec<HeldOutWork> {
    let kept = &prepared.report.kept;
    let kept = kept.iter().filter(|kept| kept.split == Split::HeldOut);
    let bytes = |tokens: &[u32]| -> u32 {
        let of = |token: &u32| tokenizer.token_bytes(*token).map_or(0, <[u8]>::len) as u32;
        tokens.iter().map(of).sum()
    };
    kept.zip(&prepared.held_out)
        .filter_map(|(kept, example)| {
            let mut work = of_rows.remove(kept.rows.first()?)?;
            let rejected = example.rejected.iter().map(|tokens| bytes(tokens));
            work.bytes = (bytes(&example.chosen.tokens), rejected.collect());
            work.rows.clone_from(&kept.rows);
            Some(work)
        })
        .collect()
}

fn used_rows(prepared: &Prepared) -> Vec<RunRow> {
    let lost = |row: &&String| {
        let of_row = prepared
            .report
            .omissions
            .iter()
            .filter(|it| it.row == **row);
        of_row.clone().any(|it| it.reason.loses() == Loses::Row)
    };
    let mut rows = BTreeMap::new();
    for kept in &prepared.report.kept {
        for row in kept.rows.iter().filter(|row| !lost(row)) {
            if let Ok(id) = row.parse::<ExampleId>() {
                rows.insert(id.to_string(), kept.split);
            }
        }
    }
    let run_row = |(id, split): (String, Split)| {
        let example = id.parse().ok()?;
        Some(RunRow { example, split })
    };
    rows.into_iter().filter_map(run_row).collect()
}

#[derive(Debug)]
enum Problem {
    Store(StoreError),
    Prepare(PrepareError),
}

impl From<StoreError> for Problem {
    fn from(source: StoreError) -> Self {
        Self::Store(source)
    }
}

impl From<Problem> for UiError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Store(source) => source.into(),
            Problem::Prepare(source) => error(
                ErrorCode::Training,
                sentence(&source.to_string()),
                "Choose another base model, or look at this row in the dataset.",
            ),
        }
    }
}
