//! A trained model is judged once more: against what is in use now, on the work that is held out now.

use super::judging::Judged;
use super::rows::{Gathered, HeldOutWork, Wanted, gather};
use super::tokenizer::RuntimeTokenizer;
use super::{MEASURING, disk, folder, run_folder, view, waiting};
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, RunResult, UiError};
use crate::error::error;
use crate::models::registered;
use opzest_core::dataset::Split;
use opzest_core::model::RegisteredModel;
use opzest_core::training::TrainingRun;
use opzest_dorpo::child::{JobFolder, Texts};
use opzest_dorpo::example::Example;
use opzest_store::RunChange;
use std::collections::HashSet;
use std::path::Path;

/// The run with its new result.
pub(super) async fn evaluate(app: &App, run: TrainingRun) -> Result<TrainingRun, UiError> {
    if run.model.is_none() {
        return Err(error(
            ErrorCode::Training,
            "This run has no model that could be judged.",
            "Only a finished run whose adapter passed the check against llama.cpp has one.",
        ));
    }
    let hold = app.training().hold(run.id).await?;
    let base = registered(app, &run.base).await?;
    hold.tell("Reading the work that is held out");
    let work = Work::read(app, &run, &base).await?;
    let (place, copy) = work.place(app, &run)?;
    // The same adapter, and the same programs.
    let job = copy.read().map_err(|source| disk(&source))?;
    let is_same = job.lineage.engine_version == env!("CARGO_PKG_VERSION");
    let checked = view::result(&run).filter(|_| is_same);
    let judged = Judged {
        app,
        run: &run,
        base: &base,
        folder: &copy,
        max_tokens: view::max_tokens(&run),
        examples: &work.examples,
        held_out: &work.held_out,
        texts: &work.texts,
        checked: checked.map(|result| result.parity),
    };
    let result = judged.judge(|words| hold.tell(words)).await?;
    drop(place);
    let result = RunResult {
        adapter_path: run_folder(app, run.id)
            .adapter()
            .to_string_lossy()
            .into_owned(),
        ..result
    };
    let id = run.id;
    app.store(move |store| {
        let change = RunChange {
            result: Some(&serde_json::json!(result)),
            ..RunChange::default()
        };
        store.change_run(id, &change, now_ms())
    })
    .await
}

/// What is held out and was not trained on.
struct Work {
    examples: Vec<Example>,
    held_out: Vec<HeldOutWork>,
    texts: Texts,
}

impl Work {
    async fn read(app: &App, run: &TrainingRun, base: &RegisteredModel) -> Result<Self, UiError> {
        let model = waiting::local(app, Path::new(&base.details.location)).await?;
        let tokenizer = RuntimeTokenizer::new(model, &base.id).await?;
        let wanted = Wanted {
            use_case: run.use_case,
            scope: run.scope,
            max_tokens: view::max_tokens(run),
            soft_labels: view::plan(run).is_none_or(|plan| plan.settings.soft_labels),
        };
        let Gathered {
            prepared,
            held_out,
            texts,
            ..
        } = gather(app, wanted, tokenizer).await?;
        let id = run.id;
        let rows = app.store(move |store| store.rows_of_run(id)).await?;
        let learned = rows.iter().filter(|row| row.split == Split::Train);
        let learned: HashSet<_> = learned.map(|row| row.example.to_string()).collect();
        let pairs = prepared.held_out.into_iter().zip(held_out);
        let unseen = pairs.filter(|(_, work)| work.rows.iter().all(|row| !learned.contains(row)));
        let (examples, held_out) = unseen.unzip();
        Ok(Self {
            examples,
            held_out,
            texts,
        })
    }

    /// A folder for as long as it takes, as the trainer wants it.
    fn place(
        &self,
        app: &App,
        run: &TrainingRun,
    ) -> Result<(tempfile::TempDir, JobFolder), UiError> {
        let own = run_folder(app, run.id);
        let job = own.read().map_err(|source| disk(&source))?;
        let place = tempfile::Builder::new()
            .prefix(MEASURING)
            .tempdir_in(folder(app)?)
            .map_err(|source| disk(&source))?;
        let copy = JobFolder::new(place.path());
        copy.create(&job, (Vec::new(), self.examples.clone()), &self.texts)
            .map_err(|source| disk(&source))?;
        std::fs::copy(own.adapter(), copy.adapter()).map_err(|source| disk(&source))?;
        Ok((place, copy))
    }
}
