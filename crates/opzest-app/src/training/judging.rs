//! What came of a run: the parity check, the comparison with what is in use, samples, the verdict in words.

use super::parity;
use super::process::TrainerProcess;
use super::rows::HeldOutWork;
use super::waiting;
use crate::agents::read_answer;
use crate::app::App;
use crate::dto::{ComparisonView, ErrorCode, RunResult, SampleView, TrainingVerdict, UiError};
use crate::error::error;
use crate::models::registered;
use crate::sessions::passes;
use crate::workflows::Workflows;
use futures::StreamExt;
use opzest_core::artifact::Artifact;
use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, UseCaseId};
use opzest_core::model::RegisteredModel;
use opzest_core::workflow::{ArtifactKind, Workflow};
use opzest_dorpo::child::{FromTrainer, JobFolder, ScoredExample, ScoredSet, Task, Texts};
use opzest_dorpo::example::Example;
use opzest_dorpo::judge::{
    General, HeldOut, Judgement, Measured, MetricKind, Reason, Scored, Unit, Verdict, judge,
};
use opzest_llm::local::LocalModel;
use opzest_llm::{AdapterUse, ChatModel, ChatRequest, GenerationEvent, Sampling};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Held-out prompts that both models answer anew, spread over all of them.
const SAMPLES: usize = 4;
/// An answer of a sample is not longer, in tokens.
const SAMPLE_TOKENS: u32 = 256;
/// Resampling is repeatable.
const SEED: u64 = 1;

pub(super) struct Judged<'a> {
    pub(super) app: &'a App,
    pub(super) use_case: UseCaseId,
    pub(super) scope: Scope,
    pub(super) base: &'a RegisteredModel,
    pub(super) folder: &'a JobFolder,
    pub(super) examples: &'a [Example],
    pub(super) held_out: &'a [HeldOutWork],
    pub(super) texts: &'a Texts,
}

/// An adapter on the run's base, or the base alone.
type Candidate = Option<PathBuf>;

