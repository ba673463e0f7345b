//! How probable the held-out work is under a model, as the trainer computes it in 32 bits.

use super::super::process::TrainerProcess;
use super::super::rows::HeldOutWork;
use crate::app::App;
use crate::dto::{ErrorCode, UiError};
use crate::error::error;
use opzest_dorpo::child::{FromTrainer, JobFolder, ScoredExample, ScoredSet, Task, Texts};
use opzest_dorpo::example::Example;
use opzest_dorpo::judge::{Measured, Scored};
use std::collections::HashMap;
use std::path::PathBuf;

/// What a model is scored on: the same texts for both models, in the tokens of each.
pub(super) struct Material<'a> {
    pub(super) folder: &'a JobFolder,
    pub(super) examples: &'a [Example],
    pub(super) held_out: &'a [HeldOutWork],
    pub(super) texts: &'a Texts,
}

/// One model's figures.
pub(super) struct Figures {
    /// By the row that an example is of.
    pub(super) held_out: HashMap<String, Measured>,
    pub(super) general: Scored,
}

impl Material<'_> {
    /// `adapter` on the folder's base; without one the base itself.
    pub(super) async fn score(
        &self,
        app: &App,
        adapter: Option<PathBuf>,
    ) -> Result<Figures, UiError> {
        let task = Task::Score {
            folder: self.folder.path().to_owned(),
            adapter,
        };
        let FromTrainer::Scored(scored) = TrainerProcess::only(app.worker(), &task).await? else {
            return Err(error(
                ErrorCode::Internal,
                "The trainer answered out of turn.",
                "",
            ));
        };
        Ok(self.figures(&scored))
    }

    fn figures(&self, scored: &ScoredSet) -> Figures {
        let of = self
            .examples
            .iter()
            .zip(self.held_out)
            .zip(&scored.held_out);
        let general = &self.texts.general;
        Figures {
            held_out: of
                .map(|((example, work), scored)| {
                    (work.row.clone(), measured(example, work, scored))
                })
                .collect(),
            general: Scored {
                log_prob: scored.general.iter().sum(),
                tokens: count(general.iter().map(|text| text.answer.len()).sum()),
                bytes: self.texts.general_bytes,
            },
        }
    }
}

fn measured(example: &Example, work: &HeldOutWork, scored: &ScoredExample) -> Measured {
    let (chosen_bytes, rejected_bytes) = &work.bytes;
    let side = |log_prob: f64, tokens: usize, bytes: u32| Scored {
        log_prob: log_prob.min(0.0),
        tokens: count(tokens),
        bytes,
    };
    let rejected = scored
        .rejected
        .iter()
        .zip(&example.rejected)
        .zip(rejected_bytes);
    Measured {
        chosen: side(scored.chosen, example.chosen.tokens.len(), *chosen_bytes),
        rejected: rejected
            .map(|((log_prob, tokens), bytes)| side(*log_prob, tokens.len(), *bytes))
            .collect(),
        kl: scored.kl,
        valid: Vec::new(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
