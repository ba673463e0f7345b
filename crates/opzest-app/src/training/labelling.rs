//! Labels after the fact: a model of this computer reads accepted texts that have no trace, and what it would have said
//! itself becomes their soft labels.

use super::rows::learned_texts;
use super::{LabelRows, plan, waiting};
use crate::app::{App, now_ms, panicked};
use crate::dto::{LabelEvent, LabelReport, UiError};
use crate::error::invalid;
use crate::events::Events;
use crate::local_use::{LocalUse, tokenizer_of};
use crate::models::registered;
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::ids::{ExampleId, ModelId, UseCaseId};
use opzest_core::trace::{DEFAULT_TRACE_K, TokenRecord};
use opzest_llm::local::LocalModel;
use opzest_llm::{AdapterUse, ChatModel, ScoreRequest, TokenTrace};
use opzest_store::{NewLabel, Store, StoreError, StoreOptions, TrainingRow, encode_trace};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A row whose accepted text nobody has labelled.
struct Unlabelled {
    example: ExampleId,
    prompt: Vec<ChatMessage>,
    /// The whole chosen text, and what is learned of it.
    chosen: String,
    learned: String,
}

/// Who reads.
struct Reader {
    model: Arc<LocalModel>,
    adapters: Vec<AdapterUse>,
    name: ModelName,
    tokenizer: ModelId,
}

/// Stops between two rows when the caller goes; what was labelled stays.
pub(super) async fn label(
    app: &App,
    asked: LabelRows,
    events: Events<LabelEvent>,
) -> Result<LabelReport, UiError> {
    let use_case = plan::use_case(app, &asked.use_case_id).await?.id;
    let id: ModelId = asked
        .model_id
        .parse()
        .map_err(|source| invalid(format!("{source}.")))?;
    let model = registered(app, &id).await?;
    let LocalUse { file, adapters } = LocalUse::of(app, &model.details).await?;
    let rows = unlabelled(app, use_case, asked.scope.into(), asked.again.then_some(id)).await?;
    let reader = Reader {
        model: waiting::local(app, &file).await?,
        adapters,
        name: ModelName {
            id: model.id.clone(),
            name: model.details.name.clone(),
        },
        tokenizer: tokenizer_of(&model).clone(),
    };
    let total = rows.len() as u32;
    let mut report = LabelReport::default();
    for (done, row) in (0..).zip(rows) {
        events.send(&LabelEvent::Progress { done, total });
        match reader.read(&row).await {
            Ok(traces) => match keep(app, &reader, row, traces).await? {
                true => report.labelled += 1,
                false => report.left_out += 1,
            },
            // A row that is too long for the model, say: the others can still be read.
            Err(problem) => {
                tracing::warn!(%problem, row = %row.example, "a row was not labelled");
                report.left_out += 1;
                report.problem = Some(problem);
            }
        }
    }
    Ok(report)
}

/// `again`: also rows that have a label after the fact, or a trace.
async fn unlabelled(
    app: &App,
    use_case: UseCaseId,
    scope: Scope,
    again: Option<ModelId>,
) -> Result<Vec<Unlabelled>, UiError> {
    let folder = app.data_folder().to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let options = StoreOptions {
            key: None,
            now_ms: now_ms(),
        };
        let store = Store::open_read_only(&folder, &options)?;
        let mut rows = Vec::new();
        store.for_each_training_row(use_case, scope, |row| {
            rows.extend(wanted(row, again.as_ref()));
            Ok::<_, StoreError>(())
        })?;
        Ok::<_, StoreError>(rows)
    });
    Ok(read.await.map_err(|failed| panicked(&failed))??)
}

fn wanted(row: TrainingRow, again: Option<&ModelId>) -> Option<Unlabelled> {
    let chosen = row.example.chosen.as_ref()?;
    let learned = learned_texts(chosen, row.example.rejected.as_ref(), row.kind).0;
    let has_own = learned.whole && row.chosen_trace.is_some();
    let has_label = match (&row.label, again) {
        (Some(label), Some(model)) => label.model.id == *model,
        (label, None) => label.is_some(),
        (None, _) => false,
    };
    (!has_own && !has_label && !learned.text.is_empty()).then(|| Unlabelled {
        example: row.example.summary.id,
        prompt: row.example.prompt.clone(),
        chosen: chosen.text.clone(),
        learned: learned.text.to_owned(),
    })
}

impl Reader {
    /// Teacher forcing: the distribution at every token of the text, and at its end.
    async fn read(&self, row: &Unlabelled) -> Result<Vec<TokenTrace>, UiError> {
        let request = ScoreRequest {
            messages: row.prompt.clone(),
            answer: row.learned.clone(),
            answer_tokens: None,
            end_of_turn: true,
            top_k: DEFAULT_TRACE_K,
            adapters: self.adapters.clone(),
        };
        Ok(self.model.score(request, CancellationToken::new()).await?)
    }
}

/// `false`: the row has changed meanwhile, is gone, or the label is beyond every bound.
async fn keep(
    app: &App,
    reader: &Reader,
    row: Unlabelled,
    traces: Vec<TokenTrace>,
) -> Result<bool, UiError> {
    let tokens = traces.len() as u32;
    let records: Vec<_> = traces.into_iter().map(TokenRecord::Traced).collect();
    let Ok(data) = encode_trace(&records) else {
        return Ok(false);
    };
    let (model, tokenizer) = (reader.name.clone(), reader.tokenizer.clone());
    app.store(move |store| {
        let label = NewLabel {
            example: row.example,
            text: &row.chosen,
            model: &model,
            tokenizer: tokenizer.as_str(),
            tokens,
            data: &data,
        };
        match store.put_label(&label, now_ms()) {
            Err(StoreError::NotFound { .. }) => Ok(false),
            kept => kept,
        }
    })
    .await
}