impl Judged<'_> {
    /// `doing` hears what is being done, in words.
    pub(super) async fn judge(&self, doing: impl Fn(&str)) -> Result<RunResult, UiError> {
        let model = waiting::local(self.app, Path::new(&self.base.details.location)).await?;
        doing("Checking the adapter against llama.cpp");
        let parity = parity::check(self.app, &model, self.folder).await?;
        doing("Comparing with what is in use");
        let current = self.current().await?;
        let candidate = Some(self.folder.adapter());
        let scores = [
            self.score(current.clone()).await?,
            self.score(candidate.clone()).await?,
        ];
        doing("Answering held-out prompts with both");
        let (samples, valid) = self.samples(&model, [current, candidate.clone()]).await?;
        let (verdict, words, comparisons) = match self.verdict(&scores, &valid) {
            Ok(judgement) => (
                verdict(judgement.verdict),
                words(&judgement),
                comparisons(&judgement),
            ),
            Err(problem) => (
                TrainingVerdict::NotEnoughEvidence,
                crate::error::sentence(&problem.to_string()),
                Vec::new(),
            ),
        };
        let adapter = self.folder.adapter();
        Ok(RunResult {
            verdict,
            words,
            parity,
            comparisons,
            samples,
            model_id: None,
            adapter_bytes: std::fs::metadata(&adapter).map_or(0, |file| file.len()) as f64,
            adapter_path: adapter.to_string_lossy().into_owned(),
        })
    }

    /// The adapter that is in use, if it is one on the same base; else the base itself.
    async fn current(&self) -> Result<Candidate, UiError> {
        let (use_case, scope) = (self.use_case, self.scope);
        let in_use: Option<ModelId> = self
            .app
            .store(move |store| store.model_in_use(use_case, scope))
            .await?;
        let Some(id) = in_use else { return Ok(None) };
        let model = registered(self.app, &id).await?;
        Ok((model.details.base.as_ref() == Some(&self.base.id))
            .then(|| model.details.location.into()))
    }

    async fn score(&self, adapter: Candidate) -> Result<ScoredSet, UiError> {
        let task = Task::Score {
            folder: self.folder.path().to_owned(),
            adapter,
        };
        match TrainerProcess::only(self.app.worker(), &task).await? {
            FromTrainer::Scored(set) => Ok(set),
            _ => Err(error(
                ErrorCode::Internal,
                "The trainer answered out of turn.",
                "",
            )),
        }
    }

    fn verdict(
        &self,
        [current, candidate]: &[ScoredSet; 2],
        valid: &[[Vec<bool>; 2]],
    ) -> Result<Judgement, opzest_dorpo::judge::JudgeError> {
        let held_out: Vec<HeldOut> = self
            .examples
            .iter()
            .enumerate()
            .filter_map(|(index, example)| {
                let work = self.held_out.get(index)?;
                let valid = |side: usize| valid.get(index).map(|of| of[side].clone());
                let side = |scored: &ScoredSet, which| {
                    let scored = scored.held_out.get(index)?;
                    Some(measured(
                        example,
                        work,
                        scored,
                        valid(which).unwrap_or_default(),
                    ))
                };
                Some(HeldOut {
                    group: example.group.clone(),
                    current: side(current, 0)?,
                    candidate: side(candidate, 1)?,
                })
            })
            .collect();
        let tokens: usize = self
            .texts
            .general
            .iter()
            .map(|text| text.answer.len())
            .sum();
        let general = |set: &ScoredSet| Scored {
            log_prob: set.general.iter().sum(),
            tokens: tokens as u32,
            // Both models have the same tokens, so no figure is per byte.
            bytes: tokens as u32,
        };
        let general = General {
            current: general(current),
            candidate: general(candidate),
        };
        judge(&held_out, &general, SEED)
    }

    /// What both write to some held-out prompts; and for each held-out example whether that passes the workflow's check.
    async fn samples(
        &self,
        model: &LocalModel,
        candidates: [Candidate; 2],
    ) -> Result<(Vec<SampleView>, Vec<[Vec<bool>; 2]>), UiError> {
        let workflows = Workflows::load(self.app.data_folder());
        let every = self.held_out.len().div_ceil(SAMPLES).max(1);
        let mut valid = vec![[Vec::new(), Vec::new()]; self.held_out.len()];
        let mut samples = Vec::new();
        for (index, work) in self.held_out.iter().enumerate().step_by(every) {
            let workflow = work.kind.and_then(|kind| of_kind(&workflows, kind));
            let mut sides = Vec::with_capacity(2);
            for (side, adapter) in candidates.iter().enumerate() {
                let text = self.answer(model, work, adapter.clone()).await?;
                let passes = match &workflow {
                    Some(workflow) => self.passes(workflow, &text).await,
                    None => None,
                };
                valid[index][side].extend(passes);
                sides.push((text, passes.unwrap_or(true)));
            }
            // A check that could be made of one answer only compares nothing.
            if valid[index][0].len() != valid[index][1].len() {
                valid[index] = [Vec::new(), Vec::new()];
            }
            let [(before, before_valid), (after, after_valid)] =
                <[_; 2]>::try_from(sides).unwrap_or_default();
            samples.push(SampleView {
                title: work.title.clone(),
                prompt: work
                    .prompt
                    .iter()
                    .map(|message| message.content.as_str())
                    .collect::<Vec<_>>()
                    .join("\n\n"),
                accepted: work.accepted.clone(),
                before,
                after,
                before_valid,
                after_valid,
            });
        }
        Ok((samples, valid))
    }

    async fn answer(
        &self,
        model: &LocalModel,
        work: &HeldOutWork,
        adapter: Candidate,
    ) -> Result<String, UiError> {
        let request = ChatRequest {
            max_tokens: Some(SAMPLE_TOKENS),
            adapters: adapter
                .into_iter()
                .map(|path| AdapterUse { path, scale: 1.0 })
                .collect(),
            ..ChatRequest::new(work.prompt.clone(), Sampling::GREEDY)
        };
        let mut generation = model.generate(request, CancellationToken::new()).await?;
        let mut text = String::new();
        while let Some(event) = generation.next().await {
            if let GenerationEvent::Token { text: more, .. } = event? {
                text.push_str(&more);
            }
        }
        Ok(text)
    }

    /// `None`: the check cannot be made here.
    async fn passes(&self, workflow: &Workflow, text: &str) -> Option<bool> {
        match read_answer(text, &workflow.product, &Artifact::default()) {
            Ok(answer) => passes(self.app, workflow, &answer.artifact).await,
            Err(_) => Some(false),
        }
    }
}

