//! What came of a run: the parity check, the comparison with what is in use, samples, the verdict in words.

mod in_use;
mod samples;
mod scored;
mod words;

use super::rows::HeldOutWork;
use super::{parity, waiting};
use crate::app::App;
use crate::dto::{ParityView, RunResult, TrainingVerdict, UiError};
use in_use::InUse;
use opzest_core::model::RegisteredModel;
use opzest_core::training::TrainingRun;
use opzest_dorpo::child::{JobFolder, Texts};
use opzest_dorpo::example::Example;
use opzest_dorpo::judge::{General, HeldOut, JudgeError, Judgement, Measured, judge};
use samples::samples;
use scored::{Figures, Material};
use std::path::{Path, PathBuf};

/// Resampling is repeatable.
const SEED: u64 = 1;

/// A run whose adapter is there, and what it is judged by.
pub(super) struct Judged<'a> {
    pub(super) app: &'a App,
    pub(super) run: &'a TrainingRun,
    pub(super) base: &'a RegisteredModel,
    pub(super) folder: &'a JobFolder,
    /// Longest row, in tokens.
    pub(super) max_tokens: usize,
    pub(super) examples: &'a [Example],
    /// In the order of the examples.
    pub(super) held_out: &'a [HeldOutWork],
    pub(super) texts: &'a Texts,
    /// What the check against llama.cpp has found already.
    pub(super) checked: Option<ParityView>,
}

/// A model as the runtime serves it.
struct Served {
    file: PathBuf,
    adapter: Option<PathBuf>,
}

impl Judged<'_> {
    /// `doing` hears what is being done, in words.
    pub(super) async fn judge(&self, doing: impl Fn(&str)) -> Result<RunResult, UiError> {
        let adapter = self.folder.adapter();
        let file = Path::new(&self.base.details.location);
        doing("Checking the adapter against llama.cpp");
        let parity = match &self.checked {
            Some(checked) => checked.clone(),
            None => {
                let model = waiting::local(self.app, file).await?;
                parity::check(self.app, &model, self.folder).await?
            }
        };
        doing("Comparing with what is in use");
        let in_use = InUse::find(self).await?;
        let current = in_use.score(self).await?;
        let material = self.material();
        let candidate = material.score(self.app, Some(adapter.clone())).await?;
        doing("Answering held-out prompts with both");
        let new = Served {
            file: file.to_owned(),
            adapter: Some(adapter.clone()),
        };
        let samples = samples(self.app, self.held_out, [&in_use.served(self), &new]).await?;
        let (verdict, words, comparisons) = match self.verdict(&current, &candidate, &samples.valid)
        {
            Ok(judgement) => (
                words::verdict(judgement.verdict),
                words::words(&judgement),
                words::comparisons(&judgement),
            ),
            Err(problem) => (
                TrainingVerdict::NotEnoughEvidence,
                crate::error::sentence(&problem.to_string()),
                Vec::new(),
            ),
        };
        Ok(RunResult {
            verdict,
            words,
            parity,
            comparisons,
            samples: samples.views,
            model_id: None,
            adapter_bytes: std::fs::metadata(&adapter).map_or(0, |file| file.len()) as f64,
            adapter_path: adapter.to_string_lossy().into_owned(),
        })
    }

    fn material(&self) -> Material<'_> {
        Material {
            folder: self.folder,
            examples: self.examples,
            held_out: self.held_out,
            texts: self.texts,
        }
    }

    /// Of the work that both models were scored on.
    fn verdict(
        &self,
        current: &Figures,
        candidate: &Figures,
        valid: &[[Vec<bool>; 2]],
    ) -> Result<Judgement, JudgeError> {
        let compared = self.examples.iter().zip(self.held_out).zip(valid);
        let compared = compared.filter_map(|((example, work), [before, after])| {
            let side = |figures: &Figures, valid: &Vec<bool>| {
                let mut measured = figures.held_out.get(&work.row)?.clone();
                measured.valid.clone_from(valid);
                Some(measured)
            };
            let mut held_out = HeldOut {
                group: example.group.clone(),
                current: side(current, before)?,
                candidate: side(candidate, after)?,
            };
            // Another base may read less of a row, or the row was edited meanwhile.
            let bytes = |of: &Measured| -> Vec<u32> {
                let sides = std::iter::once(&of.chosen).chain(&of.rejected);
                sides.map(|scored| scored.bytes).collect()
            };
            if held_out.current.kl.is_none() || held_out.candidate.kl.is_none() {
                (held_out.current.kl, held_out.candidate.kl) = (None, None);
            }
            (bytes(&held_out.current) == bytes(&held_out.candidate)).then_some(held_out)
        });
        let general = General {
            current: current.general,
            candidate: candidate.general,
        };
        judge(&compared.collect::<Vec<_>>(), &general, SEED)
    }
}
