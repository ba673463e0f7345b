//! Do the trainer and llama.cpp mean the same by the new adapter? Both compute the golden answers; the comparison is
//! [`opzest_dorpo::export::parity`].

#[cfg(test)]
mod tests;

use super::process::TrainerProcess;
use super::texts::{GOLDEN, golden_prompt};
use crate::app::App;
use crate::dto::{ErrorCode, ParityView, UiError};
use crate::error::error;
use opzest_dorpo::child::{FromTrainer, GoldenPart, JobFolder, Task};
use opzest_dorpo::export::parity::{Base, LogProbs, Outcome, Parity, Part, parity};
use opzest_llm::local::LocalModel;
use opzest_llm::{AdapterUse, ChatModel, ScoreRequest};
use std::path::Path;
use tokio_util::sync::CancellationToken;

pub(super) async fn check(
    app: &App,
    model: &LocalModel,
    folder: &JobFolder,
) -> Result<ParityView, UiError> {
    let task = Task::Golden {
        folder: folder.path().to_owned(),
    };
    let FromTrainer::Golden { base, parts } = TrainerProcess::only(app.worker(), &task).await?
    else {
        return Err(error(
            ErrorCode::Internal,
            "The trainer answered out of turn.",
            "",
        ));
    };
    compare(model, base, parts).await
}

/// The trainer's parts against what the runtime makes of their adapters.
async fn compare(
    model: &LocalModel,
    base: Base,
    parts: Vec<GoldenPart>,
) -> Result<ParityView, UiError> {
    let without_adapter = score(model, None).await?;
    let mut compared = Vec::with_capacity(parts.len());
    for GoldenPart {
        name,
        adapter,
        trainer,
    } in parts
    {
        let with_adapter = score(model, Some(&adapter)).await?;
        let runtime = LogProbs {
            without_adapter: without_adapter.clone(),
            with_adapter,
        };
        compared.push(Part {
            name,
            trainer,
            runtime,
        });
    }
    // Their adapters stay in the process's memory as long as it runs.
    model.unload().await;
    Ok(match parity(base, &compared) {
        Ok(parity) => view(base, &parity),
        Err(problem) => ParityView {
            passed: false,
            words: crate::error::sentence(&problem.to_string()),
        },
    })
}

/// Of all golden answers' tokens, one answer after the other.
async fn score(model: &LocalModel, adapter: Option<&Path>) -> Result<Vec<f32>, UiError> {
    let mut log_probs = Vec::new();
    for (question, answer) in GOLDEN {
        let request = ScoreRequest {
            messages: golden_prompt(question),
            answer: answer.to_owned(),
            answer_tokens: None,
            end_of_turn: false,
            top_k: 1,
            adapters: adapter
                .into_iter()
                .map(|path| AdapterUse {
                    path: path.to_owned(),
                    scale: 1.0,
                })
                .collect(),
        };
        let traces = model.score(request, CancellationToken::new()).await?;
        log_probs.extend(traces.iter().map(|trace| trace.token.logprob));
    }
    Ok(log_probs)
}

fn view(base: Base, parity: &Parity) -> ParityView {
    let bad = |outcome: Outcome| {
        let of = parity
            .parts
            .iter()
            .filter(move |part| part.outcome == outcome);
        of.map(|part| part.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let worst = parity
        .parts
        .iter()
        .map(|part| part.distance)
        .fold(0.0, f64::max);
    let words = match (parity.passed(), base) {
        (true, Base::F32) => {
            format!("llama.cpp computes what the trainer computes: at most {worst:.4} nats apart.")
        }
        (true, Base::Quantised) => format!(
            "The adapter does the same in llama.cpp as in the trainer: its effects are at most {:.0} % apart.",
            100.0 * worst
        ),
        (false, _) if !bad(Outcome::Different).is_empty() => format!(
            "llama.cpp computes something else than the trainer ({}). The adapter is not offered.",
            bad(Outcome::Different)
        ),
        (false, _) => format!(
            "The adapter changes too little to be compared ({}). It is not offered.",
            bad(Outcome::TooSmallToTell)
        ),
    };
    ParityView {
        passed: parity.passed(),
        words,
    }
}