fn of_kind(workflows: &Workflows, kind: ArtifactKind) -> Option<Workflow> {
    let entries = workflows.entries.iter().map(|entry| &entry.workflow);
    entries
        .into_iter()
        .find(|workflow| workflow.product.kind == kind)
        .cloned()
}

fn measured(
    example: &Example,
    work: &HeldOutWork,
    scored: &ScoredExample,
    valid: Vec<bool>,
) -> Measured {
    let (chosen_bytes, rejected_bytes) = &work.bytes;
    let side = |log_prob: f64, tokens: usize, bytes: u32| Scored {
        log_prob: log_prob.min(0.0),
        tokens: tokens as u32,
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
        valid,
    }
}

fn verdict(verdict: Verdict) -> TrainingVerdict {
    match verdict {
        Verdict::Win => TrainingVerdict::Win,
        Verdict::Loss => TrainingVerdict::Loss,
        Verdict::NotEnoughEvidence => TrainingVerdict::NotEnoughEvidence,
    }
}

fn words(judgement: &Judgement) -> String {
    let of = |reason: &Reason| match reason {
        Reason::MoreProbable => {
            "Your accepted work is more probable under the new model, beyond doubt."
        }
        Reason::LessProbable => {
            "Your accepted work is less probable under the new model, beyond doubt."
        }
        Reason::NoClearDifference => {
            "The new model may be better or worse; the held-out work does not tell."
        }
        Reason::FewGroups => "There is held-out work of too few sessions to tell.",
        Reason::Forgets => "The new model has forgotten too much of ordinary language.",
        Reason::BreaksFormat => "The new model breaks the format of the work more often.",
        Reason::MayBreakFormat => {
            "The new model broke the format of the work more often, which may be chance."
        }
    };
    judgement
        .reasons
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join(" ")
}

fn comparisons(judgement: &Judgement) -> Vec<ComparisonView> {
    let per = match judgement.unit {
        Unit::Token => "nats per token",
        Unit::Byte => "nats per byte",
    };
    let mut views: Vec<_> = judgement
        .metrics
        .iter()
        .map(|metric| {
            let (name, unit, factor, lower_is_better) = match metric.kind {
                MetricKind::ChosenNll => ("Surprise at accepted work", per, 1.0, true),
                MetricKind::PreferenceAccuracy => {
                    ("Prefers accepted over rejected work", "%", 100.0, false)
                }
                MetricKind::PreferenceMargin => ("By how much it prefers it", per, 1.0, false),
                MetricKind::Kl => ("Distance from the teachers", "nats per token", 1.0, true),
                MetricKind::Validity => ("Well-formed new answers", "%", 100.0, false),
            };
            // The judgement's intervals are of improvements; these are of after - before.
            let sign = if lower_is_better { -factor } else { factor };
            let ends = [
                sign * metric.improvement.low,
                sign * metric.improvement.high,
            ];
            let told = metric.groups > 1;
            ComparisonView {
                name: name.into(),
                unit: unit.into(),
                before: factor * metric.current,
                after: factor * metric.candidate,
                low: told.then(|| ends[0].min(ends[1])),
                high: told.then(|| ends[0].max(ends[1])),
                lower_is_better,
            }
        })
        .collect();
    views.push(ComparisonView {
        name: "Surprise at ordinary text".into(),
        unit: "times what it was".into(),
        before: 1.0,
        after: judgement.forgetting,
        low: None,
        high: None,
        lower_is_better: true,
    });
    views
}
