//! Training runs: begun, worked on, ended with a model of their own, deleted.
//!
//! Not here: training and judging; and which model is used (`promoting.rs`).

use crate::edit::{free_id, require_base, require_removable, required_model};
use crate::error::{During, Failure, StoreError};
use crate::recording::required_use_case;
use crate::store::Store;
use crate::training_run::{self, NewRun, RunChange};
use crate::{model, training_metric, training_run_row};
use opzest_core::ids::{ExampleId, ModelId, TrainingRunId, UseCaseId};
use opzest_core::model::{ModelDetails, RegisteredModel};
use opzest_core::training::{RunRow, RunStatus, TrainingRun};
use rusqlite::Connection;
use serde_json::Value;

/// How a run ends with a model.
#[derive(Debug, Clone, Copy)]
pub struct RunEnd<'a> {
    pub result: &'a Value,
    /// The wanted id of the model; it gets a number if another one has or had it.
    pub model: &'a ModelId,
    /// Of a trained model, with the run's base.
    pub details: &'a ModelDetails,
}

/// A run that has ended, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    pub run: TrainingRun,
    pub model: RegisteredModel,
}

/// A run that is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedRun {
    /// As it was.
    pub run: TrainingRun,
    /// What had come of it, now out of the registry as well; its file is still there.
    pub model: Option<RegisteredModel>,
}

impl Store {
    /// Keeps a new run, which is in preparation. [`StoreError::NotFound`] if one of the rows has been deleted: then
    /// what was made ready must not be trained on.
    pub fn create_run(
        &mut self,
        new: &NewRun<'_>,
        rows: &[RunRow],
        now_ms: u64,
    ) -> Result<TrainingRun, StoreError> {
        self.write("saving the training run", |transaction| {
            required_use_case(transaction, new.use_case)?;
            required_model(transaction, new.base)?;
            let examples: Vec<_> = rows.iter().map(|row| row.example).collect();
            if let Some(id) = training_run_row::missing(transaction, &examples)? {
                return Err(StoreError::not_found("example", id).into());
            }
            training_run::insert(transaction, new, now_ms)?;
            for row in rows {
                training_run_row::insert(transaction, new.id, row)?;
            }
            required_run(transaction, new.id)
        })
    }

    /// [`StoreError::RunIsOver`] if it is finished or cancelled and would get another status: what comes late does not
    /// bring it back. One that has failed can go on.
    pub fn change_run(
        &mut self,
        id: TrainingRunId,
        change: &RunChange<'_>,
        now_ms: u64,
    ) -> Result<TrainingRun, StoreError> {
        self.write("saving the training run", |transaction| {
            if let Some(model) = change.model {
                required_model(transaction, model)?;
            }
            let status = required_run(transaction, id)?.status;
            let is_final = matches!(status, RunStatus::Finished | RunStatus::Cancelled);
            if is_final && change.status.is_some_and(|new| new != status) {
                return Err(StoreError::RunIsOver { id, status }.into());
            }
            training_run::change(transaction, id, change, now_ms)?;
            required_run(transaction, id)
        })
    }

    /// Adds what was measured behind what is there; how many there are now.
    pub fn append_metrics(
        &mut self,
        id: TrainingRunId,
        metrics: &[Value],
    ) -> Result<u64, StoreError> {
        self.write("saving the training run's measurements", |transaction| {
            required_run(transaction, id)?;
            for metric in metrics {
                training_metric::append(transaction, id, metric)?;
            }
            Ok(training_metric::count(transaction, id)?)
        })
    }

    /// In the order in which they were added.
    pub fn metrics(&self, id: TrainingRunId) -> Result<Vec<Value>, StoreError> {
        self.read("reading the training run's measurements", |connection| {
            required_run(connection, id)?;
            Ok(training_metric::of_run(connection, id)?)
        })
    }

    /// Newest first; `None`: those of all use cases.
    pub fn runs(&self, use_case: Option<UseCaseId>) -> Result<Vec<TrainingRun>, StoreError> {
        training_run::list(&self.connection, use_case).during("listing the training runs")
    }

    /// Those that are not over, newest first. At the start nothing trains, so one that says `Running` was
    /// interrupted.
    pub fn unfinished_runs(&self) -> Result<Vec<TrainingRun>, StoreError> {
        let mut runs = self.runs(None)?;
        runs.retain(|run| !run.status.is_over());
        Ok(runs)
    }

    pub fn run(&self, id: TrainingRunId) -> Result<TrainingRun, StoreError> {
        self.read("opening the training run", |connection| {
            required_run(connection, id)
        })
    }

    /// What a run uses, in the order of the rows' ids. Some may have been deleted since.
    pub fn rows_of_run(&self, id: TrainingRunId) -> Result<Vec<RunRow>, StoreError> {
        self.read("opening the training run", |connection| {
            required_run(connection, id)?;
            Ok(training_run_row::of_run(connection, id)?)
        })
    }

    /// The runs that are not over and use one of these rows, newest first: they hold the texts, also after the rows
    /// are deleted.
    pub fn runs_with_any(&self, examples: &[ExampleId]) -> Result<Vec<TrainingRun>, StoreError> {
        training_run::unfinished_with_any(&self.connection, examples)
            .during("looking for training runs")
    }

    /// Registers what came of a run, and ends it. [`StoreError::RunIsOver`] if it has ended already.
    pub fn finish_run(
        &mut self,
        id: TrainingRunId,
        end: &RunEnd<'_>,
        now_ms: u64,
    ) -> Result<FinishedRun, StoreError> {
        self.write("saving the trained model", |transaction| {
            let run = required_run(transaction, id)?;
            if run.status.is_over() {
                let status = run.status;
                return Err(StoreError::RunIsOver { id, status }.into());
            }
            let model_id = free_id(transaction, end.model)?;
            require_base(transaction, end.details)?;
            model::put(transaction, &model_id, end.details, now_ms)?;
            let change = RunChange {
                status: Some(RunStatus::Finished),
                result: Some(end.result),
                model: Some(&model_id),
                ..RunChange::default()
            };
            training_run::change(transaction, id, &change, now_ms)?;
            Ok(FinishedRun {
                run: required_run(transaction, id)?,
                model: required_model(transaction, &model_id)?,
            })
        })
    }

    /// Deletes a run with its metrics and the list of its rows, and takes its model out of the registry: without the
    /// list, nobody could tell any more what that has learned. [`StoreError::ModelNeeded`] while it is in use.
    pub fn delete_run(&mut self, id: TrainingRunId) -> Result<DeletedRun, StoreError> {
        self.write("deleting the training run", |transaction| {
            let run = required_run(transaction, id)?;
            training_run::delete(transaction, id)?;
            let mut deleted = None;
            if let Some(id) = &run.model {
                require_removable(transaction, id)?;
                deleted = Some(required_model(transaction, id)?);
                model::delete(transaction, id)?;
            }
            Ok(DeletedRun {
                run,
                model: deleted,
            })
        })
    }
}

pub(crate) fn required_run(
    connection: &Connection,
    id: TrainingRunId,
) -> Result<TrainingRun, Failure> {
    Ok(training_run::one(connection, id)?
        .ok_or_else(|| StoreError::not_found("training run", id))?)
}
