//! The feedback analyst: what the user's words mean for the work that they are about.

use super::call::Call;
use super::choose::{Choice, Option_};
use super::error::AgentError;
use super::state;
use super::tolerant;
use opzest_core::session::{Analysis, State, Verdict};

/// Reads the user's words about the current attempt.
pub async fn analyse(state: &State, call: &Call<'_>) -> Result<Analysis, AgentError> {
    let workflow = state::workflow(state)?;
    let words = state
        .current_cycle()
        .and_then(|cycle| cycle.feedback.as_ref())
        .map(|feedback| feedback.words.as_str())
        .ok_or(AgentError::NotWanted { what: "feedback" })?;
    let options: Vec<_> = Verdict::ALL
        .iter()
        .map(|verdict| Option_ {
            word: verdict.to_string(),
            meaning: String::new(),
        })
        .collect();
    let choice = Choice {
        task: "",
        about: "",
        text: tolerant::clipped(words, 1_000),
        options: &options,
    };
    let probabilities = choice.ask(call).await?;
    Ok(Analysis {
        probabilities: [probabilities[0], probabilities[1], probabilities[2]],
        reason: String::new(),
        model: call.caller.name.clone(),
        prompt_version: workflow.agents.analyst.prompt_version,
    })
}
