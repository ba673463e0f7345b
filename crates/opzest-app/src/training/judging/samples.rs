//! The same held-out prompts, answered by what is in use and by the new model.

use super::super::rows::HeldOutWork;
use super::super::waiting;
use super::Served;
use crate::agents::read_answer;
use crate::app::App;
use crate::dto::{SampleView, UiError};
use crate::sessions::passes;
use crate::workflows::Workflows;
use futures::StreamExt;
use opzest_core::artifact::Artifact;
use opzest_core::workflow::{ArtifactKind, Workflow};
use opzest_llm::local::LocalModel;
use opzest_llm::{AdapterUse, ChatModel, ChatRequest, GenerationEvent, Sampling};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Held-out prompts that both models answer anew, spread over all of them.
const SAMPLES: usize = 4;
/// Tokens that an answer may have whatever was accepted, and at most.
const SAMPLE_TOKENS: std::ops::RangeInclusive<u32> = 64..=1_024;

pub(super) struct Samples {
    pub(super) views: Vec<SampleView>,
    /// For each held-out example whether the new answers pass the workflow's check: those of what is in use, and of the new
    /// model. As many of both.
    pub(super) valid: Vec<[Vec<bool>; 2]>,
}

/// One answer, and whether it passes the check; `None`: that cannot be made here.
struct Answer {
    text: String,
    passes: Option<bool>,
}

pub(super) async fn samples(
    app: &App,
    held_out: &[HeldOutWork],
    models: [&Served; 2],
) -> Result<Samples, UiError> {
    let every = held_out.len().div_ceil(SAMPLES).max(1);
    let picked: Vec<_> = held_out.iter().enumerate().step_by(every).collect();
    // One model after the other: the runtime holds one at a time.
    let before = answers(app, &picked, models[0]).await?;
    let after = answers(app, &picked, models[1]).await?;
    let mut valid = vec![[Vec::new(), Vec::new()]; held_out.len()];
    let mut views = Vec::with_capacity(picked.len());
    for (((index, work), before), after) in picked.into_iter().zip(before).zip(after) {
        // A check that could be made of one answer only compares nothing.
        if let (Some(before), Some(after)) = (before.passes, after.passes) {
            valid[index] = [vec![before], vec![after]];
        }
        let prompt = work.prompt.iter().map(|message| message.content.as_str());
        views.push(SampleView {
            title: work.title.clone(),
            prompt: prompt.collect::<Vec<_>>().join("\n\n"),
            accepted: work.accepted.clone(),
            before: before.text,
            after: after.text,
            before_valid: before.passes.unwrap_or(true),
            after_valid: after.passes.unwrap_or(true),
        });
    }
    Ok(Samples { views, valid })
}

async fn answers(
    app: &App,
    picked: &[(usize, &HeldOutWork)],
    served: &Served,
) -> Result<Vec<Answer>, UiError> {
    let workflows = Workflows::load(app.data_folder());
    let model = waiting::local(app, &served.file).await?;
    let mut answers = Vec::with_capacity(picked.len());
    for (_, work) in picked {
        let text = answer(&model, work, served.adapter.as_deref()).await?;
        let workflow = work.kind.and_then(|kind| of_kind(&workflows, kind));
        let passes = match &workflow {
            Some(workflow) => check(app, workflow, &text).await,
            None => None,
        };
        answers.push(Answer { text, passes });
    }
    Ok(answers)
}

async fn answer(
    model: &LocalModel,
    work: &HeldOutWork,
    adapter: Option<&Path>,
) -> Result<String, UiError> {
    // Twice as long as what was accepted: English has about 4 bytes a token.
    let most = (work.accepted.len() / 2) as u32;
    let request = ChatRequest {
        max_tokens: Some(most.clamp(*SAMPLE_TOKENS.start(), *SAMPLE_TOKENS.end())),
        adapters: adapter
            .into_iter()
            .map(|path| AdapterUse {
                path: path.to_owned(),
                scale: 1.0,
            })
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

async fn check(app: &App, workflow: &Workflow, text: &str) -> Option<bool> {
    match read_answer(text, &workflow.product, &Artifact::default()) {
        Ok(answer) => passes(app, workflow, &answer.artifact).await,
        Err(_) => Some(false),
    }
}

fn of_kind(workflows: &Workflows, kind: ArtifactKind) -> Option<Workflow> {
    let entries = workflows.entries.iter().map(|entry| &entry.workflow);
    entries
        .into_iter()
        .find(|workflow| workflow.product.kind == kind)
        .cloned()
}
