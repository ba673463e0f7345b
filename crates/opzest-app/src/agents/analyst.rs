//! The feedback analyst: what the user's words mean for the work that they are about.

use super::budget::{Draft, Part};
use super::call::Call;
use super::choose::Choice;
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::form::Words;
use super::state;
use super::tolerant;
use super::worker::artifact_part;
use minijinja::Value;
use opzest_core::artifact::Artifact;
use opzest_core::session::{Analysis, State, Verdict};
use opzest_core::workflow::{Agent, Workflow};

/// Characters of the user's words that are scored: what somebody wants is said early, and each word
/// costs time three times.
const MOST_CHARACTERS: usize = 400;

const LETTER_FORM: &str = "Answer with one letter, a colon and a short reason:\nA: the work is of no use and has to be done again\nB: the work is on the right way and has to be changed\nC: the work is good and accepted";

/// Reads the user's words about the current attempt.
pub async fn analyse(state: &State, call: &Call<'_>) -> Result<Analysis, AgentError> {
    let workflow = state::workflow(state)?;
    let words = state
        .current_cycle()
        .and_then(|cycle| cycle.feedback.as_ref())
        .map(|feedback| feedback.words.as_str())
        .ok_or(AgentError::NotWanted { what: "feedback" })?;
    let step = state.current_step().map_or("", |step| &step.text);
    let attempt = state.current_attempt();
    let artifact = attempt.and_then(|attempt| attempt.artifact.as_ref());
    let artifact = artifact.cloned().unwrap_or_default();
    let said = tolerant::clipped(words, MOST_CHARACTERS);
    let speakers = Verdict::ALL
        .iter()
        .map(|verdict| draft(workflow, step, &said, &Artifact::EMPTY, verdict.as_str()).messages())
        .collect::<Result<_, _>>()?;
    let question = draft(workflow, step, words, &artifact, "");
    let spec = &workflow.agents.analyst;
    let choice = Choice {
        text: &said,
        speakers,
        question: question.fit(call.caller, spec.max_tokens).await?.messages,
    };
    let chosen = choice.ask(call).await?;
    Ok(Analysis {
        probabilities: three(&chosen.probabilities),
        reason: chosen.reason,
        model: call.caller.name.clone(),
        prompt_version: spec.prompt_version,
    })
}

/// `verdict`: the model speaks as a user who means it; empty: it is asked what the user means.
fn draft<'a>(
    workflow: &'a Workflow,
    step: &str,
    words: &str,
    artifact: &Artifact,
    verdict: &str,
) -> Draft<'a> {
    let form = Words {
        format: LETTER_FORM.to_owned(),
        example: String::new(),
    };
    let mut fixed = state::common(workflow, form);
    fixed.insert("verdict", Value::from(verdict));
    let plain = |name, label: &str, text: &str| Part {
        name,
        text: Text::plain(label, text, Keep::Beginning),
        least: 200,
        most: usize::MAX,
    };
    Draft {
        agent: Agent::Analyst,
        workflow,
        fixed,
        parts: vec![
            artifact_part(artifact, 0),
            plain("step", "the step", step),
            plain("words", "your feedback", words),
        ],
    }
}

/// Numbers that were calculated, made to fit the session's rule: from 0 to 1, and 1 in sum.
fn three(probabilities: &[f32]) -> [f32; 3] {
    match probabilities {
        &[redo, further, accepted] if [redo, further, accepted].iter().all(|p| p.is_finite()) => {
            [redo, further, accepted]
        }
        _ => [1.0 / 3.0; 3],
    }
}
